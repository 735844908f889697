"""How sure a trained network may be: one number that its logits are divided by, fitted on photos it didn't learn from.

Source: Guo et al. 2017, "On calibration of modern neural networks".
"""

from __future__ import annotations

import numpy as np

from castlist.errors import needs_extra

with needs_extra("learn", "Fitting a temperature"):
    from scipy.optimize import minimize_scalar

LARGEST = 10.0  # and its inverse the smallest


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

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        highest = scaled.max(axis=1)
        total = highest + np.log(np.exp(scaled - highest[:, None]).sum(axis=1))
        return float((total - (truth * scaled).sum(axis=1)).sum())

    bound = float(np.log(LARGEST))
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))
