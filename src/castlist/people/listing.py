"""Who is in a run."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass

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
    photos = Counter(file.partition("/")[0] for files in run.sides.values() for file in files)
    enrolled = Counter(file.partition("/")[0] for one in run.enrolled for file in one.files)
    return tuple(Person(name, photos[name], enrolled[name]) for name in run.people)
