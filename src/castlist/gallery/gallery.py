"""A gallery: people as sets of embeddings, and who a new face is, or that it is nobody of them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from castlist.errors import RunError, SettingsError, ShapeError
from castlist.gallery.album import judge_groups, share_in_groups
from castlist.gallery.answers import NOBODY, Answers, measure_gains, name_best
from castlist.gallery.background import Background, default_background
from castlist.gallery.fitting import (
    CAST_LIMITS,
    EVIDENCE,
    LIMITS,
    Limits,
    calibrate,
    find_thresholds,
    trust_photos,
)
from castlist.gallery.guessing import guess_background
from castlist.gallery.knowledge import Knowledge, add_up
from castlist.gallery.leaving_out import measure_tail
from castlist.gallery.lookalikes import Lookalikes
from castlist.gallery.records import check_parts, read_parts, to_arrays
from castlist.gallery.storage import read_arrays, write_arrays
from castlist.media import choices_for

# Share of strangers at the threshold who are told by their other photos, where they have any. As many more may reach
# it: on casts of LFW's training people, as many strangers get a name then as when photos are named one at a time.
TOLD = 0.8
BLOCK = 2_000_000  # scores at once; bounds the memory


@dataclass(frozen=True, eq=False)
class Gallery:
    """People as sets of embeddings, with what was learnt from them. Never changed: enrolling makes a new one."""

    people: tuple[str, ...]
    embeddings: np.ndarray  # (n, values), float32, L2 norm 1
    person: np.ndarray  # (n,), int64; indices into `people`
    photos: tuple[str, ...]  # n ids, of the photo each embedding is from
    stranger_rate: float  # share of strangers that may be given a name
    background: Background
    own_background: bool  # whether it was guessed from these photos, and so follows whoever comes and goes
    trust_: np.ndarray  # (n,), float32, 0 to 1; how probably each photo's name is right
    thresholds_: np.ndarray  # (people,), float32; scores from which names are given
    slope_: float  # log-odds per unit of score
    offset_: float  # score at which a face is as probably somebody unknown
    limits: Limits = LIMITS  # of the network
    lookalikes: Lookalikes = field(default_factory=Lookalikes)

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
        own_background: bool = False,
    ) -> Gallery:
        """Learn people from embeddings of their faces.

        Args:
            people: Names, each once.
            embeddings: Shape (n, values), L2 norm 1.
            person: Shape (n,), int; indices into `people`; everybody has at least one.
            photos: n ids, of the photo each embedding is from.
            stranger_rate: Share of strangers that may be given a name, above 0 and at most 0.5.
            background: Faces in general, for the same network; by default those of castlist's own.
            own_background: Guess faces in general from these photos instead, at least two: for a network of which
                nobody knows them.

        Raises:
            ShapeError: If the shapes don't fit.
            SettingsError: If the rate is out of bounds.
        """
        embeddings = np.asarray(embeddings, np.float32)
        person = np.asarray(person, np.int64)
        if not own_background:
            background = background or default_background()
        check_parts(people, embeddings, person, photos, None if background is None else len(background.mean))
        _check_rate(stranger_rate)
        if own_background:
            background = guess_background(embeddings, person)
        assert background is not None, "given, the default or guessed"
        trust = trust_photos(background.between, background.place(embeddings), person)
        rate, nothing = float(stranger_rate), np.zeros(len(people), np.float32)
        trust = trust.astype(np.float32)  # as the file has it, so that a gallery that was read learns the same
        limits = LIMITS
        if own_background:
            limits = dataclasses.replace(CAST_LIMITS, tail=measure_tail(embeddings, person))
        return cls(
            tuple(people),
            embeddings,
            person,
            tuple(photos),
            rate,
            background,
            own_background,
            trust,
            nothing,
            1.0,
            0.0,
            limits,
        )._learn()

    def _learn(self) -> Gallery:
        """The same photos with the thresholds and the calibration that follow from them."""
        if not self.people:  # nobody is known yet: nothing follows, and everybody is unknown
            return self
        thresholds, strangers = find_thresholds(self.known, self.background, self.stranger_rate, self.limits)
        placed = self.background.place(self.embeddings)
        slope, offset = calibrate(self.known, placed, self.person, self.trust_, strangers, self.limits)
        return dataclasses.replace(self, thresholds_=thresholds.astype(np.float32), slope_=slope, offset_=offset)

    @functools.cached_property
    def known(self) -> Knowledge:
        """What is known of each person."""
        placed = self.background.place(self.embeddings)
        return Knowledge.from_sums(self.background.between, *add_up(placed, self.person, self.trust_))

    def scores(self, embeddings: np.ndarray) -> np.ndarray:
        """How much likelier each person is than somebody never seen, as a logarithm; shape (n, people), float32.

        Args:
            embeddings: Shape (n, values), L2 norm 1.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != self.embeddings.shape[1]:
            raise ShapeError(
                "embeddings-shape",
                "Embeddings must be (n, {values}). Got {shape} instead.",
                values=self.embeddings.shape[1],
                shape=str(embeddings.shape),
            )
        return self.known.scores(self.background.place(embeddings))

    def answer(self, embeddings: np.ndarray) -> Answers:
        """Say who each face is, each for itself.

        Args:
            embeddings: Shape (n, values), L2 norm 1.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        n, n_people = len(embeddings), len(self.people)
        probabilities = np.empty((n, n_people + 1), np.float32)
        gains = np.empty((n, n_people), np.float32)
        step = max(1, BLOCK // max(n_people, 1))
        for start in range(0, max(n, 1), step):  # at least once, so that a wrong shape is told
            some = slice(start, start + step)
            scores = self.scores(embeddings[some])
            logits = np.hstack([self.slope_ * (scores - self.offset_), np.zeros((len(scores), 1))])
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            probabilities[some] = powers / powers.sum(axis=1, keepdims=True)
            if len(self.lookalikes):
                scores = self._doubt(embeddings[some], scores, probabilities[some])
            gains[some] = measure_gains(scores, self.thresholds_)
        return Answers(self.people, probabilities, gains, name_best(gains))

    def _doubt(self, embeddings: np.ndarray, scores: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Give unknown the share of a name that its look-alikes deserve; gives scores above thresholds by as much."""
        lead = scores - self.lookalikes.rivals(self.background, embeddings, len(self.people))
        taken = probabilities[:, :-1] / (1 + np.exp(np.clip(self.slope_ * lead, -50, 50)))
        probabilities[:, :-1] -= taken
        probabilities[:, -1] += taken.sum(axis=1)
        return np.asarray(np.minimum(scores, self.thresholds_ + lead))

    def answer_together(self, embeddings: np.ndarray) -> Answers:
        """Say who each face is, all with each other's help.

        Faces whose names are beyond doubt count as known for the others. A face that isn't so sure is nobody of the
        cast if the others that are surely of the same person, all together, aren't who it seems to be.

        Args:
            embeddings: Shape (n, values), L2 norm 1; at best of all photos that are to be named.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        helped, sure = self.with_sure(embeddings), self.limits.sure
        between = self.background.between
        placed, known = self.background.place(embeddings), self.background.place(helped.embeddings)
        best = helped.answer(embeddings).gains.max(axis=1)
        in_groups = share_in_groups(between, placed, np.flatnonzero(best <= 0), np.flatnonzero(best <= 2 * sure))
        rate = min(self.stranger_rate / (1 - TOLD * in_groups), 0.5)
        answers = dataclasses.replace(helped, stranger_rate=rate)._learn().answer(embeddings)
        best = answers.gains.max(axis=1)
        others = np.flatnonzero(best <= 2 * sure)
        suspects = others[best[others] > 0]
        person = answers.named[suspects]
        sums, counts = add_up(known, helped.person, helped.trust_)
        evidence = judge_groups(between, placed, suspects, others, sums[person], counts[person])
        told = evidence < 0
        strangers, who = suspects[told], person[told]
        right = 1 / (1 + np.exp(-EVIDENCE * evidence[told]))
        taken = answers.probabilities[strangers, who] * (1 - right)
        answers.probabilities[strangers, who] -= taken
        answers.probabilities[strangers, -1] += taken
        answers.gains[strangers] -= best[strangers, None]
        answers.named[strangers] = NOBODY
        return answers

    def with_sure(self, embeddings: np.ndarray) -> Gallery:
        """A gallery that counts as known photos, too, those of some others whose names are beyond doubt.

        Args:
            embeddings: Shape (n, values), L2 norm 1; at best of all photos that are to be named.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        gains = self.answer(embeddings).gains
        sure = np.flatnonzero(gains.max(axis=1) > self.limits.sure)
        return self._with(self.people, embeddings[sure], gains[sure].argmax(axis=1), ("",) * len(sure))._learn()

    def enrol(self, name: str, embeddings: np.ndarray, photos: Sequence[str]) -> Gallery:
        """Add a person, or photos of one who is there; threshold and calibration follow.

        Args:
            name: Somebody new or known.
            embeddings: Shape (n, values), L2 norm 1.
            photos: n ids, of the photo each embedding is from.

        Raises:
            ShapeError: If the shapes don't fit, or somebody new has no photo.
        """
        people = self.people if name in self.people else (*self.people, name)
        embeddings = np.asarray(embeddings, np.float32)
        check_parts(("somebody",), embeddings, np.zeros(len(photos), np.int64), photos, self.embeddings.shape[1])
        return self._with(people, embeddings, np.full(len(photos), people.index(name)), photos)._follow()

    def warm_up(self) -> None:
        """Draw the strangers that all galleries of a network share: for who has time before somebody is enrolled."""
        self._learn()

    def embeddings_of(self, name: str) -> np.ndarray:
        """Somebody's embeddings, shape (k, values); of somebody new, none."""
        return self.embeddings[self.person == (self.people.index(name) if name in self.people else NOBODY)]

    def with_stranger_rate(self, rate: float) -> Gallery:
        """The same people with another share of strangers that may be given a name.

        Raises:
            SettingsError: If the rate is out of bounds.
        """
        _check_rate(rate)
        return dataclasses.replace(self, stranger_rate=float(rate))._learn()

    def forget(self, name: str) -> Gallery:
        """Leave a person out, with all that was known of the person.

        Raises:
            SettingsError: If nobody is called so, or too little would be left.
        """
        if name not in self.people:
            raise SettingsError(
                "nobody-called",
                "Nobody here is called {name!r}. Choose from: {people}.",
                name=name,
                people=choices_for(name, self.people),
            )
        if len(self.people) == 1:
            raise SettingsError(
                "only-person", "{name!r} is the only person here; delete the whole run instead.", name=name
            )
        index = self.people.index(name)
        kept = np.flatnonzero(self.person != index)
        if self.own_background and len(kept) < 2:
            raise SettingsError(
                "too-few-left",
                "Without {name!r} a single photo would be left, and nothing to tell faces of this network apart by; "
                "delete the whole run instead.",
                name=name,
            )
        people = tuple(other for other in self.people if other != name)
        person = np.where(self.person == index, NOBODY, self.person - (self.person > index))
        gallery = self
        if len(self.lookalikes):  # somebody's look-alike may be the person, too
            named = self.answer(self.lookalikes.embeddings).named
            gallery = dataclasses.replace(self, lookalikes=self.lookalikes[named != index])
        return gallery.regroup(people, person, self.photos)

    def regroup(self, people: Sequence[str], person: np.ndarray, photos: Sequence[str]) -> Gallery:
        """The same photos as of other people, or without some; only names of whoever has other photos are judged anew.

        Args:
            people: Names, each once.
            person: Shape (n,), int; whose each photo is, as an index into `people`; NOBODY: it is left out.
            photos: n ids.

        Raises:
            ShapeError: If the shapes don't fit, or somebody has no photo.
        """
        kept = np.flatnonzero(person != NOBODY)
        embeddings, now, before = self.embeddings[kept], person[kept], self.person[kept]
        ids = tuple(photos[i] for i in kept.tolist())
        check_parts(people, embeddings, now, ids, self.embeddings.shape[1])
        was = np.zeros(len(people), np.int64)  # of each the person before whom some photo is from
        was[now] = before
        touched = np.bincount(now) != np.bincount(self.person)[was]
        touched[now[before != was[now]]] = True
        after = np.full(len(self.people), NOBODY)
        after[before] = now
        return (
            dataclasses.replace(
                self,
                people=tuple(people),
                embeddings=embeddings,
                person=now,
                photos=ids,
                trust_=self.trust_[kept],
                lookalikes=self.lookalikes.follow(after),
            )
            ._judged(touched)
            ._follow()
        )

    def _with(
        self, people: tuple[str, ...], embeddings: np.ndarray, person: np.ndarray, photos: Sequence[str]
    ) -> Gallery:
        """With more photos, as far as trusting them; only names of people who have new ones are judged anew."""
        touched = np.zeros(len(people), bool)
        touched[person] = True
        embeddings, person = np.concatenate([self.embeddings, embeddings]), np.append(self.person, person)
        trust = np.append(self.trust_, np.ones(len(photos), np.float32))
        return dataclasses.replace(
            self, people=people, embeddings=embeddings, person=person, photos=(*self.photos, *photos), trust_=trust
        )._judged(touched)

    def _judged(self, touched: np.ndarray) -> Gallery:
        """With the names of some people's photos judged anew: shape (people,), bool."""
        theirs = touched[self.person]
        if not theirs.any():
            return self
        trust, numbers = self.trust_.copy(), np.cumsum(touched) - 1
        placed = self.background.place(self.embeddings[theirs])
        trust[theirs] = trust_photos(self.background.between, placed, numbers[self.person[theirs]])
        return dataclasses.replace(self, trust_=trust)

    def _follow(self) -> Gallery:
        """What is learnt from the photos, after some came or went; a background that is these photos' own follows."""
        if not self.own_background:
            return self._learn()
        fitted = Gallery.fit(
            self.people,
            self.embeddings,
            self.person,
            self.photos,
            stranger_rate=self.stranger_rate,
            own_background=True,
        )
        return dataclasses.replace(fitted, lookalikes=self.lookalikes)

    def to_bytes(self) -> bytes:
        """The gallery as the bytes of an .npz file; `from_bytes` reads it."""
        return write_arrays(to_arrays(vars(self)))

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> Gallery:
        """Read what `to_bytes` gave, of this castlist or an older one.

        Args:
            data: The bytes of a file; from anybody, so nothing in it is believed.
            name: What the file is called, for the error.

        Raises:
            RunError: If it is damaged, or of another version.
        """
        try:
            return cls(**read_parts(read_arrays(data)))
        except (KeyError, ValueError, ShapeError) as error:
            raise RunError(
                "gallery-unreadable",
                "{name!r} is not a gallery that can be read ({reason}).",
                name=name,
                reason=error.message if isinstance(error, ShapeError) else str(error),
            ) from error


def _check_rate(rate: float) -> None:
    if not 0 < rate <= 0.5:
        raise SettingsError(
            "stranger-rate",
            "stranger_rate must be above 0 and at most 0.5. Got {rate!r} instead.",
            rate=rate,
        )
