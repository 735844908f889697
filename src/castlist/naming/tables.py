"""Answers as tables and as JSON, for other programs."""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any

from castlist.errors import CastlistError
from castlist.escaping import for_cell, for_json
from castlist.files import cannot_write, need_replaceable, rows_bytes, table_bytes
from castlist.naming.answers import NamedFace, NamedPhoto
from castlist.naming.films import NamedFilm, Sighting
from castlist.paths import as_path

COLUMNS = (  # of a table
    *("photo", "name", "probability", "perhaps", "perhaps_probability"),
    *("left", "top", "right", "bottom", "start", "end", "problem"),
)
_HEADS = (b"photo,", codecs.BOM_UTF8 + b"photo,")  # with what spreadsheets put before it


class Table:
    """A CSV file that answers are added to as they come: who is interrupted has the rows so far."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Begin a table; missing folders are made, and what was there before is gone.

        Raises:
            CastlistError: If it can't be written, or is there and no table: a photo's name was typed, perhaps.
        """
        self._path = as_path(path)
        need_replaceable(self._path, *_HEADS)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb", buffering=0)  # what failed to be written is not tried again
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._whole = 0  # bytes, up to the end of the last row
        try:
            self._add(table_bytes(COLUMNS, ()))
        except CastlistError:
            self._close()
            raise

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """Write rows, so that they are there whatever comes.

        Raises:
            CastlistError: If they can't be written; then none of them is there.
        """
        self._add(rows_bytes(rows))

    def _add(self, data: bytes) -> None:
        left = data
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            with contextlib.suppress(OSError):  # a pipe or a device can't be cut
                self._file.truncate(self._whole)
            raise cannot_write(self._path, error) from error
        self._whole += len(data)

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # every row was written, or refused, before
            self._file.close()


def photo_rows(photo: NamedPhoto) -> Iterator[tuple[str, ...]]:
    """A photo's rows of the table; one without faces has one, with the reason."""
    path = for_cell(str(photo.path))
    for face in photo.from_left:
        box = face.box
        edges = [f"{edge:.1f}" for edge in (box.left, box.top, box.right, box.bottom)] if box else [""] * 4
        yield path, *_who(face), *edges, "", "", str(face.problem or "")
    if not photo.faces:
        yield path, *[""] * 10, for_cell(str(photo.problem or "no face found"))


def film_rows(film: NamedFilm) -> Iterator[tuple[str, ...]]:
    """A film's rows of the same table, one per sighting; one in which nobody is seen has one, with the reason."""
    path, problem = for_cell(str(film.path)), for_cell(str(film.problem or ""))
    for one in film.sightings:
        times = (f"{one.start:.2f}", f"{one.end:.2f}")
        yield path, *_who(one), *[""] * 4, *times, problem
    if not film.sightings:
        yield path, *[""] * 10, problem or "no face found"


def _who(one: NamedFace | Sighting) -> tuple[str, str, str, str]:
    perhaps = "" if one.perhaps_probability is None else f"{one.perhaps_probability:.6f}"
    return for_cell(one.name), f"{one.probability:.6f}", for_cell(one.perhaps or ""), perhaps


def photo_json(photo: NamedPhoto) -> str:
    """A photo's answers as one JSON object."""
    if photo.problem:
        return for_json({"photo": str(photo.path), "problem": str(photo.problem)})
    faces = []
    for face in photo.from_left:
        record: dict[str, Any] = {"name": face.name, "probability": face.probability}
        record |= {"perhaps": face.perhaps, "others": dict(face.others)}
        if face.box:
            record["box"] = [round(edge, 1) for edge in (face.box.left, face.box.top, face.box.right, face.box.bottom)]
        if face.problem:
            record["problem"] = str(face.problem)
        faces.append(record)
    return for_json({"photo": str(photo.path), "faces": faces})


def film_json(film: NamedFilm) -> str:
    """A film's sightings as one JSON object; one that can't be read has the reason instead."""
    record: dict[str, Any] = {"film": str(film.path)}
    if film.is_read:
        record["sightings"] = [dataclasses.asdict(one) for one in film.sightings]
    if film.problem:
        record["problem"] = str(film.problem)
    return for_json(record)
