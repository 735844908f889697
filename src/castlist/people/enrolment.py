"""People added to a finished run in a moment: no training, the threshold follows."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.arguments import checked
from castlist.errors import CastError, Message, RunError
from castlist.faces import Finder, find_faces
from castlist.gallery import Gallery, fit_beside
from castlist.media import UNKNOWN, RefusedPhoto, check_person, settle_name
from castlist.naming import NamedFace, Recognizer, Seen
from castlist.paths import as_path, as_several, spell
from castlist.people.changing import free_name
from castlist.people.choosing import ChosenFace, choose_face_of_each
from castlist.run import Enrolled, Run, RunFolder, load_gallery, need_same

logger = logging.getLogger(__name__)

EVEN = 0.5  # of a probability, below which the opposite is likelier
SAME = 0.9999  # cosine from which two faces are of the same photo, or of copies of it


@dataclass(frozen=True)
class Enrolment:
    """What became of the photos that somebody was to be enrolled with."""

    run: Run
    faces: tuple[ChosenFace, ...]  # that were added
    known: tuple[Path, ...]  # passed over: the run knows the person by these already
    refused: tuple[RefusedPhoto, ...]
    doubts: tuple[Message, ...]  # what speaks against an added face being the person's

    @property
    def added(self) -> tuple[Path, ...]:
        """The photos of the faces that were added."""
        return tuple(face.photo for face in self.faces)


@dataclass(frozen=True)
class PointedFace:
    """What became of a face that somebody pointed at and named."""

    enrolled: Enrolled | None  # what `undo` takes back; None: the run knew the person by this face
    doubts: tuple[Message, ...]  # what speaks against its being the person's


@checked
def enrol(
    path: str | os.PathLike[str],
    name: str,
    photos: Iterable[str | os.PathLike[str] | bytes],
    *,
    face: int | None = None,
    finder: Finder = find_faces,
) -> Enrolment:
    """Add a person, or photos of one, to a run of the model `face`: no training, the threshold follows.

    In a photo of several, the person is the face that agrees with the other photos, or the only one that nobody is
    known by; where that doesn't tell, the photo is refused. What the run knows the person by already is passed over.

    The run's figures and report are stale after it, and its answers are removed; `renew_report` makes them anew. `undo`
    takes it back.

    Args:
        path: The run folder.
        name: Somebody new, or somebody the run knows.
        photos: At least one: files, or the bytes of some, which `refresh` won't find again.
        face: Which face of the only photo, from left, from 1.
        finder: What finds faces in photos.

    Raises:
        CastlistError: If nobody can be called so, no photo shows the person, or the run is of another model.
    """
    return enrol_by(Recognizer.load(as_path(path), finder=finder), name, photos, face=face)


def enrol_by(
    recognizer: Recognizer,
    name: str,
    photos: Iterable[str | os.PathLike[str] | bytes],
    *,
    face: int | None = None,
) -> Enrolment:
    """Do what `enrol` does, for who has the run open for naming already."""
    files = [photo if isinstance(photo, bytes) else as_path(photo) for photo in as_several(photos)]
    began = recognizer.run
    _check_open(began, name)
    name = settle_name(name, began.people)
    seen, chosen, refused = choose_face_of_each(recognizer, name, files, face)
    if not chosen:
        reasons = ", ".join(sorted({str(photo.reason) for photo in refused}))
        raise CastError(
            "nobody-to-enrol",
            "Of {photos} {photos:photo|photos}, none shows a face to enrol {name!r} with ({reasons}).",
            photos=len(files),
            name=name,
            reasons=reasons,
        )
    vectors = seen.embeddings[[one.row for one in chosen]]
    before = recognizer.gallery
    assert before is not None, "a run of faces has a gallery"
    sources = [(spell(one.photo.name), one.photo if one.photo in files else None) for one in chosen]
    run, is_new = add_faces(began, name, vectors, sources)
    added = tuple(one for one, new in zip(chosen, is_new, strict=True) if new)
    known = tuple(one.photo for one, new in zip(chosen, is_new, strict=True) if not new)
    asked = seen.embeddings[[one.row for one in added]]
    fits = fit_beside(before.background, before.embeddings_of(name), asked)
    doubts = tuple(
        doubt
        for one, vector, fit in zip(added, asked, fits, strict=True)
        for doubt in _doubts(before, name, vector, fit, one.named, str(one.photo))
    )
    return Enrolment(run, added, known, tuple(refused), doubts)


def enrol_face(recognizer: Recognizer, name: str, seen: Seen, face: int, source: str) -> PointedFace:
    """Add one face, as a person pointed at it in a photo of several.

    Args:
        recognizer: Of a run of the model `face`; the run's folder is changed, as it is now: whoever came or left since
            the recognizer was loaded stays or stays away.
        name: Somebody new, or somebody the run knows.
        seen: What the recognizer's eyes saw of the photo.
        face: The face's row in it.
        source: What the photo is called.

    Returns:
        What became of it. Who holds the run knows the face from then on.

    Raises:
        CastlistError: If nobody can be called so, the run is of another model or was trained anew, or has another face
            network than the one that made the record.
    """
    began = recognizer.run  # first: of a run that is changed after that, the change below tells
    recognizer.face_eyes.need_own(seen)
    _check_open(began, name)
    name = settle_name(name, began.people)
    photo, vector = int(seen.photo[face]), seen.embeddings[face]
    before, faces = recognizer.gallery, recognizer.name(seen)[photo]
    assert before is not None, "a run of faces has a gallery"
    run, (is_new,) = add_faces(began, name, vector[None], [(spell(source), seen.paths[photo])])
    if not is_new:
        return PointedFace(None, ())
    (fit,) = fit_beside(before.background, before.embeddings_of(name), vector[None])
    named = faces[face - int(np.searchsorted(seen.photo, photo))]
    return PointedFace(run.enrolled[-1], tuple(_doubts(before, name, vector, fit, named, source)))


def _doubts(
    gallery: Gallery, name: str, vector: np.ndarray, fit: float, named: NamedFace, photo: str
) -> Iterator[Message]:
    """What the run as it was before says against a face being somebody's.

    Args:
        gallery: As it was.
        name: Whose the face is said to be.
        vector: The face's embedding.
        fit: How probably it is of whom the others called so are.
        named: What the run said of it.
        photo: What the photo is called.
    """
    others = np.flatnonzero(gallery.embeddings @ vector >= SAME)
    if names := {gallery.people[person] for person in gallery.person[others].tolist()}:
        yield Message(
            "known-as-other",
            "{photo!r}: the run knows this very face as {others}.",
            {"photo": photo, "others": ", ".join(sorted(names))},
        )
    elif named.name not in (UNKNOWN, name):
        yield Message(
            "named-as-other",
            "{photo!r}: the run names this face {other!r}, {probability:.1%} probable.",
            {"photo": photo, "other": named.name, "probability": named.probability},
        )
    elif fit < EVEN:
        yield Message(
            "unlike-the-others",
            "{photo!r}: this face isn't like those of {name} in the other photos.",
            {"photo": photo, "name": name},
        )


def _check_open(run: Run, name: str) -> None:
    if run.has_network:
        raise RunError(
            "learnt-for-good",
            "The network of this run has learnt its people for good. To add {name!r}, put the photos into a folder of "
            "that name beside the others and train again; a run of the model face can be added to.",
            name=name,
        )


def add_faces(
    began: Run, name: str, vectors: np.ndarray, sources: Sequence[tuple[str, Path | None]]
) -> tuple[Run, list[bool]]:
    """Add embeddings, which the network of the run as it was has made, to the run as it is now.

    Args:
        began: The run as it was.
        name: Whose they are.
        vectors: Shape (n, values).
        sources: n names of photos, and where they lie; None: they are no files.

    Returns:
        The run, and which of the embeddings weren't there.
    """
    with RunFolder(began.path).change() as change:
        need_same(change.run, began)
        _check_open(change.run, name)
        check_person(name, change.run.people)
        run, gallery = load_gallery(change.run)
        is_new: list[bool] = []
        there = gallery.embeddings_of(name)
        for vector in vectors:
            is_new.append(not (there @ vector >= SAME).any())
            there = np.vstack([there, vector])
        if not any(is_new):
            return run, is_new
        taken = {file for files in run.sides.values() for file in files}
        ids: list[str] = []
        places = dict(change.run.places)
        for (source, place), new in zip(sources, is_new, strict=True):
            if new:
                ids.append(free_name(f"{name}/{source}", taken | set(ids)))
                if place:
                    places[ids[-1]] = spell(str(place.absolute()))
        gallery = gallery.enrol(name, vectors[is_new], ids)
        change.write(run.gallery_path.name, gallery.to_bytes())
        change.remove(run.answers_path.name)  # they are of other people than the record
        change.run = dataclasses.replace(
            run,
            people=gallery.people,
            sides={**run.sides, "train": (*run.sides["train"], *ids)},
            enrolled=(*run.enrolled, Enrolled(name=name, files=tuple(ids))),
            places=places,
        )
    logger.info("%d embeddings added to a run", len(ids))
    return change.run, is_new
