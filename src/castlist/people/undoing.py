"""Photos taken out of a run again: those of the last enrolment, or one."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Collection
from pathlib import Path

import numpy as np

from castlist.errors import RunError
from castlist.gallery import NOBODY, Gallery
from castlist.media import choices_for, meant_by, one_form, person_of
from castlist.paths import as_path
from castlist.people.changing import open_people, put_people
from castlist.people.receipts import unknown_person
from castlist.run import Change, Enrolled, RunFolder

logger = logging.getLogger(__name__)


def undo(path: str | os.PathLike[str], *, only: Enrolled | None = None) -> Enrolled:
    """Take back what was enrolled last; somebody who came with it leaves with it. Again, it takes back the one before.

    The report and whatever else tells of people is removed, as `forget` does; `renew_report` makes it anew.

    Args:
        path: The run folder.
        only: What that must be; if it has been taken back already, nothing is.

    Returns:
        What was taken back.

    Raises:
        CastlistError: If nothing was enrolled, or something else than `only` last; if nobody would be left, or the run
            is of another model.
    """
    with RunFolder(as_path(path)).change() as change:
        gallery = open_people(change)
        last = change.run.enrolled[-1] if change.run.enrolled else None
        if only and (last is None or (last.name, {*last.files}) != (only.name, {*only.files})):
            # By whichever name: somebody may be called otherwise since.
            if {Path(file).name for file in only.files} & {Path(photo).name for photo in gallery.photos}:
                raise RunError(
                    "enrolled-since",
                    "Something else was enrolled in the run {path!r} since, or somebody is called otherwise. Take "
                    "back what was enrolled last first.",
                    path=str(change.run.path),
                )
            return only
        if last is None:
            raise RunError(
                "nothing-enrolled",
                "Nothing is left to take back: all photos of the run {path!r} are those that it was learnt from, "
                "or were enrolled by an older castlist.",
                path=str(change.run.path),
            )
        if last.files:
            _take_out(change, gallery, last.files)
        else:
            gallery = dataclasses.replace(gallery, lookalikes=gallery.lookalikes.without(last.apart))
            put_people(change, gallery, {})
    logger.info("the last enrolment was taken back from a run")
    return last


def forget_photo(path: str | os.PathLike[str], name: str, photo: str) -> str:
    """Take one photo of somebody out of a run; the person stays.

    Args:
        path: The run folder.
        name: Of the person.
        photo: What the photo is called, with or without the folders that it lies in.

    Returns:
        What the run called it.

    Raises:
        CastlistError: If there is no such photo, or more than one; if it is the person's only one, or the run is of
            another model.
    """
    with RunFolder(as_path(path)).change() as change:
        gallery = open_people(change)
        name = meant_by(name, gallery.people)
        if name not in gallery.people:
            raise unknown_person(change.run, name)
        mine = [file for file in gallery.photos if person_of(file) == one_form(name)]
        found = [file for file in mine if photo in (file, file.partition("/")[2])]
        found = found or [file for file in mine if Path(file).name == Path(photo).name]
        if len(found) != 1:
            raise RunError(
                "photo-not-one",
                "{count} photos of {name!r} in the run are called {photo!r}. Choose from: {photos}.",
                count=len(found),
                name=name,
                photo=photo,
                photos=choices_for(photo, (file.partition("/")[2] for file in found or mine)),
            )
        if len(mine) == 1:
            raise RunError(
                "only-photo",
                "{photo!r} is the only photo of {name!r}. To delete the person: castlist forget {path!r} {name!r}.",
                photo=photo,
                name=name,
                path=str(change.run.path),
            )
        _take_out(change, gallery, found)
    logger.info("a photo was taken out of a run")
    return found[0]


def _take_out(change: Change, gallery: Gallery, files: Collection[str]) -> None:
    leaves = np.array([photo in files for photo in gallery.photos])
    stay = sorted(set(gallery.person[~leaves].tolist()))
    if (~leaves).sum() < 1 + gallery.own_background:
        raise RunError(
            "too-few-left-in-run",
            "Too few photos would be left in the run {path!r}. Delete the whole run instead.",
            path=str(change.run.path),
        )
    numbers = np.full(len(gallery.people), NOBODY)
    numbers[stay] = np.arange(len(stay))
    people = [gallery.people[i] for i in stay]
    gallery = gallery.regroup(people, np.where(leaves, NOBODY, numbers[gallery.person]), gallery.photos)
    put_people(change, gallery, dict.fromkeys(files))
