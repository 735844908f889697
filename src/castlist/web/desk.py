"""What both doors of a house, API and pages, hold in each process: runs opened, archives, works."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from castlist import archive, faces, naming, run
from castlist.errors import CastlistError, PhotoError
from castlist.paths import is_below, is_folder, join_below, spell
from castlist.web.house import JOBS, House

if TYPE_CHECKING:
    import numpy as np

    from castlist.archive import ArchiveFolder
    from castlist.run import RunFolder
    from castlist.web.jobs import JobBook

LONGEST = 255  # bytes of a folder's name
OPEN = 8  # runs that a process holds open; the least used is closed


class Desk:
    """What a process of the house holds; shared by its threads."""

    def __init__(self, house: House, *, finder: faces.Finder | None = None) -> None:
        self.house = house
        self.finder: faces.Finder = functools.partial(_find_some, finder, house.limits.faces)
        self._recognizers: OrderedDict[str, naming.Recognizer] = OrderedDict()
        self._opening = threading.Lock()
        self._leaving = threading.Event()
        self.working = 0  # requests that have come whole, and aren't answered yet

    @functools.cached_property
    def jobs(self) -> JobBook:
        """The works of the house."""
        from castlist.web.jobs import JobBook

        return JobBook(self.house.state / JOBS)

    @property
    def is_leaving(self) -> bool:
        """Whether the house closes, and streams are to end."""
        return self._leaving.is_set()

    @property
    def is_busy(self) -> bool:
        """Whether whoever comes is better taken by another process."""
        return self.working >= self.house.limits.at_once

    def leave(self) -> None:
        """Let streams end."""
        self._leaving.set()

    def run(self, name: str) -> RunFolder:
        """A run folder of the house by its name.

        Raises:
            CastlistError: If there is none of that name.
        """
        path = _named(self.house.runs, name)
        if path is None or (folder := run.RunFolder(path)).stamp() is None:
            raise _no_run(name)
        return folder

    def newest_run(self) -> str:
        """The name of the newest finished run.

        Raises:
            RunError: If there is none.
        """
        return run.newest_run(self.house.runs).path.name

    def recognizer(self, name: str) -> naming.Recognizer:
        """What names by a run, always by its newest generation.

        Raises:
            CastlistError: If there is none of that name, or it can't be opened.
        """
        folder = self.run(name)
        with self._opening:
            if name not in self._recognizers:
                self._recognizers[name] = naming.Recognizer.load(folder.path, finder=self.finder)
            self._recognizers.move_to_end(name)
            while len(self._recognizers) > OPEN:
                self._recognizers.popitem(last=False)
            return self._recognizers[name]

    def warm_up(self) -> None:
        """Open what naming by the newest run needs, so that whoever asks first doesn't wait for it."""
        import numpy as np

        with contextlib.suppress(CastlistError):  # there is none yet, or it can't be opened: who asks is told
            next(self.recognizer(self.newest_run()).eyes.see([np.zeros((64, 64, 3), np.uint8)]))

    def archive(self, name: str) -> ArchiveFolder:
        """An archive of the house by its name.

        Raises:
            CastlistError: If there is none of that name.
        """
        folder = self.new_archive(name)
        if not folder.is_there:
            raise _no_archive(name)
        return folder

    def archives(self) -> list[ArchiveFolder]:
        """The archives of the house, by name."""
        try:
            paths = sorted(self.house.archives.iterdir())
        except OSError:  # none was made yet
            return []
        return [folder for folder in map(archive.ArchiveFolder, paths) if folder.is_there]

    def new_archive(self, name: str) -> ArchiveFolder:
        """Where an archive of a name is, or is to be made.

        Raises:
            CastlistError: If no folder of the house can be called so.
        """
        path = _named(self.house.archives, name)
        if path is None:
            raise _no_archive(name)
        return archive.ArchiveFolder.here(path)

    def photos(self, root: int, below: str = "") -> Path:
        """A folder of photos: one of the roots by its number, or a folder below it, links followed no further.

        Raises:
            CastlistError: If there is none, or it lies outside.
        """
        roots = self.house.roots
        top = roots[root].resolve() if 0 <= root < len(roots) else None
        if top is not None and not is_folder(top):
            raise CastlistError(
                "root-gone", "The folder of photos {name!r} isn't there. Is its disk connected?", name=top.name
            )
        path = None if top is None else top if not below else join_below(top, below)
        if path is None or top is None or not is_folder(path) or not path.resolve().is_relative_to(top):
            raise CastlistError(
                "no-such-folder",
                "There is no folder {below!r} in the folder of photos number {root}.",
                below=below,
                root=root,
            )
        return path.resolve()


def desk_of(request: Request) -> Desk:
    """The desk, for whoever answers a request."""
    desk: Desk = request.scope["desk"]
    return desk


def _find_some(finder: faces.Finder | None, most: int, pixels: np.ndarray, **options: Any) -> list[faces.Face]:
    found = (finder or faces.find_faces)(pixels, **options)
    if len(found) > most:
        raise PhotoError("too-many-faces", "it shows {count} faces, more than {most}", count=len(found), most=most)
    return found


def _named(folder: Path, name: str) -> Path | None:
    """A folder in one of the house's, by a name that comes from anywhere; None: it can't be one."""
    is_name = not ("/" in name or "\\" in name or name.startswith(".")) and is_below(spell(name))
    try:
        return folder / name if is_name and len(os.fsencode(name)) <= LONGEST else None
    except UnicodeEncodeError:  # half of a character
        return None


def _no_run(name: str) -> CastlistError:
    return CastlistError("no-such-run", "There is no run {name!r}.", name=name)


def _no_archive(name: str) -> CastlistError:
    return CastlistError("no-such-archive", "There is no archive {name!r}.", name=name)
