"""Half one: a finished run names photos and films, without Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.naming.answers import DOUBT as DOUBT
    from castlist.naming.answers import NamedFace as NamedFace
    from castlist.naming.answers import NamedPhoto as NamedPhoto
    from castlist.naming.classifier import Network as Network
    from castlist.naming.classifier import answers_of as answers_of
    from castlist.naming.eyes import Eyes as Eyes
    from castlist.naming.eyes import FaceEyes as FaceEyes
    from castlist.naming.eyes import Sight as Sight
    from castlist.naming.films import NamedFilm as NamedFilm
    from castlist.naming.films import SeenTrack as SeenTrack
    from castlist.naming.films import Sighting as Sighting
    from castlist.naming.films import Track as Track
    from castlist.naming.films import clock as clock
    from castlist.naming.films import find_again as find_again
    from castlist.naming.films import name_film as name_film
    from castlist.naming.films import name_tracks as name_tracks
    from castlist.naming.films import overlap as overlap
    from castlist.naming.films import see_film as see_film
    from castlist.naming.namers import Namer as Namer
    from castlist.naming.recognizer import Recognizer as Recognizer
    from castlist.naming.seeing import Seen as Seen
    from castlist.naming.tables import COLUMNS as COLUMNS
    from castlist.naming.tables import Table as Table
    from castlist.naming.tables import film_json as film_json
    from castlist.naming.tables import film_rows as film_rows
    from castlist.naming.tables import photo_json as photo_json
    from castlist.naming.tables import photo_rows as photo_rows

_ROOMS = {
    "COLUMNS": "tables",
    "DOUBT": "answers",
    "Eyes": "eyes",
    "FaceEyes": "eyes",
    "NamedFace": "answers",
    "NamedFilm": "films",
    "NamedPhoto": "answers",
    "Namer": "namers",
    "Network": "classifier",
    "Recognizer": "recognizer",
    "Seen": "seeing",
    "SeenTrack": "films",
    "Sight": "eyes",
    "Sighting": "films",
    "Table": "tables",
    "Track": "films",
    "answers_of": "classifier",
    "clock": "films",
    "find_again": "films",
    "film_json": "tables",
    "film_rows": "tables",
    "name_film": "films",
    "name_tracks": "films",
    "overlap": "films",
    "photo_json": "tables",
    "photo_rows": "tables",
    "see_film": "films",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
