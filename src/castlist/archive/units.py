"""Units carried out: photos are looked at in one stream, and each unit's rows are written when they are all there."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from castlist.archive.films import rows_of_film
from castlist.archive.folder import ArchiveFolder
from castlist.archive.listing import File
from castlist.archive.namer import ArchiveNamer
from castlist.archive.originals import Originals
from castlist.archive.planning import Content, Plan, Unit, Units, content_digest
from castlist.archive.table import (
    About,
    Table,
    as_kept,
    join,
    keep,
    row_of_failed,
    rows_of,
    where,
    with_columns,
    with_names,
    without_embeddings,
)
from castlist.errors import Message, PhotoError
from castlist.inference import give_back
from castlist.media import Taking, read_file, read_taking
from castlist.naming import Seen
from castlist.threads import OnCount, Stop, submit

T = TypeVar("T")

Part = tuple[Table, str]  # rows, and the digest of what named them

SET_ASIDE = Message("photo-set-aside", "looking at it ended whoever did, again and again")


class Worker:
    """Carries out plans for an archive."""

    def __init__(
        self,
        folder: ArchiveFolder,
        originals: Originals,
        namer: ArchiveNamer,
        on_count: OnCount | None,
        stop: Stop | None,
    ) -> None:
        self._folder, self._originals, self._namer = folder, originals, namer
        self._on_count, self._stop = on_count, stop
        self._total = 0
        self._named_by = "" if namer.together else namer.names_digest
        self.looked = 0  # photos and films
        self.moved = 0  # of them, known by their content
        self._leaving: dict[str, tuple[Table, About]] = {}  # rows, by digest, that another unit is to have

    def under_way(self) -> Plan | None:
        """A plan that was begun, for the same eyes, and isn't carried out."""
        plan = self._folder.plan()
        if plan and plan.eyes == self._namer.eyes_digest and self.open_units(plan):
            return plan
        return None

    def open_units(self, plan: Plan, share: tuple[int, int] | None = None) -> Units:
        """What of a plan, or of a share of it, isn't carried out yet."""
        which, count = share or (1, 1)
        return plan.units[which - 1 :: count].where(lambda unit: self._is_open(plan, unit))

    def do(self, plan: int, units: Sequence[Unit], *, aside: Collection[str] = ()) -> bool:
        """Carry out units; gives whether all of them are.

        Args:
            plan: The number of the plan that they are of, which is written down already.
            units: They; each is asked for when its turn comes.
            aside: Photos that nobody looks at any more: they have a row that says so.
        """
        self._total = self.looked + sum(unit.n_looks for unit in units)
        # Photos are looked at ahead of the unit that is written: of the units between, it is known what is in them.
        ahead, jobs = twice(_Job.of(unit, aside, self._originals) for unit in units)
        photos = self._look_at(
            (content.files[0] for job in ahead for content in job.still),
            on_count=lambda done, total: self._count(),
            stop=self._stop,
        )
        for job in jobs:
            parts = [self._set_aside(content) for content in job.aside]
            looks = list(islice(photos, len(job.still)))
            if len(looks) < len(job.still):
                return False
            parts += [self._photos(job.still, looks)] if job.still else []
            for content in job.films:
                if self._stop and self._stop():
                    return False
                parts.append(self._film(content))
            if job.films and self._stop and self._stop():  # a film was seen in part
                return False
            self._write(plan, job, parts)
        return True

    def try_out(self, content: Content) -> None:
        """Look at a photo or a film as `do` does, for nothing."""
        file = content.files[0]
        if self._originals.is_film(file):
            self._film(content)
        else:
            list(self._look_at([file]))

    def _look_at(self, files: Iterable[File], **wishes: Any) -> Iterator[_Look]:
        """Look at photos in one stream."""
        takings: deque[Future[Taking]] = deque()

        def shown() -> Iterator[Path | bytes | PhotoError]:
            for photo in self._originals.show(files):
                # What a file says of its photo is read while others are looked at.
                takings.append(submit(_read_taking, photo))
                yield photo

        for seen in self._namer.eyes.see(shown(), **wishes):
            for i in range(len(seen)):
                yield _Look(seen[i], takings.popleft())

    def _set_aside(self, content: Content) -> Part:
        with self._originals.at_hand(content.files[0]) as path:
            digest = content.digest or content_digest(path)
        row = row_of_failed(content.files[0], digest, SET_ASIDE, self._namer.n_values)
        return _for_each(row, content.files), self._named_by

    def _count(self) -> None:
        self.looked += 1
        if self._on_count:
            self._on_count(self.looked, self._total)

    def _is_open(self, plan: Plan, unit: Unit) -> bool:
        about = self._folder.about(unit.number)
        return about is None or about.plan < plan.number

    def _write(self, plan: int, job: _Job, parts: list[Part]) -> None:
        """Write a unit's shard: what was there, without the photos of the unit, those that moved, and these."""
        unit = job.unit
        sources: dict[int, tuple[Table, About]] = {}  # of a folder that was moved, many photos lie in one shard
        for content in job.moved:
            rows, names = self._known(content, sources)
            parts.append((_for_each(rows, content.files), names))
        if self._folder.about(unit.number):
            base, about = self._folder.read(unit.number)
            here = [file.photo for content in unit.contents for file in content.files]
            self._let_leave(unit, base, about)
            base = keep(base, ~where(base, "photo", [*here, *unit.moved]))
            are_gone = base["gone"].to_numpy() | where(base, "photo", unit.gone)
            # Of what could never be opened nothing is known: it may have moved while others were looked at.
            base = keep(with_columns(base, {"gone": are_gone}), ~(are_gone & where(base, "digest", [""])))
            if about.eyes != self._namer.eyes_digest:
                base = without_embeddings(base, self._namer.n_values)
            parts.append((base, about.names))
        named_by = {names for _, names in parts}
        about = About(plan, self._namer.eyes_digest, named_by.pop() if len(named_by) == 1 else "")
        self._folder.write(unit.number, join([rows for rows, _ in parts]), about)
        # Else the gaps between what is held would grow for some thousand photos; a fixed threshold of the C library's
        # costs large photos more.
        give_back()

    def _let_leave(self, unit: Unit, rows: Table, about: About) -> None:
        """Keep what has swapped names with photos of other units, until those are written."""
        leaving = keep(rows, where(rows, "photo", unit.moved))
        for digest in {*leaving["digest"].to_pylist()} - {content.digest for content in unit.contents}:
            self._leaving[digest] = keep(leaving, where(leaving, "digest", [digest])), about

    def _photos(self, contents: list[Content], looks: list[_Look]) -> Part:
        """The rows of photos that were looked at, and of their copies."""
        rows, names = self._looked_at([content.files[0] for content in contents], looks)
        copies = [
            _for_each(_of_photo(rows, content.files[0].photo), content.files[1:])
            for content, look in zip(contents, looks, strict=True)
            # What was written meanwhile is no copy any more: the next plan finds it.
            if content.files[1:] and look.seen.digests[0] == content.digest
        ]
        return join([rows, *copies]), names

    def _film(self, content: Content) -> Part:
        """The rows of a film and of its copies; a film's names need no help of other films."""
        with self._originals.at_hand(content.files[0]) as path:
            digest = content.digest or content_digest(path)
            rows = rows_of_film(path, content.files[0], digest, self._namer, self._stop)
        self._count()
        return _for_each(rows, content.files), self._named_by

    def _looked_at(self, files: list[File], looks: list[_Look]) -> Part:
        """The rows of photos that were looked at."""
        # Named by what is kept of them, so that they are named the same without a look.
        seen = as_kept(Seen.merge(look.seen for look in looks))
        rows = rows_of(seen, files, [look.taking.result() for look in looks])
        if not self._namer.together:  # else when all are there
            rows = with_names(rows, self._namer.name(seen))
        return rows, self._named_by

    def _known(self, content: Content, sources: dict[int, tuple[Table, About]]) -> Part:
        """The rows of a photo that lies elsewhere, too, or did; looked at only if they are gone."""
        source = content.source
        assert source is not None, "its rows are in that unit"
        if source not in sources:
            sources[source] = self._folder.read(source)
        rows, about = sources[source]
        rows = keep(rows, where(rows, "digest", [content.digest]))
        if not len(rows):
            rows, about = self._leaving.pop(content.digest, (rows, about))
        if about.eyes == self._namer.eyes_digest and len(rows):
            return _of_photo(rows, rows["photo"][0].as_py()), about.names
        if self._originals.is_film(content.files[0]):
            return self._film(content)
        return self._looked_at([content.files[0]], list(self._look_at(content.files[:1])))


