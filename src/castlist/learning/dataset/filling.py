"""The file written: every photo's pixels, the groups and takes they belong to, the side each is on."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from castlist.duplicates import find_duplicates, group_photos
from castlist.errors import CastError, Message, PhotoError
from castlist.faces import NO_FACE
from castlist.learning.dataset.reading import Still, image_size_of, read_rows
from castlist.learning.splits import TEST, TRAIN, VALIDATION, assign_sides, order_key
from castlist.learning.takes import find_takes, join_takes
from castlist.media import Cast, Photo, frame_file
from castlist.paths import name_below
from castlist.settings import Settings, SplitSettings
from castlist.threads import OnCount

logger = logging.getLogger(__name__)


def fill(file: Any, cast: Cast, settings: Settings, on_count: OnCount | None) -> None:
    """Write a cast's data set into an empty HDF5 file.

    Raises:
        CastError: If most photos show no face, or what can be read is too little to learn from.
    """
    kept, refused = _write_pictures(file, cast, settings, on_count)
    faceless = sum(reason.code == NO_FACE.code for _, reason in refused)
    if faceless > len(kept):
        raise CastError(
            "mostly-faceless",
            "No face was found in {faceless} of {photos} {photos:photo|photos}. For drawings, or to learn from whole "
            "photos, use --whole with a model such as cnn.",
            faceless=faceless,
            photos=faceless + len(kept),
        )

    # People nobody can learn from have no place in the order that the network's outputs follow.
    known = {one.photo.person for one in kept}
    people = tuple(name for name in cast.people if name in known)
    notes = [*cast.notes, *(_unreadable(name) for name in cast.people if name not in known)]
    need_two(people, cast)
    signatures = [one.still.signature for one in kept]
    index = {name: i for i, name in enumerate(people)}
    person = np.array([index[one.photo.person] for one in kept], np.int64)
    # By path, the frames of a film are one take; two people in a photo aren't.
    paths = [Path(one.file) if cast.is_marked else one.photo.path for one in kept]
    take = find_takes(paths, person, [one.still.taken for one in kept])
    copies = group_photos(len(kept), find_duplicates(signatures))
    group = join_takes(copies, take)
    side = assign_sides(person, group, [signature.digest for signature in signatures], settings)
    _need_sides(people, side, group, settings)
    notes += _split_notes(people, person, side, group, cast.is_marked)

    _write_rows(file, kept, settings)
    file["person"], file["side"], file["copies"], file["group"], file["take"] = person, side, copies, group, take
    file.attrs["people"] = json.dumps(people)
    file.attrs["is_marked"] = cast.is_marked
    file.attrs["refused"] = json.dumps([(name, reason.to_dict()) for name, reason in refused])
    file.attrs["notes"] = json.dumps([note.to_dict() for note in notes])
    logger.info("data set filled: %d pictures of %d people, %d files left out", len(kept), len(people), len(refused))


def _unreadable(name: str) -> Message:
    return Message("person-unreadable", "No photo of {name!r} can be read; left out.", {"name": name})


@dataclass(frozen=True, eq=False)
class _Kept:
    """A picture that is written, without its pixels."""

    photo: Photo
    file: str  # below the cast's folder; of a film, with the frame
    still: Still
    embedding: np.ndarray | None
    poor: bool


def _write_pictures(
    file: Any, cast: Cast, settings: Settings, on_count: OnCount | None
) -> tuple[list[_Kept], list[tuple[str, Message]]]:
    """Write every picture's pixels; gives what they are of, and the files that were refused, with the reasons."""
    size = image_size_of(settings)
    # One chunk a photo: shuffled reading touches what it needs and nothing else.
    images = file.create_dataset(
        "images", (0, size, size, 3), "u1", maxshape=(None, size, size, 3), chunks=(1, size, size, 3)
    )
    kept: list[_Kept] = []
    refused: list[tuple[str, Message]] = []
    for photo, row in read_rows(_sampled(cast, settings), settings, on_count):
        if isinstance(row, PhotoError):
            name = name_below(cast.root, photo.path)
            logger.debug("left out %s: %s", name, row)
            refused.append((name, row.message))
            continue
        name = cast.name_of(photo)
        images.resize(len(kept) + 1, axis=0)
        images[len(kept)] = row.pixels
        shown = name if row.still.frame is None else frame_file(name, row.still.frame)
        kept.append(_Kept(photo, shown, row.still, row.embedding, row.poor))
    return kept, refused


