"""Faces found by YuNet at one look, and landed on by MTCNN's last network, which knows where eyes and mouth are.

YuNet is quick, but its landmarks cost accuracy, and it takes a face on its side or head for an upright one. MTCNN's
last network doesn't, and wants nothing but a box. What both say together tells a face from an ornament.

Source: `yunet` and `mtcnn`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from castlist.faces.mtcnn import Detections, resize, suppress
from castlist.faces.mtcnn_networks import open_mtcnn
from castlist.faces.yunet import find_boxes

FACE = 16  # pixels of the smallest face in the picture that YuNet sees
WIDE, NARROWER = 480, 0.25  # of a picture's shorter side; from there on, large faces are looked for in a smaller one
LEAST = 0.5  # of YuNet's score, for a closer look
ACCEPTED = 0.0  # log-odds of both networks together
OVERLAP = 0.45  # of two boxes, relative to the smaller, from which they are one face's
CROP = 48  # pixels that MTCNN's last network looks at
BATCH = 8  # crops in one pass; what more of them leave between layers falls out of the processor's cache


@dataclass(frozen=True)
class _Level:
    """A picture at one scale."""

    pixels: np.ndarray  # (height, width, 3), uint8
    scale: tuple[float, float]  # of x and of y, exact after rounding to whole pixels


def detect(pixels: np.ndarray, min_face: float, accepted: float = ACCEPTED) -> Detections:
    """Find upright faces.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        min_face: The smallest face to find, in pixels.
        accepted: Log-odds that a face must reach.

    Returns:
        Boxes and landmarks in pixels of the picture; boxes may reach beyond it.
    """
    boxes, scores = _find(pixels, FACE / min_face)
    if not len(boxes):
        return Detections(boxes, scores, np.zeros((0, 5, 2), np.float32), scores)
    levels = _halved(pixels, float((boxes[:, 2:] - boxes[:, :2]).max()))
    boxes = _squared(boxes)
    _, shifts, _ = _run(_crop(levels, boxes))
    boxes = _shifted(boxes, shifts)
    landmarks, upright, turned = _look_again(levels, boxes)
    odds = np.log(scores / (1 - scores)) + upright
    kept = np.flatnonzero(odds >= accepted)
    kept = kept[suppress(boxes[kept], odds[kept], OVERLAP, of_smaller=True)]
    sure = 1 / (1 + np.exp(-odds[kept]))
    return Detections(boxes[kept], sure, landmarks[kept], (turned - upright)[kept])


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


def _pictures(pixels: np.ndarray, scale: float) -> Iterator[_Level]:
    """What YuNet sees: the picture as large as small faces need it, then smaller, for faces that fill it."""
    while True:
        level = _scaled(_Level(pixels, (1.0, 1.0)), scale)
        yield level
        if min(level.pixels.shape[:2]) <= WIDE:
            break
        scale *= NARROWER


def _halved(pixels: np.ndarray, largest: float) -> list[_Level]:
    """A picture, and smaller ones down to that in which its largest face is as small as a crop."""
    levels = [_Level(pixels, (1.0, 1.0))]
    while largest * levels[-1].scale[0] >= 2 * CROP:
        levels.append(_scaled(levels[-1], 0.5))
    return levels


def _scaled(level: _Level, scale: float) -> _Level:
    resized = resize(level.pixels, scale, cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    x, y = (new / old for new, old in zip(resized.shape[1::-1], level.pixels.shape[1::-1], strict=True))
    return _Level(resized, (level.scale[0] * x, level.scale[1] * y))


def _run(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds of a face, shifts of the boxes' edges, and landmarks within the boxes, x before y."""
    session = open_mtcnn("onet")
    batches = (crops[i : i + BATCH] for i in range(0, len(crops), BATCH))
    answer = np.concatenate([session.run(None, {"pixels": batch})[0] for batch in batches])
    return answer[:, 0], answer[:, 1:5], answer[:, 5:].reshape(-1, 2, 5).transpose(0, 2, 1)


def _look_again(levels: list[_Level], boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eyes, nose and mouth corners of faces, (n, 5, 2), and log-odds that they stand upright, and on their heads, (n,).

    The last network looks once more, at the final box, at its mirror image, and at it turned by half. Two looks make a
    quarter fewer errors in the landmarks, on LFW's development photos, than its first at a box that was still rough.
    """
    boxes = _squared(boxes)
    crops = _crop(levels, boxes)
    log_odds, _, points = _run(np.concatenate([crops, crops[:, :, ::-1], crops[:, ::-1, ::-1]]))
    seen, mirrored, _ = points.reshape(3, -1, 5, 2)
    mirrored = mirrored[:, [1, 0, 2, 4, 3]] * [-1, 1] + [1, 0]
    corners, sizes = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
    upright, _, turned = log_odds.reshape(3, -1)
    return np.asarray(corners + (seen + mirrored) / 2 * sizes, np.float32), upright, turned


def _squared(boxes: np.ndarray) -> np.ndarray:
    """Boxes grown to squares around their centers."""
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack([centers - half, centers + half])


def _shifted(boxes: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Boxes with each edge moved by a fraction of their size."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes + shifts * np.hstack([sizes, sizes]))


def _crop(levels: list[_Level], boxes: np.ndarray) -> np.ndarray:
    """Cut squares out of the level that shows each closest to CROP pixels: (n, CROP, CROP, 3), uint8."""
    crops = np.empty((len(boxes), CROP, CROP, 3), np.uint8)
    scales = np.array([level.scale[0] for level in levels])
    for crop, (left, top, right, _) in zip(crops, boxes.tolist(), strict=True):
        zoom = CROP / max(right - left, 1e-6)
        level = levels[max(int((scales >= 0.9 * zoom).sum()) - 1, 0)]
        x_zoom, y_zoom = zoom / level.scale[0], zoom / level.scale[1]
        # Half a pixel goes from edges, as boxes have them, to centers, as warps do.
        matrix = np.array([[x_zoom, 0, 0.5 * x_zoom - 0.5 - left * zoom], [0, y_zoom, 0.5 * y_zoom - 0.5 - top * zoom]])
        cv2.warpAffine(level.pixels, matrix, (CROP, CROP), dst=crop, borderMode=cv2.BORDER_REPLICATE)
    return crops
