"""From a photo to its faces."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from castlist.errors import ShapeError
from castlist.faces.alignment import DEFAULT_TEMPLATE, Template, crop_face
from castlist.faces.boxes import Detections
from castlist.faces.detector import detect, reduce
from castlist.faces.quality import measure_quality
from castlist.faces.records import Box, Face

MIN_FACE = 20.0  # pixels: smaller faces have too little to be recognized by
RELATIVE_MIN_FACE = 0.06  # of the photo's shorter side
LONGEST = 2000  # times the smallest face is the longest photo: one of 59 million pixels by 1 is a bomb, no panorama
# Set on 250 of LFW's development photos, upright, turned, and cut off.
SURE = 5.0  # log-odds; only a photo that shows such a face when it is turned is taken for a turned one
# From there on a face is upright beyond doubt: of 300 such photos, turned, some show a lying face at up to 6.4.
ENOUGH = 6.5
PREFERENCE = 1.5  # log-odds by which a turned photo must be the likelier: most photos are upright
# Of a doubtful face's width: smaller ones, most of the cost, aren't looked for when its photo is turned. With a half,
# at which it is seen at 32 pixels, the upright face was doubtful, too, in every sixtieth of turned photos.
SMALLER = 0.25
PATIENT = -2.0  # log-odds to accept in a photo that should show a face
TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}  # by degrees
MARGIN = 0.25  # of the shorter side, laid around a photo that is cut so tight that no face was found


def find_faces(
    pixels: np.ndarray, *, min_face: float | None = None, template: Template = DEFAULT_TEMPLATE
) -> list[Face]:
    """Find the faces of a photo and crop each, eyes level and always at the same place.

    A photo without an upright face is looked at once more for one that the edges cut off, and one in which no face is
    surely upright is tried lying on either side and on its head.

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
        raise ShapeError(
            "photo-shape",
            "A photo must be an array of shape (height, width, 3), uint8. Got {shape}, {dtype} instead.",
            shape=str(pixels.shape),
            dtype=str(pixels.dtype),
        )
    if min_face is None:
        min_face = smallest_face(pixels.shape[1::-1])
    min_face = max(min_face, max(pixels.shape) / LONGEST)
    small = reduce(pixels, min_face)
    zoom = np.array(pixels.shape[1::-1]) / small.shape[1::-1]
    found, rotation = _search(small, min_face / float(zoom[0]))
    height, width = small.shape[:2]
    faces = []
    for box, score, points in zip(found.boxes, found.scores, found.landmarks, strict=True):
        corners = turn_back(box.reshape(2, 2), rotation, width, height) * zoom
        landmarks = (turn_back(points, rotation, width, height) * zoom).astype(np.float32)
        crop = crop_face(pixels, landmarks, template)
        faces.append(
            Face(
                pixels=crop,
                box=Box(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()).clipped(*pixels.shape[1::-1]),
                landmarks=landmarks,
                confidence=float(score),
                quality=measure_quality(crop, landmarks),
                rotation=rotation,
            )
        )
    return sorted(faces, key=lambda face: -face.box.area)


def smallest_face(size: Sequence[int]) -> float:
    """The side in pixels of the smallest face that is looked for in a photo, by its width and height."""
    return max(MIN_FACE, RELATIVE_MIN_FACE * min(size))


def _search(pixels: np.ndarray, min_face: float) -> tuple[Detections, int]:
    """Detect upright faces; where there is none, cut-off ones; where these are doubtful, in all four rotations."""
    found, rotation = detect(pixels, min_face), 0
    if _credit(found) >= ENOUGH:
        return found, rotation
    if not len(found.scores):
        found = _detect_cut_off(pixels, min_face)
    best = max(_credit(found) + PREFERENCE, SURE)
    smallest = max(min_face, SMALLER * float((found.boxes[:, 2] - found.boxes[:, 0]).max(initial=0)))
    for angle, turn in TURNS.items():
        turned = detect(cv2.rotate(pixels, turn), smallest)
        if (credit := _credit(turned)) > best:
            found, rotation, best = turned, angle, credit
    return found, rotation


def _detect_cut_off(pixels: np.ndarray, min_face: float) -> Detections:
    margin = round(MARGIN * min(pixels.shape[:2]))
    found = detect(cv2.copyMakeBorder(pixels, *4 * (margin,), cv2.BORDER_REPLICATE), min_face, PATIENT)
    return Detections(found.boxes - margin, found.scores, found.landmarks - margin, found.upside_down)


def _credit(found: Detections) -> float:
    """How much a photo seems to be upright: the log-odds of its best face, less for eyes that are far from level.

    Also less by how much rather the same place shows a face on its head: every fifth face that lies on its side or head
    is detected all the same, less surely and with misplaced landmarks.
    """
    if not len(found.scores):
        return -math.inf
    eyes = found.landmarks[:, 1] - found.landmarks[:, 0]
    tilt = np.degrees(np.abs(np.arctan2(eyes[:, 1], eyes[:, 0])))
    scores = found.scores.clip(1e-6, 1 - 1e-6)
    doubts = np.maximum(tilt - 30, 0) / 15 + np.maximum(found.upside_down, 0)
    return float((np.log(scores / (1 - scores)) - doubts).max())


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
