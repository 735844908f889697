"""A change of who is in a run: the gallery, the record and what else tells of people become others at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from castlist.errors import Message, RunError
from castlist.gallery import Gallery
from castlist.media import one_form
from castlist.paths import is_below
from castlist.run import Change, Enrolled, Run, derived_in, load_gallery

APART = "/"  # what the names of look-alikes' photos begin with: a folder without a name


def open_people(change: Change) -> Gallery:
    """The people of a run that is being changed; the record is made to agree with them.

    Raises:
        RunError: If a trained network knows them, or the training isn't finished.
    """
    need_changeable(change.run)
    change.run, gallery = load_gallery(change.run)
    return gallery


def need_changeable(run: Run) -> None:
    """Make sure that who is in a run can be changed.

    Raises:
        RunError: If a trained network knows them, or the training isn't finished.
    """
    if run.has_network or not run.settings.faces:
        raise RunError(
            "people-for-good",
            "The network of the run {path!r} has learnt its people for good. Change the folders of photos, "
            "and train again.",
            path=str(run.path),
        )
    if not run.complete:
        raise unfinished(run)


def unfinished(run: Run) -> RunError:
    """That a run's training must come to its end first."""
    return RunError(
        "run-unfinished",
        "The training of {path!r} isn't finished. Finish it: castlist resume {path!r}.",
        path=str(run.path),
    )


def put_people(change: Change, gallery: Gallery, files: Mapping[str, str | None]) -> None:
    """Have other people in a run, and remove what tells of those before: answers, report, figures, exports.

    Args:
        change: Of the run.
        gallery: The people.
        files: What photos are called from now on, by what they were called; None: they leave the run.
    """
    run = change.run

    def put(some: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for file in some if (name := files.get(file, file)) is not None)

    places = {
        name: run.places[file]
        for file in run.places
        if (name := files.get(file, file)) is not None and is_there(gallery, file)
    }
    known = {*gallery.people, *(one.name for one in run.leaving)}
    enrolled = still_there((dataclasses.replace(one, files=put(one.files)) for one in run.enrolled), gallery)
    for derived in derived_in(run.path):
        change.remove(derived)
    change.write(run.gallery_path.name, gallery.to_bytes())
    change.run = dataclasses.replace(
        run,
        people=gallery.people,
        sides={side: put(some) for side, some in run.sides.items()},
        places=places,
        calls=tuple(one for one in run.calls if one.name in known),
        enrolled=tuple(dataclasses.replace(one, name=_name_of(one, gallery)) for one in enrolled),
    )


def is_there(gallery: Gallery, file: str) -> bool:
    """Whether a photo may be in a run: that of a look-alike, only as long as the gallery has it."""
    return not file.startswith(APART) or file in gallery.lookalikes.photos


def still_there(enrolled: Iterable[Enrolled], gallery: Gallery) -> Iterator[Enrolled]:
    """What can be taken back of some enrolments, where anything can: of photos and look-alikes that the gallery has."""
    photos, apart = set(gallery.photos), set(gallery.lookalikes.photos)
    for one in enrolled:
        left = dataclasses.replace(
            one,
            files=tuple(file for file in one.files if file in photos),
            apart=tuple(file for file in one.apart if file in apart),
        )
        if left.files or left.apart:
            yield left


def _name_of(enrolled: Enrolled, gallery: Gallery) -> str:
    part, file = (gallery, enrolled.files[0]) if enrolled.files else (gallery.lookalikes, enrolled.apart[0])
    return gallery.people[part.person[part.photos.index(file)]]


def free_name(wanted: str, taken: set[str]) -> str:
    """What to call a photo, as wished as may be: with a number where others are called so."""
    if not is_below(wanted):  # on Windows it would lead out of the run's photos, so that no record holds it
        wanted = wanted.replace("..", "_")
    path, number, name = PurePosixPath(wanted), 1, wanted
    while name in taken:
        number += 1
        name = str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
    return name


def call_otherwise(message: Message, old: str, new: str) -> Message:
    """A note that tells of somebody, with another name."""
    values = {
        key: new if isinstance(value, str) and one_form(value) == one_form(old) else value
        for key, value in message.values.items()
    }
    return dataclasses.replace(message, values=values)
