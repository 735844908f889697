"""Answers as tables and as JSON, for other programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from castlist.naming.films import NamedFilm
from castlist.naming.recognizer import NamedPhoto

COLUMNS = ("photo", "name", "probability", "left", "top", "right", "bottom", "start", "end", "problem")  # of a table


def photo_rows(photo: NamedPhoto) -> Iterator[tuple[str, ...]]:
    """A photo's rows of the table that `--csv` writes; one without faces has one, with the reason."""
    for face in photo.faces:
        box = face.box
        edges = [f"{edge:.1f}" for edge in (box.left, box.top, box.right, box.bottom)] if box else [""] * 4
        yield str(photo.path), face.name, f"{face.probability:.6f}", *edges, "", "", str(face.problem or "")
    if not photo.faces:
        yield str(photo.path), *[""] * 8, photo.problem or "no face found"


def film_rows(film: NamedFilm) -> Iterator[tuple[str, ...]]:
    """A film's rows of the same table, one per sighting."""
    for one in film.sightings:
        times = (f"{one.start:.2f}", f"{one.end:.2f}")
        yield str(film.path), one.name, f"{one.probability:.6f}", *[""] * 4, *times, ""


def photo_json(photo: NamedPhoto) -> str:
    """A photo's answers as one JSON object."""
    if photo.problem:
        return json.dumps({"photo": str(photo.path), "problem": photo.problem}, ensure_ascii=False)
    faces = []
    for face in photo.faces:
        record: dict[str, Any] = {"name": face.name, "probability": face.probability, "others": dict(face.others)}
        if face.box:
            record["box"] = [round(edge, 1) for edge in (face.box.left, face.box.top, face.box.right, face.box.bottom)]
        if face.problem:
            record["problem"] = str(face.problem)
        faces.append(record)
    return json.dumps({"photo": str(photo.path), "faces": faces}, ensure_ascii=False)


def film_json(film: NamedFilm) -> str:
    """A film's sightings as one JSON object."""
    return json.dumps(
        {"film": str(film.path), "sightings": [dataclasses.asdict(one) for one in film.sightings]}, ensure_ascii=False
    )
