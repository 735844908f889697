"""What is to be done: files as they lie there, compared with the rows of an archive, and cut into units.

A unit is some photos whose rows make one shard. A plan is written before its work begins, so that whoever comes after a
killed process, and whoever does a share, cuts as the first one did.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias, overload

import msgspec
import numpy as np

from castlist.archive.listing import COLUMNS, File, Files, each_once, files_at, in_chunks
from castlist.errors import needs_extra
from castlist.threads import work_ahead

with needs_extra("archive", "An archive"):
    import pyarrow as pa
    import pyarrow.compute as pc

Digest: TypeAlias = Callable[[str], str | None]

UNIT = 256  # contents in a unit: a few seconds of work, and a shard of some hundred kilobytes
LARGEST = 2**28  # bytes of a unit: of somebody else's archive, a few bytes may be unpacked to any size
NONE = -1  # the place of what isn't there

# What the rows of an archive say of a file.
KNOWN = {
    **COLUMNS,
    "digest": pa.binary(32),  # null: it couldn't be opened
    "unit": pa.int64(),
    "gone": pa.bool_(),  # it was there once
    "current": pa.bool_(),  # its faces were seen with the eyes of now
}

NOTHING = pa.Table.from_batches([], pa.schema(KNOWN))


class Content(msgspec.Struct, frozen=True):
    """Files that are copies of each other: looked at once."""

    files: tuple[File, ...]
    digest: str = ""  # where there are copies, or rows of it
    source: int | None = None  # the unit that has its rows: no look is needed


class Unit(msgspec.Struct, frozen=True):
    """What is to be done for one shard."""

    number: int
    contents: tuple[Content, ...] = ()  # whose rows are put in, in the place of those of the same files
    gone: tuple[str, ...] = ()  # photos that are there no more

    @property
    def n_looks(self) -> int:
        """How many contents are to be looked at."""
        return sum(content.source is None for content in self.contents)


class Plan(msgspec.Struct, frozen=True):
    """What is to be done for an archive."""

    number: int
    eyes: str  # digest of what sees
    packed: tuple[bytes, ...]  # units, as `pack_unit` makes them

    @property
    def units(self) -> Units:
        """What is to be done, unit by unit."""
        return Units(self.packed)


class Units(Sequence[Unit]):
    """Units of which one is unpacked when it is asked for: a hundred thousand photos are held in a few megabytes."""

    def __init__(self, packed: Sequence[bytes]) -> None:
        self._packed = packed

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, place: int) -> Unit: ...
    @overload
    def __getitem__(self, place: slice) -> Units: ...
    def __getitem__(self, place: int | slice) -> Unit | Units:
        if isinstance(place, slice):
            return Units(self._packed[place])
        return _unpack(self._packed[place])

    def where(self, holds: Callable[[Unit], bool]) -> Units:
        """Those of which something holds."""
        return Units([packed for packed, unit in zip(self._packed, self, strict=True) if holds(unit)])


def pack_unit(unit: Unit) -> bytes:
    """A unit in a fifth of the space."""
    return zlib.compress(msgspec.json.encode(unit), 1)


def _unpack(packed: bytes) -> Unit:
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(packed, LARGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacking.eof:
        raise ValueError("a unit of it is cut off, or too large")
    return msgspec.json.decode(data, type=Unit)


def known_of(rows: pa.Table, unit: int, *, is_current: bool) -> pa.Table:
    """What the rows of a unit say of their files, with the columns of KNOWN."""
    rows = each_once(rows)
    gone = rows["gone"].to_numpy()
    # A film that waited for castlist[films] is looked at as soon as that may be there.
    waits = pc.equal(rows["reason"], "needs-extra").fill_null(False).to_numpy() & ~gone
    said = {
        **{name: rows[name] for name in COLUMNS},
        "digest": pa.array(map(_to_bytes, rows["digest"].to_pylist()), KNOWN["digest"]),
        "unit": np.full(len(rows), unit),
        "gone": gone,
        "current": is_current & ~waits,
    }
    return pa.table([said[name] for name in KNOWN], pa.schema(KNOWN))


def make_plan(number: int, eyes: str, digest: Digest, files: Files, known: pa.Table, first: int) -> Plan | None:
    """Plan what makes an archive's rows those of the files; None: they are.

    Args:
        number: Of the plan.
        eyes: Digest of what sees.
        digest: Of a photo's content, by its name; None where that isn't known without a look.
        files: What lies there now.
        known: What the rows say, with the columns of KNOWN.
        first: The number of the first new unit.
    """
    row = pc.index_in(files["photo"], value_set=known["photo"]).fill_null(NONE).to_numpy()  # of what is known of each
    is_same = row != NONE
    for name in ("bytes", "modified"):
        is_same &= _at(known[name], row) == files[name].to_numpy()
    is_settled = known["current"].to_numpy() & ~known["gone"].to_numpy()
    pending = np.flatnonzero(~(is_same & (_at(is_settled, row) == 1)))
    pending = pending[pc.sort_indices(files["photo"].take(pa.array(pending))).to_numpy()]
    is_left = ~(known["current"].to_numpy() & known["gone"].to_numpy())
    is_left[row[row != NONE]] = False
    if not len(pending) and not is_left.any():
        return None

    # Only what may be a copy is read twice: what is as large as another, or was another.
    is_asked = ~is_same & ((row != NONE) | _is_common(files["bytes"].to_numpy(), known["bytes"].to_numpy()))
    waiting, row = files.take(pa.array(pending)), row[pending]
    is_same, is_asked = is_same[pending], is_asked[pending]
    kept = known["digest"].take(pa.array(row[is_same]))
    digests = _digests(digest, waiting["photo"], kept, is_same, is_asked)
    left = known.filter(pa.array(is_left))
    current = known.select(["digest", "unit"]).filter(known["current"])
    source = pc.index_in(digests, value_set=current["digest"], skip_nulls=True).fill_null(NONE).to_numpy()
    units = _cut(waiting, digests, _at(current["unit"], source), _at(known["unit"], row), left, first)
    packed = tuple(map(pack_unit, units))
    return Plan(number, eyes, packed)


def _at(column: pa.ChunkedArray | np.ndarray, rows: np.ndarray) -> np.ndarray:
    """A column's values in some rows; NONE in those that are NONE."""
    return np.append(np.asarray(column), NONE)[rows]


