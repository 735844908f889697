"""The photos and films of an archive as whoever named them would show them, without a look at any."""

from __future__ import annotations

from pathlib import Path

from castlist.archive.reading import Archive
from castlist.archive.records import ArchivedFace
from castlist.naming import NamedFace, NamedFilm, NamedPhoto, Sighting


def named_photos(archive: Archive) -> list[NamedPhoto | NamedFilm]:
    """What an archive has of each photo and film that is there, as people decided; in the order of their paths."""
    faces: dict[Path, list[ArchivedFace]] = {}
    for face in archive.faces():
        faces.setdefault(face.path, []).append(face)
    shown: list[NamedPhoto | NamedFilm] = []
    for file in sorted(archive.files(), key=lambda file: file.path):
        path, some = file.path, faces.get(file.path, [])
        if any(face.start is not None for face in some):
            shown.append(NamedFilm(path, 0, 0, (), tuple(map(_sighting, some))))
        else:
            some.sort(key=lambda face: -face.box.width * face.box.height)
            shown.append(NamedPhoto(path, tuple(map(_named, some)), file.problem))
    return shown


def _named(face: ArchivedFace) -> NamedFace:
    return NamedFace(face.name, face.probability, face.others, face.box, perhaps=face.perhaps)


def _sighting(face: ArchivedFace) -> Sighting:
    start, end = face.start or 0.0, face.end or face.start or 0.0
    return Sighting(face.name, face.probability, start, end, face.perhaps, dict(face.others).get(str(face.perhaps)))
