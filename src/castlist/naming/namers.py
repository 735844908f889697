"""Who the faces of a record are: a gallery says it, or a trained network does, behind one protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from castlist.errors import RunError
from castlist.gallery import Answers, Gallery
from castlist.naming.classifier import Network, answers_of
from castlist.naming.seeing import Seen
from castlist.run import Run


class Namer(Protocol):
    """Names what the eyes of the same run have seen; may be shared by threads."""

    def answer(self, seen: Seen) -> Answers:
        """Say who each face is, each for itself."""
        ...

    def answer_together(self, seen: Seen) -> Answers:
        """Say who each face is, all with each other's help.

        Raises:
            RunError: If the run's names come from a trained network.
        """
        ...

    def answer_tracks(self, seen: Seen) -> Answers:
        """Say who each photo's faces are as one answer: the looks at one face, at least one, in order of time.

        Raises:
            RunError: If the run knows no faces, only whole photos.
        """
        ...


@dataclass(frozen=True)
class GalleryNamer:
    """Names by a gallery alone."""

    gallery: Gallery

    def answer(self, seen: Seen) -> Answers:
        return self.gallery.answer(seen.embeddings)

    def answer_together(self, seen: Seen) -> Answers:
        return self.gallery.answer_together(seen.embeddings)

    def answer_tracks(self, seen: Seen) -> Answers:
        return _merged(self.answer(seen), seen)


@dataclass(frozen=True)
class FaceClassifier:
    """Names by a network trained on faces; a gallery tells who is nobody of the cast."""

    run: Run
    network: Network
    gallery: Gallery

    def answer(self, seen: Seen) -> Answers:
        gate = self.gallery.answer(seen.embeddings)
        return answers_of(self.run.people, self.network.probabilities(seen.squares), gate)

    def answer_together(self, seen: Seen) -> Answers:
        """Refuse: a network looks at one photo, whatever the others show."""
        raise not_together(self.run)

    def answer_tracks(self, seen: Seen) -> Answers:
        if self.network.frames is None:
            return _merged(self.answer(seen), seen)
        gate = _merged(self.gallery.answer(seen.embeddings), seen)
        looks = np.split(seen.squares, np.cumsum(seen.counts)[:-1])
        sequences = np.stack([self.network.as_sequence(some) for some in looks])
        return answers_of(self.run.people, self.network.probabilities(sequences), gate)


@dataclass(frozen=True)
class WholeClassifier:
    """Names whole photos by a trained network: always one answer for each that can be read."""

    run: Run
    network: Network

    def answer(self, seen: Seen) -> Answers:
        return answers_of(self.run.people, self.network.probabilities(seen.squares))

    def answer_together(self, seen: Seen) -> Answers:
        """Refuse: a network looks at one photo, whatever the others show."""
        raise not_together(self.run)

    def answer_tracks(self, seen: Seen) -> Answers:
        """Refuse: there are no faces to follow."""
        raise no_faces(self.run)


def no_faces(run: Run) -> RunError:
    """What a run on whole photos says when it is asked for faces."""
    return RunError(
        "run-no-faces", "The run {path!r} was learnt from whole photos; it knows no faces.", path=str(run.path)
    )


def not_together(run: Run) -> RunError:
    """What a run with a trained network says when photos are to help each other."""
    return RunError(
        "run-not-together",
        "Photos are named together by the model face. The run {path!r} is of the model {model}: name its photos each "
        "for itself.",
        path=str(run.path),
        model=run.settings.model,
    )


def _merged(answers: Answers, seen: Seen) -> Answers:
    """The answers for the faces of each photo as one."""
    ends = np.cumsum(seen.counts).tolist()
    ones = [answers[end - n : end].merged(np.arange(n)[None]) for end, n in zip(ends, seen.counts, strict=True)]
    return Answers(
        answers.people,
        np.concatenate([one.probabilities for one in ones]),
        np.concatenate([one.gains for one in ones]),
        np.concatenate([one.named for one in ones]),
    )
