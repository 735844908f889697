"""The similarity that brings points nearest to others."""

from __future__ import annotations

import numpy as np


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, scale and shift that bring points nearest to others, by least squares.

    Args:
        source: Shape (n, 2).
        target: Shape (n, 2).

    Returns:
        Shape (2, 3), float64; maps source to target.

    Source: the closed form of Umeyama (1991) in the plane, without reflections.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    center, goal = source.mean(axis=0), target.mean(axis=0)
    x, y = (source - center).T
    u, v = (target - goal).T
    spread = max(float((x * x + y * y).sum()), 1e-9)
    a, b = (x * u + y * v).sum() / spread, (x * v - y * u).sum() / spread
    linear = np.array([[a, -b], [b, a]])
    return np.column_stack([linear, goal - linear @ center])
