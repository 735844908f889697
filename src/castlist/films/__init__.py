"""Films: who is seen from when to when, and the film with names, or with faces hidden."""

from castlist.films.naming import NamedFilm, Sighting, Track, name_film
from castlist.films.painting import write_film
from castlist.films.reading import Film, FilmWriter, Frame, is_film

__all__ = [
    "Film",
    "FilmWriter",
    "Frame",
    "NamedFilm",
    "Sighting",
    "Track",
    "is_film",
    "name_film",
    "write_film",
]
