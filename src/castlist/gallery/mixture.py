"""Where faces of strangers lie: a mixture of normal distributions.

One normal distribution is not enough: people come in kinds (age, sex, looks), so that a stranger who resembles somebody
of a cast is several times as likely as it says, and more so the larger the cast and the lower the rate asked for.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

STEPS = 15
PEOPLE_PER_KIND = 100  # on average, at least
MIN_PEOPLE = 50  # in each kind, so that it tells of nobody in particular
MAX_KINDS = 16
SHRINKAGE = 0.1  # of a kind's covariance to the one of all kinds, in photos per axis


@dataclass(frozen=True, eq=False)
class Mixture:
    """Kinds of faces."""

    weights: np.ndarray  # (kinds,), float32, sum 1
    centers: np.ndarray  # (kinds, axes), float32
    covariances: np.ndarray  # (kinds, axes, axes), float32

    @classmethod
    def fit(cls, placed: np.ndarray, n_people: int) -> Mixture:
        """Find the kinds by expectation and maximization, the same ones every time.

        Args:
            placed: Shape (n, axes); photos of many people.
            n_people: How many people they show.
        """
        placed = np.asarray(placed, np.float64)
        kinds = min(MAX_KINDS, max(1, n_people // PEOPLE_PER_KIND))
        while True:
            mixture = cls._fit(placed, kinds)
            if kinds == 1 or mixture.weights.min() * n_people >= MIN_PEOPLE:
                return mixture
            kinds -= 1

    @classmethod
    def _fit(cls, placed: np.ndarray, kinds: int) -> Mixture:
        shares = np.eye(kinds)[_cluster(placed, kinds)]
        for _ in range(STEPS):
            shares = cls._from_shares(placed, shares).shares(placed)
        return cls._from_shares(placed, shares)

    @classmethod
    def _from_shares(cls, placed: np.ndarray, shares: np.ndarray) -> Mixture:
        n, axes = placed.shape
        sizes = np.maximum(shares.sum(axis=0), 1e-9)  # nobody may be left of a kind; then there are fewer
        centers = shares.T @ placed / sizes[:, None]
        scatters = np.stack([((placed - c).T * s) @ (placed - c) for c, s in zip(centers, shares.T, strict=True)])
        pull = SHRINKAGE * axes
        common = scatters.sum(axis=0) / n + 1e-3 * np.eye(axes)
        covariances = (scatters + pull * common) / (sizes + pull)[:, None, None]
        return cls(*(np.asarray(part, np.float32) for part in (sizes / n, centers, covariances)))

    @functools.cached_property
    def _whitenings(self) -> np.ndarray:
        """What makes each kind vary by 1 in every direction, shape (kinds, axes, axes)."""
        return np.linalg.inv(np.linalg.cholesky(self.covariances.astype(np.float64)))

    def _log_densities(self, placed: np.ndarray) -> np.ndarray:
        """Of each kind, up to a constant; shape (n, kinds)."""
        columns = []
        for weight, center, whitening in zip(self.weights, self.centers, self._whitenings, strict=True):
            away = (placed - center) @ whitening.T
            columns.append(np.log(weight) - (away**2).sum(axis=1) / 2 + np.log(np.diag(whitening)).sum())
        return np.stack(columns, axis=1)

    def shares(self, placed: np.ndarray, softness: float = 1.0) -> np.ndarray:
        """How probably a face is of each kind.

        Args:
            placed: Shape (n, axes).
            softness: What the log-odds are divided by; above 1, neighboring kinds count, too.

        Returns:
            Shape (n, kinds); rows sum to 1.
        """
        logs = self._log_densities(placed)
        shares = np.exp((logs - logs.max(axis=1, keepdims=True)) / softness)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def draw(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw strangers, always the same ones: shape (about count, axes), float32, and the kind of each."""
        rng = np.random.default_rng(0)
        parts = []
        for weight, center, covariance in zip(self.weights, self.centers, self.covariances, strict=True):
            normal = rng.standard_normal((round(count * float(weight)), len(center)), np.float32)
            parts.append(normal @ np.linalg.cholesky(covariance).T + center)
        return np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _cluster(placed: np.ndarray, count: int) -> np.ndarray:
    """Which of `count` clusters each row is in, by k-means from centers far apart; shape (n,)."""
    rng = np.random.default_rng(0)
    centers = placed[rng.integers(len(placed))][None]
    squares = (placed**2).sum(axis=1)
    for _ in range(count - 1):
        nearest = _distances(placed, squares, centers).min(axis=1)
        centers = np.concatenate([centers, placed[rng.choice(len(placed), p=nearest / nearest.sum())][None]])
    for _ in range(STEPS):
        cluster = _distances(placed, squares, centers).argmin(axis=1)
        members = [placed[cluster == i] for i in range(count)]
        centers = np.stack([part.mean(axis=0) if len(part) else centers[i] for i, part in enumerate(members)])
    return np.asarray(_distances(placed, squares, centers).argmin(axis=1))


def _distances(placed: np.ndarray, squares: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(squares[:, None] - 2 * placed @ centers.T + (centers**2).sum(axis=1), 0))
