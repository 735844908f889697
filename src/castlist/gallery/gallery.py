"""A gallery: people as sets of embeddings, and who a new face is, or that it is nobody of them."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from castlist.errors import RunError, SettingsError, ShapeError, WeightsError
from castlist.gallery.album import judge_groups, share_in_groups
from castlist.gallery.assignment import assign_people
from castlist.gallery.background import Background, default_background
from castlist.gallery.fitting import EVIDENCE, add_up, calibrate, find_thresholds, judge_names, know, margins

VERSION = 4  # of the file
UNKNOWN = -1
# Score above the threshold from which a name is beyond doubt: of LFW's training people, asked as strangers, at most a
# sixth of those who reach the threshold reach this, too.
SURE = 10.0
# Share of strangers at the threshold who are told by their other photos, where they have any. As many more may reach
# it: on casts of LFW's training people, as many strangers get a name then as when photos are named one at a time.
TOLD = 0.8
DRAWS = 30_000  # strangers imagined, to see what scores they reach


@dataclass(frozen=True, eq=False)
class Answers:
    """Who each of n faces is."""

    people: tuple[str, ...]
    probabilities: np.ndarray  # (n, people + 1), float32; rows sum to 1; the last column is "unknown"
    margins: np.ndarray  # (n, people), float32; how far above the thresholds: positive where a name would be given
    named: np.ndarray  # (n,), int64; the index of a person, or UNKNOWN

    def __len__(self) -> int:
        return len(self.named)

    def __getitem__(self, part: slice) -> Answers:
        return Answers(self.people, self.probabilities[part], self.margins[part], self.named[part])

    def once_each(self) -> Answers:
        """The answers for the faces of one photo, in which a person appears at most once: the best such naming."""
        return dataclasses.replace(self, named=assign_people(self.margins))

    def merged(self, looks: np.ndarray) -> Answers:
        """Several looks at one face as one answer.

        The scores are averaged, not the embeddings: an averaged embedding is nearer to everybody than a single photo's,
        and more strangers than the threshold was set for would be named.

        Args:
            looks: Shape (m, k), int; the rows that each of the m answers is made of.
        """
        mean = self.margins[looks].mean(axis=1)
        named = np.where(mean.max(axis=1) > 0, mean.argmax(axis=1), UNKNOWN)
        return Answers(self.people, self.probabilities[looks].mean(axis=1), mean, named)


@dataclass(frozen=True, eq=False)
class Gallery:
    """People as sets of embeddings, with what was learnt from them. Never changed: enrolling makes a new one."""

    people: tuple[str, ...]
    embeddings: np.ndarray  # (n, values), float32, L2 norm 1
    person: np.ndarray  # (n,), int64; indices into `people`
    photos: tuple[str, ...]  # n ids, of the photo each embedding is from
    stranger_rate: float  # share of strangers that may be given a name
    background: Background
    trust_: np.ndarray  # (n,), float32, 0 to 1; how probably each photo's name is right
    thresholds_: np.ndarray  # (people,), float32; scores from which names are given
    slope_: float  # log-odds per unit of score
    offset_: float  # score at which a face is as probably somebody unknown

    @classmethod
    def fit(
        cls,
        people: Sequence[str],
        embeddings: np.ndarray,
        person: np.ndarray,
        photos: Sequence[str],
        *,
        stranger_rate: float = 0.01,
        background: Background | None = None,
    ) -> Gallery:
        """Learn people from embeddings of their faces.

        Args:
            people: Names, each once.
            embeddings: Shape (n, values), L2 norm 1.
            person: Shape (n,), int; indices into `people`; everybody has at least one.
            photos: n ids, of the photo each embedding is from.
            stranger_rate: Share of strangers that may be given a name, above 0 and at most 0.5.
            background: Faces in general, for the same network; by default those of castlist's own.

        Raises:
            ShapeError: If the shapes don't fit.
            SettingsError: If the rate is out of bounds.
        """
        background = background or default_background()
        embeddings = np.asarray(embeddings, np.float32)
        person = np.asarray(person, np.int64)
        _check(people, embeddings, person, photos, len(background.mean))
        if not 0 < stranger_rate <= 0.5:
            raise SettingsError(f"stranger_rate must be above 0 and at most 0.5. Got {stranger_rate!r} instead.")
        placed = background.place(embeddings)
        trust = judge_names(background.between, placed, person)
        known = know(background.between, placed, person, trust)
        drawn, kind = background.kinds.draw(DRAWS)
        strangers = known.scores(drawn)
        thresholds = find_thresholds(known, background.kinds, strangers, kind, stranger_rate)
        slope, offset = calibrate(known, placed, person, trust, strangers.max(axis=1))
        return cls(
            tuple(people),
            embeddings,
            person,
            tuple(photos),
            float(stranger_rate),
            background,
            trust_=trust.astype(np.float32),
            thresholds_=thresholds.astype(np.float32),
            slope_=slope,
            offset_=offset,
        )

    def scores(self, embeddings: np.ndarray) -> np.ndarray:
        """How much likelier each person is than somebody never seen, as a logarithm; shape (n, people), float32.

        Args:
            embeddings: Shape (n, values), L2 norm 1.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != self.embeddings.shape[1]:
            raise ShapeError(f"Embeddings must be (n, {self.embeddings.shape[1]}). Got {embeddings.shape} instead.")
        placed = self.background.place(self.embeddings)
        known = know(self.background.between, placed, self.person, self.trust_)
        return known.scores(self.background.place(embeddings))

    def answer(self, embeddings: np.ndarray) -> Answers:
        """Say who each face is, each for itself.

        Args:
            embeddings: Shape (n, values), L2 norm 1.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        scores = self.scores(embeddings)
        logits = np.hstack([self.slope_ * (scores - self.offset_), np.zeros((len(scores), 1))])
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        above = margins(scores, self.thresholds_)
        return Answers(
            self.people,
            np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32),
            np.asarray(above, np.float32),
            np.where(above.max(axis=1) > 0, above.argmax(axis=1), UNKNOWN),
        )

    def answer_together(self, embeddings: np.ndarray) -> Answers:
        """Say who each face is, all with each other's help.

        Faces whose names are beyond doubt count as known for the others. A face that isn't so sure is nobody of the
        cast if the others that are surely of the same person, all together, aren't who it seems to be.

        Args:
            embeddings: Shape (n, values), L2 norm 1; at best of all photos that are to be named.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        helped = self.with_sure(embeddings)
        between = self.background.between
        placed, known = self.background.place(embeddings), self.background.place(helped.embeddings)
        best = helped.answer(embeddings).margins.max(axis=1)
        in_groups = share_in_groups(between, placed, np.flatnonzero(best <= 0), np.flatnonzero(best <= 2 * SURE))
        helped = dataclasses.replace(helped, stranger_rate=min(self.stranger_rate / (1 - TOLD * in_groups), 0.5))
        answers = helped._refit(helped.people, helped.embeddings, helped.person, helped.photos).answer(embeddings)
        best = answers.margins.max(axis=1)
        others = np.flatnonzero(best <= 2 * SURE)
        suspects = others[best[others] > 0]
        person = answers.named[suspects]
        sums, counts = add_up(known, helped.person, helped.trust_)
        evidence = judge_groups(between, placed, suspects, others, sums[person], counts[person])
        strangers, who = suspects[evidence < 0], person[evidence < 0]
        right = 1 / (1 + np.exp(-EVIDENCE * evidence[evidence < 0]))
        taken = answers.probabilities[strangers, who] * (1 - right)
        answers.probabilities[strangers, who] -= taken
        answers.probabilities[strangers, -1] += taken
        answers.margins[strangers] -= best[strangers, None]
        answers.named[strangers] = UNKNOWN
        return answers

    def with_sure(self, embeddings: np.ndarray) -> Gallery:
        """A gallery that counts as known photos, too, those of some others whose names are beyond doubt.

        Args:
            embeddings: Shape (n, values), L2 norm 1; at best of all photos that are to be named.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        above = self.answer(embeddings).margins
        sure = np.flatnonzero(above.max(axis=1) > SURE)
        return self._refit(
            self.people,
            np.concatenate([self.embeddings, embeddings[sure]]),
            np.append(self.person, above[sure].argmax(axis=1)),
            (*self.photos, *("" for _ in sure)),
        )

    def enrol(self, name: str, embeddings: np.ndarray, photos: Sequence[str]) -> Gallery:
        """Add a person, or photos of one who is there; threshold and calibration follow."""
        people = self.people if name in self.people else (*self.people, name)
        return self._refit(
            people,
            np.concatenate([self.embeddings, np.asarray(embeddings, np.float32)]),
            np.append(self.person, np.full(len(embeddings), people.index(name))),
            (*self.photos, *photos),
        )

    def forget(self, name: str) -> Gallery:
        """Leave a person out, with all that was known of the person.

        Raises:
            SettingsError: If nobody is called so, or nobody would be left.
        """
        if name not in self.people:
            raise SettingsError(f"Nobody here is called {name!r}. Choose from: {', '.join(self.people)}.")
        if len(self.people) == 1:
            raise SettingsError(f"{name!r} is the only person here; delete the whole run instead.")
        index = self.people.index(name)
        kept = np.flatnonzero(self.person != index)
        person = self.person[kept]
        return self._refit(
            tuple(other for other in self.people if other != name),
            self.embeddings[kept],
            person - (person > index),
            tuple(self.photos[i] for i in kept),
        )

    def _refit(
        self, people: tuple[str, ...], embeddings: np.ndarray, person: np.ndarray, photos: tuple[str, ...]
    ) -> Gallery:
        rate, background = self.stranger_rate, self.background
        return Gallery.fit(people, embeddings, person, photos, stranger_rate=rate, background=background)

    def to_bytes(self) -> bytes:
        """The gallery as the bytes of an .npz file; `from_bytes` reads it."""
        arrays: dict[str, Any] = {
            "version": np.array(VERSION),
            "people": np.array(self.people),
            "embeddings": self.embeddings,
            "person": self.person,
            "photos": np.array(self.photos),
            **self.background.to_arrays(),
            "trust": self.trust_,
            "thresholds": self.thresholds_,
            "numbers": np.array([self.stranger_rate, self.slope_, self.offset_]),
        }
        content = io.BytesIO()
        np.savez(content, **arrays)
        return content.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Gallery:
        """Read what `to_bytes` gave.

        Args:
            data: The bytes of a file.
            name: What the file is called, for the error.

        Raises:
            RunError: If it is damaged, or of another version.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                if int(arrays["version"]) != VERSION:
                    raise ValueError(f"its version is {arrays['version']}, not {VERSION}: train the run anew")
                people, photos = (tuple(arrays[name].tolist()) for name in ("people", "photos"))
                rate, slope, offset = (float(number) for number in arrays["numbers"])
                gallery = cls(
                    people,
                    arrays["embeddings"],
                    arrays["person"],
                    photos,
                    rate,
                    Background.from_arrays(arrays),
                    arrays["trust"],
                    arrays["thresholds"],
                    slope,
                    offset,
                )
            size = len(gallery.background.mean)
            _check(people, gallery.embeddings, gallery.person, photos, size)
            if gallery.trust_.shape != gallery.person.shape or gallery.thresholds_.shape != (len(people),):
                raise ValueError("its shapes don't fit")
        except (OSError, KeyError, ValueError, WeightsError, EOFError, zipfile.BadZipFile, ShapeError) as error:
            raise RunError(f"{name!r} is not a gallery that can be read ({error}).") from error
        return gallery


def _check(
    people: Sequence[str], embeddings: np.ndarray, person: np.ndarray, photos: Sequence[str], values: int
) -> None:
    n = len(photos)
    if embeddings.shape != (n, values) or person.shape != (n,):
        raise ShapeError(
            f"Embeddings must be ({n}, {values}) and person ({n},), as there are {n} photos. "
            f"Got {embeddings.shape} and {person.shape} instead."
        )
    if not people or len(set(people)) != len(people):
        raise ShapeError("People must be names, each once.")
    if set(person.tolist()) != set(range(len(people))):  # np.unique would load a tenth of a second of NumPy more
        raise ShapeError(f"Each of the {len(people)} people needs at least one photo, and each photo one of them.")
    if not np.isfinite(embeddings).all():
        raise ShapeError("Embeddings must be numbers. Got some that are not instead.")
