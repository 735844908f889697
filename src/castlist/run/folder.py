"""The owner of a run folder: what lies in it, and how several hands read it at the same time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from castlist.run.record import Run, open_run

T = TypeVar("T")
Stamp = tuple[int, int, int]  # of run.json: inode, time, size


class RunFolder:
    """A run folder that others may change at the same moment."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> Stamp | None:
        """What tells a generation of the run from every other, for one stat call; None where there is no run."""
        try:
            status = (self.path / "run.json").stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def read(self, load: Callable[[Run], T]) -> T:
        """Read the run and what belongs to it, all of one generation.

        Args:
            load: Reads what it needs besides the record; is called again if the run was changed meanwhile.

        Raises:
            RunError: If the folder is no run, or is broken.
        """
        while True:
            before = self.stamp()
            loaded = load(open_run(self.path))
            if self.stamp() == before:
                return loaded