def _write_rows(file: Any, kept: Sequence[_Kept], settings: Settings) -> None:
    """Write what is known of each picture beside its pixels."""
    fingerprint = hashlib.sha256("".join(f"{one.file}:{one.still.signature.digest}\n" for one in kept).encode())
    file.attrs["fingerprint"] = fingerprint.hexdigest()
    file["file"] = np.array([one.file for one in kept], dtype=object)
    file["poor"] = np.array([one.poor for one in kept])
    if settings.faces:
        file["embedding"] = np.stack([one.embedding for one in kept if one.embedding is not None])


def _need_sides(people: tuple[str, ...], side: np.ndarray, group: np.ndarray, settings: Settings) -> None:
    # A gallery needs no validation, and can name people whom nothing is left to test with.
    if settings.needs_keras and not ((side == TEST).any() and (side == VALIDATION).any()):
        raise CastError(
            "too-few-photos",
            "There are too few different photos to keep some for validation and test: {photos} of {people} "
            "{people:person|people}. Give at least one person three different photos; ten or more each is a start.",
            photos=len(np.unique(group)),
            people=len(people),
        )


def need_two(people: tuple[str, ...], cast: Cast) -> None:
    """Raise a CastError if there are not two people to tell apart."""
    if len(people) >= 2:
        return
    if deeper := next((note for note in cast.notes if note.code == "cast-perhaps-deeper"), None):
        raise CastError(
            "too-few-people-here",
            "A cast to learn needs at least 2 people with readable photos. Got {people} in {root!r}. {deeper}",
            people=len(people),
            root=str(cast.root),
            deeper=deeper,
        )
    raise CastError(
        "too-few-people",
        "A cast to learn needs at least 2 people with readable photos. Got {people} in {root!r}.",
        people=len(people),
        root=str(cast.root),
    )


def _split_notes(
    people: tuple[str, ...], person: np.ndarray, side: np.ndarray, group: np.ndarray, is_marked: bool
) -> list[Message]:
    notes = []
    for index, name in enumerate(people):
        if not (side[person == index] == TEST).any():
            notes.append(
                Message("person-untested", "{name!r} has too few different photos to be tested.", {"name": name})
            )
        if not (side[person == index] == TRAIN).any():
            notes.append(
                Message(
                    "person-unlearnt",
                    "{name!r} has no photo to learn from: all of them are copies of other people's photos.",
                    {"name": name},
                )
            )
    shared = sum(len(np.unique(person[group == number])) > 1 for number in np.unique(group))
    if shared and not is_marked:
        notes.append(
            Message(
                "photos-of-two",
                "{photos} {photos:photo lies|photos lie} in two people's folders: one of the names is wrong.",
                {"photos": shared},
            )
        )
    return notes


def _sampled(cast: Cast, settings: SplitSettings) -> list[Photo]:
    """At most so many photos a person, drawn without replacement; a person's draw doesn't depend on other people."""
    if settings.pictures_per_person is None:
        return list(cast.photos)
    drawn: list[Photo] = []
    for rows in cast.by_person().values():
        photos = [cast.photos[row] for row in rows]
        photos.sort(key=lambda photo: order_key(settings.seed, cast.name_of(photo)))
        drawn += sorted(photos[: settings.pictures_per_person], key=lambda photo: photo.path)
    return drawn
