"""Photos named together: those of one person speak for each other, and against a name that isn't theirs.

A single photo of a stranger may be very like somebody of the cast; thirty of them, which are surely of one person,
hardly ever are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from castlist.gallery.knowledge import Knowledge

LINK = 10.0  # score of one photo for another from which they are taken to show one person
SAMPLE = 1000  # faces looked at for how many strangers come more than once
BLOCK = 2**22  # pairs of photos compared at a time; changes memory and time, not results
ALIKE = 0.3  # how far photos of one person say the same: n of them count as n / (1 + ALIKE * (n - 1))


def share_in_groups(between: np.ndarray, placed: np.ndarray, strangers: np.ndarray, others: np.ndarray) -> float:
    """The share of strangers who are surely in another photo, too.

    Args:
        between: Shape (axes,); variance of people in general.
        placed: Shape (n, axes); the photos.
        strangers: Shape (k,), int; photos of them.
        others: Shape (m,), int; photos that may show them, their own among these.
    """
    if not len(strangers):
        return 0.0
    some = np.random.default_rng(0).permutation(strangers)[:SAMPLE]
    return float(np.mean([like.sum() > 1 for like in _Links(between, placed[others]).each(placed[some])]))


def judge_groups(
    between: np.ndarray,
    placed: np.ndarray,
    suspects: np.ndarray,
    others: np.ndarray,
    sums: np.ndarray,
    counts: np.ndarray,
) -> np.ndarray:
    """How much likelier it is that each suspect, and the others it is surely one person with, are somebody known.

    Args:
        between: Shape (axes,); variance of people in general.
        placed: Shape (n, axes); the photos.
        suspects: Shape (k,), int; photos that seem to be of somebody known.
        others: Shape (m,), int; photos that may show the same person as a suspect.
        sums: Shape (k, axes); the sum of the known photos of that somebody, for each suspect.
        counts: Shape (k,); how many they are.

    Returns:
        Shape (k,), as a logarithm; infinite where no other photo is alike.
    """
    evidence = np.full(len(suspects), np.inf)
    for i, like in enumerate(_Links(between, placed[others]).each(placed[suspects])):
        group = np.union1d(others[like], suspects[i])
        if len(group) == 1:
            continue
        mean, spread = placed[group].mean(axis=0), 1 / _worth(len(group))
        known = _worth(counts[i])
        variance = between / (1 + known * between)
        same = variance + spread
        away = mean - variance * known * sums[i] / counts[i]
        anybody = between + spread
        evidence[i] = (mean**2 / anybody + np.log(anybody) - away**2 / same - np.log(same)).sum() / 2
    return evidence


class _Links:
    """Which of m photos surely show the same person as some others, of which each is all that is known of somebody."""

    def __init__(self, between: np.ndarray, photos: np.ndarray) -> None:
        self._between, self._photos = between, photos
        # Whatever one photo says, the squares of another weigh the same: they are added up once.
        squares = self._know(photos[:1]).weights[:1, : len(between)]
        self._bar = LINK - (photos**2 @ squares.T).ravel()

    def each(self, some: np.ndarray) -> Iterator[np.ndarray]:
        """For each of those others, shape (m,), bool."""
        step = max(1, BLOCK // max(len(self._photos), 1))
        for start in range(0, len(some), step):
            known = self._know(some[start : start + step])
            scores = known.weights[:, len(self._between) :] @ self._photos.T + known.bias[:, None]
            yield from scores > self._bar

    def _know(self, some: np.ndarray) -> Knowledge:
        return Knowledge.from_sums(self._between, some, np.ones(len(some)))


def _worth(count: float) -> float:
    """How many independent photos so many of one person are worth."""
    return count / (1 + ALIKE * max(count - 1, 0))
