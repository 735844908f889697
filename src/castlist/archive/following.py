"""Photos whose content castlist itself has changed: their rows, and what was decided about them, go along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from castlist.archive.decisions import DecisionLog
from castlist.archive.folder import ArchiveFolder
from castlist.archive.table import where, with_columns


@dataclass(frozen=True)
class Rewritten:
    """A photo that castlist has written anew, its picture as it was."""

    photo: str  # as rows have it
    before: str  # digest
    after: str
    bytes: int
    modified: int  # nanoseconds since 1970


def follow_contents(folder: ArchiveFolder, rewritten: Sequence[Rewritten]) -> None:
    """Have an archive know photos by their content of now, so that nobody looks at them again; whoever calls holds it.

    Raises:
        CastlistError: If a file can't be read or written; the same again goes on.
    """
    if not rewritten:
        return
    by_photo = {one.photo: one for one in rewritten}
    changed = {one.before: one.after for one in rewritten}
    # Decisions first: rows that are known by another content already would leave them behind.
    remaining: set[str] = set()
    units = []
    for unit in folder.units():
        rows, _ = folder.read(unit, ["photo", "digest", "gone"])
        meant = where(rows, "photo", sorted(by_photo))
        if meant.any():
            units.append(unit)
        others = rows.filter(~meant & where(rows, "gone", [False]))["digest"].unique().to_pylist()
        remaining.update(changed.keys() & set(others))
    DecisionLog(folder.decisions).follow(changed, remaining)
    for unit in units:
        table, about = folder.read(unit)
        columns = {name: table[name].to_pylist() for name in ("digest", "bytes", "modified")}
        for row, photo in enumerate(table["photo"].to_pylist()):
            if one := by_photo.get(photo):
                columns["digest"][row], columns["bytes"][row] = one.after, one.bytes
                columns["modified"][row] = one.modified
        folder.write(unit, with_columns(table, columns), about)
