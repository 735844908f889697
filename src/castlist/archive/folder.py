"""The owner of an archive folder: its record, its shards, and who may change them.

    archive.json        what the archive is of, and what it was seen and named with
    plan.json           the units of the work under way
    units/00001.parquet one shard a unit
    decisions.jsonl     what people decided, append-only
    index/              what can be made anew from the shards

Every file is written beside and renamed. Whoever sees or names holds the lock to the end; whoever does a share of the
work holds a lock of that share, taken under the common one, so that the rest of the world is kept out either way.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from castlist.archive.planning import Plan
from castlist.archive.table import About, Table, about_of, from_file, keep, to_bytes, where
from castlist.errors import CastlistError, RunError, reason_of
from castlist.files import PRIVATE_FOLDER, cannot_write, remove_parts, write_bytes
from castlist.paths import as_path, is_below
from castlist.run import delete, hold

FORMAT = 1  # of the folder; a higher one is from a later castlist
RECORD, PLAN, UNITS, INDEX, DECISIONS = "archive.json", "plan.json", "units", "index", "decisions.jsonl"
LOCK = ".lock"
SHARE = ".share-{}-of-{}.lock"
PATIENCE = 5.0  # seconds that whoever begins a share waits for another who does

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


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
        self.path = as_path(path)
        self.decisions = self.path / DECISIONS
        self.index = self.path / INDEX

    @property
    def is_there(self) -> bool:
        """Whether the folder is an archive."""
        return (self.path / RECORD).is_file()

    def record(self) -> Record:
        """Read the record.

        Raises:
            CastlistError: If the folder is no archive, is broken, or was written by a later castlist.
        """
        if not self.is_there:
            raise CastlistError(
                "not-an-archive", "{path!r} is not an archive: it has no archive.json.", path=str(self.path)
            )
        version = self._read(RECORD, _Version).format
        if version > FORMAT:
            raise CastlistError(
                "later-archive",
                "The archive {path!r} has format {format}; this castlist reads formats up to {known}. "
                "Upgrade castlist, or make it anew.",
                path=str(self.path),
                format=version,
                known=FORMAT,
            )
        return self._read(RECORD, Record)

    def save(self, record: Record) -> None:
        """Write the record; whoever does it holds the lock."""
        self._write(RECORD, record)

    def plan(self) -> Plan | None:
        """The work under way.

        Raises:
            CastlistError: If it can't be read, or leads out of the folder of photos.
        """
        if not (self.path / PLAN).exists():
            return None
        plan = self._read(PLAN, Plan)
        with self._readable(self.path / PLAN):
            if not all(is_below(file.photo) for unit in plan.units for one in unit.contents for file in one.files):
                raise ValueError("it tells of files that aren't below the folder of photos")
        return plan

    def save_plan(self, plan: Plan) -> None:
        """Begin some work."""
        self._write(PLAN, plan)

    def end_plan(self) -> None:
        """Say that the work is done."""
        (self.path / PLAN).unlink(missing_ok=True)

    def units(self) -> list[int]:
        """The numbers of the shards that are there, rising."""
        return sorted(int(path.stem) for path in (self.path / UNITS).glob("*.parquet") if path.stem.isdecimal())

    def shards(self) -> list[Path]:
        """The files of the rows."""
        return [self._shard(unit) for unit in self.units()]

    def about(self, unit: int) -> About | None:
        """What a shard says of itself; None where there is none.

        Raises:
            CastlistError: If it is damaged.
        """
        path = self._shard(unit)
        with self._readable(path):
            return about_of(path) if path.exists() else None

    def read(self, unit: int, columns: Sequence[str] | None = None) -> tuple[Table, About]:
        """Read a shard, or some of its columns.

        Raises:
            CastlistError: If it is missing or damaged.
        """
        path = self._shard(unit)
        with self._readable(path):
            return from_file(path, columns)

    def embedded(self, columns: Sequence[str]) -> Iterator[Table]:
        """Some columns and the embeddings of the faces of photos that are there, shard by shard.

        What was seen by other networks than the record says, and waits for another look, is left out.

        Raises:
            CastlistError: If a shard is damaged.
        """
        eyes = self.record().eyes
        for unit in self.units():
            rows, about = self.read(unit, [*columns, "gone", "embedding"])
            if about.eyes == eyes:
                yield keep(rows, where(rows, "gone", [False]) & rows["embedding"].is_valid().to_numpy())

    def write(self, unit: int, table: Table, about: About) -> None:
        """Write a shard; what was there before is replaced as a whole.

        Raises:
            CastlistError: If it can't be written; what was there before is intact.
        """
        write_bytes(self._shard(unit), to_bytes(table, about), private=True)

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
            for path in sorted(self.path.glob(SHARE.format("*", "*"))):
                stack.enter_context(self._held(path, 0))
            remove_parts(self.path)
            remove_parts(self.path / UNITS)
            remove_parts(self.index)
            yield

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
                stack.enter_context(self._held(self.path / SHARE.format(*share), 0))
                begun = begin()
            yield begun

    @contextlib.contextmanager
    def _common(self, patience: float) -> Iterator[None]:
        try:
            self.path.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        with self._held(self.path / LOCK, patience):
            yield

    @contextlib.contextmanager
    def _held(self, path: Path, patience: float) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(hold(path, patience=patience))
            except RunError as error:
                raise CastlistError(
                    "archive-busy",
                    "Somebody is at work on the archive {path!r}. Wait until that has ended, or stop it.",
                    path=str(self.path),
                ) from error
            except OSError as error:
                raise cannot_write(path, error) from error
            yield

    def _shard(self, unit: int) -> Path:
        return self.path / UNITS / f"{unit:05}.parquet"

    def _read(self, name: str, kind: type[S]) -> S:
        path = self.path / name
        with self._readable(path):
            return msgspec.json.decode(path.read_bytes(), type=kind)

    def _write(self, name: str, value: msgspec.Struct) -> None:
        write_bytes(self.path / name, msgspec.json.encode(value) + b"\n", private=True)

    @contextlib.contextmanager
    def _readable(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, TypeError, NotImplementedError) as error:  # as msgspec and pyarrow say it
            raise CastlistError(
                "archive-broken",
                "The archive {path!r} is broken: its {file!r} can't be read ({reason}). Delete that file, and make "
                "the archive again: only what is missing is looked at.",
                path=str(self.path),
                file=str(path.relative_to(self.path)),
                reason=reason_of(error),
            ) from error


class _Version(msgspec.Struct):
    format: int
