"""Which face of a photo is meant by whoever enrols somebody with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.errors import CastError, Message, SettingsError
from castlist.faces import NO_FACE
from castlist.gallery import Gallery
from castlist.media import UNKNOWN, RefusedPhoto
from castlist.naming import NamedFace, Recognizer, Seen

DIGITS = 16  # of the digest that the bytes of a photo are called by


@dataclass(frozen=True)
class ChosenFace:
    """The face that somebody is enrolled with."""

    photo: Path
    number: int  # from left, from 1
    of: int  # so many faces
    named: NamedFace  # what the run said of it before
    row: int  # in the record of all photos


def choose_face_of_each(
    recognizer: Recognizer, name: str, photos: Sequence[Path | bytes], number: int | None
) -> tuple[Seen, list[ChosenFace], list[RefusedPhoto]]:
    """Look at photos, and find out who is meant in each.

    In a photo of several it is the face that is named so by the run and the other photos together; or else the only
    one that nobody is known by.

    Args:
        recognizer: Of a run of faces.
        name: Who is meant.
        photos: At least one: files, or the bytes of some, which are called by their digest.
        number: Which face of the only photo, from left, from 1; None: it is to be found out.

    Returns:
        What was seen, the face of each photo where there is one, in their order, and the photos where there is none.

    Raises:
        CastlistError: If a number is given and there are several photos, or fewer faces.
    """
    if number is not None and len(photos) != 1:
        raise SettingsError(
            "face-of-one-photo", "--face chooses a face of one photo. Got {photos} photos instead.", photos=len(photos)
        )
    seen = Seen.merge(recognizer.face_eyes.see(photos))
    called = [_called(photo) for photo in photos]
    faces = _faces_of_each(recognizer, seen, called)
    chosen = {i: mine[0] for i, mine in enumerate(faces) if len(mine) == 1}
    if number is not None and faces[0]:
        chosen = {0: _numbered(faces[0], number)}
    gallery = recognizer.gallery
    assert gallery is not None, "a run of faces has a gallery"
    groups = {i: mine for i, mine in enumerate(faces) if mine and i not in chosen}
    chosen |= _choose_of_groups(gallery, name, seen, groups, chosen.values())
    refused = [
        RefusedPhoto(called[i], seen.problems[i] or (_which(mine) if mine else NO_FACE))
        for i, mine in enumerate(faces)
        if i not in chosen
    ]
    return seen, [chosen[i] for i in sorted(chosen)], refused


def _faces_of_each(recognizer: Recognizer, seen: Seen, called: Sequence[Path]) -> list[list[ChosenFace]]:
    ends = np.cumsum(seen.counts).tolist()
    return [
        list(_from_left(photo, named, end - len(named)))
        for photo, named, end in zip(called, recognizer.name(seen), ends, strict=True)
    ]


def _choose_of_groups(
    gallery: Gallery,
    name: str,
    seen: Seen,
    groups: Mapping[int, Sequence[ChosenFace]],
    alone: Iterable[ChosenFace],
) -> dict[int, ChosenFace]:
    """The face that is meant in each photo of several, where that can be told by those that were alone in theirs."""
    chosen: dict[int, ChosenFace] = {}
    if name not in gallery.people:
        chosen = {i: one for i, mine in groups.items() if (one := _only_unknown(mine))}
    others = {i: mine for i, mine in groups.items() if i not in chosen}
    rows = [one.row for one in (*alone, *chosen.values())]
    if rows and others:
        gallery = gallery.enrol(name, seen.embeddings[rows], [""] * len(rows))
    for i, mine in others.items():
        if one := _named_so(gallery, name, seen, mine) or _only_unknown(mine):
            chosen[i] = one
    return chosen


def _called(photo: Path | bytes) -> Path:
    return photo if isinstance(photo, Path) else Path(hashlib.sha256(photo).hexdigest()[:DIGITS])


def _from_left(photo: Path, faces: Sequence[NamedFace], first: int) -> Iterator[ChosenFace]:
    order = sorted(range(len(faces)), key=lambda k: box.left if (box := faces[k].box) else 0.0)
    for number, k in enumerate(order, start=1):
        yield ChosenFace(photo, number, len(faces), faces[k], first + k)


def _numbered(mine: Sequence[ChosenFace], number: int) -> ChosenFace:
    if not 1 <= number <= len(mine):
        raise CastError(
            "no-such-face",
            "{photo!r} shows {count} {count:face|faces}; there is no face {number}. {faces}.",
            photo=str(mine[0].photo),
            count=len(mine),
            number=number,
            faces=_list(mine),
        )
    return mine[number - 1]


def _only_unknown(mine: Sequence[ChosenFace]) -> ChosenFace | None:
    unknown = [one for one in mine if one.named.name == UNKNOWN]
    return unknown[0] if len(unknown) == 1 else None


def _named_so(gallery: Gallery, name: str, seen: Seen, mine: Sequence[ChosenFace]) -> ChosenFace | None:
    if name not in gallery.people:
        return None
    answers = gallery.answer(seen.embeddings[[one.row for one in mine]]).once_each()
    found = np.flatnonzero(answers.named == gallery.people.index(name)).tolist()
    return mine[found[0]] if found else None


def _which(mine: Sequence[ChosenFace]) -> Message:
    return Message(
        "which-face",
        "it shows {count} faces; say which is meant with --face N: {faces}",
        {"count": len(mine), "faces": _list(mine)},
    )


def _list(mine: Sequence[ChosenFace]) -> str:
    """Faces as a reader finds them: their number from left, their name, and their upper left corner."""
    told = []
    for one in mine:
        name = one.named.name if one.named.perhaps is None else f"{one.named.perhaps}?"
        where = f" at {box.left:.0f},{box.top:.0f}" if (box := one.named.box) else ""
        told.append(f"{one.number} {name}{where}")
    return ", ".join(told)
