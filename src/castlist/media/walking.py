"""Folders gone through: what can't be read, and what isn't a user's, is passed over with a note; the rest goes on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from castlist.errors import Message, reason_of
from castlist.media.marks import is_own
from castlist.paths import need_entry

Identity = tuple[int, int]  # disk and number

SHOWN = 5  # folders that are told one by one; a whole disk has thousands that nobody may read

_SILENT = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "picasa.ini", "icon\r"})
SIDECARS = (".xmp", ".json", ".aae")  # what programs, Google and iPhones say of the photo beside it; as silent
# Where systems and network drives keep thumbnails, snapshots, and what was deleted.
_SYSTEM = frozenset(
    {
        *("@eadir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@recycle", "@recently-snapshot"),
        *("$recycle.bin", "recycler", "recycled", "system volume information", "lost+found"),
        *("network trash folder", "temporary items", "found.000", "lost.dir", "~snapshot", "ipod photo cache"),
    }
)
# Folders in which programs keep photos their own way, beside previews of each.
_LIBRARIES = (
    *(".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary"),
    *(".lrdata", ".lrlibrary", ".cocatalog"),
)
_RUN = "run.json"  # in a folder with a run of castlist's, whose report's figures are nobody's photos
_NO_DISK = ("/proc", "/sys", "/dev")  # files without an end, which may be read for ever


class Walk:
    """A way through folders, each gone through once however many links lead to it; keeps what was passed over."""

    def __init__(self) -> None:
        self.n_unread = 0  # folders and links that can't be read
        self._unread: list[Message] = []  # the first of them
        self._system: list[str] = []
        self._libraries: list[str] = []
        self._own: list[Path] = []
        self._identities: dict[Path, Identity | None] = {}  # asked once for a whole cast

    def entries(self, folder: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
        """The files and folders in a folder, hidden things and broken links left out."""
        if _has_no_end(folder):
            self._system.append(os.fspath(folder))
            return
        try:
            with os.scandir(folder) as entries:
                need_entry(folder)
                yield from filter(self._counts, entries)
        except OSError as error:
            self._pass_over(os.fspath(folder), error)

    def each_file(self, folder: Path, above: Path | None = None) -> Iterator[Path]:
        """All files below a folder, in order, of which no more than the names in one folder are known at a time.

        Args:
            folder: Where to begin.
            above: A folder that no link may lead back into.
        """
        if above is not None and above not in self._identities:
            self._identities[above] = _identity(above)
        known = {self._identities.get(above)} if above else set()
        if (identity := _identity(folder)) and identity in known:
            return
        known.add(identity)
        waiting = [self._in_order(folder)]
        while waiting:  # no recursion: folders may lie deeper than Python calls
            path, is_folder = next(waiting[-1], (None, False))
            if path is None:
                waiting.pop()
            elif not is_folder:
                yield path
            elif not (identity := _identity(path)) or identity not in known:
                known.add(identity)
                waiting.append(self._in_order(path))

    def _in_order(self, folder: Path) -> Iterator[tuple[Path, bool]]:
        """What is in a folder, and which of it is one."""
        names, folders = [], set()
        for entry in self.entries(folder):
            names.append(entry.name)
            if entry.is_dir():
                folders.add(entry.name)
        names.sort(key=os.path.normcase)
        return ((folder / name, name in folders) for name in names)

    def without_own(self, files: Iterable[Path], *, unless_all: bool = False) -> Iterator[Path]:
        """Files without the pictures and films that castlist wrote; those are passed over with a note.

        Args:
            files: Of a user's, and perhaps of castlist's.
            unless_all: Keep them where there is nothing else: then they are meant.
        """
        own, is_all = [], True
        for path in files:
            if is_own(path):
                own.append(path)
            else:
                is_all = False
                yield path
        if unless_all and is_all:
            yield from own
        else:
            self._own += own

    def notes(self) -> list[Message]:
        """What was passed over, a sentence each."""
        notes = list(self._unread)
        if more := self.n_unread - len(notes):
            notes.append(
                Message(
                    "folders-unread",
                    "{count} more {count:folder|folders} can't be read and {count:was|were} passed over.",
                    {"count": more},
                )
            )
        if self._system:
            notes.append(
                Message(
                    "folders-of-systems",
                    "Folders of the system or of a network drive were passed over: {count}, such as {path!r}.",
                    {"count": len(self._system), "path": min(self._system)},
                )
            )
        if self._libraries:
            notes.append(
                Message(
                    "folders-of-programs",
                    "Libraries of photo programs were passed over: {count}, such as {path!r}. Export their photos, or "
                    "name the folder inside that holds them.",
                    {"count": len(self._libraries), "path": min(self._libraries)},
                )
            )
        if self._own:
            notes.append(
                Message(
                    "files-of-castlist",
                    "Pictures, films and runs that castlist wrote were passed over: {count}, such as {path!r}.",
                    {"count": len(self._own), "path": str(min(self._own))},
                )
            )
        return notes

    def _counts(self, entry: os.DirEntry[str]) -> bool:
        name = entry.name.casefold()
        if name.startswith(".") or name in _SILENT or name.endswith(SIDECARS):
            return False
        if ".." in entry.name.split("\\"):  # on Windows it would lead elsewhere, so that no run's record holds it
            self._pass_over(entry.path, OSError(errno.EINVAL, os.strerror(errno.EINVAL)))
            return False
        try:
            is_folder = entry.is_dir()
            if is_folder and name in _SYSTEM:
                self._system.append(entry.path)
                return False
            if is_folder and name.endswith(_LIBRARIES):
                self._libraries.append(entry.path)
                return False
            if is_folder and os.path.lexists(f"{entry.path}/{_RUN}"):
                self._own.append(Path(entry.path))
                return False
            return is_folder or entry.is_file()
        except OSError as error:
            if error.errno != errno.ELOOP:  # a link to itself is as broken as any
                self._pass_over(entry.path, error)
            return False

    def _pass_over(self, path: str, error: OSError) -> None:
        self.n_unread += 1
        if len(self._unread) < SHOWN:
            self._unread.append(
                Message(
                    "folder-unread",
                    "{path!r} can't be read ({reason}) and was passed over.",
                    {"path": path, "reason": reason_of(error)},
                )
            )


def _has_no_end(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder is none of a disk's, whichever link has led there; one of memory below /dev is like a disk's."""
    place = os.path.realpath(folder)
    return place in _NO_DISK or place.startswith(("/proc/", "/sys/"))


def _identity(folder: Path | os.DirEntry[str]) -> Identity | None:
    """What tells a folder from every other; None where it can't be looked at."""
    try:
        status = folder.stat()
        if not status.st_ino:  # which Windows leaves out of what it tells in passing
            status = Path(folder).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
