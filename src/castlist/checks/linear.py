"""Linear models of a few numbers of a picture, fitted by scripts in `benchmarks/` and shipped as weights alone."""

from __future__ import annotations

import functools
from importlib import resources

import numpy as np


def says(file: str, numbers: np.ndarray) -> bool:
    """Whether a model says yes.

    Args:
        file: Of the model, in this room.
        numbers: Shape (n,), what it was fitted to.
    """
    weights, bias = _read(file)
    return bool(numbers @ weights + bias > 0)


@functools.cache
def _read(file: str) -> tuple[np.ndarray, float]:
    with (resources.files("castlist.checks") / file).open("rb") as data, np.load(data, allow_pickle=False) as arrays:
        return arrays["weights"], float(arrays["bias"])
