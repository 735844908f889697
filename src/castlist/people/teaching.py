"""A run that learns from what people decided about an archive's faces."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from castlist.archive import (
    Archive,
    ArchiveFolder,
    Confirmed,
    confirmed_faces,
    hear_names,
    nearest_faces,
    open_same_eyes,
    refused_faces,
)
from castlist.errors import RunError
from castlist.media import meant_by
from castlist.paths import join_below
from castlist.people.apart import set_apart
from castlist.people.enrolment import SAME, add_faces
from castlist.run import open_run

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taught:
    """What a run learnt from an archive: of each person who was decided on, how many faces."""

    added: dict[str, int]  # that are the person
    apart: dict[str, int]  # that aren't, and whose like isn't named so any more
    freed: int  # look-alikes of before of whom that isn't decided any more


def teach(path: str | os.PathLike[str], archive: str | os.PathLike[str]) -> Taught:
    """Enrol the faces of an archive that somebody decided to be a person; none of them is looked at again.

    Whoever was decided not to be a person of the run is known from now on as a look-alike, who has no name: whatever
    is liker to the look-alike than to the person isn't named so, until a decision that was taken back is taught.

    What the run knows already is passed over. `undo` takes back what was added of a person, the last one first.

    Args:
        path: The run folder.
        archive: The archive's.

    Raises:
        CastlistError: If the archive was seen with other networks than the run's, nobody was decided on, nobody can be
            called so, or the run is of another model.
    """
    folder = ArchiveFolder.here(archive)
    open_same_eyes(folder, path)
    began = open_run(path)
    hear_names(folder, began)
    opened = Archive(archive)
    added = {}
    for name, faces in confirmed_faces(opened).items():
        known = meant_by(name, open_run(path).people)
        _, is_new = add_faces(began, known, faces.embeddings, _sources(opened, faces))
        added[name] = sum(is_new)
    refused = {
        meant_by(name, open_run(path).people): (faces.embeddings, _sources(opened, faces))
        for name, faces in refused_faces(opened).items()
    }
    apart, freed = set_apart(began, refused, lambda vectors: nearest_faces(opened, vectors) >= SAME)
    if not added and not apart and not freed:
        raise RunError(
            "nobody-confirmed",
            "Nobody was decided to be in a photo of {archive!r} that is there. Decide first: castlist decide.",
            archive=str(archive),
        )
    logger.info("%d faces of an archive were enrolled, %d set apart", sum(added.values()), sum(apart.values()))
    return Taught(added, apart, freed)


def _sources(archive: Archive, faces: Confirmed) -> list[tuple[str, Path | None]]:
    return [(PurePosixPath(photo).name, join_below(archive.root, photo)) for photo in faces.photos]
