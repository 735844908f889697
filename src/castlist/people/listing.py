"""Who is in a run."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass

from castlist.media import one_form, person_of
from castlist.paths import as_path
from castlist.run import RunFolder


@dataclass(frozen=True)
class Person:
    """Somebody in a run."""

    name: str
    photos: int  # that the run has learnt or was tested with
    enrolled: int  # of them, those that came after it was learnt


def list_people(path: str | os.PathLike[str]) -> tuple[Person, ...]:
    """Who is in a run, in the run's order, each with how many photos.

    Raises:
        RunError: If the folder is no run, or is broken.
    """
    run = RunFolder(as_path(path)).read(lambda run: run)
    photos = Counter(person_of(file) for files in run.sides.values() for file in files)
    enrolled = Counter(person_of(file) for one in run.enrolled for file in one.files)
    return tuple(Person(name, photos[one_form(name)], enrolled[one_form(name)]) for name in run.people)
