"""Faces in general, guessed from a cast alone: for a network of which nobody knows how they lie.

Few people tell little of all others: how long vectors are, how far photos of one person differ, and in how many
directions, as if they varied alike in each. Strangers are imagined so. Fitted as of thousands, the covariance of seven
people would say that a stranger is much like one of the seven.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from castlist.gallery.background import Background
from castlist.gallery.mixture import Mixture

# What is believed before the cast has told, and how much of its telling that is worth. Set on casts of LFW's training
# people, in SFace's vectors and in those turned into 512 and 256 values: of 2 to 200 people no more strangers were
# named than asked. Fewer directions are the more careful guess: strangers come closer.
DIRECTIONS = 70
PAIRS = 20  # of photos or people that the guess is worth
WITHIN = 0.35  # share of photos of one person in the variance of all
PHOTOS = 6  # beyond the first of each person, that the guess is worth

MOST_PAIRS = 60  # that photos of one person are worth: people differ in other directions than their photos
UNUSED = 1e-6  # of the largest variance; a direction with less isn't used by the network
TINY = 1e-9  # keeps what all photos agree in from being divided by
MOST_LIFT = 0.9  # share of the variance of people that may lie along the cast


def guess_background(embeddings: np.ndarray, person: np.ndarray) -> Background:
    """What the embeddings of a cast let one expect of faces in general.

    Args:
        embeddings: Shape (n, values), L2 norm 1; n at least 2.
        person: Shape (n,), int.
    """
    cast = _Cast.of(np.asarray(embeddings, np.float64), person)
    within, between = cast.variances()
    along_people, along_any = cast.shares()
    basis = cast.basis
    axes = basis.shape[1]
    # People vary more along the cast's own differences than along any axis, as far as they do so in few directions.
    lift = along_people / along_any - 1
    people = cast.people @ basis
    scatter = people.T @ people
    scatter /= np.trace(scatter) + TINY
    room = axes * (scatter**2).sum() - 1
    lifted = min(max(lift / room, 0.0), MOST_LIFT) if room > TINY else 0.0
    shape, turn = np.linalg.eigh((1 - lifted) * np.eye(axes) + lifted * axes * scatter)
    spread = np.maximum(shape[::-1], 0.0)
    directions = basis @ turn[:, ::-1] / np.sqrt(within * along_any)
    ratio = between / within
    # Where the middle of all people is, so many people don't tell exactly.
    strangers = (1 + ratio) * spread + ratio * spread / cast.n_people
    kinds = Mixture(_short(np.ones(1)), _short(np.zeros((1, axes))), _short(np.diag(strangers)[None]))
    return Background(_short(cast.mean), _short(directions), _short(ratio * spread), kinds)


@dataclass(frozen=True, eq=False)
class _Cast:
    """The photos of a cast, taken apart."""

    photos: np.ndarray  # (n, values), from the middle of all people
    person: np.ndarray  # (n,), int
    counts: np.ndarray  # (people,), photos of each
    mean: np.ndarray  # (values,), of the people
    people: np.ndarray  # (people, values), the mean of each, from the middle of all
    rest: np.ndarray  # (n, values), from the person's mean

    @classmethod
    def of(cls, embeddings: np.ndarray, person: np.ndarray) -> _Cast:
        person = np.unique(person, return_inverse=True)[1]
        counts = np.bincount(person)
        means = np.zeros((len(counts), embeddings.shape[1]))
        np.add.at(means, person, embeddings)
        means /= counts[:, None]
        mean = means.mean(axis=0)
        return cls(embeddings - mean, person, counts, mean, means - mean, embeddings - means[person])

    @property
    def n_people(self) -> int:
        return len(self.counts)

    @property
    def more(self) -> int:
        """Photos beyond the first of each person."""
        return len(self.person) - self.n_people

    def variances(self) -> tuple[float, float]:
        """How far photos of one person vary, and people, as squares of lengths."""
        alone = float((1 / self.counts).mean())  # share of the photos' variance that is in a person's mean
        seen = float((self.rest**2).sum()) / max(self.more, 1)
        if self.n_people == 1:
            within = seen + TINY
            return within, within * (1 - WITHIN) / WITHIN
        means = float((self.people**2).sum()) / (self.n_people - 1) + TINY
        believed = means * WITHIN / (1 - WITHIN + alone * WITHIN)
        within = (PHOTOS * believed + self.more * seen) / (PHOTOS + self.more)
        return within, max(means - alone * within, WITHIN * means)

    def shares(self) -> tuple[float, float]:
        """The share of a stranger's square that lies along a person's direction, and along one of the axes."""
        by_people, people_pairs = _concentration(self.people, self.n_people - 1)
        by_photos, photo_pairs = _concentration(self.rest, self.more)
        photo_pairs = min(photo_pairs, MOST_PAIRS)
        told = people_pairs * by_people + photo_pairs * by_photos
        along_people = (PAIRS / DIRECTIONS + told) / (PAIRS + people_pairs + photo_pairs)
        n, values = self.photos.shape
        if n >= 2 * values:  # all that the network uses has been seen
            return along_people, 1 / self.basis.shape[1]
        along_any, pairs = self._left_out()
        return along_people, (PAIRS * along_people + pairs * along_any) / (PAIRS + pairs)

    @functools.cached_property
    def basis(self) -> np.ndarray:
        """The directions in which photos differ, shape (values, axes), of length 1."""
        variances, basis = np.linalg.eigh(self.photos.T @ self.photos)
        used = variances > UNUSED * variances[-1]
        used[-1] = True
        return np.asarray(basis[:, used])

    def _left_out(self) -> tuple[float, float]:
        """How much of a person's photos lies along each direction in which the others' photos differ.

        Each person in turn is left out, as a stranger.

        Returns:
            The share of the square, and of how many pairs of a photo and a direction.
        """
        if self.n_people < 3:
            return 0.0, 0.0
        n = len(self.person)
        likeness = self.photos @ self.photos.T
        likeness += (UNUSED * np.trace(likeness) / n + TINY) * np.eye(n)
        # With a border of ones, a block of the inverse is the inverse of what of its photos lies outside of all that
        # can be mixed from the others.
        bordered = np.pad(likeness, (0, 1), constant_values=1.0)
        bordered[n, n] = 0.0
        inverse = np.linalg.inv(bordered)
        rows = (np.flatnonzero(self.person == one) for one in range(self.n_people))
        outside = sum(float(np.trace(np.linalg.inv(inverse[np.ix_(some, some)]))) for some in rows)
        others = -self.people / (self.n_people - 1)  # the middle of the people without each
        whole = float(((self.photos - others[self.person]) ** 2).sum())
        directions = float(np.minimum(n - self.counts - 1, self.basis.shape[1]).mean())  # of the others
        return max(1 - outside / whole, 0.0) / directions, n * directions


def _concentration(deviations: np.ndarray, freedom: int) -> tuple[float, float]:
    """One over the number of directions in which rows vary, as if alike in each, and how many pairs tell it.

    The mean square of the cosine of two rows, but for what rows have in common by having been centered.

    Source: the unbiased estimates of the squared trace of a covariance and of the trace of its square.
    """
    if freedom < 2:
        return 0.0, 0.0
    n, values = deviations.shape
    products = deviations @ deviations.T if n < values else deviations.T @ deviations
    whole, squares = float(np.trace(products)) ** 2, float((products**2).sum())
    share = (freedom * squares - whole) / (whole * (freedom + 1) - 2 * squares + TINY)
    return float(np.clip(share, 0.0, 1.0)), freedom * (freedom - 1) / 2


def _short(numbers: np.ndarray) -> np.ndarray:
    return np.asarray(numbers, np.float32)
