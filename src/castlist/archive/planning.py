"""What is to be done: files as they lie there, compared with the rows of an archive, and cut into units.

They are compared in tables on disk, so that an archive of very many photos takes no more memory than one of few.

A unit is some photos whose rows make one shard. A plan is written before its work begins, so that whoever comes after a
killed process, and whoever does a share, cuts as the first one did.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeAlias, overload

import msgspec

from castlist.archive.listing import File
from castlist.archive.table import FILE_COLUMNS, Table
from castlist.errors import CastlistError
from castlist.threads import work_ahead

Digest: TypeAlias = Callable[[str], str | None]

UNIT = 256  # contents in a unit: a few seconds of work, and a shard of some hundred kilobytes
LARGEST = 2**28  # bytes of a unit: of somebody else's archive, a few bytes may be unpacked to any size

_TABLES = """
    PRAGMA journal_mode = OFF;  -- nobody goes on with what a killed process leaves
    CREATE TABLE files (photo TEXT PRIMARY KEY, bytes INTEGER, modified INTEGER) WITHOUT ROWID;
    CREATE TABLE known (
        photo TEXT PRIMARY KEY, bytes INTEGER, modified INTEGER,
        digest TEXT, unit INTEGER, gone INTEGER, current INTEGER
    ) WITHOUT ROWID;
"""
_PENDING = """
    CREATE TABLE pending AS
        SELECT files.*, unit, digest, (known.bytes, known.modified) IS (files.bytes, files.modified) AS is_same
        FROM files LEFT JOIN known USING (photo)
        WHERE NOT (is_same AND current AND NOT gone) ORDER BY photo;
    CREATE TABLE away AS
        SELECT unit, photo FROM known
        WHERE NOT (current AND gone) AND NOT EXISTS (SELECT 1 FROM files WHERE files.photo = known.photo);
"""
_SIZES = """
    CREATE TABLE sizes AS
        SELECT bytes FROM (SELECT bytes FROM files UNION ALL SELECT bytes FROM known)
        GROUP BY bytes HAVING count(*) > 1;
    UPDATE pending SET digest = NULL WHERE NOT is_same;
    CREATE INDEX sources ON known (digest, unit) WHERE current;
"""
# Only what may be a copy is read twice: what is as large as another, or was another.
_ASKED = "SELECT rowid, photo FROM pending WHERE NOT is_same AND (unit IS NOT NULL OR bytes IN sizes)"
# As many files of a content as came where it wasn't are some that left where it was.
_MOVED = """
    CREATE TABLE moved AS
        SELECT unit, photo FROM (
            SELECT unit, photo, digest, row_number() OVER (PARTITION BY digest ORDER BY gone, photo) AS place
            FROM known WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.photo = known.photo)
                OR EXISTS (SELECT 1 FROM pending WHERE pending.photo = known.photo AND pending.digest <> known.digest)
        ) JOIN (
            SELECT pending.digest AS digest, count(*) AS came FROM pending LEFT JOIN known USING (photo)
            WHERE known.digest IS NOT pending.digest GROUP BY pending.digest
        ) USING (digest) WHERE place <= came;
    DELETE FROM away WHERE photo IN (SELECT photo FROM moved);
"""
# What moved stays in its unit, so that its rows move as a whole, whoever is killed or does a share.
_CUT = """
    SELECT coalesce(home, :first + (dense_rank() OVER news - 1) / :size) AS number, content, 0 AS has_moved,
        photo, bytes, modified, CASE WHEN copies > 1 OR source THEN digest END, source
    FROM (
        SELECT *, coalesce(unit, source, min(unit) OVER (PARTITION BY content)) AS home FROM (
            SELECT *,
                min(rowid) OVER copies AS content, count(*) OVER copies AS copies,
                (SELECT min(unit) FROM known WHERE current AND known.digest = pending.digest) AS source
            FROM pending WINDOW copies AS (PARTITION BY coalesce(digest, rowid))
        )
    ) WINDOW news AS (PARTITION BY home IS NULL ORDER BY content)
    UNION ALL SELECT unit, NULL, 0, photo, NULL, NULL, NULL, NULL FROM away
    UNION ALL SELECT unit, NULL, 1, photo, NULL, NULL, NULL, NULL FROM moved
    ORDER BY number, content, has_moved, photo
