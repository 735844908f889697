"""Files written beside and renamed, so that none is ever seen half-written and nothing is lost when writing fails.

What is renamed is on disk first: after a power cut there is the old file or the new one, never an empty one.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import errno
import io
import logging
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from castlist.errors import FULL, CastlistError, PhotoError, reason_of

logger = logging.getLogger(__name__)

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
# Of no file's name: a long one has no room for more, and somebody's may be in it.
_PART = re.compile(r"\.\d+-[0-9a-f]{16}\.part")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_BLOCK = 1 << 16  # bytes
_LARGEST = 1 << 32  # bytes; of a file that is read as one
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def write_bytes(
    path: Path,
    data: bytes,
    *,
    private: bool = False,
    like: Path | None = None,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Write a file; missing folders are made.

    Args:
        path: Where to; what is there is replaced.
        data: All of it.
        private: Whether only the user may read it, and the folder if it is made; else the system's own rule holds.
        like: A file whose readers may read it.
        on_ready: Called in the last moment before the file is there; what it raises, keeps it from that.

    Raises:
        CastlistError: If it can't be written, or a device or a pipe is there; what was there before is intact.
    """
    if _is_outlet(path):
        raise in_the_way(path)
    try:
        make_folder(path.parent, private=private)
        place_bytes(path, data, private=private, like=like, on_ready=on_ready)
        flush_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error


def _is_outlet(path: Path) -> bool:
    """Whether a path is a device, a pipe, or a link to what a process has open: a file there would be its end."""
    try:
        mode = path.stat().st_mode
        is_link_to_open = path.is_symlink() and path.readlink().is_relative_to("/proc")
    except (OSError, ValueError):  # told where it is written
        return False
    return is_link_to_open or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Write a text as `write_bytes` does, in UTF-8; what of a file's name isn't text is spelled out."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"), private=private)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], *, private: bool = False) -> None:
    """Write a table as `write_bytes` does."""
    write_bytes(path, table_bytes(header, rows), private=private)


