"""Contact sheets: many photos as one picture, a face framed in each, what it is called below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from castlist.errors import FontError
from castlist.faces import Box
from castlist.naming import NamedFace
from castlist.painting.labels import COLORS, INK, PLATE, Label

SIDE, MARGIN, LINE = 300, 10, 26  # pixels: of a photo's place, around it, and of the text below
SHEET_COLUMNS = 5
TEXT = 16.0  # pixels


@dataclass(frozen=True, eq=False)
class Cell:
    """One photo of a sheet."""

    pixels: np.ndarray | None  # shape (height, width, 3), uint8, RGB, at most SIDE; None: it can't be shown
    box: Box | None  # of the face, in these pixels
    caption: str  # "": the place stays empty
    probability: float | None


def make_thumbnail(pixels: np.ndarray, box: Box | None, caption: str, probability: float | None = None) -> Cell:
    """A photo, shape (height, width, 3), uint8, RGB, and what is framed in it, as small as a sheet needs them."""
    picture = Image.fromarray(pixels)
    scale = min(SIDE / picture.width, SIDE / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    frame = box and Box(*(edge * scale for edge in (box.left, box.top, box.right, box.bottom)))
    return Cell(np.asarray(picture.resize(size, Image.Resampling.LANCZOS)), frame, caption, probability)


def draw_sheet(cells: Sequence[Cell]) -> np.ndarray:
    """Lay photos out in rows, in their order; shape (height, width, 3), uint8, RGB."""
    columns = max(1, min(SHEET_COLUMNS, len(cells)))
    rows = -(-len(cells) // columns)
    across, down = SIDE + MARGIN, SIDE + LINE + MARGIN
    sheet = Image.new("RGB", (columns * across + MARGIN, max(rows, 1) * down + MARGIN), PLATE)
    draw = ImageDraw.Draw(sheet)
    for i, cell in enumerate(cells):
        left, top = MARGIN + i % columns * across, MARGIN + i // columns * down
        if cell.pixels is not None:
            height, width = cell.pixels.shape[:2]
            x, y = left + (SIDE - width) // 2, top + (SIDE - height) // 2
            sheet.paste(Image.fromarray(cell.pixels), (x, y))
            if cell.box:
                edges = cell.box.clipped(width - 1, height - 1)
                frame = (x + edges.left, y + edges.top, x + edges.right, y + edges.bottom)
                draw.rectangle(frame, outline=COLORS[0], width=2)
        if cell.caption:
            label = _label(cell)
            label.draw(draw, left + (SIDE - label.width) / 2, top + SIDE + LINE / 2, INK)
    return np.asarray(sheet)


def _label(cell: Cell) -> Label:
    try:
        return _label_of(cell, cell.caption)
    except FontError:  # a file may be called anything
        return _label_of(cell, ascii(cell.caption)[1:-1])


def _label_of(cell: Cell, caption: str) -> Label:
    face = NamedFace(caption, cell.probability or 0.0, ())
    return Label(face, TEXT, SIDE, has_share=cell.probability is not None)