def _is_common(sizes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of some sizes are there more than once, among others, too."""
    _, inverse, counts = np.unique(np.concatenate([sizes, others]), return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse[: len(sizes)]] > 1)


def _digests(
    digest: Digest, photos: pa.ChunkedArray, kept: pa.ChunkedArray, is_kept: np.ndarray, is_asked: np.ndarray
) -> pa.Array:
    """The digests of contents, as bytes: those that are kept, those that must be asked for, and else null."""
    told = work_ahead(digest, (photos[row].as_py() for row in np.flatnonzero(is_asked).tolist()))
    known = iter(kept)
    found = (
        _to_bytes(next(told)) if ask else next(known).as_py() if keep else None
        for ask, keep in zip(is_asked.tolist(), is_kept.tolist(), strict=True)
    )
    return in_chunks(found, KNOWN["digest"]).combine_chunks()


def _to_bytes(digest: str | None) -> bytes | None:
    return bytes.fromhex(digest) if digest else None


def _cut(
    files: Files, digests: pa.Array, source: np.ndarray, unit: np.ndarray, left: pa.Table, first: int
) -> Iterator[Unit]:
    """Cut what is to be done into units.

    Args:
        files: What is to be looked at, or taken from elsewhere, n files in order.
        digests: Of their contents; null: a content of its own.
        source: Shape (n,); the unit that has the content's rows already, or NONE.
        unit: Shape (n,); the unit that has the file's rows, or NONE.
        left: Files that are there no more, of which the rows don't say so.
        first: The number of the first new unit.
    """
    content = _first_copies(digests)
    has_copies = np.bincount(content, minlength=1)[content] > 1

    is_new = unit == NONE
    _, rank = np.unique(content[is_new], return_inverse=True)
    unit = unit.copy()
    unit[is_new] = first + rank // UNIT
    waiting = {int(unit[rows[0]]): rows for rows in _runs(np.lexsort((content, unit)), unit)}
    away = left["unit"].to_numpy()
    leaving = {int(away[rows[0]]): rows for rows in _runs(np.argsort(away, kind="stable"), away)}
    # New ones first: what moved is found where it was, before that is written anew.
    for number in sorted({*waiting, *leaving}, key=lambda number: (number < first, number)):
        rows = waiting.get(number, np.zeros(0, int))
        some, contents = iter(files_at(files, rows)), []
        for copies in _runs(rows, content):
            one = copies[0]
            told = digests[int(one)].as_py() if has_copies[one] or source[one] != NONE else None
            contents.append(
                Content(
                    tuple(islice(some, len(copies))),
                    told.hex() if told else "",
                    int(source[one]) if source[one] != NONE else None,
                )
            )
        gone = left["photo"].take(pa.array(leaving.get(number, []), pa.int64())).to_pylist()
        yield Unit(number, tuple(contents), tuple(gone))


def _first_copies(digests: pa.Array) -> np.ndarray:
    """The first of each file's copies, which may be itself; shape (n,)."""
    first = np.arange(len(digests))
    begins = np.frombuffer(digests.buffers()[1] or b"", np.uint64).reshape(-1, 4)[:, 0]
    # Few have a copy, and what tells whole digests apart takes six times their memory.
    rows = np.flatnonzero(_is_common(begins, begins[:0]) & digests.is_valid().to_numpy(zero_copy_only=False))
    _, head, group = np.unique(
        digests.take(pa.array(rows)).dictionary_encode().indices.to_numpy(), return_index=True, return_inverse=True
    )
    first[rows] = rows[head][group]
    return first


def _runs(rows: np.ndarray, key: np.ndarray) -> list[np.ndarray]:
    """Rows, cut where their key changes."""
    return np.split(rows, np.flatnonzero(np.diff(key[rows])) + 1) if len(rows) else []


def content_digest(path: Path) -> str:
    """The digest of a file's content, however large it is; "" where it can't be read, which is told by who looks."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
