"""An archive that stays open: what others change or decide meanwhile is taken in before the next question."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from castlist.archive.decisions import DecisionLog
from castlist.archive.folder import RECORD, ArchiveFolder
from castlist.archive.groups import NUMBERS
from castlist.archive.reading import Archive
from castlist.archive.review import Question, Review

Stamp = tuple[tuple[str, int, int], ...]  # of files: name, nanoseconds since 1970, bytes


class HeldArchive:
    """An archive that stays open; shared by threads."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.folder = ArchiveFolder.here(path)
        self._alone = threading.Lock()
        self._archive: Archive | None = None
        self._seen: Stamp = ()
        self._review: tuple[tuple[Stamp, Stamp], Review] | None = None

    def now(self) -> tuple[Archive, Stamp]:
        """The archive as it is by now, and what tells its rows and its folder of photos from those of another moment.

        Raises:
            CastlistError: If it can't be read.
        """
        with self._alone:
            # Before the files: what changes while they are read is read once more.
            seen = _stamp([self.folder.path / RECORD, *self.folder.shards()])
            if self._archive is None or seen != self._seen:
                self._archive, self._seen = Archive(self.folder.path), seen
            elif self._archive.heard != DecisionLog(self.folder.decisions).stamp():
                self._archive.hear()
            return self._archive, seen

    def questions(self) -> list[Question]:
        """Who is to be named, as of now, as the faces were last brought together."""
        archive, seen = self.now()
        with self._alone:
            asked = seen, _stamp([self.folder.index / NUMBERS])
            if self._review is None or self._review[0] != asked:
                self._review = asked, Review(archive)
            return self._review[1].questions(archive)


def _stamp(paths: list[Path]) -> Stamp:
    stamps = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # not there; or reading says what is wrong
            continue
        stamps.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(stamps)
