"""How sure a trained network may be: one number that its logits are divided by, fitted on photos it didn't learn from.

Source: Guo et al. 2017, "On calibration of modern neural networks".
"""

from __future__ import annotations

import numpy as np

LARGEST = 10.0  # and its inverse the smallest
STEPS = 60  # of halving where it may lie


def fit_temperature(probabilities: np.ndarray, people: np.ndarray) -> float:
    """The temperature at which probabilities say most of who photos show; below 1 where a network is too modest.

    One photo more is counted, of anybody alike: where all photos are named rightly, no certainty would be too much.

    Args:
        probabilities: Shape (n, n_people), rows that sum to 1; at best of validation photos.
        people: Shape (n, n_people), one-hot.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    n, n_people = logits.shape
    truth = (n * people + 1 / n_people) / (n + 1)

    # In the inverse of the temperature the loss is convex: its slope rises, and is 0 at one place at most.
    low, high = 1 / LARGEST, LARGEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        powers = np.exp(middle * (logits - logits.max(axis=1, keepdims=True)))
        answers = powers / powers.sum(axis=1, keepdims=True)
        if ((answers - truth) * logits).sum() < 0:
            low = middle
        else:
            high = middle
    return float(1 / middle)
