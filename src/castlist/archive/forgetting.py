"""A person taken out of an archive for good: names, embeddings, decisions, and whatever was made of them.

The record says first who is being forgotten; then every file is written anew without; then the record says so no more.
Killed in between, the same call again, or the next that makes the archive, goes on.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

from castlist.archive.decisions import DecisionLog
from castlist.archive.folder import ArchiveFolder
from castlist.archive.reading import FORGOTTEN, judge_rows
from castlist.archive.table import ANSWER_COLUMNS, COLUMNS, Table, blanked, with_columns
from castlist.archive.verdicts import Face
from castlist.errors import CastlistError, Message
from castlist.media import UNKNOWN, one_form

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def taking_out(folder: ArchiveFolder, name: str) -> Iterator[list[Message]]:
    """Take a person out of an archive once the block has ended; until then nobody else sees or names there.

    Faces that were decided to be the person, that were named so, or perhaps so, lose all that somebody could be
    recognized by. They aren't looked at again unless their photo changes, or the run's networks do.

    Args:
        folder: The archive's.
        name: Of the person; somebody whom the archive doesn't know is no failure.

    Yields:
        What is deleted, as sentences, once the block has ended; where the block refuses, nothing is.

    Raises:
        CastlistError: If somebody is at work there, or a file can't be read or written.
    """
    folder.record()  # says so where there is no archive
    with folder.alone():
        record = folder.record()
        folder.save(msgspec.structs.replace(record, forgetting=(*record.forgetting, name)))
        deleted: list[Message] = []
        try:
            yield deleted
        except CastlistError:
            folder.save(record)
            raise
        deleted += finish(folder)


def finish(folder: ArchiveFolder) -> list[Message]:
    """Take out whoever is being forgotten; gives what was deleted. Whoever calls it holds the lock."""
    record = folder.record()
    deleted = [_take_out(folder, name) for name in dict.fromkeys(record.forgetting)]
    if record.forgetting:
        folder.save(msgspec.structs.replace(record, forgetting=()))
        logger.info("somebody was forgotten by an archive")
    return [message for message in deleted if message]


def _take_out(folder: ArchiveFolder, name: str) -> Message | None:
    log = DecisionLog(folder.decisions)
    decisions = log.read()
    shards = {unit: folder.read(unit, list(COLUMNS))[0] for unit in folder.units()}
    verdicts = judge_rows(decisions, list(shards.values()))
    decided = {face: one.name for face, one in verdicts.of.items() if one.name is not None}
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
        "From the archive {path!r}: what {faces} faces could be recognized by, the name wherever it stood, and "
        "{decisions} decisions.",
        {"path": str(folder.path), "faces": n_faces, "decisions": n_decisions},
    )


def _without(table: Table, name: str, decided: Mapping[Face, str]) -> tuple[Table | None, int]:
    """A shard's rows without a person, if they bear the name; and how many faces of the person they had."""

    def is_meant(one: str | None) -> bool:
        return one is not None and one_form(one) == one_form(name)

    rows = table.select(["digest", "face", *ANSWER_COLUMNS]).to_pylist()
    person = np.zeros(len(rows), bool)
    is_named = False
    for i, row in enumerate(rows):
        decided_name = decided.get((row["digest"], row["face"]))
        bears = is_meant(row["name"]) or is_meant(row["perhaps"])
        person[i] = is_meant(decided_name) or (bears and decided_name is None)
        best = [one for one in row["best"] or () if not is_meant(one["name"])]
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