def table_bytes(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as `write_csv` writes it: in UTF-8, with the mark without which Excel takes it for something else."""
    return codecs.BOM_UTF8 + rows_bytes([header, *rows])


def rows_bytes(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows of a table as `table_bytes` has them; what of a name isn't text is spelled out."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def read_csv(path: Path) -> list[list[str]]:
    """Read a table as `write_csv` wrote it.

    Raises:
        PhotoError: If it is no file with an end; the message is the reason. Also OSError, csv.Error and ValueError.
    """
    return list(csv.reader(io.StringIO(read_regular(path).decode("utf-8-sig"), newline="")))


def append_lines(path: Path, lines: bytes) -> int:
    """Add whole lines to a file that only the user may read, and give where they begin; whoever calls it is alone.

    They are on disk when this returns. What a killed process wrote of a line goes.

    Raises:
        CastlistError: If they can't be written; then none of them is there.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), PRIVATE_FILE)
        try:
            whole = _end_of_lines(file)
            os.ftruncate(file, whole)
            try:
                if os.write(file, lines) != len(lines):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            except OSError:
                os.ftruncate(file, whole)
                raise
            return whole
        finally:
            os.close(file)
    except OSError as error:
        raise cannot_write(path, error) from error


def _end_of_lines(file: int) -> int:
    """Where the last whole line of an open file ends; looked for from behind, however much was added before."""
    at = os.fstat(file).st_size
    while at:
        start = max(at - _BLOCK, 0)
        os.lseek(file, start, os.SEEK_SET)
        if end := os.read(file, at - start).rfind(b"\n") + 1:
            return start + end
        at = start
    return 0


def make_folder(path: Path, *, private: bool = False) -> None:
    """Make a folder and those above it, unless they are there; only the last one is private."""
    if not path.is_dir():
        path.mkdir(PRIVATE_FOLDER if private else 0o777, parents=True, exist_ok=True)


def need_folder(path: Path, *, private: bool = False) -> None:
    """Make a folder as `make_folder` does.

    Raises:
        CastlistError: If it can't be made.
    """
    try:
        make_folder(path, private=private)
    except OSError as error:
        raise cannot_write(path, error) from error


def part_of(path: Path) -> Path:
    """Where to write a file before it is renamed: a name that nobody else takes, and `remove_parts` knows."""
    return path.parent / f".{os.getpid()}-{secrets.token_hex(8)}.part"


def make_private(path: Path) -> None:
    """Let nobody but the user read a file that another library has written."""
    path.chmod(PRIVATE_FILE)


def place_bytes(
    path: Path,
    data: bytes,
    *,
    private: bool,
    like: Path | None = None,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Write a file into a folder that is there, as `write_bytes` does; `flush_folder` makes it last.

    Raises:
        OSError: If it can't be written; what was there before is intact.
    """
    part = part_of(path)
    try:
        with os.fdopen(os.open(part, _NEW, PRIVATE_FILE if private or like else 0o666), "wb") as file:
            file.write(data)
            if like:
                share_as(part, like, stat.S_IMODE(like.stat().st_mode) & 0o666 | stat.S_IWUSR)
            file.flush()
            os.fsync(file.fileno())
        on_ready()
        part.replace(path)
    except BaseException:  # an interruption, too
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    logger.debug("%d bytes written to %s", len(data), path.parent)


def share_as(path: Path, like: Path, mode: int) -> None:
    """Give a file the owner and the group of another, as far as this user may, and a mode."""
    if hasattr(os, "chown"):
        status = like.stat()
        for user, group in ((-1, status.st_gid), (status.st_uid, -1)):
            with contextlib.suppress(OSError):
                os.chown(path, user, group)
    path.chmod(mode)


def flush_folder(path: Path) -> None:
    """Have the names in a folder on disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that keeps no folders to flush
            raise
    finally:
        os.close(folder)


def need_regular(path: Path) -> int:
    """Make sure that a file can be read to its end: a pipe or a device may have none.

    Returns:
        Its size in bytes.

    Raises:
        PhotoError: If it can't; the message is the reason.
        OSError: If there is no such file.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise PhotoError("photo-no-file", "not a regular file")
    return status.st_size


def read_regular(path: Path, largest: int = _LARGEST) -> bytes:
    """Read a file to its end: a pipe or a device may have none, and whatever is larger than it can be fills the memory.

    Args:
        path: The file.
        largest: How many bytes it can have.

    Raises:
        PhotoError: If it isn't such a file; the message is the reason.
        OSError: If it can't be read.
    """
    size = need_regular(path)
    if size <= largest:
        with contextlib.suppress(MemoryError):
            return path.read_bytes()
    raise PhotoError("file-large", "a file of {size:.1f} GB, too large to be read", size=size / 1e9)


def need_replaceable(path: Path, *heads: bytes) -> None:
    """Make sure that what is to be written replaces nothing of another kind, such as a photo.

    Args:
        path: Where to.
        heads: How a file of the kind begins, capitals or not; an empty one, and what is no file, may be written to.

    Raises:
        CastlistError: If there is another file.
    """
    try:
        if not path.is_file():
            return
        with path.open("rb") as file:
            head = file.read(100).lstrip().lower()
    except (OSError, ValueError):  # told where it is written
        return
    if head and not head.startswith(tuple(one.lower() for one in heads)):
        raise in_the_way(path)


def in_the_way(path: Path) -> CastlistError:
    """That a file isn't replaced, being of another kind than what is to be written there."""
    return CastlistError(
        "file-in-the-way",
        "{path!r} is there and isn't what is written there: it would be lost. Choose another name.",
        path=str(path),
    )


def remove_parts(folder: Path) -> int:
    """Remove what killed processes were writing into a folder; gives how many files.

    Whoever calls it makes sure that nobody writes there: a number of a process says little among machines.
    """
    parts = [path for path in folder.iterdir() if _PART.fullmatch(path.name)] if folder.is_dir() else []
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)


def cannot_write(path: Path, error: OSError) -> CastlistError:
    """What the system's refusal to write means, as a sentence."""
    reason = reason_of(error)
    if error.errno in FULL:
        return CastlistError(
            "disk-full",
            "{path!r} can't be written ({reason}). Free some space or choose another place.",
            path=str(path),
            reason=reason,
        )
    if error.errno in _FORBIDDEN:
        return CastlistError(
            "write-forbidden",
            "{path!r} can't be written ({reason}). Get the right to write there or choose another place.",
            path=str(path),
            reason=reason,
        )
    return CastlistError(
        "write-failed", "{path!r} can't be written ({reason}). Choose another place.", path=str(path), reason=reason
    )
