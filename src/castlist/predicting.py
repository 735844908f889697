"""Photos and films named, told, tabled and painted, one after the other: what `castlist predict` does.

What only films, pictures or sidecars need is loaded where they are asked for: most ask for a name, and wait for it.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from castlist import media, naming, painting
from castlist.errors import CastlistError, FontError, Message, SettingsError, WeightsError, unforeseen
from castlist.files import need_folder
from castlist.media import UNKNOWN, is_film, meant_by
from castlist.naming import NamedFilm, NamedPhoto, Recognizer, Table, film_rows, photo_rows
from castlist.paths import as_path
from castlist.threads import OnCount

Showing = Callable[[Message], AbstractContextManager[OnCount]]  # shows how far something is while it lasts


@dataclass(frozen=True)
class Remark:
    """Something to be told beside the answers, most often what couldn't be done with a file."""

    message: Message
    path: Path | None = None  # None: of all of them


class Tally:
    """In how many photos and films who was seen."""

    def __init__(self) -> None:
        self.files = 0
        self.people: Counter[str] = Counter()  # those who were named
        self.perhaps = self.strangers = self.faceless = self.unread = 0

    def add(self, one: NamedPhoto | NamedFilm) -> None:
        """Count an answer; whoever is in it twice counts once."""
        self.files += 1
        faces = one.faces if isinstance(one, NamedPhoto) else one.sightings
        self.people.update({face.name: 1 for face in faces if face.name != UNKNOWN})
        strangers = [face for face in faces if face.name == UNKNOWN]
        self.perhaps += any(face.perhaps is not None for face in strangers)
        self.strangers += any(face.perhaps is None for face in strangers)
        is_read = one.is_read if isinstance(one, NamedFilm) else not one.problem
        self.unread += not is_read
        self.faceless += is_read and not faces


def is_of_another_kind(one: NamedPhoto | NamedFilm) -> bool:
    """Whether a file neither is a photo nor is called like one: of a whole disk, most are such."""
    called = (mimetypes.guess_type(one.path.name, strict=False)[0] or "").startswith(("image/", "video/"))
    return one.problem is not None and one.problem.code in ("photo-format", "photo-empty") and not called


@contextlib.contextmanager
def unseen(what: Message) -> Iterator[OnCount]:
    """Show nothing."""
    yield lambda done, total: None


def predict(
    paths: Sequence[str | os.PathLike[str]],
    recognizer: Recognizer,
    *,
    table: str | os.PathLike[str] | None = None,
    pictures: str | os.PathLike[str] | None = None,
    hidden: str | None = None,
    xmp: bool = False,
    repeat: bool = False,
    together: bool = False,
    showing: Showing = unseen,
) -> Iterator[NamedPhoto | NamedFilm | Remark]:
    """Name photos, then films, each as soon as it is asked for.

    Args:
        paths: Photos and films, told apart by their content.
        recognizer: Of a finished run.
        table: A CSV file that gets the rows of each answer as it comes.
        pictures: A folder that gets pictures and films with names, or with faces hidden.
        hidden: Whose faces are hidden in them: "unknown", "all", or a name; then no names are painted.
        xmp: Whether the names of photos are added to their sidecars, as `castlist.tagging` does it for archives.
        repeat: Whether a person may appear more than once in a photo.
        together: Let photos help to name each other.
        showing: Told what takes long, and how far it is.

    Yields:
        What was named, once it is written where it was asked for, and remarks on what couldn't be done.

    Raises:
        CastlistError: If the run can't do what is asked, the folder can't be made, or the table can't be written.
    """
    people = recognizer.run.people
    if hidden is not None:
        hidden = meant_by(hidden, people)
        painting.check_hidden(hidden, people)
        if recognizer.face_network is None:
            raise SettingsError(
                "hiding-needs-faces", "Hiding needs a run that knows faces; this one was learnt from whole photos."
            )
    if xmp and recognizer.face_network is None:
        raise SettingsError(
            "xmp-needs-faces", "XMP says where faces are: it needs a run that knows faces, not whole photos."
        )
    photos: list[Path] = []
    films: list[Path] = []
    for path in map(as_path, paths):
        (films if is_film(path) else photos).append(path)
    draw = None if pictures is None else _Painter(Path(pictures), hidden, people, photos, films)

    def work() -> Iterator[NamedPhoto | NamedFilm | Remark]:
        with contextlib.ExitStack() as stack:
            write = stack.enter_context(Table(table)).add if table is not None else lambda rows: None
            yield from _remarks_on_sequences(recognizer, photos)
            put = None
            if xmp:
                put = partial(_put_names, media.Sidecars())
            if draw and hidden is None:
                yield from _remarks_on_fonts(people)
            for photo in _name_photos(photos, recognizer, hidden is not None, repeat, together, showing):
                write(photo_rows(photo))
                failures = [draw.photo(photo)] if draw and not photo.problem else []
                failures += [put(photo)] if put and not photo.problem else []
                yield photo
                yield from filter(None, failures)
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


