"""A person taken out of an archive for good: names, embeddings, decisions, and whatever was made of them.

The record says first who is being forgotten; then every file is written anew without; then the record says so no more.
Killed in between, the same call again, or the next that makes the archive, goes on.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from castlist.archive.decisions import DecisionLog
from castlist.archive.elsewhere import drop_marked, mark, tell_marked
from castlist.archive.folder import ArchiveFolder
from castlist.archive.judging import Shards, judge_rows
from castlist.archive.reading import FORGOTTEN
from castlist.archive.table import ANSWER_COLUMNS, COLUMNS, Table, blanked, with_columns
from castlist.archive.verdicts import Face
from castlist.errors import CastlistError, Message
from castlist.media import UNKNOWN, one_form

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gone:
    """What was deleted of somebody, and what is left elsewhere, as sentences."""

    deleted: list[Message] = field(default_factory=list)
    remaining: list[Message] = field(default_factory=list)


@contextlib.contextmanager
def taking_out(folder: ArchiveFolder, *names: str) -> Iterator[Gone]:
    """Take a person out of an archive once the block has ended; until then nobody else sees or names there.

    Faces that were decided to be the person, that were named so, or perhaps so, lose all that somebody could be
    recognized by. They aren't looked at again unless their photo changes, or the run's networks do.

    Args:
        folder: The archive's.
        names: Of the person; somebody whom the archive doesn't know is no failure.

    Yields:
        What is deleted and what remains, once the block has ended; where the block refuses, nothing is.

    Raises:
        CastlistError: If somebody is at work there, or a file can't be read or written.
    """
    folder.record()  # says so where there is no archive
    with folder.alone():
        record = folder.record()
        folder.save(msgspec.structs.replace(record, forgetting=(*record.forgetting, *names)))
        gone = Gone()
        try:
            yield gone
        except CastlistError:
            folder.save(record)
            raise
        done = finish(folder)
        gone.deleted.extend(done.deleted)
        gone.remaining.extend(done.remaining)


def finish(folder: ArchiveFolder) -> Gone:
    """Take out whoever is being forgotten; whoever calls it holds the lock."""
    record, gone = folder.record(), Gone()
    for name in dict.fromkeys(record.forgetting):
        gone.deleted.extend(filter(None, [_take_out(folder, name)]))
    gone.remaining.extend(tell_marked(folder))
    if record.forgetting:
        folder.save(msgspec.structs.replace(record, forgetting=()))
        logger.info("somebody was forgotten by an archive")
    drop_marked(folder)
    return gone


def _take_out(folder: ArchiveFolder, name: str) -> Message | None:
    log = DecisionLog(folder.decisions)
    decisions = log.read()
    shards = {unit: folder.read(unit, list(COLUMNS))[0] for unit in folder.units()}
    verdicts = judge_rows(decisions, Shards(list(shards.values())))
    decided = {face: one.name for face, one in verdicts.of.items() if one.name is not None}
    shown = {row["digest"] for shard in shards.values() for row, is_one in _whose(shard, name, decided) if is_one}
    mark(folder, shown, name)  # before nobody can tell any more
    n_faces = 0
    for unit in shards:
        table, about = folder.read(unit)
        without, faces = _without(table, name, decided)
        if without is not None:
            folder.write(unit, without, about)
        n_faces += faces
    folder.drop_index()
    # Last: until every shard is done, they say whose faces these are.
    n_decisions = log.forget(name)
    if not n_faces and not n_decisions:
        return None
    return Message(
        "forgot-archived",
        "From the archive {path!r}: what {faces} {faces:face|faces} could be recognized by, the name wherever it "
        "stood, and {decisions} {decisions:decision|decisions}.",
        {"path": str(folder.path), "faces": n_faces, "decisions": n_decisions},
    )


def _without(table: Table, name: str, decided: Mapping[Face, str]) -> tuple[Table | None, int]:
    """A shard's rows without a person, if they bear the name; and how many faces of the person they had."""
    rows = []
    person = np.zeros(len(table), bool)
    is_named = False
    for i, (row, is_one) in enumerate(_whose(table, name, decided)):
        rows.append(row)
        person[i] = is_one
        bears = _is_meant(row["name"], name) or _is_meant(row["perhaps"], name)
        best = [one for one in row["best"] or () if not _is_meant(one["name"], name)]
        is_named |= bears or len(best) < len(row["best"] or ())
        if person[i]:
            row |= {"answer": UNKNOWN, "name": UNKNOWN, "probability": None, "perhaps": None, "best": []}
            row |= {"reason": FORGOTTEN.code, "problem": str(FORGOTTEN)}
        elif bears:
            row |= {"answer": UNKNOWN, "name": UNKNOWN, "probability": None, "perhaps": None, "best": best}
        else:
            row["best"] = row["best"] and best
    if not is_named and not person.any():
        return None, 0
    table = with_columns(table, {column: [row[column] for row in rows] for column in ANSWER_COLUMNS})
    return blanked(table, ("landmarks", "embedding", "looks"), person), int(person.sum())


def _whose(table: Table, name: str, decided: Mapping[Face, str]) -> Iterator[tuple[dict[str, Any], bool]]:
    """The answers of rows, and whether the face is a person's: as was decided, else as was computed."""
    for row in table.select(["digest", "face", *ANSWER_COLUMNS]).to_pylist():
        decided_name = decided.get((row["digest"], row["face"]))
        bears = _is_meant(row["name"], name) or _is_meant(row["perhaps"], name)
        yield row, _is_meant(decided_name, name) or (bears and decided_name is None)


def _is_meant(one: str | None, name: str) -> bool:
    return one is not None and one_form(one) == one_form(name)
