"""A gallery: people as sets of embeddings, and who a new face is, or that it is nobody of them."""

from __future__ import annotations

import dataclasses
import io
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from castlist.errors import RunError, SettingsError, ShapeError, reason_of
from castlist.gallery.assignment import assign_people
from castlist.gallery.background import Background, default_background
from castlist.gallery.people import People

VERSION = 1  # of the file
UNKNOWN = -1
WRONG_NAMES = 0.02  # share of photos expected in another person's folder
ROUNDS = 4  # of judging which photos are rightly named
DRAWS = 20_000  # strangers drawn from the background


@dataclass(frozen=True, eq=False)
class Answers:
    """Who each of n faces is."""

    people: tuple[str, ...]
    probabilities: np.ndarray  # (n, people + 1), float32; rows sum to 1; the last column is "unknown"
    margins: np.ndarray  # (n, people), float32; the score above the threshold: positive where a name would be given
    named: np.ndarray  # (n,), int64; the index of a person, or UNKNOWN

    def __len__(self) -> int:
        return len(self.named)

    def __getitem__(self, part: slice) -> Answers:
        return Answers(self.people, self.probabilities[part], self.margins[part], self.named[part])

    def once_each(self) -> Answers:
        """The answers for the faces of one photo, in which a person appears at most once: the best such naming."""
        return dataclasses.replace(self, named=assign_people(self.margins))


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
    threshold_: float  # score from which a name is given
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
        trust = _judge(background.between, placed, person, len(people))
        known = _known(background.between, placed, person, trust, len(people))
        strangers = known.scores(background.draw(DRAWS)).max(axis=1)
        cast = _left_out(background.between, placed, person, trust, len(people))
        slope, offset = _calibrate(cast, strangers)
        return cls(
            tuple(people),
            embeddings,
            person,
            tuple(photos),
            float(stranger_rate),
            background,
            trust_=trust.astype(np.float32),
            threshold_=float(np.quantile(strangers, 1 - stranger_rate)),
            slope_=slope,
            offset_=offset,
        )

    def answer(self, embeddings: np.ndarray) -> Answers:
        """Say who each face is, each for itself.

        Args:
            embeddings: Shape (n, values), L2 norm 1.

        Raises:
            ShapeError: If the shape doesn't fit the gallery.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != self.embeddings.shape[1]:
            raise ShapeError(f"Embeddings must be (n, {self.embeddings.shape[1]}). Got {embeddings.shape} instead.")
        between = self.background.between
        known = _known(between, self.background.place(self.embeddings), self.person, self.trust_, len(self.people))
        scores = known.scores(self.background.place(embeddings))
        logits = np.hstack([self.slope_ * (scores - self.offset_), np.zeros((len(scores), 1))])
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        best = scores.argmax(axis=1)
        margins = scores - self.threshold_
        return Answers(
            self.people,
            np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32),
            np.asarray(margins, np.float32),
            np.where(margins.max(axis=1) > 0, best, UNKNOWN),
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

    def save(self, path: Path) -> None:
        """Write the gallery into a .npz file, beside and renamed, so that nobody ever reads half of one.

        Raises:
            RunError: If it can't be written.
        """
        arrays: dict[str, Any] = {
            "version": np.array(VERSION),
            "people": np.array(self.people),
            "embeddings": self.embeddings,
            "person": self.person,
            "photos": np.array(self.photos),
            "background_mean": self.background.mean,
            "background_directions": self.background.directions,
            "background_between": self.background.between,
            "trust": self.trust_,
            "numbers": np.array([self.stranger_rate, self.threshold_, self.slope_, self.offset_]),
        }
        try:
            handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    np.savez(file, **arrays)
                Path(beside).replace(path)
            except BaseException:
                Path(beside).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise RunError(f"The gallery can't be written to {str(path)!r} ({reason_of(error)}).") from error

    @classmethod
    def load(cls, path: Path) -> Gallery:
        """Read what `save` wrote.

        Raises:
            RunError: If the file is missing, damaged, or of another version.
        """
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                if int(arrays["version"]) != VERSION:
                    raise ValueError(f"its version is {arrays['version']}, not {VERSION}")
                people, photos = (tuple(arrays[name].tolist()) for name in ("people", "photos"))
                parts = (arrays[f"background_{name}"] for name in ("mean", "directions", "between"))
                rate, threshold, slope, offset = (float(number) for number in arrays["numbers"])
                gallery = cls(
                    people,
                    arrays["embeddings"],
                    arrays["person"],
                    photos,
                    rate,
                    Background(*parts),
                    arrays["trust"],
                    threshold,
                    slope,
                    offset,
                )
            size = len(gallery.background.mean)
            _check(people, gallery.embeddings, gallery.person, photos, size)
            if gallery.trust_.shape != gallery.person.shape:
                raise ValueError("its shapes don't fit")
        except OSError as error:
            raise RunError(f"The gallery {str(path)!r} can't be read ({reason_of(error)}).") from error
        except (KeyError, ValueError, EOFError, zipfile.BadZipFile, ShapeError) as error:
            raise RunError(f"{str(path)!r} is not a gallery that can be read ({error}).") from error
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
    if not np.array_equal(np.unique(person), np.arange(len(people))):
        raise ShapeError(f"Each of the {len(people)} people needs at least one photo, and each photo one of them.")
    if not np.isfinite(embeddings).all():
        raise ShapeError("Embeddings must be numbers. Got some that are not instead.")


def _known(between: np.ndarray, placed: np.ndarray, person: np.ndarray, trust: np.ndarray, n_people: int) -> People:
    sums = np.zeros((n_people, placed.shape[1]))
    np.add.at(sums, person, placed * trust[:, None])
    return People.from_sums(between, sums, np.bincount(person, trust, minlength=n_people))


def _left_out(
    between: np.ndarray, placed: np.ndarray, person: np.ndarray, trust: np.ndarray, n_people: int
) -> np.ndarray:
    """The score of each photo with its own person, known by the person's other photos only.

    Returns:
        Shape (k,), of the people with at least two photos.
    """
    sums = np.zeros((n_people, placed.shape[1]))
    np.add.at(sums, person, placed * trust[:, None])
    counts = np.bincount(person, trust, minlength=n_people)
    rest = counts[person] - trust
    usable = rest > 0.5
    others = People.from_sums(between, (sums[person] - placed * trust[:, None])[usable], rest[usable])
    return others.own_scores(placed[usable])


def _judge(between: np.ndarray, placed: np.ndarray, person: np.ndarray, n_people: int) -> np.ndarray:
    """How probably each photo's name is right, shape (n,): whether it fits the person's other photos."""
    trust = np.ones(len(person))
    prior = np.log(1 / WRONG_NAMES - 1)
    for _ in range(ROUNDS):
        sums = np.zeros((n_people, placed.shape[1]))
        np.add.at(sums, person, placed * trust[:, None])
        counts = np.bincount(person, trust, minlength=n_people)
        rest = np.maximum(counts[person] - trust, 0)
        others = People.from_sums(between, sums[person] - placed * trust[:, None], rest)
        trust = 1 / (1 + np.exp(-np.clip(others.own_scores(placed) + prior, -50, 50)))
        # Of two photos that disagree neither is known to be the wrong one.
        doubtful = np.bincount(person, trust, minlength=n_people) < np.bincount(person, minlength=n_people) / 2
        trust[doubtful[person]] = 1.0
    return trust


def _calibrate(cast: np.ndarray, strangers: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the log-odds that a face is of the cast, as many of the cast as strangers expected."""
    scores = np.concatenate([cast, strangers])
    is_cast = np.concatenate([np.ones(len(cast)), np.zeros(len(strangers))])
    weight = np.concatenate([np.full(len(part), 1 / max(len(part), 1)) for part in (cast, strangers)])
    center, scale = float(np.median(scores)), float(scores.std()) or 1.0
    x = (scores - center) / scale
    slope, bias = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(slope * x + bias, -50, 50)))
        slack = weight * (p - is_cast)
        curve = weight * p * (1 - p)
        # A weak pull to slope 1 keeps sides that never overlap from becoming certain.
        gradient = np.array([(slack * x).sum() + 0.01 * (slope - 1), slack.sum()])
        hessian = np.array([[(curve * x * x).sum() + 0.01, (curve * x).sum()], [(curve * x).sum(), curve.sum() + 1e-6]])
        step = np.linalg.solve(hessian, gradient)
        slope, bias = slope - step[0], bias - step[1]
        if np.abs(step).max() < 1e-6:
            break
    slope = max(float(slope), 1e-3)
    return slope / scale, center - float(bias) / slope * scale
