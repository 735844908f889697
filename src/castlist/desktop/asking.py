"""What the window asks of the recognizer, as work for a thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from castlist.desktop.picture import Picture, fit
from castlist.desktop.worker import Task
from castlist.errors import PhotoError
from castlist.media import UNKNOWN
from castlist.naming import NamedPhoto, Recognizer, Seen
from castlist.painting import draw_names, hide_faces, is_hidden, save_picture
from castlist.people import enrol_face


@dataclass(frozen=True, eq=False)
class Looked:
    """A picture that was named."""

    index: int  # in the order asked
    pixels: np.ndarray | None  # (height, width, 3), uint8, RGB; None where they are not handed over
    answer: NamedPhoto
    seen: Seen | None  # what it was named by, where faces of it can be enrolled
    thumbnail: Image.Image | None  # None where the file can't be read


def name_pictures(
    recognizer: Recognizer, pictures: Sequence[Picture], thumbnail: int, task: Task, *, keep: int
) -> Iterator[Looked]:
    """Name pictures one by one, so that the window shows each and can stop after each.

    Args:
        recognizer: Of the chosen run.
        pictures: In the order of the strip.
        thumbnail: Pixels of a thumbnail's longer side.
        task: Where the wish to stop is told.
        keep: The picture that is looked at: it comes first, with its pixels; those of all would fill the memory.
    """
    for index in sorted(range(len(pictures)), key=lambda index: index != keep):
        if task.stopped.is_set():
            return
        picture = pictures[index]
        try:
            pixels = picture.read()
        except PhotoError as error:
            yield Looked(index, None, NamedPhoto(picture.path, (), error.message), None, None)
            continue
        seen, answer = name_pixels(recognizer, pixels, picture.path)
        small = fit(pixels, thumbnail, thumbnail)
        yield Looked(index, pixels if index == keep else None, answer, seen, small)


def name_pixels(recognizer: Recognizer, pixels: np.ndarray, path: Path) -> tuple[Seen | None, NamedPhoto]:
    """Name a picture; gives what was seen of it, too, if faces of it can be enrolled.

    Args:
        recognizer: Of the chosen run.
        pixels: Shape (height, width, 3), uint8, RGB, upright.
        path: What the picture is called.
    """
    seen = Seen.merge(recognizer.eyes.see([pixels]))
    (faces,), (problem,) = recognizer.name(seen), seen.problems
    # What a trained network reads, squares of pixels, isn't kept of each open picture.
    return seen if recognizer.network is None else None, NamedPhoto(path, faces, problem)


def enrol_clicked(recognizer: Recognizer, seen: Seen, face: int, name: str, source: str) -> Iterator[Recognizer]:
    """Add one face of a picture to a person; gives the recognizer that knows it."""
    yield enrol_face(recognizer, name, seen, face, source)


def save_named(picture: Picture, answer: NamedPhoto, path: Path) -> Iterator[Path]:
    """Write a picture with names on it."""
    save_picture(draw_names(picture.read(), answer.faces), path)
    yield path


def save_hidden(recognizer: Recognizer, picture: Picture, path: Path) -> Iterator[Path]:
    """Write a picture with the faces of strangers hidden."""
    pixels = picture.read()
    # A thorough look: a small face must not stay open because naming passed over it.
    seen = Seen.merge(recognizer.face_eyes.see([pixels], thorough=True))
    (named,) = recognizer.name(seen)
    save_picture(hide_faces(pixels, [face.box for face in named if face.box and is_hidden(face, UNKNOWN)]), path)
    yield path
