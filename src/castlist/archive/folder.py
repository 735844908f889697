"""The owner of an archive folder: its record, its shards, and who may change them.

    archive.json        what the archive is of, and what it was seen and named with
    plan.json           the units of the work under way
    units/00001.parquet one shard a unit
    decisions.jsonl     what people decided, append-only
    index/              what can be made anew from the shards
    .ticket-...         those who do the work for whoever holds the lock, as long as that is so

Rows are read and written by methods that load what Parquet needs: many who ask for a folder want none.

Every file is written beside and renamed. Whoever sees or names holds the lock to the end; whoever does a share of the
work holds a lock of that share, taken under the common one, so that the rest of the world is kept out either way.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from castlist.archive.storage import Bucket, Folder, Storage
from castlist.errors import CastlistError, RunError, reason_of
from castlist.paths import as_path, from_anywhere, is_below, is_folder
from castlist.places import Place, is_address
from castlist.run import delete

if TYPE_CHECKING:
    from castlist.archive.planning import Plan
    from castlist.archive.table import About, Table

FORMAT = 1  # of the folder; a higher one is from a later castlist
RECORD, PLAN, UNITS, INDEX, DECISIONS = "archive.json", "plan.json", "units", "index", "decisions.jsonl"
NUMBERS = "groups.json"  # in the index
SHARD = ".parquet"
LOCK = ".lock"
SHARE = ".share-{}-of-{}.lock"
TICKET = ".ticket-"
PATIENCE = 5.0  # seconds that whoever begins a share waits for another who does

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")

Stamp = tuple[int, int, int]  # of a file: number, time of change in nanoseconds, size


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an archive is of, and what it was seen and named with; archive.json."""

    format: int
    root: str  # the folder of photos
    run: str  # the run folder
    eyes: str = ""  # digest of the networks that see
    names: str = ""  # digest of what names: the gallery, the stranger rate, whether photos help each other
    stranger_rate: float | None = None  # None: the run's own
    together: bool = False
    forgetting: tuple[str, ...] = ()  # who is being forgotten, until every file is written anew


