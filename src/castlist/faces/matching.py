"""Faces that are marked in photos brought together with those that are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from castlist.faces.alignment import DEFAULT_TEMPLATE, Template, crop_face
from castlist.faces.finder import find_faces
from castlist.faces.photos import Finder
from castlist.faces.quality import measure_quality
from castlist.faces.records import Box, Face
from castlist.media import OpenPhoto

GROWN = 1.3  # times a mark's size: where the middle of its face lies, since programs draw boxes differently
AROUND = 2.0  # times a mark's size: what is looked at for its face; a tighter picture hides faces from the detector
SMALLEST = 0.4  # of a mark's shorter side: a face in it is as large at least
SHOWN = 160  # pixels of a mark's shorter side; a larger picture shows the networks nothing more


def match_faces(marks: Sequence[Box], faces: Sequence[Box]) -> list[int | None]:
    """Which found face each mark is of, each face once: the middles lie in each other, and most is common."""
    pairs = [
        (mark.common(face) / max(mark.area, face.area, 1e-9), i, k)
        for i, mark in enumerate(marks)
        for k, face in enumerate(faces)
        if _holds(_grown(mark, GROWN), face) and _holds(_grown(face, GROWN), mark)
    ]
    chosen: list[int | None] = [None] * len(marks)
    for _, i, k in sorted(pairs, key=lambda pair: -pair[0]):
        if chosen[i] is None and k not in chosen:
            chosen[i] = k
    return chosen


def find_marked_face(
    photo: OpenPhoto, mark: Box, *, template: Template = DEFAULT_TEMPLATE, finder: Finder = find_faces
) -> Face:
    """Find the face that somebody has marked; where none is found, the mark itself is taken for one.

    Args:
        photo: Opened.
        mark: A box that is drawn around the face, in pixels of the photo.
        template: Where the crop has its landmarks.
        finder: What finds faces in pixels.

    Raises:
        PhotoError: If the photo can't be read.
    """
    side = min(mark.width, mark.height)
    seen = photo.decode(next((scale for scale in (8, 4, 2) if side >= scale * SHOWN), 1))
    height, width = seen.pixels.shape[:2]
    small = _moved(mark, seen.from_photo)
    around = _grown(small, AROUND).clipped(width, height)
    left, top, right, bottom = (round(edge) for edge in (around.left, around.top, around.right, around.bottom))
    part = seen.pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    found = finder(np.ascontiguousarray(part), min_face=SMALLEST * side / seen.scale, template=template)
    corner = np.array([left, top])
    moved = [replace(face, box=_moved(face.box, lambda points: points + corner)) for face in found]
    (index,) = match_faces([small], [face.box for face in moved])
    if index is not None:
        face = found[index]
        landmarks = seen.to_photo(face.landmarks + corner).astype(np.float32)
        return replace(face, box=_moved(moved[index].box, seen.to_photo), landmarks=landmarks)
    place, size = np.array([small.left, small.top]), np.array([small.width, small.height])
    points = (place + np.array(template.points) / template.size * size).astype(np.float32)
    crop = crop_face(seen.pixels, points, template)
    landmarks = seen.to_photo(points).astype(np.float32)
    return Face(crop, mark, landmarks, confidence=0.0, quality=measure_quality(crop, landmarks))


def _grown(box: Box, by: float) -> Box:
    more_x, more_y = box.width * (by - 1) / 2, box.height * (by - 1) / 2
    return Box(box.left - more_x, box.top - more_y, box.right + more_x, box.bottom + more_y)


def _holds(box: Box, other: Box) -> bool:
    """Whether the middle of another box lies in a box."""
    x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _moved(box: Box, move: Callable[[np.ndarray], np.ndarray]) -> Box:
    return Box(*move(np.array([[box.left, box.top], [box.right, box.bottom]])).ravel().tolist())
