"""Files as they lie there, held as columns: as objects of Python, a hundred thousand of them are tens of megabytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np

from castlist.errors import needs_extra
from castlist.paths import name_below

with needs_extra("archive", "An archive"):
    import pyarrow as pa
    import pyarrow.compute as pc

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
    rows = in_chunks(map(msgspec.structs.asdict, files), pa.struct(COLUMNS))
    return pa.Table.from_batches(map(pa.RecordBatch.from_struct_array, rows.chunks), pa.schema(COLUMNS))


def in_chunks(values: Iterable[Any], kind: pa.DataType) -> pa.ChunkedArray:
    """A column of values, of which only some are objects at the same time."""
    rest, chunks = iter(values), []
    while some := list(islice(rest, SOME)):
        chunks.append(pa.array(some, kind))
    return pa.chunked_array(chunks, kind)


def look_around(root: Path, paths: Iterable[Path]) -> Iterator[File]:
    """Files below a root as they lie there; one that vanishes on the way isn't there."""
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # a folder that nobody may enter; its photo was there a moment ago
            continue
        yield File(name_below(root, path), status.st_size, status.st_mtime_ns)


def each_once(rows: pa.Table) -> pa.Table:
    """Rows without those of photos of which there is one before them."""
    photos = rows["photo"].combine_chunks()
    return rows.filter(pa.array(pc.index_in(photos, value_set=photos).to_numpy() == np.arange(len(rows))))


def have_common(some: pa.Table, others: pa.Table) -> bool:
    """Whether any photo is in both."""
    return bool(pc.any(pc.is_in(some["photo"], value_set=others["photo"])).as_py())


def give_back() -> None:
    """Let the system have what columns needed for a moment, before work begins that needs as much."""
    pa.default_memory_pool().release_unused()


def files_at(files: Files, rows: np.ndarray) -> list[File]:
    """Some rows as files."""
    return [File(**row) for row in files.take(pa.array(rows, pa.int64())).to_pylist()]
