"""The picture in the window: as large as fits, boxes and names on it, faces to be clicked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tkinter import font as tkfont
from typing import Literal

import numpy as np
from PIL import Image, ImageTk

from castlist.annotate import COLORS, PLATE, percent
from castlist.desktop.texts import Sentence, Texts
from castlist.photos import UNKNOWN, read_photo
from castlist.recognizer import NamedFace


@dataclass(frozen=True, eq=False)
class Picture:
    """What is looked at: a file, or pixels that came from the clipboard or the camera."""

    path: Path  # of pixels without a file only a name
    pixels: np.ndarray | None = None  # (height, width, 3), uint8, RGB; None: they are in the file

    def read(self) -> np.ndarray:
        """The pixels, shape (height, width, 3), uint8, RGB.

        Raises:
            PhotoError: If the file can't be read as a photo.
        """
        return read_photo(self.path) if self.pixels is None else self.pixels


class PictureView(tk.Canvas):
    """Shows one picture with its answers."""

    def __init__(self, parent: tk.Misc, texts: Texts, on_face: Callable[[int], object]) -> None:
        super().__init__(parent, background=PLATE, highlightthickness=0, takefocus=False)
        self._texts, self._on_face = texts, on_face
        self._pixels: np.ndarray | None = None
        self._instead: Sentence = lambda translate: translate(
            "Open a picture or a folder, drop one here, or paste one."
        )
        self._faces: tuple[NamedFace, ...] = ()
        self._chosen = 0
        self._image: ImageTk.PhotoImage | None = None
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

    def show(self, pixels: np.ndarray, faces: tuple[NamedFace, ...] = (), chosen: int = 0) -> None:
        """Show a picture, shape (height, width, 3), uint8, RGB."""
        same = pixels is self._pixels and self._image is not None
        self._pixels, self._faces, self._chosen = pixels, faces, chosen
        if same:
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
        self.delete("all")
        self._image = None
        width, height = self.winfo_width(), self.winfo_height()
        if self._pixels is not None and width > 20 and height > 20:
            rows, columns = self._pixels.shape[:2]
            self._scale = min((width - 16) / columns, (height - 16) / rows, 4.0)
            size = max(1, round(columns * self._scale)), max(1, round(rows * self._scale))
            self._left, self._top = (width - size[0]) / 2, (height - size[1]) / 2
            # reducing_gap: of a photo of 50 megapixels the window needs one in fifty.
            picture = Image.fromarray(self._pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
            self._image = ImageTk.PhotoImage(picture, master=self)
            self.create_image(self._left, self._top, image=self._image, anchor="nw")
        self._draw_answers()

    def _draw_answers(self) -> None:
        self.delete("answer")
        width, height = self.winfo_width(), self.winfo_height()
        if self._image is None:
            if self._pixels is None:
                text = self._instead(self._texts.translate)
                middle = width / 2, height / 2
                self.create_text(*middle, text=text, fill=COLORS[-1], tags="answer", width=max(width - 60, 100))
            return
        line = max(2, round(self._font.metrics("linespace") / 8))
        for i, face in enumerate(self._faces):
            color = COLORS[i % len(COLORS)]
            if face.box is None:
                self._label(width / 2, height - 12, face, color, "s")
                continue
            left, right = (self._left + x * self._scale for x in (face.box.left, face.box.right))
            top, bottom = (self._top + y * self._scale for y in (face.box.top, face.box.bottom))
            self.create_rectangle(left, top, right, bottom, outline=PLATE, width=3 * line, tags="answer")
            self.create_rectangle(
                left, top, right, bottom, outline=color, width=line * (1 + (i == self._chosen)), tags="answer"
            )
            self._label(left, top, face, color, "sw")

    def _label(self, x: float, y: float, face: NamedFace, color: str, anchor: Literal["s", "sw"]) -> None:
        name = self._texts.translate("unknown") if face.name == UNKNOWN else face.name
        text = f" {name} {percent(face.probability)} "
        item = self.create_text(x, y, text=text, fill=PLATE, font=self._font, anchor=anchor, tags="answer")
        left, top, right, _ = self.bbox(item)
        # A label that would leave the window is moved inside.
        dx = min(0, self.winfo_width() - right - 2) or max(0, 2 - left)
        self.move(item, dx, max(0, 2 - top))
        plate = self.create_rectangle(*self.bbox(item), fill=color, outline=PLATE, tags="answer")
        self.tag_lower(plate, item)

    def _click(self, event: tk.Event[tk.Canvas]) -> None:
        for i, face in enumerate(self._faces):
            if face.box is None or self._image is None:
                continue
            x, y = (event.x - self._left) / self._scale, (event.y - self._top) / self._scale
            if face.box.left <= x <= face.box.right and face.box.top <= y <= face.box.bottom:
                self._on_face(i)
                return
