"""A face of a film, found again where it was seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from castlist.errors import PhotoError
from castlist.faces import DEFAULT_TEMPLATE, Box, Finder, find_faces
from castlist.media import Film
from castlist.naming.films.tracking import overlap

SAME = 0.6  # overlap from which on a face is surely the one
MOST = 24  # frames that are looked at
APART = 1 / 12  # seconds between two of them, at least


def find_again(
    path: Path, box: Box, start: float, end: float, *, finder: Finder = find_faces
) -> tuple[np.ndarray, Box]:
    """A frame of a film that shows a face, and where it is there.

    Args:
        path: The film.
        box: Where the face was at its best, in one of the frames.
        start: Seconds; when it was seen.
        end: Until when.
        finder: Finds faces.

    Returns:
        The frame, shape (height, width, 3), uint8, RGB, and the box in it.

    Raises:
        PhotoError: If the film can't be read, or shows no such face then.
    """
    best, found, due = 0.0, None, start
    for frame in Film.open(path).frames(start=start):
        if frame.seconds > end:
            break
        if frame.seconds < due - APART / 2:
            continue
        due = frame.seconds + max(APART, (end - start) / MOST)
        for face in finder(frame.pixels, min_face=min(box.width, box.height) / 2, template=DEFAULT_TEMPLATE):
            if (share := overlap(face.box, box)) > best:
                best, found = share, (frame.pixels, face.box)
        if best >= SAME:
            break
    if found is None:
        raise PhotoError("film-no-face", "the film shows no such face any more")
    return found
