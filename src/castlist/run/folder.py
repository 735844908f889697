"""The owner of a run folder: how several hands read and change it at the same time.

A change of several files is one: the new files are written into a hidden folder, a list of them is renamed to its
final name, which is the moment from which the change holds, and then each file is moved to its place, the record
last. Whoever comes after a killed holder finds the list and goes on, or finds none and throws the rest away.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from castlist.errors import CastlistError, RunError, reason_of
from castlist.files import remove_parts
from castlist.run.inventory import DRAWN, FIGURES, LOCK, RECORD, SIGNED
from castlist.run.lock import PATIENCE, hold
from castlist.run.record import Run, open_run, read_part, sign
from castlist.run.stage import Stage

logger = logging.getLogger(__name__)

T = TypeVar("T")
Stamp = tuple[int, int, int]  # of run.json: inode, time, size

TRIES = 20  # to read between two changes; then changes are kept out
SETTLED = 5.0  # seconds in which somebody else has made a change that was decided on
PAUSE = 0.002  # seconds between two looks


class Change:
    """What a run is to become; nothing of it is to be seen before the block of `RunFolder.change` has ended."""

    def __init__(self, run: Run, stage: Stage) -> None:
        self.run = run  # the newest; put another in its place
        self._before = run
        self._stage = stage
        self._digests: dict[str, str | None] = {}  # of what is written; None: removed

    def read(self, name: str) -> bytes:
        """A file of the run as it is now.

        Raises:
            RunError: If it can't be read.
        """
        return read_part(self.run, name)

    def write(self, name: str, data: bytes) -> None:
        """Have a file in the run.

        Raises:
            RunError: If there is no right to write there, or no room.
        """
        with refusals(self.run.path):
            self._stage.write(name, data)
        self._digests[name] = sign(data)

    def remove(self, name: str) -> None:
        """Have a file or folder no more in the run, whether it is there or not."""
        self._stage.remove(name)
        self._digests[name] = None

    def commit(self) -> None:
        """Make the change, as a new generation; without one there is nothing to do."""
        if self.run == self._before and not self._stage.is_begun:
            return
        self.run = dataclasses.replace(self.run, generation=self._before.generation + 1, files=self._files())
        self._stage.write(RECORD, self.run.to_bytes())
        self._stage.commit()
        self._stage.apply()
        logger.info("a run is of generation %d", self.run.generation)
        logger.debug("which is %s", self.run.path)

    def _files(self) -> dict[str, str]:
        """The digests of what names, once it is written or removed; of all that lies there when a run is finished."""
        files = {**self.run.files, **self._digests}
        if self.run.complete and not self._before.complete:
            lying = [name for name in SIGNED if name not in self._digests and (self.run.path / name).exists()]
            files |= {name: sign(self.read(name)) for name in lying}
        return {name: digest for name, digest in files.items() if digest and name in SIGNED}


class RunFolder:
    """A run folder that others may change at the same moment."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> Stamp | None:
        """What tells a generation of the run from every other, for one stat call; None where there is no run."""
        try:
            status = (self.path / RECORD).stat()
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
        if self.stamp() is None:
            open_run(self.path)  # says why
        for _ in range(TRIES):
            self._settle()
            before = self.stamp()
            try:
                loaded = load(open_run(self.path))
            except CastlistError:  # of a change under way, perhaps
                if self._is_still(before):
                    raise
                continue
            if self._is_still(before):
                return loaded
        with self.alone():
            return load(open_run(self.path))

    def _is_still(self, stamp: Stamp | None) -> bool:
        # In this order: a change that has begun is seen by its list, one that has ended by the record.
        return not Stage(self.path).is_committed and self.stamp() == stamp

    @contextlib.contextmanager
    def change(self) -> Iterator[Change]:
        """Change the run: as a function of its newest state, all files as one, with everybody else kept out.

        An exception in the block leaves the run as it was. Work that takes long and needs no newest state belongs
        before the block.

        Raises:
            RunError: If the folder is no run, is broken, or may not be changed.
        """
        with self.alone():
            stage = Stage(self.path)
            change = Change(open_run(self.path), stage)
            try:
                yield change
                with refusals(self.path):
                    change.commit()
            finally:
                if not stage.is_committed:
                    stage.discard()

    @contextlib.contextmanager
    def alone(self, *, patience: float = PATIENCE) -> Iterator[None]:
        """Keep others out while the block runs, for what isn't a change; what a killed holder left is put in order.

        Args:
            patience: How many seconds to wait for another holder.

        Raises:
            RunError: If the folder is no run, or may not be changed.
        """
        if self.stamp() is None:
            open_run(self.path)  # says why
        with contextlib.ExitStack() as stack:
            with refusals(self.path):
                stack.enter_context(hold(self.path / LOCK, patience=patience))
                stage = Stage(self.path)
                if stage.is_committed:
                    logger.info("a change that somebody was killed at is made")
                    stage.apply()
                stage.discard()
                for folder in (self.path, self.path / FIGURES, self.path / DRAWN):
                    remove_parts(folder)
            yield

    def _settle(self) -> None:
        """Make a change that a killed holder had decided on, or wait for whoever is making it."""
        deadline = time.monotonic() + SETTLED
        while Stage(self.path).is_committed:
            try:
                with self.alone(patience=0):
                    return
            except RunError as error:
                if error.code not in ("run-busy", "run-read-only") or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE)


@contextlib.contextmanager
def refusals(run: Path) -> Iterator[None]:
    """What the system refuses while a run is changed, as a sentence.

    Raises:
        RunError: If it refuses something.
    """
    try:
        yield
    except OSError as error:
        raise RunError(
            "run-read-only",
            "The run {path!r} can't be changed ({reason}). Get the right to write there, make room, or copy it.",
            path=str(run),
            reason=reason_of(error),
        ) from error
