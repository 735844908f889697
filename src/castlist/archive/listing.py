"""Files as they lie there: listed one by one, or held as columns, as a manifest is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import msgspec

from castlist.errors import needs_extra
from castlist.paths import name_below

with needs_extra("archive", "An archive"):
    import pyarrow as pa

Files: TypeAlias = "pa.Table"  # a row a file, with COLUMNS

COLUMNS = {
    "photo": pa.string(),  # its path below the root, as `castlist.paths.spell` writes it
    "bytes": pa.int64(),
    "modified": pa.int64(),  # nanoseconds since 1970
}
SOME = 1024  # files that are objects at the same time


class File(msgspec.Struct, frozen=True):
    """A file as it lies there; COLUMNS say what of it."""

    photo: str
    bytes: int
    modified: int


def list_files(files: Iterable[File]) -> Files:
    """The columns of files."""
    schema, rows, batches = pa.schema(COLUMNS), map(msgspec.structs.asdict, files), []
    while some := list(islice(rows, SOME)):
        batches.append(pa.RecordBatch.from_pylist(some, schema))
    return pa.Table.from_batches(batches, schema)


def files_of(batches: Iterable[pa.RecordBatch]) -> Iterator[File]:
    """The files of columns."""
    for batch in batches:
        yield from map(File, *(batch[name].to_pylist() for name in COLUMNS))


def look_around(root: Path, paths: Iterable[Path]) -> Iterator[File]:
    """Files below a root as they lie there; one that vanishes on the way isn't there."""
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # a folder that nobody may enter; its photo was there a moment ago
            continue
        yield File(name_below(root, path), status.st_size, status.st_mtime_ns)
