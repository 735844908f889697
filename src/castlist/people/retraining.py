"""A run of a Keras model trained again without somebody, and put in the place of the old one."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from castlist.arguments import checked
from castlist.errors import Message, RunError
from castlist.files import remove_parts
from castlist.media import Cast, meant_by
from castlist.paths import as_path, by_own_name, is_folder
from castlist.people.receipts import Receipt, delete_kept, unknown_person, what_remains
from castlist.run import RECORD, Run, RunFolder, delete, hold, open_run, refusals

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
        CastlistError: If nobody is called so, the others can't be trained, or nothing may be changed beside the run;
            then the run is as it was.
    """
    from castlist.learning import cast_of, learn, report_again

    path = _itself(as_path(path))
    with _one_retraining(path):
        was_exchanged = _finish_exchange(path)
        run = open_run(path)
        name = meant_by(name, run.people)
        if name in run.people:
            beside = _beside(path)
            _discard(beside)
            _delete(_old(path))
            if not _is_ready(run, beside, name):
                others = _without(cast_of(run), name)
                learn(others, run.settings, runs=beside.parent, name=beside.name, language=language, **callbacks)
            _exchange(path)
        elif not was_exchanged:
            raise unknown_person(run, name)
        retrained = open_run(path)
        if retrained.sides["test"]:
            report_again(path, language=language)  # it names the folder
        removed, remaining = delete_kept(name, run.meaning(name))
        _delete(_old(path))  # at the end: while it is there, who was killed finds what is left to do
    anew = Message(
        "trained-without",
        "The whole run {path!r}: it was trained anew without {name!r}.",
        {"path": str(path), "name": name},
    )
    return Receipt(name, (anew, *removed), (*remaining, *what_remains(retrained, run.meaning(name))))


def discard_retraining(path: Path) -> None:
    """Delete what `retrain_without` was interrupted at, if it was; the run itself is as it was.

    A finished run that bears the name, or what is no run at all, is somebody's own, and stays.
    """
    path = _itself(path)
    with _one_retraining(path):
        _discard(_beside(path))


@contextlib.contextmanager
def _one_retraining(path: Path) -> Iterator[None]:
    """Keep everybody else from training the same run anew: they would delete each other's.

    Raises:
        RunError: If somebody else does, or nothing may be written beside the run.
    """
    if not (is_folder(path) or is_folder(_old(path))):
        open_run(path)  # says why
    lock = path.with_name(f".{path.name}.retraining")
    with contextlib.ExitStack() as stack:
        with refusals(path):
            stack.enter_context(hold(lock, patience=0, of=path))
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # a system that deletes no file that is open
                lock.unlink()


def _discard(beside: Path) -> None:
    try:
        is_begun = not open_run(beside).complete
    except RunError:
        if is_folder(beside):
            with refusals(beside):
                remove_parts(beside)
                if not any(beside.iterdir()):  # killed before it had a record
                    beside.rmdir()
        return
    if is_begun:
        _delete(beside)


def _delete(run: Path) -> None:
    """Delete a run if it is there, its record last: killed in the midst, it is still known for what it is.

    Raises:
        RunError: If there is no right to.
    """
    if not is_folder(run):
        return
    with refusals(run):
        for entry in run.iterdir():
            if entry.name != RECORD:
                delete(entry)
        delete(run)


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
        _delete(beside)
        return False
    return True


def _exchange(path: Path) -> None:
    """Put the new run in the old one's place, with everybody else kept out of the old one."""
    beside, old = _beside(path), _old(path)
    with RunFolder(path).alone(), refusals(path):
        run = open_run(beside)
        # Whoever knows the old one by its generation must not take this one for it.
        dataclasses.replace(run, generation=open_run(path).generation + 1).save()
        path.rename(old)
        try:
            beside.rename(path)
        except OSError:  # somebody made a folder of that name meanwhile, say
            old.rename(path)
            raise
    logger.info("a run was trained anew without somebody, and exchanged")


def _finish_exchange(path: Path) -> bool:
    """Finish an exchange that was killed but for the old run, which stays; gives whether there was one.

    Raises:
        RunError: If another folder has the run's name now, or there is no right to.
    """
    if not is_folder(_old(path)):
        return False
    with refusals(path):
        if is_folder(_beside(path)):
            _beside(path).rename(path)
        elif not is_folder(path):  # the old one is all that is left
            _old(path).rename(path)
            return False
    return True


def _itself(path: Path) -> Path:
    """A run by its own name: exchanged for another, a link would leave the old run where it leads."""
    path = by_own_name(path)
    return Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114 - never raises


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.retrained")


def _old(path: Path) -> Path:
    """Where the old run goes; hidden, as no run of a user's is."""
    return path.with_name(f".{path.name}.old")
