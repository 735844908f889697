"""Who each of some faces is, as a gallery or a classifier answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from castlist.arguments import rows_of
from castlist.errors import ShapeError
from castlist.gallery.assignment import assign_people

NOBODY = -1  # the index of who is nobody of the cast


@dataclass(frozen=True, eq=False)
class Answers:
    """Who each of n faces is; an index, slice, list or mask takes some of them."""

    people: tuple[str, ...]
    probabilities: np.ndarray  # (n, people + 1), float32; rows sum to 1; the last column is "unknown"
    # (n, people), float32; what naming a face so is worth: above 0 where a name would be given, in the unit of whoever
    # answers. Of a gallery a log-likelihood above the threshold, of a classifier a probability.
    gains: np.ndarray
    named: np.ndarray  # (n,), int64; the index of a person, or NOBODY

    def __post_init__(self) -> None:
        n, n_people = self.named.shape[0] if self.named.ndim == 1 else 0, len(self.people)
        shapes = self.probabilities.shape, self.gains.shape, self.named.shape
        if shapes != ((n, n_people + 1), (n, n_people), (n,)):
            raise ShapeError(
                "answers-shape",
                "Answers of {people} people must be ({n}, {people} + 1), ({n}, {people}) and ({n},). "
                "Got {shapes} instead.",
                people=n_people,
                n=n,
                shapes=str(shapes),
            )

    def __len__(self) -> int:
        return len(self.named)

    def __getitem__(self, part: int | slice | Sequence[int] | np.ndarray) -> Answers:
        rows = rows_of(len(self), part)
        return dataclasses.replace(
            self, probabilities=self.probabilities[rows], gains=self.gains[rows], named=self.named[rows]
        )

    def best(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The likeliest k for each face, the likeliest first.

        Args:
            k: 1 or more; there may be fewer people.

        Returns:
            The indices of people, or NOBODY, shape (n, k), int64, and their probabilities, shape (n, k).
        """
        columns = self.probabilities.shape[1]
        k = min(k, columns)
        likeliest = np.argpartition(-self.probabilities, k - 1, axis=1)[:, :k]
        likeliest.sort(axis=1)  # of equals, the first comes first
        chosen = np.take_along_axis(self.probabilities, likeliest, axis=1)
        order = np.argsort(-chosen, axis=1, kind="stable")
        likeliest = np.take_along_axis(likeliest, order, axis=1)
        return np.where(likeliest == columns - 1, NOBODY, likeliest), np.take_along_axis(chosen, order, axis=1)

    def once_each(self) -> Answers:
        """The answers for the faces of one photo, in which a person appears at most once: the best such naming."""
        return dataclasses.replace(self, named=assign_people(self.gains))

    def merged(self, looks: np.ndarray) -> Answers:
        """Several looks at one face as one answer.

        The gains are averaged, not the embeddings: an averaged embedding is nearer to everybody than a single photo's,
        and more strangers than the threshold was set for would be named.

        Args:
            looks: Shape (m, k), int; the rows that each of the m answers is made of.
        """
        mean = self.gains[looks].mean(axis=1)
        return Answers(self.people, self.probabilities[looks].mean(axis=1), mean, name_best(mean))


def measure_gains(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How far scores are above the thresholds: the person most like is the first to be named, the others after.

    Args:
        scores: Shape (n, people).
        thresholds: Shape (people,); of the person, and of everybody likelier.

    Returns:
        Shape (n, people); in each row in the order of the scores.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    highest = np.maximum.accumulate(thresholds[order], axis=1)
    below = np.empty_like(highest)
    np.put_along_axis(below, order, highest, axis=1)
    return np.asarray(scores - below)


def name_best(gains: np.ndarray) -> np.ndarray:
    """Whom each face is named, each for itself, shape (n,): who gains most, or NOBODY where none gains."""
    if not gains.shape[1]:  # nobody is known yet
        return np.full(len(gains), NOBODY)
    return np.where(gains.max(axis=1) > 0, gains.argmax(axis=1), NOBODY)
