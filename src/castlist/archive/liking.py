"""Which faces of an archive are like one in a photo, whoever they are."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from castlist.archive.clustering import Cut
from castlist.archive.finding import is_between
from castlist.archive.indexing import open_index
from castlist.archive.namer import open_same_eyes
from castlist.archive.reading import Archive
from castlist.archive.records import ArchivedFace
from castlist.archive.table import lists_of
from castlist.archive.verdicts import Face
from castlist.arguments import checked
from castlist.embeddings import normalize
from castlist.errors import PhotoError, SettingsError
from castlist.faces import NO_FACE, Finder, find_faces
from castlist.gallery import Background
from castlist.naming import Seen


@checked
def find_like(
    archive: Archive,
    photo: str | os.PathLike[str] | bytes,
    *,
    face: int | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    finder: Finder = find_faces,
) -> list[ArchivedFace]:
    """The faces of an archive that are as much like a face as no stranger of so many would be, the likest first.

    Up to 100,000 faces every embedding of the archive is compared; beyond, an index is made beside them.

    Args:
        archive: Where to look.
        photo: Shows the face; it needn't be in the archive. A path, or what such a file holds.
        face: Which face of the photo, from the left, from 1; None: its only one.
        since: As for `find_in_archive`, and `until`, too.
        until: The last day.
        finder: What finds faces in photos.

    Raises:
        CastlistError: If the photo can't be read or doesn't show the face, or the archive was seen by other networks
            than its run has now.
    """
    namer = open_same_eyes(archive.folder, archive.folder.run(), finder=finder)
    called = "photo" if isinstance(photo, bytes) else os.fspath(photo)
    wanted = _face_of(Seen.merge(namer.eyes.see([photo])), called, face)
    found = [one for one in likest(archive, wanted, namer.background) if is_between(one, since, until)]
    return sorted(found, key=lambda one: (-(one.likeness or 0.0), one.path, one.number))


def likest(archive: Archive, wanted: np.ndarray, background: Background) -> list[ArchivedFace]:
    """The faces of an archive that are so much like one, in no order.

    Args:
        archive: Where to look.
        wanted: An embedding, shape (values,), L2 norm 1.
        background: Faces in general, as the network of the embeddings sees them.
    """
    index = open_index(archive.folder)
    least = Cut.choose(background, len(index.searcher)).cosine
    likeness: dict[Face, float] = {}
    for _, rows in archive.folder.embedded(["digest", "face"], index.units_near(wanted, least)):
        cosines = normalize(lists_of(rows["embedding"])) @ wanted  # they were kept at half precision
        faces = zip(rows["digest"].to_pylist(), rows["face"].to_pylist(), strict=True)
        likeness |= {face: one for face, one in zip(faces, cosines.tolist(), strict=True) if one >= least}
    digests = {digest for digest, _ in likeness}
    return [
        replace(one, likeness=likeness[key])
        for one in archive.faces(digests=digests)
        if (key := (one.digest, one.number)) in likeness
    ]


def _face_of(seen: Seen, photo: str, face: int | None) -> np.ndarray:
    """The embedding of the face that is meant."""
    if problem := seen.problems[0]:
        raise PhotoError("like-unread", "{photo!r} can't be read ({reason}).", photo=photo, reason=problem)
    order: Sequence[int] = np.argsort(seen.boxes[:, 0], kind="stable").tolist()
    if not order:
        raise PhotoError("like-no-face", "{photo!r} can't be compared ({reason}).", photo=photo, reason=NO_FACE)
    if face is None and len(order) > 1:
        raise SettingsError(
            "like-which-face",
            "{photo!r} shows {count} faces. Say which is meant with --face N, counted from the left.",
            photo=photo,
            count=len(order),
        )
    if not 1 <= (face or 1) <= len(order):
        raise SettingsError(
            "like-face-number",
            "{photo!r} shows {count} {count:face|faces}; there is no face {number}.",
            photo=photo,
            count=len(order),
            number=face or 1,
        )
    vector: np.ndarray = seen.embeddings[order[(face or 1) - 1]]
    return vector
