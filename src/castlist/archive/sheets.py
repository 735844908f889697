"""A contact sheet of faces of an archive."""

from __future__ import annotations

import os
from collections.abc import Sequence

from castlist.archive.reading import ArchivedFace
from castlist.errors import PhotoError
from castlist.media import read_photo
from castlist.painting import Cell, draw_sheet, make_thumbnail, save_picture
from castlist.threads import work_ahead

MOST = 200  # faces on a sheet; more would be a picture that few programs open


def save_sheet(faces: Sequence[ArchivedFace], path: str | os.PathLike[str]) -> int:
    """Write a contact sheet of the first MOST faces; gives how many these are.

    Args:
        faces: In their order.
        path: As for `save_picture`.

    Raises:
        CastlistError: If it can't be written.
    """
    shown = faces[:MOST]
    save_picture(draw_sheet(list(work_ahead(_cell, shown))), path)
    return len(shown)


def _cell(face: ArchivedFace) -> Cell:
    caption = face.path.name if face.start is None else f"{face.path.name} {face.start:.0f} s"
    try:
        return make_thumbnail(read_photo(face.path), face.box, caption, face.probability)
    except PhotoError:  # a film, or gone meanwhile: its name is all there is
        return Cell(None, None, caption, face.probability)
