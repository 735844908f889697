"""Faces that aren't whom they are like: each stands for somebody without a name, who competes with that one person."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from castlist.gallery.answers import NOBODY
from castlist.gallery.background import Background
from castlist.gallery.knowledge import Knowledge


@dataclass(frozen=True, eq=False)
class Lookalikes:
    """Faces of whom it is known whom they aren't."""

    embeddings: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # (n, values), L2 norm 1
    person: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # (n,); whom each isn't
    photos: tuple[str, ...] = ()  # n ids, of the photo each is from

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, rows: np.ndarray) -> Lookalikes:
        photos = tuple(np.array(self.photos, object)[rows].tolist())
        return Lookalikes(self.embeddings[rows], self.person[rows], photos)

    def add(self, person: int, embeddings: np.ndarray, photos: Sequence[str]) -> Lookalikes:
        """With more faces that aren't a person."""
        there = self.embeddings if len(self) else embeddings[:0]
        return Lookalikes(
            np.concatenate([there, np.asarray(embeddings, np.float32)]),
            np.append(self.person, np.full(len(photos), person)),
            (*self.photos, *photos),
        )

    def without(self, photos: Collection[str]) -> Lookalikes:
        """Without some of the faces."""
        return self[np.array([photo not in photos for photo in self.photos], bool)]

    def follow(self, now: np.ndarray) -> Lookalikes:
        """With other people, shape (people before,), int: who each is by now; with those of NOBODY left out."""
        person = now[self.person]
        return dataclasses.replace(self, person=person)[person != NOBODY]

    def rivals(self, background: Background, embeddings: np.ndarray, n_people: int) -> np.ndarray:
        """How much likelier the likest look-alike of each person is than somebody never seen, as a logarithm.

        Args:
            background: Of the gallery.
            embeddings: Shape (n, values), L2 norm 1.
            n_people: Of the gallery.

        Returns:
            Shape (n, n_people), float32; minus infinity where a person has none.
        """
        best = np.full((len(embeddings), n_people), -np.inf, np.float32)
        scores = self.known(background).scores(background.place(embeddings))
        for one in np.unique(self.person).tolist():
            best[:, one] = scores[:, self.person == one].max(axis=1)
        return best

    def known(self, background: Background) -> Knowledge:
        """What is known of each, as of a person with one photo."""
        return Knowledge.from_sums(background.between, background.place(self.embeddings), np.ones(len(self)))
