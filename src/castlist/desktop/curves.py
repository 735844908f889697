"""Curves of a training, drawn as they grow."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from castlist.desktop.texts import Texts
from castlist.painting import COLORS, PLATE

GRID = "#555a66"
SPACE = 28  # around the curves, pixels at 1x


class Curves(tk.Canvas):
    """Accuracy in training and on validation, from 0 to 1, an epoch each."""

    def __init__(self, parent: tk.Misc, texts: Texts, scale: float) -> None:
        super().__init__(parent, background=PLATE, highlightthickness=0, height=round(150 * scale))
        self._texts, self._scale = texts, scale
        self._rows: list[tuple[float, float]] = []
        self.bind("<Configure>", lambda _: self.draw())

    @property
    def n_epochs(self) -> int:
        """How many are drawn."""
        return len(self._rows)

    def reset(self) -> None:
        """Begin anew."""
        self._rows = []
        self.draw()

    def add(self, training: float, validation: float) -> None:
        """Draw one more epoch."""
        self._rows.append((training, validation))
        self.draw()

    def draw(self) -> None:
        """Draw all of it, in the window's language."""
        self.delete("all")
        space = SPACE * self._scale
        left, right, top, bottom = 1.7 * space, self.winfo_width() - space, space, self.winfo_height() - space
        for share in (0, 0.5, 1):
            y = bottom - share * (bottom - top)
            self.create_line(left, y, right, y, fill=GRID)
            self.create_text(left - space / 4, y, text=f"{share:.0%}", fill=COLORS[-1], anchor="e")
        translate = self._texts.translate
        captions = translate("Accuracy in training"), translate("Accuracy on validation photos")
        steps = max(len(self._rows) - 1, 1)
        for i, (caption, color) in enumerate(zip(captions, COLORS, strict=False)):
            self.create_text(left + i * (right - left) / 2, top / 2, text=caption, fill=color, anchor="w")
            points = [
                (left + k * (right - left) / steps, bottom - row[i] * (bottom - top))
                for k, row in enumerate(self._rows)
            ]
            self._draw_line(points, color)

    def _draw_line(self, points: Sequence[tuple[float, float]], color: str) -> None:
        if len(points) > 1:
            self.create_line(*(value for point in points for value in point), fill=color, width=2.5 * self._scale)
        for x, y in points[:1]:  # a line of one epoch couldn't be seen
            self.create_oval(x - 3, y - 3, x + 3, y + 3, fill=color, outline=color)
