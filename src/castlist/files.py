"""Files written beside and renamed, so that none is ever seen half-written and nothing is lost when writing fails."""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from castlist.errors import CastlistError, reason_of


def write_bytes(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file; missing folders are made.

    Args:
        path: Where to; what is there is replaced.
        data: All of it.
        private: Whether only the user may read it; else the system's own rule holds.

    Raises:
        CastlistError: If it can't be written; what was there before is intact.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o666), "wb"
        ) as file:
            file.write(data)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise CastlistError(
            f"{str(path)!r} can't be written ({reason_of(error)}). Free some space or choose another place."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write a text as `write_bytes` does, in UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table as `write_bytes` does."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())
