"""Films: who is seen from when to when, and the film with names, or with faces hidden."""

from castlist.film import Film, FilmWriter, Frame, is_film
from castlist.films.naming import name_film
from castlist.films.painting import write_film
from castlist.films.records import NamedFilm, Sighting, Track

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
