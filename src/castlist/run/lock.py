"""A lock that two processes and two threads respect, and that nobody's death leaves shut."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from castlist.errors import CastlistError, RunError, reason_of
from castlist.files import PRIVATE_FILE

PATIENCE = 120.0  # seconds; the longest work under a lock, a report, takes a few
PAUSE = 0.01  # seconds between two tries

_BUSY = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # what systems call a lock that another holds
_mine = threading.local()

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def hold(path: Path, *, patience: float = PATIENCE, of: Path | None = None) -> Iterator[None]:
    """Keep everybody else out while the block runs; the system lets go of the file when the process ends.

    Args:
        path: The lock's file; it stays, since deleting it would let two in.
        patience: How many seconds to wait for another holder.
        of: What it keeps others out of; by default the folder that it lies in.

    Raises:
        RunError: If another holder doesn't let go.
        CastlistError: If the file system knows no locks.
        OSError: If the file can't be opened for writing.
    """
    held: set[Path] = _mine.__dict__.setdefault("held", set())
    key = path.absolute()
    if key in held:
        raise RuntimeError(f"{str(path)!r} is held by this thread already: it would wait for itself")
    handle = _acquire(path, time.monotonic() + patience, of or path.parent)
    held.add(key)
    try:
        yield
    finally:
        held.discard(key)
        os.close(handle)


def _acquire(path: Path, deadline: float, of: Path) -> int:
    while True:
        # No link: a foreign run's would make a file wherever it leads.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), PRIVATE_FILE)
        try:
            _take(handle)
            if _is_at(path, handle):
                return handle
        except OSError as error:
            if error.errno not in _BUSY:
                os.close(handle)
                raise CastlistError(
                    "no-locks",
                    "{path!r} can't be kept from others while it is changed: its disk gives no locks ({reason}), as "
                    "some network drives don't. Copy it to a disk of this machine.",
                    path=str(of),
                    reason=reason_of(error),
                ) from error
        os.close(handle)
        if time.monotonic() > deadline:
            raise RunError(
                "run-busy",
                "The run {path!r} is being changed by another process, and that takes too long. "
                "End what holds it, then try again.",
                path=str(of),
            )
        time.sleep(PAUSE)


def _is_at(path: Path, handle: int) -> bool:
    """Whether the file is still the one of that name: the folder may have been replaced while this one waited."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
