"""Whether something covers a face: a hand, a mask, dark glasses, another head, told from where edges are and aren't."""

from __future__ import annotations

import cv2
import numpy as np

from castlist.checks.linear import says

SIDE, CELL = 96, 12  # pixels of the crop as it is looked at, and of a square whose edges are counted together
DIRECTIONS = 8  # of edges, over half a turn
FAINT = 5.0  # strength of edges, for cells without any
FILE = "covering.npz"


def looks_covered(crop: np.ndarray) -> bool:
    """Whether a part of a face is hidden behind something.

    Args:
        crop: Shape (size, size, 3), uint8, RGB; aligned to the template `dlib-150`.
    """
    return says(FILE, count_edges(crop))


def count_edges(crop: np.ndarray) -> np.ndarray:
    """Count edges by place and direction, those of each cell relative to its surroundings.

    Args:
        crop: Shape (size, size, 3), uint8, RGB.

    Returns:
        Shape (cells x cells x DIRECTIONS,), float32, 0 to 1.

    Source: histograms of oriented gradients, Dalal and Triggs 2005.
    """
    gray = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    gray = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    right, down = (cv2.Sobel(gray, cv2.CV_32F, *way, ksize=1) for way in ((1, 0), (0, 1)))
    strength = np.hypot(right, down)
    direction = np.arctan2(down, right) % np.pi / np.pi * DIRECTIONS
    lower = np.floor(direction)
    share = direction - lower
    n = SIDE // CELL
    row, column = np.indices(gray.shape) // CELL
    counts = np.zeros(n * n * DIRECTIONS)
    for at, weight in ((lower, 1 - share), (lower + 1, share)):
        bins = (row * n + column) * DIRECTIONS + at.astype(np.int64) % DIRECTIONS
        counts += np.bincount(bins.ravel(), (strength * weight).ravel(), len(counts))
    cells = counts.reshape(n, n, DIRECTIONS)
    around = cv2.blur((cells**2).sum(axis=2), (3, 3), borderType=cv2.BORDER_REFLECT)
    around = np.sqrt(np.maximum(around, 0)) + FAINT  # a running sum can end below 0
    return np.asarray(np.sqrt(cells / around[:, :, None]).ravel(), np.float32)
