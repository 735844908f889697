"""The faces that people decided to be somebody, or not to be, as a run can be taught by them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from castlist.archive.reading import Archive
from castlist.archive.table import keep, lists_of, where
from castlist.archive.verdicts import Face
from castlist.embeddings import normalize


@dataclass(frozen=True, eq=False)
class Confirmed:
    """The faces that were decided to be a person, or not to be, each content of a photo once."""

    photos: tuple[str, ...]  # n; of each the name below the root
    embeddings: np.ndarray  # (n, values), float32, L2 norm 1


def confirmed_faces(archive: Archive) -> dict[str, Confirmed]:
    """The faces of each person who was decided on, as far as they are there."""
    return _faces_of(archive, {face: {one.name} for face, one in archive.verdicts.of.items() if one.name is not None})


def refused_faces(archive: Archive) -> dict[str, Confirmed]:
    """The faces that were decided not to be a person, of each such person; whoever has a name is told by that."""
    refused = {face: one.not_names for face, one in archive.verdicts.of.items() if one.name is None}
    return _faces_of(archive, {face: names for face, names in refused.items() if names})


def nearest_faces(archive: Archive, embeddings: np.ndarray) -> np.ndarray:
    """How like the likest face of an archive each embedding is, as a cosine, shape (n,)."""
    nearest = np.full(len(embeddings), -1.0)
    for _, rows in archive.folder.embedded(["face"]) if len(embeddings) else ():
        likeness = embeddings @ normalize(lists_of(rows["embedding"])).T
        nearest = np.maximum(nearest, likeness.max(axis=1, initial=-1.0))
    return nearest


def _faces_of(archive: Archive, names: Mapping[Face, Collection[str]]) -> dict[str, Confirmed]:
    photos: dict[str, dict[Face, tuple[str, np.ndarray]]] = {}
    for _, rows in archive.folder.embedded(["photo", "digest", "face"]) if names else ():
        rows = keep(rows, where(rows, "digest", sorted({digest for digest, _ in names})))
        faces = zip(rows["digest"].to_pylist(), rows["face"].to_pylist(), strict=True)
        for face, photo, embedding in zip(faces, rows["photo"].to_pylist(), lists_of(rows["embedding"]), strict=True):
            for name in names.get(face, ()):
                photos.setdefault(name, {}).setdefault(face, (photo, embedding))
    return {
        name: Confirmed(
            tuple(photo for photo, _ in some.values()),
            # They were kept at half precision.
            np.asarray(normalize(np.stack([vector for _, vector in some.values()])), np.float32),
        )
        for name, some in sorted(photos.items())
    }
