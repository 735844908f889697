"""Answers as people read them: a name for each face, how probable it is, and who else it might be."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.errors import Message
from castlist.faces import Box, Quality
from castlist.gallery import NOBODY, Answers, name_best
from castlist.media import UNKNOWN
from castlist.naming.seeing import Seen

BEST = 5  # other answers told for a face
DOUBT = (
    0.05  # probability from which another answer is told however many there are: whoever it is may want to be hidden
)


@dataclass(frozen=True)
class NamedFace:
    """One answer: who it is, how probable that is, and who else it might be."""

    name: str  # of a person, or UNKNOWN
    probability: float  # of the answer, 0 to 1
    others: tuple[tuple[str, float], ...]  # the best other answers, the most probable first
    box: Box | None = None  # where the face is; None: the whole photo
    problem: Message | None = None  # why an unknown face may be unknown: too small, too blurred, turned away
    perhaps: str | None = None  # of an unknown face: the person who is likelier than nobody, but not sure enough

    @property
    def perhaps_probability(self) -> float | None:
        """How probable it is that a face is whoever it is perhaps."""
        return None if self.perhaps is None else dict(self.others)[self.perhaps]


@dataclass(frozen=True)
class NamedPhoto:
    """A photo and the answers for it, or why there are none."""

    path: Path
    faces: tuple[NamedFace, ...]  # largest first; empty when there is no face
    problem: Message | None = None  # why the file can't be read as a photo

    @property
    def from_left(self) -> tuple[NamedFace, ...]:
        """The faces as a reader of the photo counts them."""
        return tuple(sorted(self.faces, key=lambda face: face.box.left if face.box else 0.0))


def describe_answers(answers: Answers, seen: Seen | None = None, *, best: int = BEST) -> list[NamedFace]:
    """Put answers into names, most probable others first.

    Args:
        answers: Of m faces.
        seen: The record of the same m faces, for their boxes and their quality; None for whole photos.
        best: How many other answers to tell of each; those that reach DOUBT are told in any case.
    """
    names = (*answers.people, UNKNOWN)  # so that NOBODY, -1, is the last
    n_told = min(max(best, round(1 / DOUBT)) + 1, len(names))
    told = np.argpartition(-answers.probabilities, n_told - 1, axis=1)[:, :n_told]
    told.sort(axis=1)  # of equals, the first person comes first
    ranks = np.argsort(-np.take_along_axis(answers.probabilities, told, axis=1), axis=1, kind="stable")
    told = np.take_along_axis(told, ranks, axis=1)
    shares = np.take_along_axis(answers.probabilities, told, axis=1)
    own = answers.named % len(names)
    probabilities = answers.probabilities[np.arange(len(answers)), own].tolist()
    # At once: to ask for each face apart would take a fifth of the time in which an archive is named anew.
    boxes, qualities = ([], []) if seen is None else (seen.boxes.tolist(), seen.qualities.tolist())
    described = []
    for face, (index, row, share) in enumerate(zip(own.tolist(), told.tolist(), shares.tolist(), strict=True)):
        others = [(names[k], p) for k, p in zip(row, share, strict=True) if k != index and p > 0]
        others = others[:best] + [other for other in others[best:] if other[1] >= DOUBT]
        is_nobody = index == NOBODY % len(names)
        # Of a gain above 0, the name was refused for another reason: somebody else bears it at the same time.
        is_perhaps = is_nobody and row[0] != index and answers.gains[face, row[0]] <= 0
        described.append(
            NamedFace(
                name=names[index],
                probability=probabilities[face],
                others=tuple(others),
                box=Box(*boxes[face]) if boxes else None,
                problem=Quality(*qualities[face]).problem if boxes and is_nobody else None,
                perhaps=names[row[0]] if is_perhaps else None,
            )
        )
    return described


def describe_photos(
    answers: Answers, seen: Seen, *, repeat: bool = False, best: int = BEST
) -> list[tuple[NamedFace, ...]]:
    """Put the answers for the faces of photos into names, photo by photo.

    Args:
        answers: Of the faces of `seen`.
        seen: A record of n photos.
        repeat: Whether a person may appear more than once in a photo.
        best: As for `describe_answers`.

    Returns:
        For each of the n photos its faces.
    """
    starts = [0, *np.cumsum(seen.counts).tolist()]
    bounds = list(itertools.pairwise(starts))
    if not repeat:
        named = name_best(answers.gains)
        # Where nobody is the best of two faces, that is the best naming of all.
        # `np.unique` would load a tenth of a second of NumPy more.
        counts = Counter(zip(seen.photo.tolist(), named.tolist(), strict=True))
        for photo in {photo for (photo, who), count in counts.items() if count > 1 and who != NOBODY}:
            start, end = bounds[photo]
            named[start:end] = answers[start:end].once_each().named
        answers = Answers(answers.people, answers.probabilities, answers.gains, named)
    faces = describe_answers(answers, None if seen.is_whole else seen, best=best)
    photos = [tuple(faces[start:end]) for start, end in bounds]
    return photos if repeat else [_perhaps_apart(photo) for photo in photos]


def _perhaps_apart(faces: tuple[NamedFace, ...]) -> tuple[NamedFace, ...]:
    """The faces of one photo, of whom none is perhaps somebody who is named beside it."""
    named = {face.name for face in faces}
    return tuple(dataclasses.replace(face, perhaps=None) if face.perhaps in named else face for face in faces)
