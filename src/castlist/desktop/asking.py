"""What the window asks of the recognizer, as work for a thread; each loads what it alone needs."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from castlist.desktop.picture import Picture, fit
from castlist.desktop.worker import Task
from castlist.errors import CastlistError, PhotoError
from castlist.languages import Translate
from castlist.media import UNKNOWN
from castlist.naming import NamedFilm, NamedPhoto, Recognizer, Seen
from castlist.threads import OnCount

if TYPE_CHECKING:
    from castlist.people import PointedFace

TOLD = 12  # frames of a film between two words on how far it is


@dataclass(frozen=True, eq=False)
class Looked:
    """A picture that was named."""

    index: int  # in the order asked
    answer: NamedPhoto | NamedFilm
    seen: Seen | None = None  # what it was named by, where faces of it can be enrolled
    pixels: np.ndarray | None = None  # (height, width, 3), uint8, RGB; None where they are not handed over
    thumbnail: Image.Image | None = None


@dataclass(frozen=True)
class Watched:
    """So much of a film is seen."""

    path: Path
    done: int  # frames
    of: int  # 0: the film doesn't say

    def describe(self, translate: Translate) -> str:
        """In the window's language."""
        name, done = self.path.name, f"{self.done:,}"
        if not self.of:
            return translate("{film}: frame {done}").format(film=name, done=done)
        return translate("{film}: frame {done} of {of}").format(film=name, done=done, of=f"{self.of:,}")


def name_pictures(
    recognizer: Recognizer,
    pictures: Sequence[Picture],
    known: Mapping[int, Seen],
    thumbnail: int,
    task: Task,
    wanted: Callable[[], int],
) -> Iterator[Looked]:
    """Name pictures one by one, so that the window shows each and can stop after each; films last.

    Args:
        recognizer: Of the chosen run.
        pictures: In the order of the strip.
        known: Of pictures that were looked at for this run before, what was seen: they are only named anew.
        thumbnail: Pixels of a thumbnail's longer side.
        task: Where the wish to stop is told, and how far a film is.
        wanted: The picture that is looked at: it comes first, with its pixels; those of all would fill the memory.
    """
    films: list[int] = []
    for index in _in_order(range(len(pictures)), wanted):
        if (now := wanted()) in films:
            films.remove(now)
            yield Looked(now, _name_film(recognizer, pictures[now].path, task))
        if task.stopped.is_set():
            return
        picture, is_wanted = pictures[index], index == wanted()
        if index in known:
            yield Looked(index, _name(recognizer, known[index], picture.path), known[index])
        elif not picture.is_film:
            try:
                pixels = picture.read()
            except PhotoError as error:
                yield Looked(index, NamedPhoto(picture.path, (), error.message))
                continue
            seen, answer = name_pixels(recognizer, pixels, picture.path)
            yield Looked(index, answer, seen, pixels if is_wanted else None, fit(pixels, thumbnail, thumbnail))
        elif is_wanted:
            yield Looked(index, _name_film(recognizer, picture.path, task))
        else:
            films.append(index)
    for index in _in_order(films, wanted):
        yield Looked(index, _name_film(recognizer, pictures[index].path, task))


def _name_film(recognizer: Recognizer, path: Path, task: Task) -> NamedFilm:
    from castlist.naming import name_film

    try:
        return name_film(path, recognizer, on_count=_counter(path, task), stop=task.stopped.is_set)
    except CastlistError as error:
        return NamedFilm.unread(path, error.message)


def _counter(path: Path, task: Task) -> OnCount:
    """What tells the window now and then how far a film is."""

    def count(done: int, of: int) -> None:
        if done % TOLD == 0:
            task.tell(Watched(path, done, of))

    return count


def _in_order(indices: Collection[int], wanted: Callable[[], int]) -> Iterator[int]:
    """Each of some numbers once: that which is wanted at the moment, else the next after the one before."""
    left, place = sorted(indices), 0
    while left:
        now = wanted()
        found = bisect.bisect_left(left, now)
        if left[found : found + 1] == [now]:
            place = found
        yield left.pop(place % len(left))


def name_pixels(recognizer: Recognizer, pixels: np.ndarray, path: Path) -> tuple[Seen | None, NamedPhoto]:
    """Name a picture; gives what was seen of it, too, if faces of it can be enrolled.

    Args:
        recognizer: Of the chosen run.
        pixels: Shape (height, width, 3), uint8, RGB, upright.
        path: What the picture is called.
    """
    seen = Seen.merge(recognizer.eyes.see([pixels]))
    # What a trained network reads, squares of pixels, isn't kept of each open picture.
    return seen if recognizer.network is None else None, _name(recognizer, seen, path)


def _name(recognizer: Recognizer, seen: Seen, path: Path) -> NamedPhoto:
    (faces,), (problem,) = recognizer.name(seen), seen.problems
    return NamedPhoto(path, faces, problem)


def get_ready(recognizer: Recognizer) -> Iterator[None]:
    """Compute what every enrolment needs, while the name is being written."""
    if recognizer.gallery is not None:
        recognizer.gallery.warm_up()
    yield


def enrol_clicked(recognizer: Recognizer, seen: Seen, face: int, name: str, source: str) -> Iterator[PointedFace]:
    """Add one face of a picture to a person; gives what became of it."""
    from castlist.people import enrol_face

    added = enrol_face(recognizer, name, seen, face, source)
    _ = recognizer.run  # opened anew here, not where the window would wait for it
    yield added


def take_back_last(recognizer: Recognizer) -> Iterator[str]:
    """Undo the last enrolment of a run; gives the name of whom it was."""
    from castlist.people import undo

    name = undo(recognizer.run.path).name
    _ = recognizer.run  # opened anew here, not where the window would wait for it
    yield name


def save_named(
    picture: Picture, answer: NamedPhoto | NamedFilm, people: Sequence[str], path: Path, task: Task
) -> Iterator[Path | Watched]:
    """Write a picture or a film with names on it."""
    from castlist.painting import draw_names, save_picture, write_film

    if isinstance(answer, NamedFilm):
        write_film(answer, path, people=people, on_count=_counter(picture.path, task))
    else:
        save_picture(draw_names(picture.read(), answer.faces, people), path)
    yield path


def save_hidden(recognizer: Recognizer, picture: Picture, path: Path, task: Task) -> Iterator[Path | Watched]:
    """Write a picture or a film with the faces of strangers hidden."""
    from castlist.naming import name_film
    from castlist.painting import hide_faces, is_hidden, save_picture, write_film

    # A thorough look: a small face must not stay open because naming passed over it.
    if picture.is_film:
        count = _counter(picture.path, task)
        film = name_film(picture.path, recognizer, thorough=True, on_count=count, stop=task.stopped.is_set)
        if task.stopped.is_set():
            return
        write_film(film, path, names=False, hidden=UNKNOWN, on_count=count)
    else:
        pixels = picture.read()
        seen = Seen.merge(recognizer.face_eyes.see([pixels], thorough=True))
        (named,) = recognizer.name(seen)
        save_picture(hide_faces(pixels, [face.box for face in named if face.box and is_hidden(face, UNKNOWN)]), path)
    yield path
