"""Boxes of faces, many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Detections:
    """Faces found in one picture, columns aligned, best first."""

    boxes: np.ndarray  # (n, 4), float32: left, top, right, bottom
    scores: np.ndarray  # (n,), float32
    landmarks: np.ndarray  # (n, 5, 2), float32
    # (n,), float32: log-odds of a face on its head in the same box, less those of an upright one
    upside_down: np.ndarray


def suppress(boxes: np.ndarray, scores: np.ndarray, limit: float, *, of_smaller: bool = False) -> np.ndarray:
    """Keep the best of the boxes that overlap (non-maximum suppression).

    Args:
        boxes: Shape (n, 4).
        scores: Shape (n,).
        limit: The overlap above which the lesser box is dropped.
        of_smaller: Measure the overlap relative to the smaller box instead of to the union.

    Returns:
        Indices of the boxes kept, best first.
    """
    order = np.argsort(-scores, kind="stable")
    left, top, right, bottom = boxes[order].T
    areas = (right - left) * (bottom - top)
    widths = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    heights = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    common = np.maximum(widths, 0) * np.maximum(heights, 0)
    whole = np.minimum(areas[:, None], areas) if of_smaller else areas[:, None] + areas - common
    beats = np.triu(common > limit * whole, 1)
    kept = np.ones(len(order), bool)
    while True:  # a box falls only to one that is kept itself; settles after as many rounds as the longest chain
        settled = ~(beats & kept[:, None]).any(axis=0)
        if (settled == kept).all():
            return order[kept]
        kept = settled


def squared(boxes: np.ndarray) -> np.ndarray:
    """Boxes grown to squares around their centers."""
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack([centers - half, centers + half])


def shifted(boxes: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Boxes with each edge moved by a fraction of their size."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes + shifts * np.hstack([sizes, sizes]))
