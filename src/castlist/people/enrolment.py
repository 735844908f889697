"""People added to a finished run in a moment, and deleted from it for good."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from castlist.checks import delete_checks_of
from castlist.embeddings import FaceNetwork, choose_faces
from castlist.errors import CastError, PhotoError, RunError
from castlist.faces import Face
from castlist.files import write_bytes
from castlist.gallery import Gallery
from castlist.learning import NO_FACE, delete_datasets_of
from castlist.media import RefusedPhoto, check_person, find_cast, read_photo
from castlist.naming import Recognizer
from castlist.run import Run, list_runs, open_run, read_history


@dataclass(frozen=True)
class Enrolment:
    """What became of the photos that somebody was to be enrolled with."""

    run: Run
    added: tuple[Path, ...]
    refused: tuple[RefusedPhoto, ...]


@dataclass(frozen=True)
class Receipt:
    """What was deleted of a person, and what still exists."""

    name: str
    removed: tuple[str, ...]  # a sentence each
    remaining: tuple[str, ...]  # a sentence each; what is not the run's to delete


def enrol(path: Path, name: str, photos: Sequence[Path]) -> Enrolment:
    """Add a person, or photos of one, to a run of the model `face`: no training, the threshold follows.

    The run's figures and report are stale after it; `refresh` makes them anew.

    Args:
        path: The run folder.
        name: Somebody new, or somebody the run knows.
        photos: At least one; of several faces in one, that which agrees with the other photos is taken.

    Raises:
        CastlistError: If nobody can be called so, no photo shows a face, or the run is of another model.
    """
    recognizer = Recognizer.load(path)
    run = recognizer.run
    gallery, network = _need_open(recognizer, name)
    found: list[tuple[Path, list[Face]]] = []
    refused: list[RefusedPhoto] = []
    for photo in photos:
        try:
            faces = recognizer.look(read_photo(photo))
        except PhotoError as error:
            refused.append(RefusedPhoto(photo, str(error)))
            continue
        assert isinstance(faces, list), "a run of faces looks for faces"
        if faces:
            found.append((photo, faces))
        else:
            refused.append(RefusedPhoto(photo, NO_FACE))
    if not found:
        reasons = "; ".join(f"{photo.path.name}: {photo.reason}" for photo in refused)
        raise CastError(f"None of the {len(photos)} photos shows a face to enrol {name!r} with ({reasons}).")
    crops = np.stack([face.pixels for _, faces in found for face in faces])
    vectors = network.embed(crops, views=run.settings.views)
    split = np.split(vectors, np.cumsum([len(faces) for _, faces in found])[:-1])
    # Photos already known have a say in which face it is.
    known = gallery.embeddings[gallery.person == gallery.people.index(name)] if name in gallery.people else vectors[:0]
    anyone = [found[0][1][:1]] * len(known)
    chosen = choose_faces([*anyone, *(faces for _, faces in found)], [*(row[None] for row in known), *split])
    picked = np.stack([mine[index or 0] for mine, index in zip(split, chosen[len(known) :], strict=True)])
    ids = tuple(f"{name}/{photo.name}" for photo, _ in found)
    run, _ = _add(run, gallery, name, picked, ids)
    return Enrolment(run, tuple(photo for photo, _ in found), tuple(refused))


def enrol_face(recognizer: Recognizer, name: str, face: Face, source: str) -> Recognizer:
    """Add one face, as a person pointed at it in a photo of several.

    Args:
        recognizer: Of a run of the model `face`; the run's folder is changed.
        name: Somebody new, or somebody the run knows.
        face: As `recognizer.look` found it.
        source: What the photo is called.

    Returns:
        The recognizer that knows the face; the one given doesn't.

    Raises:
        CastlistError: If nobody can be called so, or the run is of another model.
    """
    gallery, network = _need_open(recognizer, name)
    vector = network.embed(face.pixels[None], views=recognizer.run.settings.views)
    # The run may have changed on disk since it was opened.
    run, gallery = _add(open_run(recognizer.run.path), gallery, name, vector, (f"{name}/{source}",))
    return Recognizer(run, face_network=network, gallery=gallery)


def _need_open(recognizer: Recognizer, name: str) -> tuple[Gallery, FaceNetwork]:
    """The parts of a run that can be added to under a name."""
    run, gallery, network = recognizer.run, recognizer.gallery, recognizer.face_network
    if run.has_network or gallery is None or network is None:
        raise RunError(
            f"The network of this run has learnt its people for good. To add {name!r}, put the photos into a folder of "
            "that name beside the others and train again; a run of the model face, not fine-tuned, can be added to."
        )
    check_person(name, run.people)
    return gallery, network


def _add(run: Run, gallery: Gallery, name: str, vectors: np.ndarray, ids: tuple[str, ...]) -> tuple[Run, Gallery]:
    # The gallery first: a name in run.json that the gallery lacks would break the run, the reverse is only unlisted.
    gallery = gallery.enrol(name, vectors, ids)
    write_bytes(run.gallery_path, gallery.to_bytes())
    run = dataclasses.replace(run, people=gallery.people, sides={**run.sides, "train": (*run.sides["train"], *ids)})
    run.save()
    return run, gallery


def forget(path: Path, name: str) -> Receipt:
    """Delete a person from a run of the model `face`: embeddings, names, answers, pictures, kept data sets.

    Files are written anew without the person, so that nothing is left in them; the report is deleted, and `refresh`
    makes it anew.

    Raises:
        CastlistError: If nobody is called so, nobody would be left, or the run is of a model whose weights have seen
            the person.
    """
    run = open_run(path)
    _need_person(run, name)
    if run.has_network:
        raise RunError(
            f"The weights of the model {run.settings.model} have seen {name!r} and can't forget one person: "
            "they must be trained again without, which --retrain does."
        )
    recognizer = Recognizer.load(path)
    assert recognizer.gallery is not None, "a run of the model face has a gallery"
    gallery = recognizer.gallery.forget(name)
    n_embeddings = len(recognizer.gallery.photos) - len(gallery.photos)
    n_files = sum(_is_of(file, name) for files in run.sides.values() for file in files)
    for file in ("report.html", "metrics.json", "predictions.csv"):
        (path / file).unlink(missing_ok=True)
    for export in path.glob("export.*"):
        export.unlink()
    for folder in ("figures", "named", "tensorboard"):
        shutil.rmtree(path / folder, ignore_errors=True)
    write_bytes(run.gallery_path, gallery.to_bytes())
    dataclasses.replace(
        run,
        people=gallery.people,
        sides={side: tuple(file for file in files if not _is_of(file, name)) for side, files in run.sides.items()},
        refused=tuple(item for item in run.refused if not _is_of(item[0], name)),
        notes=tuple(note for note in run.notes if name not in note),
    ).save()
    removed = [
        f"{n_embeddings} embeddings from gallery.npz, and the threshold that they helped to set.",
        f"The name, and {n_files} file names, from run.json.",
        "The report, its figures, the answers, the metrics, and exports in the run folder.",
    ]
    return Receipt(name, (*removed, *_delete_kept(name)), _what_remains(run, name))


def retrain_without(path: Path, name: str, *, language: str = "en", **callbacks: Any) -> Receipt:
    """Train a run of a Keras model anew without a person; the old one is deleted when the new one is finished.

    Args:
        path: The run folder.
        name: Whom to leave out.
        language: Of the report.
        callbacks: As for `learn`.

    Raises:
        CastlistError: If nobody is called so, or the others can't be trained.
    """
    from castlist.learning import learn, write_report

    run = open_run(path)
    _need_person(run, name)
    cast = find_cast(Path(run.photos_root))
    others = dataclasses.replace(
        cast,
        people=tuple(person for person in cast.people if person != name),
        photos=tuple(photo for photo in cast.photos if photo.person != name),
        notes=tuple(note for note in cast.notes if name not in str(note)),
    )
    beside, old = _beside(path), path.with_name(f"{path.name}.old")
    discard_retraining(path)
    _, evaluation = learn(others, run.settings, runs=beside.parent, name=beside.name, language=language, **callbacks)
    path.rename(old)
    beside.rename(path)
    shutil.rmtree(old)
    retrained = open_run(path)
    if evaluation:
        write_report(retrained, evaluation, read_history(retrained), language=language)
    removed = (f"The whole run {str(path)!r}: it was trained anew without {name!r}.", *_delete_kept(name))
    return Receipt(name, removed, _what_remains(retrained, name))


def discard_retraining(path: Path) -> None:
    """Delete what `retrain_without` was interrupted at, if it was; the run itself is as it was.

    A finished run that bears the name, or what is no run at all, is somebody's own, and stays.
    """
    with contextlib.suppress(RunError):
        if not (beside := open_run(_beside(path))).complete:
            shutil.rmtree(beside.path, ignore_errors=True)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.retrained")


def refresh(path: Path, *, language: str = "en") -> Path | None:
    """Make a run's figures and report anew after somebody came or went; the run names all the same without.

    Returns:
        The report, or None where the run has no photos to test with.

    Raises:
        MissingExtraError: If the extra for learning isn't installed.
    """
    recognizer = Recognizer.load(path)
    if not recognizer.run.sides["test"]:
        return None
    from castlist.learning import evaluate, save_evaluation, write_report

    evaluation = evaluate(recognizer.run, recognizer.gallery, None)
    save_evaluation(evaluation, recognizer.run)
    return write_report(recognizer.run, evaluation, [], language=language)


def _need_person(run: Run, name: str) -> None:
    if name not in run.people:
        raise RunError(f"The run {str(run.path)!r} knows nobody called {name!r}. Choose from: {', '.join(run.people)}.")


def _is_of(file: str, name: str) -> bool:
    return file.startswith(f"{name}/")


def _delete_kept(name: str) -> tuple[str, ...]:
    deleted = delete_datasets_of(name)
    removed = [f"{len(deleted)} kept data sets of photos that {name!r} was among."] if deleted else []
    if checked := delete_checks_of(name):
        removed.append(f"What `castlist check` kept of {checked} photos in folders called {name!r}.")
    return tuple(removed)


def _what_remains(run: Run, name: str) -> tuple[str, ...]:
    remaining = []
    folder = Path(run.photos_root) / name
    if folder.is_dir():
        remaining.append(f"The photos themselves, in {str(folder)!r}; training again would learn them again.")
    for other in list_runs(run.path.parent):
        if other.path != run.path and name in other.people:
            remaining.append(f"The run {str(other.path)!r}, which knows {name!r} too.")
    remaining.append("Whatever was written elsewhere: pictures and tables with names, copies of this run, backups.")
    return tuple(remaining)
