"""How well a face fits a person: the two-covariance model, in the axes of a background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class People:
    """What is known of each person: where the person is, and how surely."""

    between: np.ndarray  # (axes,); variance of people in general
    mean: np.ndarray  # (people, axes)
    variance: np.ndarray  # (people, axes)

    @classmethod
    def from_sums(cls, between: np.ndarray, sums: np.ndarray, counts: np.ndarray) -> People:
        """Know people by their photos.

        Args:
            between: Shape (axes,).
            sums: Shape (people, axes); the sum of each person's placed photos.
            counts: Shape (people,); how many they are; shares count too.
        """
        variance = between / (1 + counts[:, None] * between)
        return cls(*(np.asarray(part, np.float32) for part in (between, variance * sums, variance)))

    def scores(self, placed: np.ndarray) -> np.ndarray:
        """How much likelier each person is than somebody never seen, as a logarithm.

        Args:
            placed: Shape (n, axes).

        Returns:
            Shape (n, people).
        """
        precision = 1 / (1 + self.variance)
        scaled = self.mean * precision
        squares = placed**2
        known = squares @ precision.T - 2 * placed @ scaled.T + (self.mean * scaled - np.log(precision)).sum(axis=1)
        stranger = squares @ (1 / (1 + self.between)) + np.log1p(self.between).sum()
        return np.asarray((stranger[:, None] - known) / 2)

    def own_scores(self, placed: np.ndarray) -> np.ndarray:
        """As `scores`, of the i-th photo with the i-th person; shape (n,)."""
        known = (placed - self.mean) ** 2 / (1 + self.variance) + np.log1p(self.variance)
        stranger = placed**2 / (1 + self.between) + np.log1p(self.between)
        return np.asarray((stranger - known).sum(axis=1) / 2)
