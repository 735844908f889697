"""The strip of thumbnails below the picture; only those near its view are held."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from tkinter import ttk

from PIL import Image, ImageTk

from castlist.desktop.picture import Picture, fit
from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError
from castlist.painting import COLORS, PLATE

GAP = 6
REST = 150  # milliseconds that the view stands still before what it lacks is read; what is named comes by itself


class Strip(ttk.Frame):
    """One thumbnail per picture of a folder; a click chooses."""

    def __init__(self, parent: tk.Misc, worker: Worker, side: int, on_choose: Callable[[int], object]) -> None:
        super().__init__(parent)
        self._worker, self.side, self._on_choose = worker, side, on_choose
        self._canvas = tk.Canvas(self, height=side + 2 * GAP, background=PLATE, highlightthickness=0)
        self._bar = ttk.Scrollbar(self, orient="horizontal", command=self._canvas.xview)
        self._canvas.configure(xscrollcommand=self._moved, xscrollincrement=side + GAP)
        self._canvas.pack(fill="x")
        self._bar.pack(fill="x")
        self._canvas.bind("<Button-1>", self._click)
        self._canvas.bind("<Configure>", lambda _: self._look_soon())
        self.bind("<Destroy>", lambda _: self._wait_no_more())
        for event, step in (("<Button-4>", -1), ("<Button-5>", 1)):  # the wheel, on X11
            self._canvas.bind(event, partial(self._turn, step))
        self._canvas.bind("<MouseWheel>", lambda event: self._turn(-1 if event.delta > 0 else 1, event))
        self._pictures: Sequence[Picture] = ()
        self._held: dict[int, ImageTk.PhotoImage | None] = {}  # None: of a file that can't be read
        self._reading: Task | None = None
        self._waiting: str | None = None

    @property
    def held(self) -> Sequence[int]:
        """The pictures whose thumbnails are there."""
        return sorted(self._held)

    def reset(self, pictures: Sequence[Picture]) -> None:
        """Begin anew, with places for other pictures."""
        if self._reading:
            self._reading.stop()
        self._pictures = pictures
        self._held.clear()
        self._canvas.delete("all")
        self._canvas.configure(scrollregion=(0, 0, self._left(len(pictures)), self.side))
        self._look_soon()

    def put(self, index: int, picture: Image.Image | None) -> None:
        """Show a picture's thumbnail, if it is near the view; None: a file that can't be read."""
        if index in self._held or index not in self._near:
            return
        x, y, tag = self._left(index) + self.side / 2, GAP + self.side / 2, f"at{index}"
        if picture is None:
            self._held[index] = None
            self._canvas.create_text(x, y, text="×", fill=COLORS[-1], font="TkCaptionFont", tags=tag)
            return
        self._held[index] = image = ImageTk.PhotoImage(picture, master=self)
        self._canvas.create_image(x, y, image=image, tags=tag)

    def choose(self, index: int) -> None:
        """Mark a picture and bring it into view."""
        self._canvas.delete("chosen")
        left = self._left(index)
        self._canvas.create_rectangle(
            left - 2, GAP - 2, left + self.side + 2, GAP + self.side + 2, outline=COLORS[0], width=3, tags="chosen"
        )
        self._canvas.tag_raise("chosen")
        whole = max(1, self._left(len(self._pictures)))
        self._canvas.xview_moveto(max(0.0, (left - self._canvas.winfo_width() / 2) / whole))

    @property
    def _near(self) -> range:
        """The pictures that are in view, and as many on either side."""
        first, last = (self._index(self._canvas.canvasx(share * self._canvas.winfo_width())) for share in (-1, 2))
        return range(max(first, 0), min(last + 1, len(self._pictures)))

    def _left(self, index: int) -> int:
        return GAP + index * (self.side + GAP)

    def _index(self, x: float) -> int:
        return int((x - GAP / 2) // (self.side + GAP))

    def _moved(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        self._look_soon()

    def _turn(self, step: int, _: tk.Event[tk.Canvas]) -> None:
        self._canvas.xview_scroll(step, "units")

    def _look_soon(self) -> None:
        self._wait_no_more()
        self._waiting = self.after(REST, self._look)

    def _wait_no_more(self) -> None:
        if self._waiting:
            self.after_cancel(self._waiting)
            self._waiting = None

    def _look(self) -> None:
        """Let go of what is far from the view, and read what it lacks."""
        self._waiting = None
        near = self._near
        for index in [index for index in self._held if index not in near]:
            del self._held[index]
            self._canvas.delete(f"at{index}")
        if self._reading:
            self._reading.stop()
        middle = (near.start + near.stop) / 2
        lacking = sorted((index for index in near if index not in self._held), key=lambda index: abs(index - middle))
        if self.winfo_ismapped() and lacking:
            self._reading = self._worker.start(partial(self._read, self._pictures, lacking), self._take, lambda _: None)

    def _read(
        self, pictures: Sequence[Picture], indices: Sequence[int], task: Task
    ) -> Iterator[tuple[int, Image.Image | None]]:
        for index in indices:
            if task.stopped.is_set():
                return
            if index in self._held:  # it was named meanwhile
                continue
            try:
                yield index, fit(pictures[index].read(), self.side, self.side)
            except CastlistError:
                yield index, None

    def _take(self, read: tuple[int, Image.Image | None]) -> None:
        self.put(*read)

    def _click(self, event: tk.Event[tk.Canvas]) -> None:
        index = self._index(self._canvas.canvasx(event.x))
        if 0 <= index < len(self._pictures):
            self._on_choose(index)
