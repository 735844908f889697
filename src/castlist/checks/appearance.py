"""What the pixels of a photo tell besides who is on it: whether it or a face is drawn."""

from __future__ import annotations

import cv2
import numpy as np

from castlist.checks.linear import says

# Set on `cartoons5`, all of which it finds, and on LFW, of which it takes no photo for a drawing.
SIDE = 200  # pixels, of the longer side, to which a picture is brought
MIDDLE, STRONG = (4, 24), 60  # changes of color from pixel to pixel: shades, and lines; in steps of CIELAB, summed
MIN_LINES = 0.25  # share of lines among both; photos have about 0.05, flat drawings 0.5
MAX_COLORS = 80  # of 4,096, that make up most of the picture; busy photos may have many lines, but more colors
MOST = 0.8  # of the pixels

FILE = "drawing.npz"
# Of color from pixel to pixel, as above: up to these, shares of pixels are told.
CHANGES = (0, 1, 2, 3, 4, 6, 10, 16, 24, 40, 60, 90)
SMOOTH = 8  # change, on average around, below which a place should show nothing but noise


def looks_drawn(pixels: np.ndarray) -> bool:
    """Whether a picture is made of few colors and of lines, as flat drawings are; shaded ones look like photos.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
    """
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(round(width * scale), 8), max(round(height * scale), 8))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return bool(_share_of_lines(_changes(small)) > MIN_LINES and _count_colors(small) <= MAX_COLORS)


def face_looks_drawn(crop: np.ndarray) -> bool:
    """Whether a face is drawn: flat or smoothly shaded, without a camera's noise.

    Args:
        crop: Shape (150, 150, 3), uint8, RGB; aligned to the template `dlib-150`.
    """
    return says(FILE, measure_shading(crop))


def measure_shading(crop: np.ndarray) -> np.ndarray:
    """How colors change over a face.

    Args:
        crop: Shape (height, width, 3), uint8, RGB.

    Returns:
        Shape (16,), float64: shares of pixels that change by so little, noise, colors, and two measures of lines.
    """
    change = _changes(crop)
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rough = np.abs(cv2.Laplacian(gray, cv2.CV_32F))[:-1, :-1]
    smooth = cv2.blur(change, (3, 3)) < SMOOTH
    noise = float(rough[smooth].mean()) if smooth.any() else float(rough.mean())
    in_lines = float(change[change > CHANGES[-3]].sum() / max(float(change.sum()), 1.0))
    shares = [float((change <= limit).mean()) for limit in CHANGES]
    return np.array([*shares, noise, np.log(_count_colors(crop)), _share_of_lines(change), in_lines])


def _changes(pixels: np.ndarray) -> np.ndarray:
    """How much each pixel's color differs from the one to the right and the one below; one row and column less."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    return np.asarray(np.abs(np.diff(lab, axis=1))[:-1].sum(axis=2) + np.abs(np.diff(lab, axis=0))[:, :-1].sum(axis=2))


def _share_of_lines(change: np.ndarray) -> float:
    shades, lines = ((change > MIDDLE[0]) & (change <= MIDDLE[1])).mean(), (change > STRONG).mean()
    return float(lines / max(lines + shades, 1e-6))


def _count_colors(pixels: np.ndarray) -> int:
    """How many of 4,096 colors make up MOST of a picture."""
    coarse = (pixels >> 4).astype(np.int64) @ np.array([256, 16, 1])
    counts = np.sort(np.bincount(coarse.ravel()))[::-1].cumsum()
    return int((counts < MOST * counts[-1]).sum()) + 1
