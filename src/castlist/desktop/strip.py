"""The strip of thumbnails below the picture."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from PIL import Image, ImageTk

from castlist.painting import COLORS, PLATE

GAP = 6


class Strip(ttk.Frame):
    """One thumbnail per picture of a folder; a click chooses."""

    def __init__(self, parent: tk.Misc, side: int, on_choose: Callable[[int], object]) -> None:
        super().__init__(parent)
        self.side, self._on_choose = side, on_choose
        self._canvas = tk.Canvas(self, height=side + 2 * GAP, background=PLATE, highlightthickness=0)
        bar = ttk.Scrollbar(self, orient="horizontal", command=self._canvas.xview)
        self._canvas.configure(xscrollcommand=bar.set)
        self._canvas.pack(fill="x")
        bar.pack(fill="x")
        self._canvas.bind("<Button-1>", self._click)
        self._images: dict[int, ImageTk.PhotoImage] = {}
        self._n = 0

    def reset(self, n: int) -> None:
        """Begin anew with places for n pictures."""
        self._n = n
        self._images.clear()
        self._canvas.delete("all")
        self._canvas.configure(scrollregion=(0, 0, n * (self.side + GAP) + GAP, self.side))

    def put(self, index: int, picture: Image.Image | None) -> None:
        """Show a picture's thumbnail; None: a file that can't be read."""
        x, y = GAP + index * (self.side + GAP) + self.side / 2, GAP + self.side / 2
        self._canvas.delete(f"at{index}")
        if picture is None:
            self._canvas.create_text(x, y, text="×", fill=COLORS[-1], font="TkCaptionFont", tags=f"at{index}")
            return
        self._images[index] = ImageTk.PhotoImage(picture, master=self)
        self._canvas.create_image(x, y, image=self._images[index], tags=f"at{index}")

    def choose(self, index: int) -> None:
        """Mark a picture and bring it into view."""
        self._canvas.delete("chosen")
        left = GAP + index * (self.side + GAP)
        self._canvas.create_rectangle(
            left - 2, GAP - 2, left + self.side + 2, GAP + self.side + 2, outline=COLORS[0], width=3, tags="chosen"
        )
        self._canvas.tag_raise("chosen")
        whole = max(1, self._n * (self.side + GAP) + GAP)
        self._canvas.xview_moveto(max(0.0, (left - self._canvas.winfo_width() / 2) / whole))

    def _click(self, event: tk.Event[tk.Canvas]) -> None:
        index = int((self._canvas.canvasx(event.x) - GAP / 2) // (self.side + GAP))
        if 0 <= index < self._n:
            self._on_choose(index)
