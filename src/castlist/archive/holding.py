"""An archive that stays open: what others change or decide meanwhile is taken in before the next question."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from castlist.archive.decisions import DecisionLog
from castlist.archive.folder import ArchiveFolder
from castlist.archive.groups import NUMBERS
from castlist.archive.reading import Archive
from castlist.archive.review import Question, Review

Stamp = tuple[tuple[str, int, int], ...]  # of files: name, nanoseconds since 1970, bytes


class HeldArchive:
    """An archive that stays open; shared by threads."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.folder = ArchiveFolder(path)
        self._alone = threading.Lock()
        self._archive: Archive | None = None
        self._rows: Stamp = ()
        self._review: tuple[tuple[Stamp, Stamp], Review] | None = None

    def now(self) -> tuple[Archive, Stamp]:
        """The archive as it is by now, and what tells its rows from those of any other moment.

        Raises:
            CastlistError: If it can't be read.
        """
        with self._alone:
            # Before the files: what changes while they are read is read once more.
            rows = _stamp(self.folder.shards())
            if self._archive is None or rows != self._rows:
                self._archive, self._rows = Archive(self.folder.path), rows
            elif self._archive.heard != DecisionLog(self.folder.decisions).stamp():
                self._archive.hear()
            return self._archive, rows

    def questions(self) -> list[Question]:
        """Who is to be named, as of now, as the faces were last brought together."""
        archive, rows = self.now()
        with self._alone:
            asked = rows, _stamp([self.folder.index / NUMBERS])
            if self._review is None or self._review[0] != asked:
                self._review = asked, Review(archive)
            return self._review[1].questions(archive)


def _stamp(paths: list[Path]) -> Stamp:
    stamps = []
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        stamps.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(stamps)
