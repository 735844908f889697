"""The photos and films of an archive as whoever named them would show them, without a look at any."""

from __future__ import annotations

from pathlib import Path

from castlist.archive.reading import Archive, ArchivedFace
from castlist.errors import Message
from castlist.faces import NO_FACE
from castlist.naming import NamedFace, NamedFilm, NamedPhoto, Sighting


def named_photos(archive: Archive) -> list[NamedPhoto | NamedFilm]:
    """What an archive has of each photo and film that is there, as people decided; in the order of their paths."""
    faces: dict[Path, list[ArchivedFace]] = {}
    for face in archive.faces():
        faces.setdefault(face.path, []).append(face)
    shown: list[NamedPhoto | NamedFilm] = []
    for path, problem in sorted(archive.problems().items()):
        some = faces.get(path, [])
        if any(face.start is not None for face in some):
            shown.append(NamedFilm(path, 0, 0, (), tuple(map(_sighting, some))))
        else:
            some.sort(key=lambda face: -face.box.width * face.box.height)
            failed = None if problem is None or problem[0] == NO_FACE.code else _told(problem[1])
            shown.append(NamedPhoto(path, tuple(map(_named, some)), failed))
    return shown


def _told(problem: str) -> Message:
    return Message("archived-problem", "{problem}", {"problem": problem})


def _named(face: ArchivedFace) -> NamedFace:
    return NamedFace(face.name, face.probability, face.others, face.box, perhaps=face.perhaps)


def _sighting(face: ArchivedFace) -> Sighting:
    start, end = face.start or 0.0, face.end or face.start or 0.0
    return Sighting(face.name, face.probability, start, end, face.perhaps, dict(face.others).get(str(face.perhaps)))
