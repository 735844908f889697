"""Photos and films that are sent: read within the house's limits, kept nowhere."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import File, UploadFile

from castlist.errors import CastlistError, Message, PhotoError
from castlist.media import HEAD, Film, check_size, is_film
from castlist.naming import NamedFilm, Recognizer, name_film
from castlist.web.desk import Desk

TOO_LARGE = ("photo-too-large", "photo-bomb")

Uploads = Annotated[list[UploadFile], File(description="Photos, each a field of this name.")]


def problem_of_photo(desk: Desk, upload: UploadFile) -> Message | None:
    """Why a photo isn't looked at; its header alone is read."""
    data = read_upload(upload)
    try:
        if data:
            limits = desk.house.limits
            check_size(data, limits.pixels, most_whole=limits.whole_pixels)
    except PhotoError as error:
        return error.message if error.code in TOO_LARGE else None  # all else is told by whoever looks
    return None


def read_photos(desk: Desk, uploads: Sequence[UploadFile]) -> list[bytes]:
    """The photos of a form.

    Raises:
        CastlistError: If one is larger than the house bears.
    """
    for number, upload in enumerate(uploads, start=1):
        if problem := problem_of_photo(desk, upload):
            raise CastlistError(
                "upload-refused",
                "Photo number {number} can't be looked at ({reason}).",
                number=number,
                reason=problem,
            )
    return [read_upload(upload) for upload in uploads]


def read_upload(upload: UploadFile) -> bytes:
    """The bytes of an upload."""
    upload.file.seek(0)
    data: bytes = upload.file.read()
    return data


@contextlib.contextmanager
def as_file(upload: UploadFile) -> Iterator[Path]:
    """An upload as a file, under a name of the house's, as long as the block runs."""
    with tempfile.NamedTemporaryFile() as file:
        upload.file.seek(0)
        shutil.copyfileobj(upload.file, file)
        file.flush()
        yield Path(file.name)


def seems_film(upload: UploadFile) -> bool:
    """Whether an upload is a film, by its content."""
    upload.file.seek(0)
    return is_film(upload.file.read(HEAD))


def name_sent_film(desk: Desk, upload: UploadFile, recognizer: Recognizer) -> NamedFilm:
    """Say who is in a film when, of a film no longer than the house bears.

    Raises:
        CastlistError: If it is longer, it can't be read as a film, or the run knows no faces, only whole photos.
    """
    longest = desk.house.limits.film_seconds
    with as_file(upload) as path:
        film = Film.open(path)
        frames = round(longest * film.rate)
        if film.n_frames > frames:
            raise PhotoError("film-too-long", "it is longer than {seconds:.0f} seconds", seconds=longest)
        done = 0

        def count(now: int, of: int) -> None:
            nonlocal done
            done = now

        # What it says of its length may be wrong.
        return name_film(path, recognizer, on_count=count, stop=lambda: done > frames or desk.is_leaving)
