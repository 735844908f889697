"""Which face of a photo is the person whose folder it lies in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from castlist.faces import Face


def choose_faces(faces: Sequence[Sequence[Face]], embeddings: Sequence[np.ndarray]) -> list[int | None]:
    """Choose one face for each photo of one person: the one that agrees with the person's other photos.

    Args:
        faces: For each photo, its faces.
        embeddings: For each photo, shape (n_faces, 128), float32, L2 norm 1.

    Returns:
        For each photo the index of its face, or None where it has no face.
    """
    chosen = [max(range(len(found)), key=lambda i: found[i].box.area, default=None) for found in faces]
    for _ in range(ROUNDS):
        before = chosen
        known = [embeddings[photo][index] for photo, index in enumerate(chosen) if index is not None]
        if not known:
            return chosen
        person = np.median(known, axis=0)  # not the mean: a third of the first guesses may be other people
        chosen = [int(np.argmax(vectors @ person)) if len(vectors) else None for vectors in embeddings]
        if chosen == before:
            break
    return chosen


ROUNDS = 10