class ArchiveFolder:
    """An archive folder that others may read and decide in at the same moment."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open it.

        Args:
            path: A path, or an address; at an address an archive is made, but asked and decided on in a copy.
        """
        self.address = str(path) if is_address(path) else ""
        self.path = Path(path) if self.address else from_anywhere(as_path(path))
        self._storage: Storage = Bucket(Place(self.address)) if self.address else Folder(self.path)
        self.decisions = self.path / DECISIONS
        self.index = self.path / INDEX
        self.ticket = ""  # of whoever writes for the holder of the lock

    @classmethod
    def here(cls, path: str | os.PathLike[str]) -> ArchiveFolder:
        """Open one to ask, decide or forget.

        Raises:
            CastlistError: If it is at an address.
        """
        folder = cls(path)
        if folder.address:
            raise CastlistError(
                "archive-far",
                "An archive is asked and decided on in a folder of this machine. Copy {address!r} to one.",
                address=folder.address,
            )
        return folder

    @property
    def is_there(self) -> bool:
        """Whether the folder is an archive."""
        return self._storage.has(RECORD)

    def record(self) -> Record:
        """Read the record.

        Raises:
            CastlistError: If the folder is no archive, is broken, or was written by a later castlist.
        """
        if not self.is_there:
            raise CastlistError("not-an-archive", "{path!r} is not an archive: it has no archive.json.", path=str(self))
        version = self._read(RECORD, _Version).format
        if version > FORMAT:
            raise CastlistError(
                "later-archive",
                "The archive {path!r} has format {format}; this castlist reads formats up to {known}. "
                "Upgrade castlist, or make it anew.",
                path=str(self),
                format=version,
                known=FORMAT,
            )
        return self._read(RECORD, Record)

    def run(self) -> str:
        """The path or the address of the run that it was named with.

        Raises:
            CastlistError: As of `record`, or if the run isn't there any more.
        """
        record = self.record()
        if not is_address(record.run) and not is_folder(Path(record.run)):
            raise CastlistError(
                "archive-run-gone",
                "The run {run!r} that the archive {path!r} was named with isn't there. Bring it back, or say where it "
                "is: castlist archive {root!r} --run RUN --out {path!r}.",
                run=record.run,
                path=str(self),
                root=record.root,
            )
        return record.run

    def save(self, record: Record) -> None:
        """Write the record; whoever does it holds the lock."""
        self._write(RECORD, record)

    def plan(self) -> Plan | None:
        """The work under way.

        Raises:
            CastlistError: If it can't be read, or leads out of the folder of photos.
        """
        from castlist.archive.planning import Plan  # late: who only looks at pages waits for no Parquet

        if not self._storage.has(PLAN):
            return None
        plan = self._read(PLAN, Plan)
        with self._readable(PLAN):
            if not all(is_below(file.photo) for unit in plan.units for one in unit.contents for file in one.files):
                raise ValueError("it tells of files that aren't below the folder of photos")
        return plan

    def save_plan(self, plan: Plan) -> None:
        """Begin some work."""
        self._write(PLAN, plan)

    def end_plan(self) -> None:
        """Say that the work is done."""
        self._storage.delete(PLAN)

    def units(self) -> list[int]:
        """The numbers of the shards that are there, rising."""
        stems = (name.removesuffix(SHARD) for name in self._storage.names(UNITS) if name.endswith(SHARD))
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def shards(self) -> list[Path]:
        """The files of the rows, where the archive is a folder of this machine."""
        return [self.path / _shard(unit) for unit in self.units()]

    def about(self, unit: int) -> About | None:
        """What a shard says of itself; None where there is none.

        Raises:
            CastlistError: If it is damaged.
        """
        from castlist.archive.table import about_of

        name = _shard(unit)
        with self._readable(name):
            return about_of(self._storage.open(name)) if self._storage.has(name) else None

    def read(self, unit: int, columns: Sequence[str] | None = None) -> tuple[Table, About]:
        """Read a shard, or some of its columns.

        Raises:
            CastlistError: If it is missing or damaged.
        """
        from castlist.archive.table import from_file

        name = _shard(unit)
        with self._readable(name):
            return from_file(self._storage.open(name), columns)

    def stamp(self, unit: int) -> Stamp:
        """What tells a shard of this machine from what it was before and will be, for one stat call.

        Raises:
            CastlistError: If it is missing.
        """
        name = _shard(unit)
        with self._readable(name):
            status = (self.path / name).stat()
        return status.st_ino, status.st_mtime_ns, status.st_size

    def count_rows(self) -> int:
        """How many rows the shards have.

        Raises:
            CastlistError: If one is damaged.
        """
        from castlist.archive.table import count_rows

        count = 0
        for name in map(_shard, self.units()):
            with self._readable(name):
                count += count_rows(self._storage.open(name))
        return count

    def embedded(self, columns: Sequence[str], units: Sequence[int] | None = None) -> Iterator[tuple[int, Table]]:
        """Some columns and the embeddings of the faces of photos that are there, shard by shard.

        What was seen by other networks than the record says, and waits for another look, is left out.

        Args:
            columns: Beside the embeddings.
            units: Which shards; None: all.

        Yields:
            The number of a shard, and its rows.

        Raises:
            CastlistError: If a shard is damaged.
        """
        from castlist.archive.table import keep, where

        eyes = self.record().eyes
        for unit in self.units() if units is None else units:
            rows, about = self.read(unit, [*columns, "gone", "embedding"])
            if about.eyes == eyes:
                yield unit, keep(rows, where(rows, "gone", [False]) & rows["embedding"].is_valid().to_numpy())

    def write(self, unit: int, table: Table, about: About) -> None:
        """Write a shard; what was there before is replaced as a whole.

        Raises:
            CastlistError: If it can't be written, or the ticket isn't good any more; what was there before is intact.
        """
        from castlist.archive.table import to_bytes

        data = to_bytes(table, about)
        if self.ticket and not self._storage.has(self.ticket):
            raise CastlistError(
                "archive-ticket",
                "Whoever had the work on the archive {path!r} done has ended. Start it again: castlist archive.",
                path=str(self),
            )
        self._storage.write(_shard(unit), data)

    def drop_index(self) -> None:
        """Delete what can be made anew from the shards."""
        delete(self.index)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep everybody else who would change the shards out while the block runs.

        Raises:
            CastlistError: If somebody is at work there, or the folder may not be changed.
        """
        with self._common(0), contextlib.ExitStack() as stack:
            names = sorted(self._storage.names())
            for name in names:
                if fnmatch.fnmatch(name, SHARE.format("*", "*")):
                    stack.enter_context(self._held(name, 0))
            self._storage.tidy("", UNITS, INDEX)
            for name in names:
                if name.startswith(TICKET):  # whoever works still for somebody who was killed writes no more
                    self._storage.delete(name)
            yield

    @contextlib.contextmanager
    def admitting(self) -> Iterator[str]:
        """Let others write shards while the block runs, for whoever holds a lock; gives the ticket that they need.

        A lock can't be handed to other machines, and a worker may outlive whoever started it. It looks for its ticket
        just before it writes, and the next who is alone removes what was left.

        Raises:
            CastlistError: If the folder may not be changed.
        """
        ticket = TICKET + secrets.token_hex(8)
        self._storage.write(ticket, b"")
        try:
            yield ticket
        finally:
            self._storage.delete(ticket)

    @contextlib.contextmanager
    def sharing(self, share: tuple[int, int], begin: Callable[[], T]) -> Iterator[T]:
        """Do a share of the work beside whoever does the others.

        Args:
            share: Which of how many, from 1.
            begin: Called with everybody else kept out; the block is given what it gives.

        Raises:
            CastlistError: If somebody is at work on the whole or on this share, or the folder may not be changed.
        """
        with contextlib.ExitStack() as stack:
            with self._common(PATIENCE):
                stack.enter_context(self._held(SHARE.format(*share), 0))
                begun = begin()
            yield begun

    @contextlib.contextmanager
    def _common(self, patience: float) -> Iterator[None]:
        self._storage.prepare()
        with self._held(LOCK, patience):
            yield

    @contextlib.contextmanager
    def _held(self, name: str, patience: float) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._storage.hold(name, patience))
            except RunError as error:
                raise CastlistError(
                    "archive-busy",
                    "Somebody is at work on the archive {path!r}. Wait until that has ended, or stop it.",
                    path=str(self),
                ) from error
            yield

    def __str__(self) -> str:
        return self.address or str(self.path)

    def _read(self, name: str, kind: type[S]) -> S:
        with self._readable(name):
            return msgspec.json.decode(self._storage.read(name), type=kind)

    def _write(self, name: str, value: msgspec.Struct) -> None:
        self._storage.write(name, msgspec.json.encode(value) + b"\n")

    @contextlib.contextmanager
    def _readable(self, name: str) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise CastlistError(
                "archive-closed",
                "The archive {path!r} can't be read: its {file!r} ({reason}). Get the right to read it.",
                path=str(self),
                file=name,
                reason=reason_of(error),
            ) from error
        except (OSError, ValueError, TypeError, NotImplementedError) as error:  # as msgspec and pyarrow say it
            raise CastlistError(
                "archive-broken",
                "The archive {path!r} is broken: its {file!r} can't be read ({reason}). Delete that file, and make "
                "the archive again: only what is missing is looked at.",
                path=str(self),
                file=name,
                reason=reason_of(error),
            ) from error


def _shard(unit: int) -> str:
    return f"{UNITS}/{unit:05}{SHARD}"


class _Version(msgspec.Struct):
    format: int
