"""An archive that stays open: what others change or decide meanwhile is taken in before the next question."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.archive.decisions import DecisionLog
from castlist.archive.folder import NUMBERS, RECORD, ArchiveFolder
from castlist.archive.recalling import Stamp, keep_files, kept_files
from castlist.archive.records import ArchivedFile

if TYPE_CHECKING:
    from castlist.archive.reading import Archive
    from castlist.archive.review import Question, Review


class HeldArchive:
    """An archive that stays open; shared by threads."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.folder = ArchiveFolder.here(path)
        self._alone = threading.Lock()
        self._archive: Archive | None = None
        self._seen: Stamp = ()
        self._files: tuple[Stamp, tuple[ArchivedFile, ...]] | None = None
        self._review: tuple[tuple[Stamp, Stamp], Review] | None = None

    def now(self) -> tuple[Archive, Stamp]:
        """The archive as it is by now, and what tells its rows and its folder of photos from those of another moment.

        Raises:
            CastlistError: If it can't be read.
        """
        with self._alone:
            return self._open(seen := self._stamp()), seen

    def files(self) -> tuple[ArchivedFile, ...]:
        """The photos and films, the newest first; those that don't say when they were taken are last.

        Raises:
            CastlistError: If they can't be read.
        """
        with self._alone:
            seen = self._stamp()
            if self._files is None or self._files[0] != seen:
                files = kept_files(self.folder, seen)
                if files is None:
                    by_name = sorted(self._open(seen).files(), key=lambda one: one.name)
                    files = tuple(sorted(by_name, key=lambda one: (one.taken is not None, one.taken), reverse=True))
                    keep_files(self.folder, seen, files)
                self._files = seen, files
            return self._files[1]

    def questions(self) -> list[Question]:
        """Who is to be named, as of now, as the faces were last brought together."""
        from castlist.archive.review import Review

        archive, seen = self.now()
        with self._alone:
            asked = seen, _stamp([self.folder.index / NUMBERS])
            if self._review is None or self._review[0] != asked:
                self._review = asked, Review(archive)
            return self._review[1].questions(archive)

    def _stamp(self) -> Stamp:
        return _stamp([self.folder.path / RECORD, *self.folder.shards()])

    def _open(self, seen: Stamp) -> Archive:
        """The archive, opened anew if it isn't of a stamp, which was taken before: what changes later is read later."""
        from castlist.archive.reading import Archive

        if self._archive is None or seen != self._seen:
            self._archive, self._seen = Archive(self.folder.path), seen
        elif self._archive.heard != DecisionLog(self.folder.decisions).stamp():
            self._archive.hear()
        return self._archive


def _stamp(paths: list[Path]) -> Stamp:
    stamps = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # not there; or reading says what is wrong
            continue
        stamps.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(stamps)
