"""Which photos may show a crop of which others, told from their low frequencies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

SIDE = 96  # of a thumbnail, in pixels

# Where a crop may lie along one axis: its length as a share of the photo, and the largest step between two places.
_ROUGH_CROPS = ((1.0, 1.0), (0.85, 0.15), (0.7, 0.15), (0.58, 0.14))
_FINE_CROPS = ((1.0, 1.0), (0.9, 0.1), (0.8, 0.067), (0.7, 0.06), (0.6, 0.067))
_MAX_STRETCH = 1.35  # of a crop's height against its width
_ROUGH_SHARE, _MIN_ROUGH = 0.03, 64  # of the photos, how many the rough crops let through
_CANDIDATES = 8  # per photo; with planted copies the right one is among the first four


@dataclass(frozen=True)
class Placement:
    """Where the whole of one photo lies in another; lengths are shares of the other photo's height and width."""

    top: float
    left: float
    height: float
    width: float
    mirrored: bool


class _CropGrid:
    """Places where a crop of a photo may lie, and descriptors of what lies there.

    A descriptor is the low frequencies of the cosine transform, without the mean, of unit length. It is kept in two
    halves, symmetric and antisymmetric in x: mirroring a photo only negates the second.

    Args:
        crops: Along one axis: the length of a crop as a share of the photo, and the step between two places.
        frequencies: Of the cosine transform, per axis; even.
    """

    def __init__(self, crops: Sequence[tuple[float, float]], frequencies: int) -> None:
        places = [
            (length, offset)
            for length, step in crops
            for offset in np.linspace(0, 1 - length, 1 + math.ceil((1 - length) / step - 1e-6))
        ]
        index = {place: i for i, place in enumerate(places)}
        boxes = [
            (row, column)
            for row in places
            for column in places
            if max(row[0] / column[0], column[0] / row[0]) <= _MAX_STRETCH
        ]
        self.boxes = [(row[1], column[1], row[0], column[0]) for row, column in boxes]  # top, left, height, width
        self._rows = [index[row] for row, _ in boxes]
        self._columns = [index[column] for _, column in boxes]
        self._frequencies = frequencies
        self._cosines = np.concatenate([_cosines(length, offset, frequencies) for length, offset in places])
        # Photos hold most of their energy in the lowest frequencies; the square root shares it out more evenly.
        order = np.arange(frequencies)
        self._weights = np.sqrt(np.hypot(order[:, None], order)).ravel().astype(np.float32)

    def describe(self, thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Describe every box of some photos: two halves, each of shape (n, boxes, frequencies^2 / 2), float32."""
        n, k = len(thumbnails), self._frequencies
        # Two large products: many small ones would cost more in threads than in arithmetic.
        across = thumbnails.reshape(-1, SIDE).astype(np.float32) @ self._cosines.T
        turned = np.ascontiguousarray(across.reshape(n, SIDE, -1).transpose(0, 2, 1))
        both = (turned.reshape(-1, SIDE) @ self._cosines.T).reshape(n, -1, k, len(self._cosines) // k, k)
        # The axes are now photo, column, frequency in x, row, frequency in y.
        described = both.transpose(0, 1, 3, 2, 4)[:, self._columns, self._rows].reshape(n, len(self.boxes), -1)
        described *= self._weights
        described /= np.maximum(np.sqrt(np.einsum("nbk,nbk->nb", described, described)), 1.0)[..., None]
        halves = described.reshape(n, len(self.boxes), k // 2, 2, k)
        return halves[:, :, :, 0].reshape(n, len(self.boxes), -1), halves[:, :, :, 1].reshape(n, len(self.boxes), -1)


def _cosines(length: float, offset: float, frequencies: int) -> np.ndarray:
    """The first cosines over a part of an axis, as weights of its pixels: shape (frequencies, 96), float32."""
    edges = np.clip((np.arange(SIDE + 1) / SIDE - offset) / length, 0, 1)
    k = np.arange(1, frequencies)[:, None]
    integral = np.concatenate([edges[None], np.sin(np.pi * k * edges) / (np.pi * k) * np.sqrt(2)])
    return np.diff(integral, axis=1).astype(np.float32)


class CropIndex:
    """Photos, each described as a whole and by its middle, to be found by what a crop of another photo looks like."""

    # The middle serves where the edges are written on, or lie outside the other photo.
    _QUERIES = ((0.0, 0.0, 1.0, 1.0), (0.125, 0.125, 0.75, 0.75))

    def __init__(self, thumbnails: np.ndarray) -> None:
        self.thumbnails = thumbnails
        self._rough, self._fine = _CropGrid(_ROUGH_CROPS, 6), _CropGrid(_FINE_CROPS, 8)
        self._rough_queries, self._fine_queries = self._describe_queries(6), self._describe_queries(8)

    def _describe_queries(self, frequencies: int) -> tuple[np.ndarray, np.ndarray]:
        """Two halves, each of shape (n, 2, frequencies^2 / 2)."""
        parts = []
        middle = slice(SIDE // 8, SIDE - SIDE // 8)
        whole = _CropGrid(((1.0, 1.0),), frequencies)
        for start in range(0, len(self.thumbnails), 256):
            some = self.thumbnails[start : start + 256]
            middles = np.stack([cv2.resize(photo[middle, middle], (SIDE, SIDE)) for photo in some])
            halves = zip(whole.describe(some), whole.describe(middles), strict=True)
            parts.append([np.concatenate(half, axis=1) for half in halves])
        return np.concatenate([even for even, _ in parts]), np.concatenate([odd for _, odd in parts])

    def candidates(self, outers: range) -> list[list[tuple[int, Placement]]]:
        """For each of a few photos, the others that look most like one of its crops, and where they lie in it."""
        thumbnails = self.thumbnails[outers.start : outers.stop]
        rough = _best_match(self._rough_queries, self._rough.describe(thumbnails))
        rough[outers, np.arange(len(outers))] = -1.0  # not itself
        n_rough = min(len(rough) - 1, max(_MIN_ROUGH, round(_ROUGH_SHARE * len(rough))))
        near = np.argpartition(-rough, n_rough - 1, axis=0)[:n_rough].T
        even, odd = self._fine.describe(thumbnails)
        return [self._closest(*some) for some in zip(near, even, odd, strict=True)]

    def _closest(self, near: np.ndarray, crop_even: np.ndarray, crop_odd: np.ndarray) -> list[tuple[int, Placement]]:
        even, odd = (half[near] for half in self._fine_queries)
        turned = odd @ crop_odd.T  # (photos, 2, boxes); negative where the mirrored photo is more alike
        alike = even @ crop_even.T + np.abs(turned)
        boxes = alike.argmax(axis=2)
        scores = np.take_along_axis(alike, boxes[..., None], axis=2)[..., 0]
        found = []
        for i in np.argsort(-scores.max(axis=1))[:_CANDIDATES]:
            query = int(scores[i].argmax())
            box = int(boxes[i, query])
            placement = self._place(self._fine.boxes[box], query, mirrored=bool(turned[i, query, box] < 0))
            found.append((int(near[i]), placement))
        return found

    def _place(self, box: tuple[float, float, float, float], query: int, *, mirrored: bool) -> Placement:
        """Where the whole photo lies when its part `query` lies in the box."""
        top, left, height, width = box
        query_top, query_left, query_height, query_width = self._QUERIES[query]
        height, width = height / query_height, width / query_width
        return Placement(top - query_top * height, left - query_left * width, height, width, mirrored)


def _best_match(queries: tuple[np.ndarray, np.ndarray], crops: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The correlation of each query photo with the likest crop of each other, mirrored or not: shape (n, others)."""
    n, n_queries, _ = queries[0].shape
    others, boxes, _ = crops[0].shape
    even, odd = (half.reshape(n * n_queries, -1) for half in queries)
    crop_even, crop_odd = (half.reshape(others * boxes, -1) for half in crops)
    best = np.empty((n * n_queries, others), np.float32)
    for i in range(0, len(best), 128):  # as many as stay in the processor's cache
        alike = np.abs(odd[i : i + 128] @ crop_odd.T)
        alike += even[i : i + 128] @ crop_even.T
        best[i : i + 128] = alike.reshape(len(alike), others, boxes).max(axis=2)
    return np.asarray(best.reshape(n, n_queries, others).max(axis=1))
