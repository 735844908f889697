"""People added to a finished run in a moment: no training, the threshold follows."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.embeddings import choose_faces
from castlist.errors import CastError, RunError
from castlist.faces import NO_FACE, Box, find_faces
from castlist.gallery import Gallery
from castlist.media import RefusedPhoto, check_person
from castlist.naming import Finder, Recognizer, Seen
from castlist.paths import as_path, as_several
from castlist.run import Run, RunFolder, load_gallery, need_same

logger = logging.getLogger(__name__)

Choose = Callable[[np.ndarray], np.ndarray]  # given what is known of the person, shape (k, values), what to add


@dataclass(frozen=True)
class Enrolment:
    """What became of the photos that somebody was to be enrolled with."""

    run: Run
    added: tuple[Path, ...]
    refused: tuple[RefusedPhoto, ...]


def enrol(
    path: str | os.PathLike[str],
    name: str,
    photos: Iterable[str | os.PathLike[str]],
    *,
    finder: Finder = find_faces,
) -> Enrolment:
    """Add a person, or photos of one, to a run of the model `face`: no training, the threshold follows.

    The run's figures and report are stale after it, and its answers are removed; `refresh` makes them anew.

    Args:
        path: The run folder.
        name: Somebody new, or somebody the run knows.
        photos: At least one; of several faces in one, that which agrees with the other photos is taken.
        finder: What finds faces in photos.

    Raises:
        CastlistError: If nobody can be called so, no photo shows a face, or the run is of another model.
    """
    files = [as_path(photo) for photo in as_several(photos)]
    recognizer = Recognizer.load(as_path(path), finder=finder)
    began = recognizer.run
    _check_open(began, name)
    seen = Seen.merge(recognizer.face_eyes.see(files))
    refused = tuple(
        RefusedPhoto(photo, problem or NO_FACE)
        for photo, problem, count in zip(files, seen.problems, seen.counts, strict=True)
        if not count
    )
    if len(refused) == len(files):
        reasons = ", ".join(sorted({str(photo.reason) for photo in refused}))
        raise CastError(
            "nobody-to-enrol",
            "None of the {photos} photos shows a face to enrol {name!r} with ({reasons}).",
            photos=len(files),
            name=name,
            reasons=reasons,
        )
    seen = seen[seen.counts > 0]
    ends = np.cumsum(seen.counts)[:-1]
    vectors = np.split(seen.embeddings, ends)
    faces = [[_Place(seen.box(row)) for row in rows] for rows in np.split(np.arange(len(seen.photo)), ends)]

    def choose(known: np.ndarray) -> np.ndarray:
        # Photos already known have a say in which face it is.
        anyone = [faces[0][:1]] * len(known)
        chosen = choose_faces([*anyone, *faces], [*(row[None] for row in known), *vectors])
        return np.stack([mine[index or 0] for mine, index in zip(vectors, chosen[len(known) :], strict=True)])

    added = tuple(photo for photo in seen.paths if photo)
    run = _add(began, name, choose, tuple(f"{name}/{photo.name}" for photo in added))
    return Enrolment(run, added, refused)


def enrol_face(recognizer: Recognizer, name: str, seen: Seen, face: int, source: str) -> Recognizer:
    """Add one face, as a person pointed at it in a photo of several.

    Args:
        recognizer: Of a run of the model `face`; the run's folder is changed, as it is now: whoever came or left since
            the recognizer was loaded stays or stays away.
        name: Somebody new, or somebody the run knows.
        seen: What the recognizer's eyes saw of the photo.
        face: The face's row in it.
        source: What the photo is called.

    Returns:
        A recognizer that knows the face.

    Raises:
        CastlistError: If nobody can be called so, or the run is of another model or was trained anew.
    """
    vector = seen.embeddings[face][None]
    run = _add(recognizer.run, name, lambda known: vector, (f"{name}/{source}",))
    return Recognizer.load(run.path)


@dataclass(frozen=True)
class _Place:
    """A face, of which only the place matters."""

    box: Box


def _check_open(run: Run, name: str) -> None:
    if run.has_network:
        raise RunError(
            "learnt-for-good",
            "The network of this run has learnt its people for good. To add {name!r}, put the photos into a folder of "
            "that name beside the others and train again; a run of the model face, not fine-tuned, can be added to.",
            name=name,
        )
    check_person(name, run.people)


def _add(began: Run, name: str, choose: Choose, ids: tuple[str, ...]) -> Run:
    """Add embeddings, which the network of the run as it was has made, to the run as it is now."""
    with RunFolder(began.path).change() as change:
        need_same(change.run, began)
        _check_open(change.run, name)
        run, gallery = load_gallery(change.run)
        known = gallery.embeddings[_rows_of(gallery, name)]
        gallery = gallery.enrol(name, choose(known), ids)
        change.write(run.gallery_path.name, gallery.to_bytes())
        change.remove(run.answers_path.name)  # they are of other people than the record
        sides = {**run.sides, "train": (*run.sides["train"], *ids)}
        change.run = dataclasses.replace(run, people=gallery.people, sides=sides)
    logger.info("%d embeddings added to a run", len(ids))
    return change.run


def _rows_of(gallery: Gallery, name: str) -> np.ndarray:
    return gallery.person == gallery.people.index(name) if name in gallery.people else gallery.person < 0
