"""What tells pictures and films that castlist wrote from those of a user's: they are not to be named again.

A mark in the file says so. Names alone would pass over photos of users who call them alike; they only spare the look
into every file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from PIL import ExifTags, Image

MARK = "castlist"  # as the software that a picture's EXIF block names
_FILM_MARK = b"\x00\x00\x00\x10free" + MARK.encode()  # a box of MP4 that every player skips, as the last of the file
_NAMED = re.compile(r"(.+)\.(?:named|hidden|explained)\.(jpg|mp4)", re.IGNORECASE)
# Of what lies beside copies that castlists before the mark wrote.
_ENDINGS = ("", ".jpg", ".jpeg", ".png", ".webp", ".heic", ".tif", ".mp4", ".mov", ".avi", ".mkv", ".webm")


def marked_exif() -> Image.Exif:
    """The EXIF block of a picture that castlist writes."""
    exif = Image.Exif()
    exif[ExifTags.Base.Software] = MARK
    return exif


def mark_film(path: Path) -> None:
    """Mark an MP4 film that castlist has written."""
    with path.open("ab") as file:
        file.write(_FILM_MARK)


def is_own(path: Path) -> bool:
    """Whether castlist wrote a picture or film: with names, with faces hidden, or an explanation."""
    named = _NAMED.fullmatch(path.name)
    if named is None:
        return False
    is_marked = _is_marked_film if named[2].lower() == "mp4" else _is_marked_picture
    return is_marked(path) or any((path.parent / f"{named[1]}{ending}").exists() for ending in _ENDINGS)


def _is_marked_picture(path: Path) -> bool:
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            return image.getexif().get(ExifTags.Base.Software) == MARK
    except Exception:  # a file of this name may hold anything
        return False


def _is_marked_film(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-len(_FILM_MARK), os.SEEK_END)
            return file.read() == _FILM_MARK
    except OSError:  # too short, too
        return False
