"""Photos and films named, told, tabled and painted, one after the other: what `castlist predict` does."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from castlist.errors import CastlistError, Message, PhotoError, SettingsError, unforeseen
from castlist.media import is_film
from castlist.naming import NamedFilm, NamedPhoto, Recognizer, Table, film_rows, name_film, photo_rows
from castlist.painting import check_hidden, draw_photo, tell_apart, write_film
from castlist.threads import OnCount

logger = logging.getLogger(__name__)

Showing = Callable[[str], AbstractContextManager[OnCount]]  # shows how far something is while it lasts


@dataclass(frozen=True)
class Remark:
    """Something to be told beside the answers, most often what couldn't be done with a file."""

    message: Message
    path: Path | None = None  # None: of all of them


@contextlib.contextmanager
def _unseen(what: str) -> Iterator[OnCount]:
    yield lambda done, total: None


def predict(
    paths: Sequence[str | os.PathLike[str]],
    recognizer: Recognizer,
    *,
    table: str | os.PathLike[str] | None = None,
    pictures: str | os.PathLike[str] | None = None,
    hidden: str | None = None,
    repeat: bool = False,
    together: bool = False,
    showing: Showing = _unseen,
) -> Iterator[NamedPhoto | NamedFilm | Remark]:
    """Name photos, then films, each as soon as it is asked for.

    Args:
        paths: Photos and films, told apart by their content.
        recognizer: Of a finished run.
        table: A CSV file that gets the rows of each answer as it comes.
        pictures: A folder that gets pictures and films with names, or with faces hidden.
        hidden: Whose faces are hidden in them: "unknown", "all", or a name; then no names are painted.
        repeat: Whether a person may appear more than once in a photo.
        together: Let photos help to name each other.
        showing: Told what takes long, and how far it is.

    Yields:
        What was named, once it is written where it was asked for, and remarks on what couldn't be done.

    Raises:
        CastlistError: If the run can't do what is asked, or the table can't be written.
    """
    if hidden is not None:
        check_hidden(hidden, recognizer.run.people)
        if recognizer.face_network is None:
            raise SettingsError(
                "hiding-needs-faces", "Hiding needs a run that knows faces; this one was learnt from whole photos."
            )
    every = [Path(path) for path in paths]
    films = [path for path in every if is_film(path)]
    photos = [path for path in every if path not in set(films)]
    draw = None if pictures is None else _Painter(Path(pictures), hidden, photos, films)

    def work() -> Iterator[NamedPhoto | NamedFilm | Remark]:
        with contextlib.ExitStack() as stack:
            write = stack.enter_context(Table(table)).add if table is not None else lambda rows: None
            yield from _remarks_on_sequences(recognizer, photos)
            for photo in _name_photos(photos, recognizer, hidden is not None, repeat, together, showing):
                write(photo_rows(photo))
                failure = draw.photo(photo) if draw and not photo.problem else None
                yield photo
                if failure:
                    yield failure
            for path in films:
                yield from _film(path, recognizer, hidden is not None, write, draw, showing)

    return work()


def _remarks_on_sequences(recognizer: Recognizer, photos: Sequence[Path]) -> Iterator[Remark]:
    network = recognizer.network
    if photos and network is not None and network.frames and network.frames > 1:
        yield Remark(
            Message(
                "sequences-of-photos",
                "This run reads {frames} photos of a person in order. A film has them; a photo is read {frames} times.",
                {"frames": network.frames},
            )
        )


def _name_photos(
    photos: Sequence[Path], recognizer: Recognizer, thorough: bool, repeat: bool, together: bool, showing: Showing
) -> Iterator[NamedPhoto]:
    if not together:
        yield from recognizer.name_photos(photos, repeat=repeat, thorough=thorough)
        return
    with showing("faces: photos") as on_count:
        named = recognizer.name_album(photos, repeat=repeat, thorough=thorough, on_count=on_count)
    yield from named


def _film(
    path: Path,
    recognizer: Recognizer,
    thorough: bool,
    write: Callable[[Iterable[Sequence[str]]], None],
    draw: _Painter | None,
    showing: Showing,
) -> Iterator[NamedFilm | Remark]:
    try:
        with showing(f"{path.name}: faces") as on_count:
            film = name_film(path, recognizer, thorough=thorough, on_count=on_count)
    except PhotoError as error:
        write(photo_rows(NamedPhoto(path, (), error.message)))
        yield Remark(Message("left-out", "left out ({reason})", {"reason": error.message}), path)
        return
    write(film_rows(film))
    failure = draw.film(film, showing) if draw else None
    yield film
    if film.problem:
        yield Remark(film.problem, path)
    if failure:
        yield failure


class _Painter:
    """Writes pictures and films into a folder; what goes wrong with one is a remark."""

    def __init__(self, folder: Path, hidden: str | None, photos: Sequence[Path], films: Sequence[Path]) -> None:
        self._hidden = hidden
        # Never a name that a photo of the user's is likely to bear: the folder may hold some.
        kind = "named" if hidden is None else "hidden"
        self._files = {
            path: folder / f"{name}.{kind}.{ending}"
            for paths, ending in ((photos, "jpg"), (films, "mp4"))
            for path, name in zip(paths, tell_apart(paths), strict=True)
        }

    def photo(self, photo: NamedPhoto) -> Remark | None:
        return self._try(photo.path, lambda file: draw_photo(photo, file, hidden=self._hidden))

    def film(self, film: NamedFilm, showing: Showing) -> Remark | None:
        def write(file: Path) -> None:
            with showing(f"{film.path.name}: writing") as on_count:
                write_film(film, file, names=self._hidden is None, hidden=self._hidden, on_count=on_count)

        return self._try(film.path, write)

    def _try(self, path: Path, write: Callable[[Path], None]) -> Remark | None:
        try:
            write(self._files[path])
        except CastlistError as error:
            return Remark(error.message, path)
        except MemoryError:
            raise
        except Exception as error:  # one picture must not stop the other nine thousand
            logger.exception("Unforeseen while a picture was written")
            return Remark(unforeseen(error).message, path)
        return None
