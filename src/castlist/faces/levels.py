"""One picture at several scales, and crops from the one that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Level:
    """A picture at one scale."""

    pixels: np.ndarray  # (height, width, 3), uint8
    scale: tuple[float, float] = (1.0, 1.0)  # of x and of y, exact after rounding to whole pixels

    def scaled(self, scale: float) -> Level:
        """The same picture, smaller or larger."""
        resized = resize(self.pixels, scale)
        x, y = (new / old for new, old in zip(resized.shape[1::-1], self.pixels.shape[1::-1], strict=True))
        return Level(resized, (self.scale[0] * x, self.scale[1] * y))


def resize(pixels: np.ndarray, scale: float) -> np.ndarray:
    """Scale a picture, to at least one pixel each way."""
    height, width = (max(round(side * scale), 1) for side in pixels.shape[:2])
    # Exact halves take a fraction of the time of other means over areas, and a mean of means is nearly the same.
    while (old := pixels.shape)[0] >= 2 * height and old[1] >= 2 * width and not (old[0] % 2 or old[1] % 2):
        pixels = cv2.resize(pixels, (old[1] // 2, old[0] // 2), interpolation=cv2.INTER_AREA)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how))


def halved(pixels: np.ndarray, largest: float, size: int) -> list[Level]:
    """A picture, and smaller ones down to that in which what is `largest` pixels is as small as a crop of `size`."""
    levels = [Level(pixels)]
    while largest * levels[-1].scale[0] >= 2 * size:
        levels.append(levels[-1].scaled(0.5))
    return levels


def crop_squares(levels: Sequence[Level], boxes: np.ndarray, size: int) -> np.ndarray:
    """Cut squares out of the level that shows each closest to `size` pixels: (n, size, size, 3), uint8."""
    crops = np.empty((len(boxes), size, size, 3), np.uint8)
    scales = np.array([level.scale[0] for level in levels])
    for crop, (left, top, right, _) in zip(crops, boxes.tolist(), strict=True):
        zoom = size / max(right - left, 1e-6)
        level = levels[max(int((scales >= 0.9 * zoom).sum()) - 1, 0)]
        x_zoom, y_zoom = zoom / level.scale[0], zoom / level.scale[1]
        # Half a pixel goes from edges, as boxes have them, to centers, as warps do.
        matrix = np.array([[x_zoom, 0, 0.5 * x_zoom - 0.5 - left * zoom], [0, y_zoom, 0.5 * y_zoom - 0.5 - top * zoom]])
        cv2.warpAffine(level.pixels, matrix, (size, size), dst=crop, borderMode=cv2.BORDER_REPLICATE)
    return crops
