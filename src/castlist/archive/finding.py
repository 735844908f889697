"""Who is where: the photos of an archive that show somebody."""

from __future__ import annotations

import calendar
import contextlib
import datetime
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from castlist.archive.reading import Archive
from castlist.archive.records import ArchivedFace
from castlist.arguments import checked
from castlist.errors import CastlistError, SettingsError
from castlist.media import choices_for, meant_by


@checked
def find_in_archive(
    archive: Archive,
    name: str,
    *,
    beside: Sequence[str] = (),
    without: Sequence[str] = (),
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> list[ArchivedFace]:
    """The faces of somebody, the surest first.

    Args:
        archive: Where to look.
        name: Of a person; UNKNOWN: whoever isn't named.
        beside: Who else must be in the photo.
        without: Who mustn't be in it.
        since: The first day on which the photo may have been taken; one that doesn't say when is left out then.
        until: The last one.

    Raises:
        CastlistError: If nobody in the archive is called so, or somebody is to be there and not to be.
    """
    people = archive.people()
    wanted, *others = (_known(one, people) for one in (name, *beside, *without))
    if both := {wanted, *others[: len(beside)]}.intersection(others[len(beside) :]):
        raise SettingsError(
            "find-with-and-without",
            "{name!r} is asked to be in the photo, and not to be. Choose one of the two.",
            name=min(both),
        )
    faces = list(archive.faces({wanted, *others}))
    photos: defaultdict[str, set[Path]] = defaultdict(set)
    for face in faces:
        if face.name in others:
            photos[face.name].add(face.path)
    found = [
        face
        for face in faces
        if face.name == wanted
        and all(face.path in photos[one] for one in others[: len(beside)])
        and not any(face.path in photos[one] for one in others[len(beside) :])
        and is_between(face, since, until)
    ]
    return sorted(found, key=lambda face: (-face.probability, face.path, face.number))


def parse_day(text: str, *, is_last: bool = False) -> datetime.date:
    """A day as a person types it: 2019-08-02, or a month or a year, of which it is the first day or the last.

    Raises:
        SettingsError: If it is none.
    """
    found = re.fullmatch(r"(\d{4})(?:-(\d\d?))?(?:-(\d\d?))?", text)
    if found:
        year, month, day = (int(part) if part else None for part in found.groups())
        assert year is not None, "a year is never left out"
        month = month or (12 if is_last else 1)
        with contextlib.suppress(ValueError):  # no such month or day
            return datetime.date(year, month, day or (calendar.monthrange(year, month)[1] if is_last else 1))
    raise SettingsError(
        "day-none", "A day must be written as 2019-08-02, 2019-08 or 2019. Got {text!r} instead.", text=text
    )


def _known(name: str, people: set[str]) -> str:
    """Who of the people is meant."""
    name = meant_by(name, people)
    if name in people:
        return name
    raise CastlistError(
        "archive-nobody",
        "No face in the archive is named {name!r}. Choose from: {people}.",
        name=name,
        people=choices_for(name, sorted(people)),
    )


def is_between(face: ArchivedFace, since: datetime.date | None, until: datetime.date | None) -> bool:
    """Whether a photo was taken in these days; one that doesn't say when, only where no day is asked for."""
    if since is None and until is None:
        return True
    if face.taken is None:
        return False
    day = face.taken.date()
    return (since is None or day >= since) and (until is None or day <= until)
