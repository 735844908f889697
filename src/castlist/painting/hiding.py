"""Faces made unrecognizable: what is painted over them, and over whose."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from castlist.errors import SettingsError
from castlist.faces import Box
from castlist.media import ALL, UNKNOWN, choices_for
from castlist.naming import DOUBT, NamedFace

REACH = 0.4  # of the face's size; how far the head goes beyond its box: hair, ears, chin, and any tilt
FEATHER = 0.18  # of the face's size; the soft edge, outside of the head
CELLS = (3, 3)  # columns and rows of color that are left of a head
LEVELS = 32  # of each color of a cell
SAMPLES = 96  # rows, and columns, of a head that its colors are the mean of, at most
BAND = 32  # rows painted at a time: larger arrays would be new memory each, which takes longer than to fill them


def check_hidden(hidden: str, people: Sequence[str]) -> None:
    """Check that somebody can be hidden by this word.

    Raises:
        SettingsError: If it is neither "unknown" nor "all" nor the name of a person.
    """
    if hidden not in (UNKNOWN, ALL, *people):
        raise SettingsError(
            "hidden-nobody",
            "Nobody here is called {name!r}. Choose from: {known}.",
            name=hidden,
            known=choices_for(hidden, (UNKNOWN, ALL, *people)),
        )


def is_hidden(face: NamedFace, hidden: str | None) -> bool:
    """Whether a face is to be hidden.

    Args:
        face: The answer.
        hidden: "unknown" for whoever isn't named, "all", or a person's name, which also hides faces that might be the
            person's; None hides nobody.
    """
    if hidden is None:
        return False
    return hidden in (ALL, face.name) or (dict(face.others).get(hidden, 0.0) >= DOUBT and hidden != UNKNOWN)


def hide_faces(pixels: np.ndarray, boxes: Sequence[Box]) -> np.ndarray:
    """Paint over heads; of each nothing is left but nine colors, rounded.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        boxes: Of the faces, as the detector gives them: from brow to chin.

    Returns:
        Shape (height, width, 3), uint8, RGB: a copy; without a box, the pixels as they are.

    Source: a blur, and pixels of ten and more to a face, can be seen through (McPherson, Shokri and Shmatikov,
    Defeating Image Obfuscation with Deep Learning, 2016). What isn't in the picture can't be brought back.
    """
    if not boxes:
        return pixels
    hidden = pixels.copy()
    hide_in(hidden, boxes)
    return hidden


def hide_in(pixels: np.ndarray, boxes: Sequence[Box]) -> None:
    """Paint over heads as `hide_faces` does, in the array itself.

    Args:
        pixels: As there; or (height, width), a film's brightness or one of its colors.
        boxes: As there.
    """
    for box in boxes:
        _hide(pixels, box)


def reach_of(box: Box) -> Box:
    """How far a head that is hidden may reach, its soft edge included: that of a face in this box."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    x_radius, y_radius, feather = _radii(box)
    return Box(x - x_radius - feather, y - y_radius - feather, x + x_radius + feather, y + y_radius + feather)


def _radii(box: Box) -> tuple[float, float, float]:
    """Half the width and the height of a head, and how wide its soft edge is."""
    size = (max(box.width, 1.0) * max(box.height, 1.0)) ** 0.5
    return box.width / 2 + REACH * size, box.height / 2 + REACH * size, max(FEATHER * size, 1.0)


def _hide(pixels: np.ndarray, box: Box) -> None:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    x_radius, y_radius, feather = _radii(box)
    inside = reach_of(box).clipped(pixels.shape[1], pixels.shape[0])
    left, top, right, bottom = (round(edge) for edge in (inside.left, inside.top, inside.right, inside.bottom))
    if right <= left or bottom <= top:
        return
    part = pixels[top:bottom, left:right]
    paint = _paint(part)
    # Opaque on the whole head: a soft edge that began inside would let the face shine through.
    reach = (1 + feather / min(x_radius, y_radius)) ** 2  # squares of distances, 1 on the edge of the head: no roots
    columns = (((np.arange(left, right) + 0.5 - x) / x_radius) ** 2 / (reach - 1)).astype(np.float32)
    rows = ((reach - ((np.arange(top, bottom) + 0.5 - y) / y_radius) ** 2) / (reach - 1)).astype(np.float32)
    for first in range(0, len(rows), BAND):
        band = slice(first, first + BAND)
        opacity = rows[band, None] - columns
        opacity.clip(0, 1, out=opacity)
        part[band] = cv2.blendLinear(paint[band], part[band], opacity, 1 - opacity)


def _paint(part: np.ndarray) -> np.ndarray:
    """The few colors of a head, flowing into each other, in the shape of its pixels."""
    step = 256 // LEVELS
    thin = np.ascontiguousarray(part[tuple(slice(None, None, -(-side // SAMPLES)) for side in part.shape[:2])])
    cells = cv2.resize(thin, CELLS, interpolation=cv2.INTER_AREA) // step * step + step // 2
    return np.asarray(cv2.resize(cells, part.shape[1::-1], interpolation=cv2.INTER_CUBIC))
