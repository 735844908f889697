"""Faces in general, as statistics: how people differ from each other, and how photos of one person differ.

Source: the two-covariance model of speaker and face recognition (probabilistic linear discriminant analysis): an
embedding is a mean, plus a person's deviation from it, plus a photo's deviation from the person, both normal.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from castlist.errors import ShapeError, WeightsError

STEPS = 30  # of expectation and maximization; the likelihood has settled by then
FILE = "background.npz"


@dataclass(frozen=True, eq=False)
class Background:
    """A mean and two covariances of embeddings; holds nobody's embedding."""

    mean: np.ndarray  # (values,), float64
    within: np.ndarray  # (values, values), float64; of photos of one person
    between: np.ndarray  # (values, values), float64; of people

    @classmethod
    def fit(cls, embeddings: np.ndarray, person: np.ndarray) -> Background:
        """Estimate the statistics by expectation and maximization from photos of many people.

        Args:
            embeddings: Shape (n, values), L2 norm 1; a few thousand, of people of every kind.
            person: Shape (n,), int; people with a single photo count too.

        Raises:
            ShapeError: If the shapes don't fit.
        """
        if embeddings.ndim != 2 or person.shape != embeddings.shape[:1] or not len(person):
            raise ShapeError(
                f"Embeddings must be (n, values) and person (n,). Got {embeddings.shape} and {person.shape} instead."
            )
        mean = embeddings.mean(axis=0, dtype=np.float64)
        photos = embeddings - mean
        person = np.unique(person, return_inverse=True)[1]
        counts = np.bincount(person)
        sums = np.zeros((len(counts), photos.shape[1]))
        np.add.at(sums, person, photos)
        scatter = photos.T @ photos
        within = between = scatter / (2 * len(photos))
        for _ in range(STEPS):
            precision, prior = np.linalg.inv(within), np.linalg.inv(between)
            people = np.zeros_like(sums)  # the expected deviation of each person
            spread, weighted = np.zeros_like(within), np.zeros_like(within)
            for count in np.unique(counts):
                alike = counts == count
                variance = np.linalg.inv(prior + count * precision)
                people[alike] = sums[alike] @ precision @ variance
                spread += alike.sum() * variance
                weighted += alike.sum() * count * variance
            cross = sums.T @ people
            between = (people.T @ people + spread) / len(counts)
            within = (scatter - cross - cross.T + (people.T * counts) @ people + weighted) / len(photos)
        return cls(mean, within, between)

    def draw(self, count: int) -> np.ndarray:
        """Draw embeddings of strangers, always the same ones; shape (count, values), L2 norm 1."""
        spread = np.linalg.cholesky(self.within + self.between)
        normal = np.random.default_rng(0).standard_normal((count, len(self.mean)), np.float32)
        drawn = normal @ spread.T.astype(np.float32) + self.mean.astype(np.float32)
        return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))

    def save(self, path: Path) -> None:
        """Write the statistics as a small file, half of each covariance at single precision."""
        upper = np.triu_indices(len(self.mean))
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                mean=self.mean.astype(np.float32),
                within=self.within[upper].astype(np.float32),
                between=self.between[upper].astype(np.float32),
            )

    @classmethod
    def load(cls, source: Path | bytes) -> Background:
        """Read what `save` wrote.

        Raises:
            WeightsError: If it is missing or no such file.
        """
        try:
            data = source if isinstance(source, bytes) else source.read_bytes()
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                mean = arrays["mean"].astype(np.float64)
                return cls(mean, *(_unfold(arrays[name], len(mean)) for name in ("within", "between")))
        except (OSError, KeyError, ValueError) as error:
            raise WeightsError(f"The statistics of faces in general can't be read ({error}).") from error


@functools.cache
def default_background() -> Background:
    """The statistics that ship with castlist, of its default face network's embeddings."""
    return Background.load((resources.files("castlist") / FILE).read_bytes())


def _unfold(upper: np.ndarray, size: int) -> np.ndarray:
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size)] = upper
    return matrix + np.triu(matrix, 1).T
