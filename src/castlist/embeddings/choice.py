"""Which face of a photo is the person whose folder it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from castlist.faces import Box

WITNESSES = 400  # photos that each face is compared with; more change nothing but the time
ROUNDS = 10  # choices settle after two or three


class HasBox(Protocol):
    """A face, of which only the place matters here."""

    @property
    def box(self) -> Box: ...


def choose_faces(faces: Sequence[Sequence[HasBox]], embeddings: Sequence[np.ndarray]) -> list[int | None]:
    """Choose one face for each photo of one person: the one that agrees with the person's other photos.

    A face's agreement is the median, over the other photos, of its likeness to the most similar face there, then to the
    face chosen there: right as long as the person is in most of the photos, however small. A single photo gives nothing
    to agree with; there the largest face is chosen.

    Args:
        faces: For each photo, its faces.
        embeddings: For each photo, shape (n_faces, values), float32, L2 norm 1.

    Returns:
        For each photo the index of its face, or None where it has no face.
    """
    chosen: list[int | None] = [
        max(range(len(found)), key=lambda i: found[i].box.area) if found else None for found in faces
    ]
    shown = [photo for photo, found in enumerate(faces) if found]
    if len(shown) < 2:
        return chosen
    every_nth = -(-len(shown) // WITNESSES)
    witnesses = shown[::every_nth]
    likeness = {
        photo: np.column_stack([(embeddings[photo] @ embeddings[other].T).max(axis=1) for other in witnesses])
        for photo in shown
    }
    for _ in range(ROUNDS):
        before = list(chosen)
        for photo in shown:
            others = [i for i, other in enumerate(witnesses) if other != photo]
            chosen[photo] = int(np.argmax(np.median(likeness[photo][:, others], axis=1)))
        if chosen == before:
            break
        known = np.stack([embeddings[other][chosen[other]] for other in witnesses])
        likeness = {photo: embeddings[photo] @ known.T for photo in shown}
    return chosen