"""


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
    moved: tuple[str, ...] = ()  # photos whose content lies elsewhere now

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


class Known(NamedTuple):
    """What the rows of an archive say of a file."""

    photo: str
    bytes: int
    modified: int
    digest: str  # "": it couldn't be opened
    unit: int
    gone: bool  # it was there once
    current: bool  # its faces were seen with the eyes of now


def known_of(rows: Table, unit: int, *, is_current: bool) -> Iterator[Known]:
    """What the rows of a unit say of their files, row by row."""
    columns = (rows[name].to_pylist() for name in (*FILE_COLUMNS, "reason"))
    for photo, digest, size, modified, gone, reason in zip(*columns, strict=True):
        # A film that waited for castlist[films] is looked at as soon as that may be there.
        waits = reason == "needs-extra" and not gone
        yield Known(photo, size, modified, digest, unit, gone, is_current and not waits)


@contextlib.contextmanager
def comparing() -> Iterator[Comparison]:
    """Files and what is known of them side by side, while the block runs.

    Raises:
        CastlistError: In the block, if there is no room for it.
    """
    # A file without a name, in the system's folder for such: it ends with its process.
    with contextlib.closing(sqlite3.connect("")) as tables:
        try:
            yield Comparison(tables)
        except sqlite3.OperationalError as error:
            raise CastlistError(
                "archive-no-room",
                "There is no room to compare the photos with the archive ({reason}). Free some space where the system "
                "keeps files for a moment, or name another folder for them in SQLITE_TMPDIR.",
                reason=str(error),
            ) from error


class Comparison:
    """Files and what is known of them, as tables."""

    def __init__(self, tables: sqlite3.Connection) -> None:
        self._tables = tables
        self._tables.executescript(_TABLES)

    def add_files(self, files: Iterable[File]) -> None:
        """Take in files that lie there; one that was there before is the same."""
        rows = map(msgspec.structs.astuple, files)
        self._tables.executemany("INSERT OR IGNORE INTO files VALUES (?, ?, ?)", rows)

    def add_known(self, known: Iterable[Known]) -> None:
        """Take in what rows say; of a photo the first row counts."""
        self._tables.executemany("INSERT OR IGNORE INTO known VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?)", known)

    @property
    def has_strangers(self) -> bool:
        """Whether there are rows, and none is of a file that lies there."""
        return self._holds(
            "SELECT EXISTS (SELECT 1 FROM known) AND NOT EXISTS (SELECT 1 FROM known JOIN files USING (photo))"
        )

    def cut(self, digest: Digest, first: int) -> Iterator[Unit]:
        """The units that make an archive's rows those of the files.

        Args:
            digest: Of a photo's content, by its name; None where that isn't known without a look.
            first: The number of the first new unit.
        """
        self._tables.executescript(_PENDING)
        if not self._holds("SELECT EXISTS (SELECT 1 FROM pending) OR EXISTS (SELECT 1 FROM away)"):
            return
        self._tables.executescript(_SIZES)
        told = work_ahead(lambda row: (digest(row[1]) or None, row[0]), self._tables.execute(_ASKED))
        self._tables.executemany("UPDATE pending SET digest = ? WHERE rowid = ?", told)
        self._tables.executescript(_MOVED)
        rows = self._tables.execute(_CUT, {"first": first, "size": UNIT})
        for number, of_unit in groupby(rows, key=itemgetter(0)):
            contents, gone, moved = [], (), ()
            for (content, has_moved), copies in groupby(of_unit, key=itemgetter(1, 2)):
                _, _, _, photos, sizes, times, digests, sources = zip(*copies, strict=True)
                if content is not None:
                    contents.append(Content(tuple(map(File, photos, sizes, times)), digests[0] or "", sources[0]))
                elif has_moved:
                    moved = photos
                else:
                    gone = photos
            yield Unit(number, tuple(contents), gone, moved)

    def _holds(self, question: str) -> bool:
        return bool(self._tables.execute(question).fetchone()[0])


def content_digest(path: Path) -> str:
    """The digest of a file's content, however large it is; "" where it can't be read, which is told by who looks."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
