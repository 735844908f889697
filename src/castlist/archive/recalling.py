"""The photos of an archive in the order of a wall, kept beside the shards: whoever comes first waits for no Parquet."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Sequence
from pathlib import Path

import msgspec

from castlist.archive.folder import ArchiveFolder
from castlist.archive.records import ArchivedFile
from castlist.errors import CastlistError, Message
from castlist.files import write_bytes
from castlist.paths import join_below

FILES = "files.json"  # in the index

Stamp = tuple[tuple[str, int, int], ...]  # of files: name, nanoseconds since 1970, bytes


class _Row(msgspec.Struct, array_like=True, frozen=True):
    name: str
    digest: str
    size: tuple[int, int]
    taken: datetime.datetime | None
    problem: tuple[str, str] | None  # code and sentence


class _Kept(msgspec.Struct, frozen=True):
    of: Stamp
    rows: list[_Row]


def kept_files(folder: ArchiveFolder, stamp: Stamp) -> tuple[ArchivedFile, ...] | None:
    """The photos and films as they were kept; None: they weren't, or the shards were others."""
    try:
        kept = msgspec.json.decode((folder.index / FILES).read_bytes(), type=_Kept)
    except (OSError, ValueError):  # an index may be deleted, or broken, at any time
        return None
    if kept.of != stamp:
        return None
    root = Path(folder.record().root)
    return tuple(
        ArchivedFile(path, row.name, row.digest, row.size, row.taken, row.problem and Message.filled(*row.problem))
        for row in kept.rows
        if (path := join_below(root, row.name)) is not None
    )


def keep_files(folder: ArchiveFolder, stamp: Stamp, files: Sequence[ArchivedFile]) -> None:
    """Keep photos and films for the next who asks; without room it only takes longer."""
    rows = [
        _Row(one.name, one.digest, one.size, one.taken, (one.problem.code, str(one.problem)) if one.problem else None)
        for one in files
    ]
    with contextlib.suppress(CastlistError):
        write_bytes(folder.index / FILES, msgspec.json.encode(_Kept(stamp, rows)), private=True)
