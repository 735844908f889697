"""Where an archive's files lie: a folder of this machine, or an address; each is written as a whole."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from castlist.errors import CastlistError, RunError
from castlist.files import PRIVATE_FOLDER, cannot_write, remove_parts, write_bytes
from castlist.paths import is_file
from castlist.places import Place
from castlist.run import hold

logger = logging.getLogger(__name__)

# Seconds: a holder of an address says so again and again; one that hasn't for as long as a lease lasts is dead.
RENEW, LEASE = 5.0, 40.0


class Storage(Protocol):
    """Files by their names below a folder, such as units/00001.parquet."""

    def has(self, name: str) -> bool:
        """Whether a file is there."""

    def names(self, folder: str = "") -> list[str]:
        """The names of the files in the folder, or in one below it."""

    def read(self, name: str) -> bytes:
        """Read a file; FileNotFoundError where it isn't there."""

    def open(self, name: str) -> Path | BinaryIO:
        """A file of which only parts are wanted, as pyarrow takes it."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file as a whole."""

    def delete(self, name: str) -> None:
        """Delete a file; it may be gone."""

    def prepare(self) -> None:
        """Make the folder if it isn't there."""

    def tidy(self, *folders: str) -> None:
        """Remove what killed processes were writing; whoever calls it is alone."""

    def hold(self, name: str, patience: float) -> contextlib.AbstractContextManager[None]:
        """Keep others out who hold the same name, while the block runs.

        Raises:
            RunError: If another holder doesn't let go within so many seconds.
        """


class Folder:
    """Files of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def has(self, name: str) -> bool:
        """As of `Storage`."""
        return is_file(self._path / name)

    def names(self, folder: str = "") -> list[str]:
        """As of `Storage`."""
        return [path.name for path in (self._path / folder).glob("*") if path.is_file()]

    def read(self, name: str) -> bytes:
        """As of `Storage`."""
        return (self._path / name).read_bytes()

    def open(self, name: str) -> Path:
        """As of `Storage`."""
        return self._path / name

    def write(self, name: str, data: bytes) -> None:
        """As of `Storage`."""
        write_bytes(self._path / name, data, private=True)

    def delete(self, name: str) -> None:
        """As of `Storage`."""
        (self._path / name).unlink(missing_ok=True)

    def prepare(self) -> None:
        """As of `Storage`."""
        try:
            self._path.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def tidy(self, *folders: str) -> None:
        """As of `Storage`."""
        for folder in folders:
            remove_parts(self._path / folder)

    @contextlib.contextmanager
    def hold(self, name: str, patience: float) -> Iterator[None]:
        """As of `Storage`: a lock of the system, which ends with its process."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(hold(self._path / name, patience=patience))
            except OSError as error:
                raise cannot_write(self._path / name, error) from error
            yield


class Bucket:
    """Files at an address."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lost = threading.Event()  # somebody else holds what this process held

    def has(self, name: str) -> bool:
        """As of `Storage`."""
        return self._place.has(name)

    def names(self, folder: str = "") -> list[str]:
        """As of `Storage`."""
        start = f"{folder}/" if folder else ""
        found = (one.name[len(start) :] for one in self._place.files(folder) if one.name.startswith(start))
        return [name for name in found if "/" not in name]

    def read(self, name: str) -> bytes:
        """As of `Storage`."""
        return self._place.read(name)

    def open(self, name: str) -> BinaryIO:
        """As of `Storage`."""
        return self._place.open(name)

    def write(self, name: str, data: bytes) -> None:
        """As of `Storage`: one PUT."""
        if self._lost.is_set():
            raise RunError(
                "lease-lost", "The work on {address!r} was taken over. Start it again.", address=self._address
            )
        self._place.write(name, data)

    def delete(self, name: str) -> None:
        """As of `Storage`."""
        self._place.delete(name)

    def prepare(self) -> None:
        """As of `Storage`: there are no folders."""

    def tidy(self, *folders: str) -> None:
        """As of `Storage`: nothing is there by half."""

    @contextlib.contextmanager
    def hold(self, name: str, patience: float) -> Iterator[None]:
        """As of `Storage`: by a file that only one can create, and that its holder writes anew again and again.

        Whoever finds one waits until it changes, or has been left as it is for so long that its holder must be dead;
        clocks of machines aren't compared. A holder that was only asleep finds another's name in it: it writes no more.
        """
        mine = secrets.token_hex(8)
        self._acquire(name, mine, patience)
        ended = threading.Event()
        # Not of the pool: that is for work, and this thread waits for as long as the lease is held.
        renewer = threading.Thread(target=self._renew, args=(name, mine, ended), name="castlist-lease", daemon=True)
        renewer.start()
        try:
            yield
        finally:
            ended.set()
            renewer.join()
            if not self._lost.is_set():
                try:
                    self._place.delete(name)
                except CastlistError:  # what happened in the block matters more, and the lease ends anyway
                    logger.warning("the lease of %s can't be given back", self._address)

    @property
    def _address(self) -> str:
        return self._place.address

    def _acquire(self, name: str, mine: str, patience: float) -> None:
        seen, since = b"", time.monotonic()
        deadline = since + patience
        while not self._place.create(name, f"{mine} 0".encode()):
            try:
                there = self._place.read(name)
            except FileNotFoundError:
                continue
            now = time.monotonic()
            if there != seen:
                if seen and now > deadline:
                    raise RunError("lease-held", "{path!r} is held by another process.", path=self._address)
                seen, since = there, now
            elif now > since + LEASE:
                logger.warning("who held %s is dead", self._address)
                self._place.delete(name)
                continue
            time.sleep(RENEW / 5)

    def _renew(self, name: str, mine: str, ended: threading.Event) -> None:
        count = 0
        while not ended.wait(RENEW):
            try:
                if not self._place.read(name).startswith(mine.encode()):
                    break
                count += 1
                self._place.write(name, f"{mine} {count}".encode())
            except FileNotFoundError:
                break
            except Exception:  # the next time it may be reached
                logger.warning("the lease of %s can't be renewed", self._address, exc_info=True)
        if not ended.is_set():
            self._lost.set()
