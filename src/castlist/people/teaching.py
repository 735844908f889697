"""A run that learns from what people decided about an archive's faces."""

from __future__ import annotations

import logging
import os
from pathlib import PurePosixPath

from castlist.archive import Archive, ArchiveFolder, confirmed_faces, hear_names, open_same_eyes
from castlist.errors import RunError
from castlist.media import meant_by
from castlist.paths import join_below
from castlist.people.enrolment import add_faces
from castlist.run import open_run

logger = logging.getLogger(__name__)


def teach(path: str | os.PathLike[str], archive: str | os.PathLike[str]) -> dict[str, int]:
    """Enrol the faces of an archive that somebody decided to be a person; none of them is looked at again.

    What the run knows already is passed over. `undo` takes back what was added of a person, the last one first.

    Args:
        path: The run folder.
        archive: The archive's.

    Returns:
        How many faces were added of each person who was decided on.

    Raises:
        CastlistError: If the archive was seen with other networks than the run's, nobody was decided on, nobody can be
            called so, or the run is of another model.
    """
    folder = ArchiveFolder(archive)
    open_same_eyes(folder, path)
    began = open_run(path)
    hear_names(folder, began)
    opened = Archive(archive)
    added = {}
    for name, faces in confirmed_faces(opened).items():
        sources = [(PurePosixPath(photo).name, join_below(opened.root, photo)) for photo in faces.photos]
        _, is_new = add_faces(began, meant_by(name, open_run(path).people), faces.embeddings, sources)
        added[name] = sum(is_new)
    if not added:
        raise RunError(
            "nobody-confirmed",
            "Nobody was decided to be in a photo of {archive!r} that is there. Decide first: castlist decide.",
            archive=str(archive),
        )
    logger.info("%d faces of an archive were enrolled", sum(added.values()))
    return added
