"""Names painted into a film's own colors: turning a frame into RGB and back would take as long as encoding it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from castlist.faces import Box
from castlist.media import Canvas
from castlist.painting.labels import PLATE, Label


@dataclass(frozen=True, eq=False)
class Sign:
    """A box around a face and its name, where they are painted."""

    box: Box
    plate: Box
    stamp: Stamp
    color: str


@dataclass(frozen=True, eq=False)
class Stamp:
    """A name as it lies on its plate, drawn once for all frames."""

    ink: np.ndarray  # (height, width), uint8; how much of a pixel is dark: letters, and the plate's rim
    mask: np.ndarray  # the same size, bool; whether a pixel is of the plate: its corners are round

    @classmethod
    def of(cls, label: Label, size: float, line: int) -> Stamp:
        """Draw a label with letters of a size in pixels, the plate's rim as wide as a line."""
        width, height = plate_size(label, size)
        ink, mask = (Image.new("L", (math.ceil(width), math.ceil(height))) for _ in range(2))
        edges = (0, 0, ink.width - 1, ink.height - 1)
        ImageDraw.Draw(ink).rounded_rectangle(edges, 0.25 * size, outline=255, width=line)
        label.draw(ImageDraw.Draw(ink), 0.4 * size, height / 2, "#ffffff")
        ImageDraw.Draw(mask).rounded_rectangle(edges, 0.25 * size, fill=255)
        return cls(np.asarray(ink), np.asarray(mask) > 0)


def draw_signs(canvas: Canvas, signs: Sequence[Sign]) -> None:
    """Paint names into a frame, in its own colors; later ones lie on those before, names on boxes."""
    planes = canvas.planes()
    line = line_width(canvas.picture.width, canvas.picture.height)
    dark = canvas.values(PLATE)
    for sign in signs:
        for (plane, scale), rim, color in zip(planes, dark, canvas.values(sign.color), strict=True):
            left, top, right, bottom = (edge // scale for edge in _edges(sign.box))
            wide = line // scale
            _ring(plane, (left - wide, top - wide, right + wide, bottom + wide), 3 * wide, rim)
            _ring(plane, (left, top, right, bottom), wide, color)
    for sign in signs:
        for (plane, scale), rim, color in zip(planes, dark, canvas.values(sign.color), strict=True):
            _press(plane, sign.stamp, scale, _edges(sign.plate)[:2], (color, rim))


def line_width(width: int, height: int) -> int:
    """How wide lines are in a frame: even, so that they are whole pixels of its colors, too."""
    return max(2 * round(min(width, height) / 600), 2)


def plate_size(label: Label, size: float) -> tuple[float, float]:
    """Width and height of the plate that a label with letters of a size lies on, all in pixels."""
    return label.width + 0.8 * size, 1.5 * size


def _ring(plane: np.ndarray, edges: tuple[int, int, int, int], wide: int, value: int) -> None:
    """Paint the inner edge of a box."""
    left, top, right, bottom = (max(edge, 0) for edge in edges)
    inner_left, inner_top = (max(edge + wide, 0) for edge in edges[:2])
    inner_right, inner_bottom = (max(edge - wide, 0) for edge in edges[2:])
    plane[top:inner_top, left:right] = plane[inner_bottom:bottom, left:right] = value
    plane[top:bottom, left:inner_left] = plane[top:bottom, inner_right:right] = value


def _press(plane: np.ndarray, stamp: Stamp, scale: int, place: tuple[int, int], values: tuple[int, int]) -> None:
    """Paint a stamp into a plane, in the values of its plate and of its ink there."""
    left, top = (edge // scale for edge in place)
    target = plane[top : top + len(stamp.ink) // scale, left : left + stamp.ink.shape[1] // scale]
    height, width = target.shape
    ink = cv2.resize(stamp.ink[: height * scale, : width * scale], (width, height), interpolation=cv2.INTER_AREA)
    plate, rim = values
    painted = plate + ink * np.float32((rim - plate) / 255)
    np.copyto(target, painted, where=stamp.mask[: height * scale : scale, : width * scale : scale], casting="unsafe")


def _edges(box: Box) -> tuple[int, int, int, int]:
    """Edges as whole pixels of a film's colors, too, which are half as many: between them, lines would be pale."""
    left, top, right, bottom = (2 * round(edge / 2) for edge in (box.left, box.top, box.right, box.bottom))
    return left, top, right, bottom
