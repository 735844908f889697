"""The file written: every photo's pixels, the groups and takes they belong to, the side each is on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from castlist.duplicates import PhotoSignature, find_duplicates, group_photos
from castlist.errors import CastError, PhotoError
from castlist.learning.dataset.reading import NO_FACE, image_size_of, read_rows
from castlist.learning.splits import TEST, TRAIN, VALIDATION, assign_sides, order_key
from castlist.learning.takes import find_takes, join_takes
from castlist.media import Cast, Moment, Photo, frame_file
from castlist.settings import Settings, SplitSettings
from castlist.threads import OnCount


def fill(file: Any, cast: Cast, settings: Settings, on_count: OnCount | None) -> None:
    """Write a cast's data set into an empty HDF5 file.

    Raises:
        CastError: If most photos show no face, or what can be read is too little to learn from.
    """
    size = image_size_of(settings)
    # One chunk a photo: shuffled reading touches what it needs and nothing else.
    images = file.create_dataset(
        "images", (0, size, size, 3), "u1", maxshape=(None, size, size, 3), chunks=(1, size, size, 3)
    )
    kept: list[Photo] = []
    files: list[str] = []
    times: list[Moment | None] = []
    signatures: list[PhotoSignature] = []
    embeddings: list[np.ndarray] = []
    refused: list[tuple[str, str]] = []
    for photo, row in read_rows(_sampled(cast, settings), settings, on_count):
        name = photo.path.relative_to(cast.root).as_posix()
        if isinstance(row, PhotoError):
            refused.append((name, str(row)))
            continue
        images.resize(len(kept) + 1, axis=0)
        images[len(kept)] = row.pixels
        kept.append(photo)
        files.append(name if row.still.frame is None else frame_file(name, row.still.frame))
        times.append(row.still.taken)
        signatures.append(row.still.signature)
        if row.embedding is not None:
            embeddings.append(row.embedding)
    faceless = sum(reason == NO_FACE for _, reason in refused)
    if faceless > len(kept):
        raise CastError(
            f"No face was found in {faceless} of {faceless + len(kept)} photos. For drawings, or to learn from whole "
            "photos, use --whole with a model such as cnn."
        )

    # People nobody can learn from have no place in the order that the network's outputs follow.
    people = tuple(person for person in cast.people if any(photo.person == person for photo in kept))
    notes = list(map(str, cast.notes))
    notes += [f"No photo of {name!r} can be read; left out." for name in cast.people if name not in people]
    need_two(people, cast.root)
    person = np.array([people.index(photo.person) for photo in kept], np.int64)
    take = find_takes([photo.path for photo in kept], person, times)
    group = join_takes(group_photos(len(kept), find_duplicates(signatures)), take)
    side = assign_sides(person, group, [signature.digest for signature in signatures], settings)
    # A gallery needs no validation, and can name people whom nothing is left to test with.
    if settings.needs_keras and not ((side == TEST).any() and (side == VALIDATION).any()):
        raise CastError(
            f"There are too few different photos to keep some for validation and test: {len(np.unique(group))} of "
            f"{len(people)} people. Give at least one person three different photos; ten or more each is a start."
        )
    notes += _split_notes(people, person, side, group)

    fingerprint = hashlib.sha256()
    for name, signature in zip(files, signatures, strict=True):
        fingerprint.update(f"{name}:{signature.digest}\n".encode())
    file["file"] = np.array(files, dtype=object)
    file["person"], file["side"], file["group"], file["take"] = person, side, group, take
    if settings.faces:
        file["embedding"] = np.stack(embeddings)
    file.attrs["people"], file.attrs["refused"], file.attrs["notes"] = map(json.dumps, (people, refused, notes))
    file.attrs["fingerprint"] = fingerprint.hexdigest()


def need_two(people: tuple[str, ...], root: Path) -> None:
    """Raise a CastError if there are not two people to tell apart."""
    if len(people) < 2:
        raise CastError(
            f"A cast to learn needs at least 2 people with readable photos. Got {len(people)} in {str(root)!r}."
        )


def _split_notes(people: tuple[str, ...], person: np.ndarray, side: np.ndarray, group: np.ndarray) -> list[str]:
    notes = []
    for index, name in enumerate(people):
        if not (side[person == index] == TEST).any():
            notes.append(f"{name!r} has too few different photos to be tested.")
        if not (side[person == index] == TRAIN).any():
            notes.append(f"{name!r} has no photo to learn from: all of them are copies of other people's photos.")
    shared = sum(len(np.unique(person[group == number])) > 1 for number in np.unique(group))
    if shared:
        notes.append(
            f"{shared} photo{'s lie' if shared > 1 else ' lies'} in two people's folders: one of the names is wrong."
        )
    return notes


def _sampled(cast: Cast, settings: SplitSettings) -> list[Photo]:
    """At most so many photos a person, drawn without replacement; a person's draw doesn't depend on other people."""
    if settings.pictures_per_person is None:
        return list(cast.photos)
    drawn: list[Photo] = []
    for person in cast.people:
        photos = [photo for photo in cast.photos if photo.person == person]
        photos.sort(key=lambda photo: order_key(settings.seed, photo.path.relative_to(cast.root).as_posix()))
        drawn += sorted(photos[: settings.pictures_per_person], key=lambda photo: photo.path)
    return drawn
