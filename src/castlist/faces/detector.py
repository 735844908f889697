"""Faces found by YuNet at one look, and landed on by MTCNN's last network, which knows where eyes and mouth are.

YuNet is quick, but its landmarks cost accuracy, and it takes a face on its side or head for an upright one. MTCNN's
last network doesn't, and wants nothing but a box. What both say together tells a face from an ornament.

Source: `yunet` and `onet`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from castlist.faces.boxes import Detections, shifted, squared, suppress
from castlist.faces.levels import Level, crop_squares, halved, resize
from castlist.faces.onet import SIDE, look_at
from castlist.faces.yunet import SIDES, find_boxes

FACE = 16  # pixels of the smallest face in the picture that YuNet sees
WIDE, NARROWER = 480, 0.25  # of a picture's shorter side; from there on, large faces are looked for in a smaller one
LEAST = 0.5  # of YuNet's score, for a closer look
ACCEPTED = 0.0  # log-odds of both networks together
OVERLAP = 0.45  # of two boxes, relative to the smaller, from which they are one face's


def detect(
    pixels: np.ndarray, min_face: float, accepted: float = ACCEPTED, *, may_be_turned: bool = True
) -> Detections:
    """Find upright faces.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        min_face: The smallest face to find, in pixels.
        accepted: Log-odds that a face must reach.
        may_be_turned: Whether to ask if they stand on their heads; a quarter of the work beside YuNet's.

    Returns:
        Boxes and landmarks in pixels of the picture; boxes may reach beyond it.
    """
    boxes, scores = _find(pixels, FACE / min_face)
    if not len(boxes):
        return Detections(boxes, scores, np.zeros((0, 5, 2), np.float32), scores)
    levels = halved(pixels, float((boxes[:, 2:] - boxes[:, :2]).max()), SIDE)
    boxes = squared(boxes)
    _, shifts, _ = look_at(crop_squares(levels, boxes, SIDE))
    boxes = shifted(boxes, shifts)
    landmarks, upright, turned = _look_again(levels, boxes, may_be_turned)
    odds = np.log(scores / (1 - scores)) + upright
    kept = np.flatnonzero(odds >= accepted)
    kept = kept[suppress(boxes[kept], odds[kept], OVERLAP, of_smaller=True)]
    sure = 1 / (1 + np.exp(-odds[kept]))
    return Detections(boxes[kept], sure, landmarks[kept], (turned - upright)[kept])


def warm_up() -> None:
    """Open both networks, which takes longer than finding faces: for who has time before the first photo comes.

    Raises:
        WeightsError: If a package with their weights is missing, or they are not the ones expected.
    """
    find_boxes(np.zeros((SIDES, SIDES, 3), np.uint8), LEAST)
    look_at(np.zeros((1, SIDE, SIDE, 3), np.uint8))


def reduce(pixels: np.ndarray, min_face: float, shrunk: int = 1) -> np.ndarray:
    """Shrink a picture as far as finding faces of `min_face` pixels allows: no network sees more than SIDE of them.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        min_face: The smallest face to find, in pixels of the picture before it was shrunk.
        shrunk: How many times smaller it is already; it comes to the same size as the whole one.
    """
    scale = SIDE / min_face
    # Averaging over all pixels is what costs on a large photo; it is done once, before the photo is turned.
    return resize(pixels, scale * shrunk) if scale < 0.5 else pixels


def _find(pixels: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Boxes and scores of what may be faces, each once."""
    boxes, scores = [], []
    for level in _pictures(pixels, scale):
        found, reached = find_boxes(level.pixels, LEAST)
        boxes.append(found / np.asarray(level.scale * 2, np.float32))
        scores.append(reached)
    all_boxes, all_scores = np.concatenate(boxes), np.concatenate(scores)
    kept = suppress(all_boxes, all_scores, OVERLAP)
    return all_boxes[kept], all_scores[kept].clip(None, 1 - 1e-6)


def _pictures(pixels: np.ndarray, scale: float) -> Iterator[Level]:
    """What YuNet sees: the picture as large as small faces need it, then smaller, for faces that fill it."""
    while True:
        level = Level(pixels).scaled(scale)
        yield level
        if min(level.pixels.shape[:2]) <= WIDE:
            break
        scale *= NARROWER


def _look_again(
    levels: list[Level], boxes: np.ndarray, may_be_turned: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eyes, nose and mouth corners of faces, (n, 5, 2), and log-odds that they stand upright, and on their heads, (n,).

    The last network looks once more, at the final box, at its mirror image, and at it turned by half. Two looks make a
    quarter fewer errors in the landmarks, on LFW's development photos, than its first at a box that was still rough.
    """
    boxes = squared(boxes)
    crops = crop_squares(levels, boxes, SIDE)
    views = [crops, crops[:, :, ::-1], crops[:, ::-1, ::-1]][: 2 + may_be_turned]
    log_odds, _, points = look_at(np.concatenate(views))
    seen, mirrored, *_ = points.reshape(len(views), -1, 5, 2)
    mirrored = mirrored[:, [1, 0, 2, 4, 3]] * [-1, 1] + [1, 0]
    corners, sizes = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
    upright, _, *turned = log_odds.reshape(len(views), -1)
    landmarks = np.asarray(corners + (seen + mirrored) / 2 * sizes, np.float32)
    return landmarks, upright, turned[0] if turned else np.full_like(upright, -np.inf)
