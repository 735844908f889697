"""A run, opened to see and name an archive: as it is at one moment, whatever others do to it meanwhile."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass

from castlist.archive.folder import ArchiveFolder
from castlist.errors import CastlistError
from castlist.faces import Finder, find_faces
from castlist.gallery import Background
from castlist.naming import FaceEyes, NamedFace, Recognizer, Seen
from castlist.places import at_hand


@dataclass(frozen=True, eq=False)
class ArchiveNamer:
    """What sees and names an archive, and what tells it from any other."""

    recognizer: Recognizer
    eyes_digest: str  # whoever has the same sees the same faces
    names_digest: str  # whoever has the same gives them the same names
    together: bool

    @property
    def eyes(self) -> FaceEyes:
        """What sees."""
        return self.recognizer.face_eyes

    @property
    def background(self) -> Background:
        """Faces in general, as the run's network sees them."""
        assert self.recognizer.gallery is not None, "a run of faces has a gallery"
        return self.recognizer.gallery.background

    @property
    def n_values(self) -> int:
        """How long an embedding is."""
        return len(self.background.mean)

    def name(self, seen: Seen) -> list[NamedFace]:
        """Name the faces of photos, each in the place of its row in the record."""
        named = self.recognizer.name(seen, together=self.together)
        return [face for faces in named for face in faces]


def open_namer(
    run: str | os.PathLike[str],
    *,
    together: bool = False,
    stranger_rate: float | None = None,
    finder: Finder = find_faces,
) -> ArchiveNamer:
    """Open a run for an archive.

    Args:
        run: The run folder, or its address.
        together: Let photos help each other to be named, as `Gallery.answer_together` does.
        stranger_rate: Share of strangers that may be given a name; None: the run's own.
        finder: What finds faces in photos.

    Raises:
        CastlistError: If the run can't be opened, knows no faces, or its photos can't be named together.
    """
    with at_hand(run) as folder:
        return _open(Recognizer.load(folder, finder=finder), together, stranger_rate, finder)


def open_same_eyes(folder: ArchiveFolder, run: str | os.PathLike[str], *, finder: Finder = find_faces) -> ArchiveNamer:
    """Open a run that sees as an archive was seen.

    Raises:
        CastlistError: If it sees otherwise, or can't be opened.
    """
    namer = open_namer(run, finder=finder)
    if folder.record().eyes != namer.eyes_digest:
        raise CastlistError(
            "archive-of-other-eyes",
            "The archive {archive!r} was seen with other networks than those of {path!r}. Make it anew with that run "
            "first: castlist archive.",
            archive=str(folder.path),
            path=str(run),
        )
    return namer


def _open(following: Recognizer, together: bool, stranger_rate: float | None, finder: Finder) -> ArchiveNamer:
    gallery, network, eyes = following.gallery, following.network, following.face_eyes
    assert gallery is not None, "a run of faces has a gallery"
    if together:
        following.name_album([])  # says why it can't
    if stranger_rate is not None:
        gallery = gallery.with_stranger_rate(stranger_rate)
    record = dataclasses.replace(following.run, people=gallery.people)
    names = _digest(hashlib.sha256(gallery.to_bytes()).hexdigest(), together)
    sees: list[object] = [eyes.network.digest, eyes.min_face, eyes.views]
    if network is not None:
        # It reads more of a face than is kept: with other names, photos are looked at again.
        sees += [record.files.get(record.network_path.name), record.created, names]
    recognizer = Recognizer(record, network=network, face_network=eyes.network, gallery=gallery, finder=finder)
    return ArchiveNamer(recognizer, _digest(*sees), names, together)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
