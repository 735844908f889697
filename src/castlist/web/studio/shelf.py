"""The archives that a process of the house holds open for its pages, with what they were asked."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request

from castlist.archive import HeldArchive
from castlist.errors import CastlistError
from castlist.media import UNKNOWN
from castlist.web.desk import desk_of

if TYPE_CHECKING:
    from castlist.archive import Archive, ArchivedFace, ArchivedFile, ArchiveFolder, Question

OPEN = 4  # archives that a process holds open; the least used is closed


@dataclass(frozen=True)
class Portrait:
    """A person of an archive."""

    name: str
    face: ArchivedFace  # to show
    photos: int


class Album:
    """An archive as pages ask it; shared by threads."""

    def __init__(self, folder: ArchiveFolder) -> None:
        self.folder = folder
        self.name = folder.path.name
        self._held = HeldArchive(folder.path)
        self._listed: tuple[tuple[ArchivedFile, ...], dict[str, ArchivedFile]] = (), {}
        self.tidied: tuple[ArchivedFile, ...] | None = None  # the photos when small ones of others were last deleted
        self._people: tuple[object, list[Portrait]] | None = None

    def archive(self) -> Archive:
        """The archive, as it is by now."""
        return self._held.now()[0]

    @property
    def root(self) -> Path:
        """The folder of photos."""
        return Path(self.folder.record().root)

    @property
    def run(self) -> Path:
        """The run that names."""
        return Path(self.folder.record().run)

    def photos(self) -> tuple[ArchivedFile, ...]:
        """The photos, the newest first; those that don't say when they were taken are last."""
        return self._held.files()

    def photo(self, digest: str) -> ArchivedFile:
        """A photo by its content.

        Raises:
            CastlistError: If there is none.
        """
        photos, of = self._listed
        if photos is not (now := self.photos()):
            of = {one.digest: one for one in reversed(now) if one.digest}
            self._listed = now, of
        found = of.get(digest)
        if found is None:
            raise CastlistError("photo-not-archived", "There is no such photo any more.")
        return found

    def faces(self, digest: str) -> list[ArchivedFace]:
        """The faces of a photo, from left to right."""
        path = self.photo(digest).path  # copies have the same faces
        return [face for face in self.archive().faces(digests=[digest]) if face.path == path]

    def face(self, key: str) -> ArchivedFace:
        """A face by what a page calls it: the photo's content and its number there.

        Raises:
            CastlistError: If there is none.
        """
        digest, _, number = key.partition("-")
        for face in self.faces(digest):
            if str(face.number) == number:
                return face
        raise CastlistError("face-not-archived", "There is no such face any more.")

    def questions(self) -> list[Question]:
        """Who is to be named, in the order in which it is best asked."""
        return self._held.questions()

    def people(self) -> list[Portrait]:
        """Everybody who is named, by name, each with a face to show: the one that was chosen, or the best."""
        archive = self.archive()
        if self._people is None or self._people[0] is not archive.verdicts:  # others once anything has changed
            self._people = archive.verdicts, _portraits(archive)
        return self._people[1]


class Shelf:
    """The albums of a house, opened when they are asked for."""

    def __init__(self) -> None:
        self._albums: OrderedDict[Path, Album] = OrderedDict()
        self._alone = threading.Lock()

    def album(self, folder: ArchiveFolder) -> Album:
        """An album, held open."""
        with self._alone:
            album = self._albums.setdefault(folder.path, Album(folder))
            self._albums.move_to_end(folder.path)
            while len(self._albums) > OPEN:
                self._albums.popitem(last=False)
            return album


_SHELF = Shelf()


def album_of(request: Request) -> Album:
    """The album that an address names."""
    return _SHELF.album(desk_of(request).archive(request.path_params["archive"]))


def _portraits(archive: Archive) -> list[Portrait]:
    faces: defaultdict[str, list[ArchivedFace]] = defaultdict(list)
    for face in archive.faces():
        if face.name != UNKNOWN:
            faces[face.name].append(face)
    return [
        Portrait(name, _best(some, archive.verdicts.portraits.get(name)), len({face.digest for face in some}))
        for name, some in sorted(faces.items(), key=lambda one: one[0].casefold())
    ]


def _best(faces: list[ArchivedFace], chosen: tuple[str, int] | None) -> ArchivedFace:
    """The face to show: the one that was chosen; else of the surest the largest, of a photo rather than a film."""
    for face in faces:
        if (face.digest, face.number) == chosen:
            return face
    return max(faces, key=lambda face: (face.start is None, round(face.probability, 1), face.box.area))