def _remarks_on_fonts(people: Sequence[str]) -> Iterator[Remark]:
    """Whose name no picture can bear: said before thousands of photos, not at each."""
    for name in people:
        try:
            painting.find_fonts(name)
        except FontError as error:
            yield Remark(
                Message(
                    "name-not-drawn",
                    "Pictures with {name!r} can't be drawn: {reason}",
                    {"name": name, "reason": error.message},
                )
            )


def _name_photos(
    photos: Sequence[Path], recognizer: Recognizer, thorough: bool, repeat: bool, together: bool, showing: Showing
) -> Iterator[NamedPhoto]:
    if not together:
        yield from recognizer.name_photos(photos, repeat=repeat, thorough=thorough)
        return
    with showing(Message("showing-album", "Faces", {})) as on_count:
        named = recognizer.name_album(photos, repeat=repeat, thorough=thorough, on_count=on_count)
    yield from named


def _put_names(sidecars: media.Sidecars, photo: NamedPhoto) -> Remark | None:
    """Add the names of a photo to its sidecar."""
    boxes = [(face.name, face.box) for face in photo.faces if face.name != UNKNOWN]
    faces = [(name, (box.left, box.top, box.right, box.bottom)) for name, box in boxes if box]
    try:
        if faces:
            inside = media.look_inside(photo.path)
            tags = media.make_tags(faces, inside.upright_size, inside.orientation)
            plan = media.plan_sidecar(photo.path, sidecars.place(photo.path), tags, marked=True)
            if plan.change:
                media.write_planned(plan)
    except CastlistError as error:
        return Remark(error.message, photo.path)
    return None


def _film(
    path: Path,
    recognizer: Recognizer,
    thorough: bool,
    write: Callable[[Iterable[Sequence[str]]], None],
    draw: _Painter | None,
    showing: Showing,
) -> Iterator[NamedFilm | Remark]:
    try:
        with showing(Message("showing-film", "{name}: faces", {"name": path.name})) as on_count:
            film = naming.name_film(path, recognizer, thorough=thorough, on_count=on_count)
    except (MemoryError, WeightsError):  # the next would end so, too
        raise
    except CastlistError as error:
        film = NamedFilm.unread(path, error.message)
    except Exception as error:  # nor must one film stop the others
        film = NamedFilm.unread(path, unforeseen(error).message)
    write(film_rows(film))
    failure = draw.film(film, showing) if draw and film.is_read else None
    yield film
    if failure:
        yield failure


def _with_ending(name: str, path: Path, usual: Sequence[str]) -> str:
    """The name of a copy, with the file's own ending unless it is the usual one: a.jpg may be drawn another day."""
    is_told = name.endswith(path.suffix) or path.suffix[1:].lower() in usual
    return name if is_told else name + path.suffix


class _Painter:
    """Writes pictures and films into a folder; what goes wrong with one is a remark."""

    def __init__(
        self, folder: Path, hidden: str | None, people: Sequence[str], photos: Sequence[Path], films: Sequence[Path]
    ) -> None:
        self._hidden, self._people = hidden, people
        need_folder(folder)  # said once, not of each of very many photos
        # Never a name that a photo of the user's is likely to bear: the folder may hold some.
        kind = "named" if hidden is None else "hidden"
        self._files = {
            path: folder / f"{_with_ending(name, path, usual)}.{kind}.{usual[0]}"
            for paths, usual in ((photos, ("jpg", "jpeg")), (films, ("mp4",)))
            for path, name in zip(paths, painting.tell_apart(paths), strict=True)
        }
        self._inputs = {os.path.realpath(path) for path in (*photos, *films)}

    def photo(self, photo: NamedPhoto) -> Remark | None:
        return self._try(
            photo.path, lambda file: painting.draw_photo(photo, file, hidden=self._hidden, people=self._people)
        )

    def film(self, film: NamedFilm, showing: Showing) -> Remark | None:
        def write(file: Path) -> None:
            with showing(Message("showing-writing", "{name}: writing", {"name": film.path.name})) as on_count:
                hidden, people = self._hidden, self._people
                painting.write_film(film, file, names=hidden is None, hidden=hidden, people=people, on_count=on_count)

        return self._try(film.path, write)

    def _try(self, path: Path, write: Callable[[Path], None]) -> Remark | None:
        try:
            file = painting.free_place(self._files[path], path)
            if os.path.realpath(file) in self._inputs:
                raise CastlistError(
                    "picture-itself",
                    "{path!r} is one of the files that are named. Choose another folder.",
                    path=str(file),
                )
            write(file)
        except CastlistError as error:
            return Remark(error.message, path)
        except MemoryError:
            raise
        except Exception as error:  # one picture must not stop the other nine thousand
            return Remark(unforeseen(error).message, path)
        return None
