"""A run of a Keras model trained again without somebody, and put in the place of the old one."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
from pathlib import Path
from typing import Any

from castlist.arguments import checked
from castlist.errors import Message, RunError
from castlist.media import Cast, meant_by
from castlist.paths import as_path, by_own_name, is_folder
from castlist.people.receipts import Receipt, delete_kept, unknown_person, what_remains
from castlist.run import Run, RunFolder, delete, open_run

logger = logging.getLogger(__name__)


@checked
def retrain_without(path: str | os.PathLike[str], name: str, *, language: str = "en", **callbacks: Any) -> Receipt:
    """Train a run of a Keras model anew without a person; the old one is deleted when the new one is finished.

    Killed at any moment, the same call again finishes it.

    Args:
        path: The run folder.
        name: Whom to leave out.
        language: Of the report.
        callbacks: As for `learn`.

    Raises:
        CastlistError: If nobody is called so, or the others can't be trained.
    """
    from castlist.learning import cast_of, learn, report_again

    path = by_own_name(as_path(path))
    was_exchanged = _finish_exchange(path)
    run = open_run(path)
    name = meant_by(name, run.people)
    if name in run.people:
        beside = _beside(path)
        discard_retraining(path)
        if not _is_ready(run, beside, name):
            others = _without(cast_of(run), name)
            learn(others, run.settings, runs=beside.parent, name=beside.name, language=language, **callbacks)
        _exchange(path)
    elif not was_exchanged:
        raise unknown_person(run, name)
    retrained = open_run(path)
    if retrained.sides["test"]:
        report_again(path, language=language)  # it names the folder
    anew = Message(
        "trained-without",
        "The whole run {path!r}: it was trained anew without {name!r}.",
        {"path": str(path), "name": name},
    )
    removed, remaining = delete_kept(name)
    return Receipt(name, (anew, *removed), (*remaining, *what_remains(retrained, name)))


def discard_retraining(path: Path) -> None:
    """Delete what `retrain_without` was interrupted at, if it was; the run itself is as it was.

    A finished run that bears the name, or what is no run at all, is somebody's own, and stays.
    """
    with contextlib.suppress(RunError):
        if not (beside := open_run(_beside(path))).complete:
            delete(beside.path)


def _without(cast: Cast, name: str) -> Cast:
    return dataclasses.replace(
        cast,
        people=tuple(person for person in cast.people if person != name),
        photos=tuple(photo for photo in cast.photos if photo.person != name),
        notes=tuple(note for note in cast.notes if name not in str(note)),
    )


def _is_ready(run: Run, beside: Path, name: str) -> bool:
    """Whether this retraining was killed when nothing but the exchange was left; before the report, it begins anew."""
    try:
        other = open_run(beside)
    except RunError:
        return False
    others = tuple(person for person in run.people if person != name)
    if (other.people, other.settings, other.photos_root) != (others, run.settings, run.photos_root):
        return False  # somebody's own
    if other.sides["test"] and not other.answers_path.exists():
        delete(beside)
        return False
    return True


def _exchange(path: Path) -> None:
    """Put the new run in the old one's place, with everybody else kept out of the old one."""
    with RunFolder(path).alone():
        run = open_run(_beside(path))
        # Whoever knows the old one by its generation must not take this one for it.
        dataclasses.replace(run, generation=open_run(path).generation + 1).save()
        path.rename(_old(path))
        _beside(path).rename(path)
    delete(_old(path))
    logger.info("a run was trained anew without somebody, and exchanged")


def _finish_exchange(path: Path) -> bool:
    """Finish an exchange that was killed; gives whether there was one."""
    if not is_folder(_old(path)):
        return False
    if not path.exists():
        _beside(path).rename(path)
    delete(_old(path))
    return True


def _beside(path: Path) -> Path:
    path = by_own_name(path)
    return path.with_name(f"{path.name}.retrained")


def _old(path: Path) -> Path:
    """Where the old run goes; hidden, as no run of a user's is."""
    return path.with_name(f".{path.name}.old")
