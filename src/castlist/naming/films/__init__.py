"""People in films: faces followed from frame to frame, named as tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.naming.films.again import find_again as find_again
    from castlist.naming.films.following import SeenTrack as SeenTrack
    from castlist.naming.films.following import name_film as name_film
    from castlist.naming.films.following import name_tracks as name_tracks
    from castlist.naming.films.following import see_film as see_film
    from castlist.naming.films.records import NamedFilm as NamedFilm
    from castlist.naming.films.records import Sighting as Sighting
    from castlist.naming.films.records import Track as Track
    from castlist.naming.films.records import clock as clock
    from castlist.naming.films.tracking import overlap as overlap

_ROOMS = {
    "NamedFilm": "records",
    "SeenTrack": "following",
    "Sighting": "records",
    "Track": "records",
    "clock": "records",
    "find_again": "again",
    "name_film": "following",
    "name_tracks": "following",
    "overlap": "tracking",
    "see_film": "following",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
