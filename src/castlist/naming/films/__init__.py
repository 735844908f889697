"""People in films: faces followed from frame to frame, named as tracks."""

from castlist.naming.films.following import SeenTrack, name_film, name_tracks, see_film
from castlist.naming.films.records import NamedFilm, Sighting, Track, clock
from castlist.naming.films.tracking import overlap

__all__ = [
    "NamedFilm",
    "SeenTrack",
    "Sighting",
    "Track",
    "clock",
    "name_film",
    "name_tracks",
    "overlap",
    "see_film",
]
