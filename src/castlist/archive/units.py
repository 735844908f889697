"""Units carried out: photos are looked at in one stream, and each unit's rows are written when they are all there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from castlist.archive.folder import ArchiveFolder
from castlist.archive.namer import ArchiveNamer
from castlist.archive.planning import Content, File, Plan, Unit
from castlist.archive.table import (
    About,
    Table,
    as_kept,
    join,
    keep,
    rows_of,
    where,
    with_columns,
    with_names,
    without_embeddings,
)
from castlist.errors import PhotoError
from castlist.media import Taking, read_file, read_taking
from castlist.naming import Seen
from castlist.paths import unspell
from castlist.threads import OnCount, Stop, submit


class Worker:
    """Carries out plans for an archive."""

    def __init__(
        self, folder: ArchiveFolder, root: Path, namer: ArchiveNamer, on_count: OnCount | None, stop: Stop | None
    ) -> None:
        self._folder, self._root, self._namer = folder, root, namer
        self._on_count, self._stop = on_count, stop
        self.looked = 0  # photos

    def under_way(self) -> Plan | None:
        """A plan that was begun, for the same eyes, and isn't carried out."""
        plan = self._folder.plan()
        if plan and plan.eyes == self._namer.eyes_digest and any(self._is_open(plan, unit) for unit in plan.units):
            return plan
        return None

    def do(self, plan: Plan, share: tuple[int, int] | None = None) -> bool:
        """Carry out what of a plan, or of a share of it, isn't yet; gives whether all of that is done."""
        which, count = share or (1, 1)
        units = [unit for unit in plan.units[which - 1 :: count] if self._is_open(plan, unit)]
        total = sum(len(_to_look(unit)) for unit in units)
        paths = (self._path(content.files[0]) for unit in units for content in _to_look(unit))
        stream = self._namer.eyes.see(paths, on_count=self._counted(total), stop=self._stop)
        # What a file says of its photo is read while others are looked at.
        photos = (_Look(one, submit(_read_taking, one.paths[0])) for seen in stream for one in _each(seen))
        for unit in units:
            looks = list(islice(photos, len(_to_look(unit))))
            if len(looks) < len(_to_look(unit)):
                return False  # told to stop
            self._write(plan, unit, looks)
        return True

    def _counted(self, total: int) -> OnCount:
        def on_count(done: int, _: int) -> None:
            self.looked += 1
            if self._on_count:
                self._on_count(done, total)

        return on_count

    def _is_open(self, plan: Plan, unit: Unit) -> bool:
        about = self._folder.about(unit.number)
        return about is None or about.plan < plan.number

    def _path(self, file: File) -> Path:
        return self._root / unspell(file.photo)

    def _write(self, plan: Plan, unit: Unit, looks: list[_Look]) -> None:
        """Write a unit's shard: what was there, without the photos of the unit, and these."""
        parts = [self._looked_at([content.files[0] for content in _to_look(unit)], looks)] if looks else []
        copies = [
            _as(_of_photo(parts[0][0], content.files[0].photo), file)
            for content, look in zip(_to_look(unit), looks, strict=True)
            if look.seen.digests[0] == content.digest
            for file in content.files[1:]
        ]
        # What was written meanwhile is no copy any more: the next plan finds it.
        parts += [(rows, parts[0][1]) for rows in copies]
        for content in unit.contents:
            if content.source is not None:
                rows, names = self._known(content)
                parts += [(_as(rows, file), names) for file in content.files]
        if self._folder.about(unit.number):
            base, about = self._folder.read(unit.number)
            base = _without(base, [file.photo for content in unit.contents for file in content.files])
            base = with_columns(base, {"gone": base["gone"].to_numpy() | where(base, "photo", unit.gone)})
            if about.eyes != self._namer.eyes_digest:
                base = without_embeddings(base, parts[0][0].schema if parts else base.schema)
            parts.append((base, about.names))
        named_by = {names for _, names in parts}
        about = About(plan.number, self._namer.eyes_digest, named_by.pop() if len(named_by) == 1 else "")
        self._folder.write(unit.number, join([rows for rows, _ in parts]), about)

    def _looked_at(self, files: list[File], looks: list[_Look]) -> tuple[Table, str]:
        """The rows of photos that were looked at, and what named them."""
        # Named by what is kept of them, so that they are named the same without a look.
        seen = as_kept(Seen.merge(look.seen for look in looks))
        rows = rows_of(seen, files, [look.taking.result() for look in looks])
        if self._namer.together:
            return rows, ""
        return with_names(rows, self._namer.name(seen)), self._namer.names_digest

    def _known(self, content: Content) -> tuple[Table, str]:
        """The rows of a photo that lies elsewhere, too, or did; looked at only if they are gone."""
        assert content.source is not None, "asked of what is known"
        if (about := self._folder.about(content.source)) and about.eyes == self._namer.eyes_digest:
            rows, about = self._folder.read(content.source)
            rows = keep(rows, where(rows, "digest", [content.digest]))
            if len(rows):
                return _of_photo(rows, rows["photo"][0].as_py()), about.names
        path = self._path(content.files[0])
        looks = [_Look(seen, submit(_read_taking, path)) for seen in self._namer.eyes.see([path])]
        return self._looked_at([content.files[0]], looks)


@dataclass(frozen=True)
class _Look:
    """What was seen of one photo, and what its file says of it."""

    seen: Seen
    taking: Future[Taking]


def _to_look(unit: Unit) -> list[Content]:
    return [content for content in unit.contents if content.source is None]


def _each(seen: Seen) -> Iterator[Seen]:
    """The record of each photo of a record."""
    return (seen[i] for i in range(len(seen)))


def _of_photo(rows: Table, photo: str) -> Table:
    return keep(rows, where(rows, "photo", [photo]))


def _without(rows: Table, photos: list[str]) -> Table:
    return keep(rows, ~where(rows, "photo", photos))


def _as(rows: Table, file: File) -> Table:
    """The rows of a photo as those of a copy of it."""
    n = len(rows)
    return with_columns(
        rows,
        {
            **{"photo": [file.photo] * n, "bytes": [file.bytes] * n, "modified": [file.modified] * n},
            "gone": [False] * n,
        },
    )


def _read_taking(path: Path | None) -> Taking:
    assert path is not None, "an archive is of files"
    try:
        return read_taking(read_file(path))
    except PhotoError:  # told by whoever looked at it
        return Taking()