def twice(items: Iterable[T]) -> tuple[Iterator[T], Iterator[T]]:
    """The same items twice; only those are kept that lie between: `itertools.tee` keeps dozens of units more."""
    source = iter(items)
    one: deque[T] = deque()
    other: deque[T] = deque()

    def each(mine: deque[T]) -> Iterator[T]:
        while True:
            for item in () if mine else islice(source, 1):
                one.append(item)
                other.append(item)
            if not mine:
                return
            yield mine.popleft()

    return each(one), each(other)


@dataclass(frozen=True)
class _Job:
    """A unit, and what is to be done for each of its contents."""

    unit: Unit
    aside: list[Content]
    moved: list[Content]
    films: list[Content]
    still: list[Content]

    @classmethod
    def of(cls, unit: Unit, aside: Collection[str], originals: Originals) -> _Job:
        job = cls(unit, [], [], [], [])
        for content in unit.contents:
            first = content.files[0]
            if first.photo in aside:
                job.aside.append(content)
            elif content.source is not None:
                job.moved.append(content)
            else:
                (job.films if originals.is_film(first) else job.still).append(content)
        return job


@dataclass(frozen=True)
class _Look:
    """What was seen of one photo, and what its file says of it."""

    seen: Seen
    taking: Future[Taking]


def _of_photo(rows: Table, photo: str) -> Table:
    return keep(rows, where(rows, "photo", [photo]))


def _for_each(rows: Table, files: Sequence[File]) -> Table:
    """The rows of a photo as those of each of some files that are copies of it."""
    n = len(rows)
    return join(
        [
            with_columns(
                rows,
                {
                    **{"photo": [file.photo] * n, "bytes": [file.bytes] * n, "modified": [file.modified] * n},
                    "gone": [False] * n,
                },
            )
            for file in files
        ]
    )


def _read_taking(photo: Path | bytes | PhotoError) -> Taking:
    if isinstance(photo, PhotoError):
        return Taking()
    try:
        return read_taking(photo if isinstance(photo, bytes) else read_file(photo))
    except PhotoError:  # told by whoever looked at it
        return Taking()
