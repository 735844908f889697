"""Contact sheets of faces of an archive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from castlist.archive.elsewhere import note
from castlist.archive.folder import ArchiveFolder
from castlist.archive.groups import FaceGroup
from castlist.archive.records import ArchivedFace
from castlist.errors import PhotoError
from castlist.media import need_no_photo, read_photo
from castlist.painting import SHEET_COLUMNS, Cell, draw_sheet, make_thumbnail, save_picture
from castlist.threads import work_ahead

AROUND = 0.4  # of a face's width and height, shown around it
MOST = 200  # faces on a sheet; more would be a picture that few programs open


def save_sheet(folder: ArchiveFolder, faces: Sequence[ArchivedFace], path: str | os.PathLike[str]) -> int:
    """Write a contact sheet of the first MOST faces; gives how many these are.

    Args:
        folder: Of the archive, which notes that there is the sheet.
        faces: In their order.
        path: As for `save_picture`.

    Raises:
        CastlistError: If it can't be written, or would replace a photo.
    """
    need_no_photo(Path(path))
    shown = faces[:MOST]
    note(folder, "sheet", path, shown)
    save_picture(draw_faces(shown), path)
    return len(shown)


def draw_faces(faces: Sequence[ArchivedFace]) -> np.ndarray:
    """A contact sheet of the first MOST faces: shape (height, width, 3), uint8, RGB."""
    return draw_sheet(list(work_ahead(_cell, faces[:MOST])))


def save_groups_sheet(folder: ArchiveFolder, groups: Sequence[FaceGroup], path: str | os.PathLike[str]) -> int:
    """Write a contact sheet of the first groups, each a row of its first faces; gives how many these are.

    Args:
        folder: Of the archive, which notes that there is the sheet.
        groups: In their order.
        path: As for `save_picture`.

    Raises:
        CastlistError: If it can't be written, or would replace a photo.
    """
    need_no_photo(Path(path))
    shown = groups[: MOST // SHEET_COLUMNS]
    rows = [list({(face.digest, face.number): face for face in group.faces}.values()) for group in shown]
    places = [
        (group, row[i] if i < len(row) else None)
        for group, row in zip(shown, rows, strict=True)
        for i in range(SHEET_COLUMNS)
    ]
    note(folder, "sheet", path, (face for _, face in places if face))
    save_picture(draw_sheet(list(work_ahead(_place, places))), path)
    return len(shown)


def _place(place: tuple[FaceGroup, ArchivedFace | None]) -> Cell:
    """A face of a group, from near, or an empty place."""
    group, face = place
    if face is None:
        return Cell(None, None, "", None)
    caption = f"{group.number}: {face.path.name}"
    try:
        pixels = read_photo(face.path)
    except PhotoError:  # a film, or gone meanwhile
        return Cell(None, None, caption, None)
    x, y = (AROUND * (face.box.right - face.box.left), AROUND * (face.box.bottom - face.box.top))
    left, top = max(0, int(face.box.left - x)), max(0, int(face.box.top - y))
    near = pixels[top : int(face.box.bottom + y), left : int(face.box.right + x)]
    # A photo that was replaced meanwhile may be smaller.
    return make_thumbnail(near if near.size else pixels, None, caption)


def _cell(face: ArchivedFace) -> Cell:
    caption = face.path.name if face.start is None else f"{face.path.name} {face.start:.0f} s"
    try:
        return make_thumbnail(read_photo(face.path), face.box, caption, face.probability)
    except PhotoError:  # a film, or gone meanwhile: its name is all there is
        return Cell(None, None, caption, face.probability)
