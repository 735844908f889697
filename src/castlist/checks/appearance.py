"""What the pixels of a photo tell besides who is on it: whether it is drawn, whether a face is cut off."""

from __future__ import annotations

import cv2
import numpy as np

# Set on `cartoons5`, all of which it finds, and on LFW, of which it takes no photo for a drawing.
SIDE = 200  # pixels, of the longer side, to which a picture is brought
MIDDLE, STRONG = (4, 24), 60  # changes of color from pixel to pixel: shades, and lines; in steps of CIELAB, summed
MIN_LINES = 0.25  # share of lines among both; photos have about 0.05, flat drawings 0.5
MAX_COLORS = 80  # of 4,096, that make up most of the picture; busy photos may have many lines, but more colors
MOST = 0.8  # of the pixels

EDGE = 0.1  # distances between the eyes, from an eye, the nose or the mouth to the photo's edge


def looks_drawn(pixels: np.ndarray) -> bool:
    """Whether a picture is made of few colors and of lines, as flat drawings are; shaded ones look like photos.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
    """
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(round(width * scale), 8), max(round(height * scale), 8))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    change = np.abs(np.diff(lab, axis=1))[:-1].sum(axis=2) + np.abs(np.diff(lab, axis=0))[:, :-1].sum(axis=2)
    shades, lines = ((change > MIDDLE[0]) & (change <= MIDDLE[1])).mean(), (change > STRONG).mean()
    coarse = (small >> 4).astype(np.int64) @ np.array([256, 16, 1])
    counts = np.sort(np.bincount(coarse.ravel()))[::-1].cumsum()
    n_colors = int((counts < MOST * counts[-1]).sum()) + 1
    return bool(lines > MIN_LINES * max(lines + shades, 1e-6) and n_colors <= MAX_COLORS)


def is_cut_off(landmarks: np.ndarray, height: int, width: int) -> bool:
    """Whether an eye, the nose or the mouth lies so near to the photo's edge that a part of the face is outside.

    Args:
        landmarks: Shape (5, 2), x and y in pixels; the eyes first.
        height: Of the photo.
        width: Of the photo.
    """
    eyes = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    inside = np.minimum(landmarks, np.array([width, height]) - landmarks)
    return bool(inside.min() < EDGE * eyes)
