"""How well a face fits a person: the two-covariance model, in the axes of a background."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What is known of each person: where the person is, and how surely."""

    between: np.ndarray  # (axes,); variance of people in general
    mean: np.ndarray  # (people, axes)
    variance: np.ndarray  # (people, axes)

    @classmethod
    def from_sums(cls, between: np.ndarray, sums: np.ndarray, counts: np.ndarray) -> Knowledge:
        """Know people by their photos.

        Args:
            between: Shape (axes,).
            sums: Shape (people, axes); the sum of each person's placed photos.
            counts: Shape (people,); how many they are; shares count too.
        """
        between, sums, counts = (np.asarray(part, np.float32) for part in (between, sums, counts))
        variance = between / (1 + counts[:, None] * between)
        return cls(between, variance * sums, variance)

    @functools.cached_property
    def weights(self) -> np.ndarray:
        """What a score is made of, shape (people, 2 * axes), float32: of the squares of a place, then of the place."""
        squares = (1 / (1 + self.between) - 1 / (1 + self.variance)) / 2
        return np.hstack([squares, self.mean / (1 + self.variance)])

    @functools.cached_property
    def bias(self) -> np.ndarray:
        """The score of a place in the middle of all, shape (people,), float32."""
        spread = np.log1p(self.between) - np.log1p(self.variance)
        return np.asarray((spread - self.mean**2 / (1 + self.variance)).sum(axis=1) / 2)

    def scores(self, placed: np.ndarray) -> np.ndarray:
        """How much likelier each person is than somebody never seen, as a logarithm.

        Args:
            placed: Shape (n, axes).

        Returns:
            Shape (n, people).
        """
        return np.asarray(with_squares(placed) @ self.weights.T + self.bias)

    def own_scores(self, placed: np.ndarray) -> np.ndarray:
        """As `scores`, of the i-th photo with the i-th person; shape (n,)."""
        known = (placed - self.mean) ** 2 / (1 + self.variance) + np.log1p(self.variance)
        stranger = placed**2 / (1 + self.between) + np.log1p(self.between)
        return np.asarray((stranger - known).sum(axis=1) / 2)


def with_squares(placed: np.ndarray) -> np.ndarray:
    """Places, shape (n, axes), as `Knowledge.weights` weighs them, shape (n, 2 * axes)."""
    return np.hstack([placed**2, placed])


def add_up(placed: np.ndarray, person: np.ndarray, trust: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of each person's photos, shape (people, axes), and how many they are.

    Args:
        placed: Shape (n, axes).
        person: Shape (n,), int; nobody between the first and the last person is without a photo.
        trust: Shape (n,); what share of each photo counts.
    """
    order = np.argsort(person, kind="stable")
    counts = np.bincount(person)
    starts = np.cumsum(counts) - counts
    weighted = placed[order] * trust[order, None]
    return np.add.reduceat(weighted, starts, axis=0, dtype=np.float64), np.bincount(person, trust)
