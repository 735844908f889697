"""People called otherwise, and two that are one."""

from __future__ import annotations

import dataclasses
import logging
import os

import numpy as np

from castlist.errors import RunError
from castlist.media import check_new_person, meant_by, one_form, person_of
from castlist.paths import as_path
from castlist.people.changing import call_otherwise, free_name, open_people, put_people
from castlist.people.receipts import unknown_person
from castlist.run import Called, Change, Run, RunFolder

logger = logging.getLogger(__name__)


def rename(path: str | os.PathLike[str], old: str, new: str) -> Run:
    """Call somebody otherwise in a run of the model `face`.

    The report and whatever else bears the name is removed, as `forget` does; `renew_report` makes it anew.

    Raises:
        CastlistError: If nobody is called so, somebody else bears the new name or nobody can, or the run is of another
            model.
    """
    with RunFolder(as_path(path)).change() as change:
        gallery = open_people(change)
        old, new = meant_by(old, gallery.people), one_form(new)
        _need_known(change.run, old)
        if new == old:
            raise RunError("name-as-before", "{name!r} is called so already. Give another name.", name=new)
        check_new_person(new, [name for name in gallery.people if name != old])
        if new in gallery.people:
            raise RunError(
                "name-of-another",
                "The run {path!r} knows somebody called {name!r}. If the two are one: castlist merge {path!r} "
                "{old!r} {name!r}.",
                path=str(change.run.path),
                name=new,
                old=old,
            )
        files = _called(change.run, old, new)
        people = [new if name == old else name for name in gallery.people]
        gallery = gallery.regroup(people, gallery.person, [files.get(photo, photo) for photo in gallery.photos])
        _put(change, old, new)
        put_people(change, gallery, files)
    logger.info("somebody is called otherwise in a run")
    return change.run


def merge(path: str | os.PathLike[str], name: str, into: str) -> Run:
    """Make two people of a run of the model `face` one, who keeps the second name; it can't be taken back.

    The report and whatever else tells of people is removed, as `forget` does; `renew_report` makes it anew.

    Raises:
        CastlistError: If the two aren't two people of the run, or the run is of another model.
    """
    with RunFolder(as_path(path)).change() as change:
        gallery = open_people(change)
        name, into = meant_by(name, gallery.people), meant_by(into, gallery.people)
        for one in (name, into):
            _need_known(change.run, one)
        if name == into:
            raise RunError("merge-one", "{name!r} is one person already. Give two names.", name=name)
        files = _called(change.run, name, into)
        index = gallery.people.index(name)
        person = np.where(gallery.person == index, gallery.people.index(into), gallery.person)
        person = person - (person > index)
        people = [other for other in gallery.people if other != name]
        gallery = gallery.regroup(people, person, [files.get(photo, photo) for photo in gallery.photos])
        _put(change, name, into)
        put_people(change, gallery, files)
    logger.info("two people are one in a run")
    return change.run


def _need_known(run: Run, name: str) -> None:
    if name not in run.people:
        raise unknown_person(run, name)


def _called(run: Run, old: str, new: str) -> dict[str, str]:
    """What the photos of somebody are called under another name; no two are called the same."""
    every = [file for files in run.sides.values() for file in files]
    taken = {file for file in every if person_of(file) != one_form(old)}
    files: dict[str, str] = {}
    for file in every:
        if person_of(file) == one_form(old) and file not in files:
            files[file] = free_name(f"{new}/{file.partition('/')[2]}", taken)
            taken.add(files[file])
    return files


def _put(change: Change, old: str, new: str) -> None:
    """Have a name nowhere in the record but where photos are called so; archives that bear it can hear the new one."""
    run = change.run
    calls = (dataclasses.replace(one, name=new) if one.name == old else one for one in run.calls)
    calls = (one for one in calls if not (one.name == new and one.was(new)))  # called as once again
    change.run = dataclasses.replace(
        run,
        refused=tuple(
            (f"{new}/{file.partition('/')[2]}" if person_of(file) == one_form(old) else file, reason)
            for file, reason in run.refused
        ),
        notes=tuple(call_otherwise(note, old, new) for note in run.notes),
        calls=(*calls, Called.now(old, new)),
    )
