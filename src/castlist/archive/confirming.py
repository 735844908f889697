"""The faces that people decided to be somebody, as a run can be taught by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.archive.reading import Archive
from castlist.archive.table import keep, lists_of, where


@dataclass(frozen=True, eq=False)
class Confirmed:
    """The confirmed faces of a person, each content of a photo once."""

    photos: tuple[str, ...]  # n; of each the name below the root
    embeddings: np.ndarray  # (n, values), float32


def confirmed_faces(archive: Archive) -> dict[str, Confirmed]:
    """The faces of each person who was decided on, as far as they are there."""
    names = {face: one.name for face, one in archive.verdicts.of.items() if one.name is not None}
    photos: dict[str, dict[tuple[str, int], tuple[str, np.ndarray]]] = {}
    for _, rows in archive.folder.embedded(["photo", "digest", "face"]) if names else ():
        rows = keep(rows, where(rows, "digest", sorted({digest for digest, _ in names})))
        faces = zip(rows["digest"].to_pylist(), rows["face"].to_pylist(), strict=True)
        for face, photo, embedding in zip(faces, rows["photo"].to_pylist(), lists_of(rows["embedding"]), strict=True):
            if face in names:
                photos.setdefault(names[face], {}).setdefault(face, (photo, embedding))
    return {
        name: Confirmed(tuple(photo for photo, _ in some.values()), np.stack([vector for _, vector in some.values()]))
        for name, some in sorted(photos.items())
    }
