"""People added to a finished run in a moment: no training, the threshold follows."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.embeddings import FaceNetwork, choose_faces
from castlist.errors import CastError, PhotoError, RunError
from castlist.faces import NO_FACE, Face
from castlist.gallery import Gallery
from castlist.media import RefusedPhoto, check_person, read_photo
from castlist.naming import Recognizer
from castlist.run import Run, RunFolder, load_gallery

logger = logging.getLogger(__name__)

Choose = Callable[[np.ndarray], np.ndarray]  # given what is known of the person, shape (k, values), what to add


@dataclass(frozen=True)
class Enrolment:
    """What became of the photos that somebody was to be enrolled with."""

    run: Run
    added: tuple[Path, ...]
    refused: tuple[RefusedPhoto, ...]


def enrol(path: Path, name: str, photos: Sequence[Path]) -> Enrolment:
    """Add a person, or photos of one, to a run of the model `face`: no training, the threshold follows.

    The run's figures and report are stale after it, and its answers are removed; `refresh` makes them anew.

    Args:
        path: The run folder.
        name: Somebody new, or somebody the run knows.
        photos: At least one; of several faces in one, that which agrees with the other photos is taken.

    Raises:
        CastlistError: If nobody can be called so, no photo shows a face, or the run is of another model.
    """
    recognizer = Recognizer.load(path)
    network = _need_open(recognizer, name)
    found, refused = _find_faces(recognizer, photos)
    if not found:
        reasons = ", ".join(sorted({str(photo.reason) for photo in refused}))
        raise CastError(
            "nobody-to-enrol",
            "None of the {photos} photos shows a face to enrol {name!r} with ({reasons}).",
            photos=len(photos),
            name=name,
            reasons=reasons,
        )
    crops = np.stack([face.pixels for _, faces in found for face in faces])
    vectors = network.embed(crops, views=recognizer.run.settings.views)
    split = np.split(vectors, np.cumsum([len(faces) for _, faces in found])[:-1])

    def choose(known: np.ndarray) -> np.ndarray:
        # Photos already known have a say in which face it is.
        anyone = [found[0][1][:1]] * len(known)
        chosen = choose_faces([*anyone, *(faces for _, faces in found)], [*(row[None] for row in known), *split])
        return np.stack([mine[index or 0] for mine, index in zip(split, chosen[len(known) :], strict=True)])

    run = _add(path, name, choose, tuple(f"{name}/{photo.name}" for photo, _ in found))
    return Enrolment(run, tuple(photo for photo, _ in found), tuple(refused))


def enrol_face(recognizer: Recognizer, name: str, face: Face, source: str) -> Recognizer:
    """Add one face, as a person pointed at it in a photo of several.

    Args:
        recognizer: Of a run of the model `face`; the run's folder is changed, as it is now: whoever came or left since
            the recognizer was loaded stays or stays away.
        name: Somebody new, or somebody the run knows.
        face: As `recognizer.look` found it.
        source: What the photo is called.

    Returns:
        A recognizer that knows the face.

    Raises:
        CastlistError: If nobody can be called so, or the run is of another model.
    """
    network = _need_open(recognizer, name)
    vector = network.embed(face.pixels[None], views=recognizer.run.settings.views)
    path = recognizer.run.path
    _add(path, name, lambda known: vector, (f"{name}/{source}",))
    return Recognizer.load(path)


def _find_faces(
    recognizer: Recognizer, photos: Sequence[Path]
) -> tuple[list[tuple[Path, list[Face]]], list[RefusedPhoto]]:
    found: list[tuple[Path, list[Face]]] = []
    refused: list[RefusedPhoto] = []
    for photo in photos:
        try:
            faces = recognizer.look(read_photo(photo))
        except PhotoError as error:
            refused.append(RefusedPhoto(photo, error.message))
            continue
        assert isinstance(faces, list), "a run of faces looks for faces"
        if faces:
            found.append((photo, faces))
        else:
            refused.append(RefusedPhoto(photo, NO_FACE))
    return found, refused


def _need_open(recognizer: Recognizer, name: str) -> FaceNetwork:
    """The face network of a run that can be added to under a name."""
    run, network = recognizer.run, recognizer.face_network
    _check_open(run, name)
    assert network is not None, "a run of the model face has a face network"
    return network


def _check_open(run: Run, name: str) -> None:
    if run.has_network:
        raise RunError(
            "learnt-for-good",
            "The network of this run has learnt its people for good. To add {name!r}, put the photos into a folder of "
            "that name beside the others and train again; a run of the model face, not fine-tuned, can be added to.",
            name=name,
        )
    check_person(name, run.people)


def _add(path: Path, name: str, choose: Choose, ids: tuple[str, ...]) -> Run:
    """Add embeddings to the run as it is now."""
    with RunFolder(path).change() as change:
        run, gallery = load_gallery(change.run)
        _check_open(run, name)
        known = gallery.embeddings[_rows_of(gallery, name)]
        gallery = gallery.enrol(name, choose(known), ids)
        change.write(run.gallery_path.name, gallery.to_bytes())
        change.remove(run.answers_path.name)  # they are of other people than the record
        sides = {**run.sides, "train": (*run.sides["train"], *ids)}
        change.run = dataclasses.replace(run, people=gallery.people, sides=sides)
    logger.info("%d embeddings added to %s", len(ids), path)
    return change.run


def _rows_of(gallery: Gallery, name: str) -> np.ndarray:
    return gallery.person == gallery.people.index(name) if name in gallery.people else gallery.person < 0
