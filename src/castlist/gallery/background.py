"""Faces in general, as statistics: how people differ from each other, and how photos of one person differ.

Source: the two-covariance model of speaker and face recognition (probabilistic linear discriminant analysis): an
embedding is a mean, plus a person's deviation from it, plus a photo's deviation from the person, both normal.
"""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from castlist.errors import ShapeError, WeightsError
from castlist.gallery.knowledge import with_squares
from castlist.gallery.mixture import Mixture
from castlist.gallery.storage import LARGEST, numbers_of

STEPS = 30  # of expectation and maximization; the likelihood has settled by then
FILE = "background.npz"
FORMER = "3540ba12d3c59e66e38c02daddd3e8c3cff82ea21fbe87a745601972dcff9c43"  # SHA-256 of a mean that shipped
DRAWS = 30_000  # strangers imagined, to see what scores they reach

# How far each covariance is drawn to one that is the same in all directions, however many photos there are: networks
# are trained on plain distances, so that is the better guess. Set where names of LFW's training people came out best.
WITHIN_PLAIN = 0.9
BETWEEN_PLAIN = 0.3
MIN_VARIANCE = 0.01  # of the mean variance; a direction with less is one that the network doesn't use


@dataclass(frozen=True, eq=False)
class Background:
    """How embeddings of people in general lie; holds nobody's embedding.

    It is written in axes in which photos of one person vary by 1 in every direction and people vary independently
    along each, so that every product of matrices becomes a product of numbers.
    """

    mean: np.ndarray  # (values,), float32
    directions: np.ndarray  # (values, axes), float32
    between: np.ndarray  # (axes,), float32; variance of people along each axis
    kinds: Mixture  # where photos of people lie in the axes

    @classmethod
    def fit(cls, embeddings: np.ndarray, person: np.ndarray) -> Background:
        """Estimate the statistics by expectation and maximization.

        Args:
            embeddings: Shape (n, values), L2 norm 1; at best of thousands of people of every kind. With few, the
                covariances become nearly the same in all directions.
            person: Shape (n,), int; people with a single photo count too.

        Raises:
            ShapeError: If the shapes don't fit.
        """
        if embeddings.ndim != 2 or person.shape != embeddings.shape[:1] or len(person) < 2:
            raise ShapeError(
                "background-shape",
                "Embeddings must be (n, values) and person (n,), n at least 2. Got {embeddings} and {person} instead.",
                embeddings=str(embeddings.shape),
                person=str(person.shape),
            )
        mean = embeddings.mean(axis=0, dtype=np.float64)
        photos = embeddings - mean
        n_photos, size = photos.shape
        variances, basis = np.linalg.eigh(photos.T @ photos / n_photos)
        if n_photos >= 10 * size:  # with fewer, what looks unused may be unseen
            basis = basis[:, variances > MIN_VARIANCE * variances.mean()]
        person = np.unique(person, return_inverse=True)[1]
        within, between = _separate(photos @ basis, person)
        n_people = person.max() + 1
        within = _plain(within, WITHIN_PLAIN, n_photos - n_people)
        between = _plain(between, BETWEEN_PLAIN, n_people - 1)
        whiten = np.linalg.inv(np.linalg.cholesky(within)).T
        along, turn = np.linalg.eigh(whiten.T @ between @ whiten)
        directions = basis @ whiten @ turn[:, ::-1]
        kinds = Mixture.fit(photos @ directions, n_people)
        mean, directions, between = (np.asarray(part, np.float32) for part in (mean, directions, along[::-1]))
        return cls(mean, directions, between, kinds)

    @functools.cached_property
    def strangers(self) -> tuple[np.ndarray, np.ndarray]:
        """Places of drawn people, shape (about DRAWS, axes), float32, and the kind of each; always the same."""
        return self.kinds.draw(DRAWS)

    @functools.cached_property
    def asked(self) -> np.ndarray:
        """Their places as every person's weights are multiplied with them: `with_squares`, a column each."""
        return with_squares(self.strangers[0]).T

    def place(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings, shape (n, values), in the axes, shape (n, axes), float32."""
        return np.asarray((embeddings - self.mean) @ self.directions, np.float32)

    def save(self, path: Path) -> None:
        """Write the statistics as a small .npz file."""
        with path.open("wb") as file:
            np.savez_compressed(file, **self.to_arrays())

    @classmethod
    def load(cls, data: bytes) -> Background:
        """Read the bytes of the file that ships, which `save` wrote: they are trusted.

        Raises:
            WeightsError: If it is no such file.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                return cls.from_arrays(arrays, is_trusted=True)
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise WeightsError(
                "background-unreadable",
                "The statistics of faces in general can't be read ({reason}).",
                reason=str(error),
            ) from error

    def to_arrays(self) -> dict[str, Any]:
        """The statistics by name, as an .npz file holds them."""
        upper = np.triu_indices(len(self.between))
        return {
            "mean": self.mean,
            "directions": self.directions,
            "between": self.between,
            "kind_weights": self.kinds.weights,
            "kind_centers": self.kinds.centers,
            "kind_covariances": self.kinds.covariances[:, *upper],
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], *, is_trusted: bool = False) -> Background:
        """What `to_arrays` gave.

        Args:
            arrays: The statistics by name.
            is_trusted: Whether strangers can surely be drawn from them; to find it out takes a tenth of a second where
                other work keeps the cores busy.

        Raises:
            ValueError: If the shapes don't fit, or numbers are out of bounds.
            KeyError: If one is missing.
        """
        mean, directions, between = (arrays[name] for name in ("mean", "directions", "between"))
        weights, centers, halves = (arrays[f"kind_{name}"] for name in ("weights", "centers", "covariances"))
        values, axes, kinds = mean.size, between.size, weights.size
        if not 0 < axes <= values or not kinds:
            raise ValueError(f"there are {axes} axes for {values} values, and {kinds} kinds of faces")
        for array, shape, least in (
            (mean, (values,), -LARGEST),
            (directions, (values, axes), -LARGEST),
            (between, (axes,), 0.0),
            (weights, (kinds,), 0.0),
            (centers, (kinds, axes), -LARGEST),
            (halves, (kinds, axes * (axes + 1) // 2), -LARGEST),
        ):
            numbers_of(array, *shape, least=least)
        upper = np.triu_indices(axes)
        covariances = np.zeros((kinds, axes, axes), np.float32)
        covariances[:, *upper] = covariances[:, upper[1], upper[0]] = halves
        if abs(weights.sum() - 1) > 0.01:
            raise ValueError("the shares of kinds of faces don't sum to 1")
        if not is_trusted:
            np.linalg.cholesky(covariances)  # the error is a ValueError
        return cls(mean, directions, between, Mixture(weights, centers, covariances))

    @property
    def is_former(self) -> bool:
        """Whether these are the statistics that shipped with castlist before, of dlib's network."""
        return hashlib.sha256(self.mean.tobytes()).hexdigest() == FORMER

    def is_in(self, arrays: Mapping[str, np.ndarray]) -> bool:
        """Whether arrays by name are exactly what `to_arrays` gives.

        Raises:
            KeyError: If one is missing.
        """
        return all(np.array_equal(array, arrays[name]) for name, array in self.to_arrays().items())


@functools.cache
def default_background() -> Background:
    """The statistics that ship with castlist, of its default face network's embeddings."""
    return Background.load((resources.files("castlist.gallery") / FILE).read_bytes())


def _separate(photos: np.ndarray, person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The covariance within people and the one between them, of centered photos."""
    counts = np.bincount(person)
    sums = np.zeros((len(counts), photos.shape[1]))
    np.add.at(sums, person, photos)
    scatter = photos.T @ photos
    scatter += 1e-3 * np.trace(scatter) / len(scatter) * np.eye(len(scatter))  # fewer photos than axes are allowed
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
    return within, between


def _plain(covariance: np.ndarray, share: float, freedom: int) -> np.ndarray:
    """Draw a covariance to one of the same size in all directions, by a share or more when it is known by little."""
    size = len(covariance)
    share += (1 - share) * size / (size + freedom)
    return np.asarray((1 - share) * covariance + share * np.trace(covariance) / size * np.eye(size))
