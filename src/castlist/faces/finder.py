"""From a photo to its faces."""

from __future__ import annotations

import numpy as np

from castlist.errors import ShapeError
from castlist.faces.alignment import DEFAULT_TEMPLATE, Template, crop_face
from castlist.faces.mtcnn import Detections, detect
from castlist.faces.quality import measure_quality
from castlist.faces.records import Box, Face

MIN_FACE = 20.0  # pixels: smaller faces have too little to be recognized by
RELATIVE_MIN_FACE = 0.06  # of the photo's shorter side
ROTATIONS = (0, 90, 180, 270)


def find_faces(
    pixels: np.ndarray, *, min_face: float | None = None, template: Template = DEFAULT_TEMPLATE
) -> list[Face]:
    """Find the faces of a photo and crop each, eyes level and always at the same place.

    A photo in which no face is found is tried lying on either side and on its head.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB, of any size: the cost is bounded by `min_face`, not by the size.
        min_face: Side in pixels of the smallest face to find; by default 6 % of the photo's shorter side,
            at least 20.
        template: Where the crop has its landmarks.

    Returns:
        The faces, largest first, boxes and landmarks in pixels of the photo as given.

    Raises:
        ShapeError: If `pixels` has another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ShapeError(f"A photo must be (height, width, 3), uint8. Got {pixels.shape}, {pixels.dtype} instead.")
    if min_face is None:
        min_face = max(MIN_FACE, RELATIVE_MIN_FACE * min(pixels.shape[:2]))
    for rotation in ROTATIONS:
        found = detect(np.ascontiguousarray(np.rot90(pixels, rotation // 90)), min_face)
        if len(found.scores):
            faces = [_face(pixels, found, i, rotation, template) for i in range(len(found.scores))]
            return sorted(faces, key=lambda face: -face.box.area)
    return []


def _face(pixels: np.ndarray, found: Detections, index: int, rotation: int, template: Template) -> Face:
    height, width = pixels.shape[:2]
    corners = turn_back(found.boxes[index].reshape(2, 2), rotation, width, height)
    box = Box(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()).clipped(width, height)
    landmarks = turn_back(found.landmarks[index], rotation, width, height)
    crop = crop_face(pixels, landmarks, template)
    return Face(
        pixels=crop,
        box=box,
        landmarks=landmarks,
        confidence=float(found.scores[index]),
        quality=measure_quality(crop, landmarks),
        rotation=rotation,
    )


def turn_back(points: np.ndarray, rotation: int, width: int, height: int) -> np.ndarray:
    """Bring points of a turned photo back to the photo.

    Args:
        points: Shape (n, 2), x and y in the photo turned counterclockwise by `rotation` degrees.
        rotation: 0, 90, 180 or 270.
        width: Of the photo before it was turned.
        height: Of the photo before it was turned.

    Returns:
        Shape (n, 2), float32.
    """
    x, y = np.asarray(points, np.float32).T
    back = {0: (x, y), 90: (width - y, x), 180: (width - x, height - y), 270: (y, height - x)}[rotation]
    return np.column_stack(back)
