"""How well a face fits a person: the two-covariance model, in the axes that make it simple."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.gallery.background import Background


@dataclass(frozen=True, eq=False)
class Axes:
    """Axes in which photos of one person vary by 1 in every direction, and people differ independently along each.

    In them every product of matrices becomes a product of numbers, and a person is a mean and a variance per axis.
    """

    origin: np.ndarray  # (values,)
    directions: np.ndarray  # (values, axes)
    between: np.ndarray  # (axes,); the variance of people along each

    @classmethod
    def of(cls, background: Background) -> Axes:
        whiten = np.linalg.inv(np.linalg.cholesky(background.within)).T
        between, turn = np.linalg.eigh(whiten.T @ background.between @ whiten)
        return cls(background.mean, whiten @ turn[:, ::-1], np.maximum(between[::-1], 1e-9))

    def place(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings, shape (n, values), in these axes, shape (n, axes)."""
        return np.asarray((embeddings - self.origin) @ self.directions)


@dataclass(frozen=True, eq=False)
class People:
    """What is known of each person: where the person is, and how surely."""

    between: np.ndarray  # (axes,)
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
        return cls(between, variance * sums, variance)

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
