"""Half one: a finished run names photos and films, without Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.naming.classifier import Network as Network
    from castlist.naming.classifier import answers_of as answers_of
    from castlist.naming.films import NamedFilm as NamedFilm
    from castlist.naming.films import Track as Track
    from castlist.naming.films import name_film as name_film
    from castlist.naming.films import overlap as overlap
    from castlist.naming.recognizer import NamedFace as NamedFace
    from castlist.naming.recognizer import NamedPhoto as NamedPhoto
    from castlist.naming.recognizer import Recognizer as Recognizer
    from castlist.naming.recognizer import describe_answers as describe_answers
    from castlist.naming.tables import COLUMNS as COLUMNS
    from castlist.naming.tables import film_json as film_json
    from castlist.naming.tables import film_rows as film_rows
    from castlist.naming.tables import photo_json as photo_json
    from castlist.naming.tables import photo_rows as photo_rows

_ROOMS = {
    "COLUMNS": "tables",
    "film_json": "tables",
    "film_rows": "tables",
    "photo_json": "tables",
    "photo_rows": "tables",
    "NamedFace": "recognizer",
    "NamedFilm": "films",
    "NamedPhoto": "recognizer",
    "Network": "classifier",
    "Recognizer": "recognizer",
    "Track": "films",
    "answers_of": "classifier",
    "describe_answers": "recognizer",
    "name_film": "films",
    "overlap": "films",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
