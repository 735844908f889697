"""The picture in the window: as large as fits, boxes and names on it, faces to be clicked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tkinter import font as tkfont
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageTk

from castlist.desktop.texts import Sentence, Texts
from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError, PhotoError
from castlist.media import UNKNOWN
from castlist.painting import COLORS, PLATE, color_of, percent

if TYPE_CHECKING:
    import numpy as np

    from castlist.naming import NamedFace

MARGIN = 8  # around the picture, pixels
BAND = 2**17  # pixels of the screen that are handed to Tk at once
LARGEST = 4.0  # a thumbnail of a face is not blown up any further


@dataclass(frozen=True, eq=False)
class Picture:
    """What is looked at: a file, or pixels that came from the clipboard or the camera."""

    path: Path  # of pixels without a file only a name
    pixels: np.ndarray | None = None  # (height, width, 3), uint8, RGB; None: they are in the file

    @property
    def is_film(self) -> bool:
        """Whether the file is a film; looks into it."""
        from castlist.media import is_film

        return self.pixels is None and is_film(self.path)

    def read(self, frame: int = 0, task: Task | None = None) -> np.ndarray:
        """The pixels, shape (height, width, 3), uint8, RGB.

        Args:
            frame: Which one, of a film; where there is none, the first.
            task: Gives up when it is stopped, with the frame that it is at.

        Raises:
            PhotoError: If the file can't be read.
            MissingExtraError: If it is a film, and what reads films isn't installed.
        """
        from castlist.media import Film, is_film, read_photo

        if self.pixels is not None:
            return self.pixels
        if not is_film(self.path):
            return read_photo(self.path)
        first = None
        for picture in Film.open(self.path).frames():
            first = first or picture
            if picture.index == frame or (task and task.stopped.is_set()):
                return picture.pixels
        if first is None:
            raise PhotoError("film-no-picture", "a film without a single picture that can be read")
        return first.pixels


def fit(pixels: np.ndarray, width: float, height: float, *, largest: float = 1.0) -> Image.Image:
    """Scale a picture, shape (height, width, 3), uint8, RGB, into so much room, to `largest` times its size at most.

    OpenCV lets the window's thread go on meanwhile, which Pillow doesn't while it takes over the pixels.
    """
    import cv2  # late: on the thread that calls it

    rows, columns = pixels.shape[:2]
    scale = min(width / columns, height / rows, largest)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return Image.fromarray(pixels if scale == 1 else cv2.resize(pixels, size, interpolation=way))


def cut(image: Image.Image) -> Iterator[Image.Image]:
    """Cut a picture into bands, from top to bottom, each so small that the window takes it over in a moment."""
    height = max(1, BAND // image.width)
    for top in range(0, image.height, height):
        yield image.crop((0, top, image.width, min(top + height, image.height)))


@dataclass(frozen=True, eq=False)
class _Shown:
    """What stands on the screen; what is wanted may still be on its way."""

    pixels: np.ndarray  # (height, width, 3), uint8, RGB, in full size
    faces: tuple[NamedFace, ...]
    people: Sequence[str]  # of the run, by whom faces are colored
    room: tuple[int, int]  # the size of the view that it was made for
    bands: tuple[ImageTk.PhotoImage, ...]  # from top to bottom

    @property
    def scale(self) -> float:
        return self.bands[0].width() / self.pixels.shape[1]

    @property
    def left(self) -> float:
        return (self.room[0] - self.bands[0].width()) // 2

    @property
    def top(self) -> float:
        return (self.room[1] - sum(band.height() for band in self.bands)) // 2


class PictureView(tk.Canvas):
    """Shows one picture with its answers."""

    def __init__(self, parent: tk.Misc, texts: Texts, worker: Worker, on_face: Callable[[int], object]) -> None:
        super().__init__(parent, background=PLATE, highlightthickness=0, takefocus=False)
        self._texts, self._worker, self._on_face = texts, worker, on_face
        self._pixels: np.ndarray | None = None
        self._instead: Sentence = lambda translate: translate("Open a picture or a folder, or paste one.")
        self._faces: tuple[NamedFace, ...] = ()
        self._people: Sequence[str] = ()
        self._chosen = 0
        self._shown: _Shown | None = None
        # Held here alone: what a thread's work holds, the thread lets go of, and Tk's images wait for the window then.
        self._bands: list[ImageTk.PhotoImage] = []  # of what is on its way
        self._fitting = False
        self._font = tkfont.Font(font="TkDefaultFont").copy()
        self._font.configure(weight="bold")
        self._waiting: str | None = None
        self.bind("<Configure>", lambda _: self._redraw_soon())
        self.bind("<Destroy>", lambda _: self._wait_no_more())
        self.bind("<Button-1>", self._click)
        texts.show(lambda _: self._draw_answers())

    def tell(self, sentence: Sentence) -> None:
        """Show a sentence instead of a picture."""
        self._instead = sentence
        self._pixels = None
        self._draw()

    def show(
        self, pixels: np.ndarray, faces: tuple[NamedFace, ...] = (), people: Sequence[str] = (), chosen: int = 0
    ) -> None:
        """Show a picture, shape (height, width, 3), uint8, RGB, with faces in the colors of the run's people."""
        self._pixels, self._faces, self._people, self._chosen = pixels, faces, people, chosen
        if self._shown and pixels is self._shown.pixels:
            self._shown = replace(self._shown, faces=faces, people=people)
            self._draw_answers()
        else:
            self._draw()

    def _redraw_soon(self) -> None:
        # While the window is dragged larger, only the last size is worth drawing.
        self._wait_no_more()
        self._waiting = self.after(40, self._draw)

    def _wait_no_more(self) -> None:
        if self._waiting:
            self.after_cancel(self._waiting)
            self._waiting = None

    def _draw(self) -> None:
        self._wait_no_more()
        pixels, faces, people = self._pixels, self._faces, self._people
        room = self.winfo_width(), self.winfo_height()
        if pixels is None:
            self._shown = None
            self.delete("all")
            self._draw_answers()
        elif not self._fitting and min(room) > 2 * MARGIN:
            self._fitting = True
            self._bands = []

            def work(_: Task) -> Iterator[Image.Image]:
                yield from cut(fit(pixels, room[0] - 2 * MARGIN, room[1] - 2 * MARGIN, largest=LARGEST))

            def take(band: Image.Image) -> None:
                self._bands.append(ImageTk.PhotoImage(band, master=self))

            def end(error: CastlistError | None) -> None:
                self._fitting = False
                if error:
                    self.tell(lambda _: self._texts.explain(error))
                    return
                if self._pixels is not None:  # or a sentence stands there by now
                    known = (self._faces, self._people) if pixels is self._pixels else (faces, people)
                    self._put(_Shown(pixels, *known, room, tuple(self._bands)))
                if self._pixels is not pixels or room != (self.winfo_width(), self.winfo_height()):
                    self._draw()

            self._worker.start(work, take, end)

    def _put(self, shown: _Shown) -> None:
        self._shown = shown
        self.delete("all")
        top = shown.top
        for band in shown.bands:
            self.create_image(shown.left, top, image=band, anchor="nw")
            top += band.height()
        self._draw_answers()

    def _draw_answers(self) -> None:
        self.delete("answer")
        width, height = self.winfo_width(), self.winfo_height()
        shown = self._shown
        if shown is None:
            if self._pixels is None:
                text = self._instead(self._texts.translate)
                middle = width / 2, height / 2
                self.create_text(*middle, text=text, fill=COLORS[-1], tags="answer", width=max(width - 60, 100))
            return
        line = max(2, round(self._font.metrics("linespace") / 8))
        for i, face in enumerate(shown.faces):
            color = color_of(face, shown.people)
            if face.box is None:
                self._label(width / 2, height - 12, face, color, "s")
                continue
            left, right = (shown.left + x * shown.scale for x in (face.box.left, face.box.right))
            top, bottom = (shown.top + y * shown.scale for y in (face.box.top, face.box.bottom))
            self.create_rectangle(left, top, right, bottom, outline=PLATE, width=3 * line, tags="answer")
            self.create_rectangle(
                left, top, right, bottom, outline=color, width=line * (1 + (i == self._chosen)), tags="answer"
            )
            self._label(left, top, face, color, "sw")

    def _label(self, x: float, y: float, face: NamedFace, color: str, anchor: Literal["s", "sw"]) -> None:
        name, probability = face.name, face.probability
        if face.perhaps is not None and face.perhaps_probability is not None:
            name, probability = f"{face.perhaps}?", face.perhaps_probability
        elif name == UNKNOWN:
            name = self._texts.translate("unknown")
        text = f" {name} {percent(probability)} "
        item = self.create_text(x, y, text=text, fill=PLATE, font=self._font, anchor=anchor, tags="answer")
        left, top, right, _ = self.bbox(item)
        # A label that would leave the window is moved inside.
        dx = min(0, self.winfo_width() - right - 2) or max(0, 2 - left)
        self.move(item, dx, max(0, 2 - top))
        plate = self.create_rectangle(*self.bbox(item), fill=color, outline=PLATE, tags="answer")
        self.tag_lower(plate, item)

    def _click(self, event: tk.Event[tk.Canvas]) -> None:
        shown = self._shown
        if shown is None or shown.pixels is not self._pixels:
            return
        x, y = (event.x - shown.left) / shown.scale, (event.y - shown.top) / shown.scale
        for i, face in enumerate(shown.faces):
            if face.box and face.box.left <= x <= face.box.right and face.box.top <= y <= face.box.bottom:
                self._on_face(i)
                return
