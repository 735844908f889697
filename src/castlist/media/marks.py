"""What tells pictures and films that castlist wrote from those of a user's: they are not to be named again.

A mark in the file says so, and of what the file is a copy. Names alone would pass over photos of users who call them
alike; they only spare the look into every file.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from PIL import ExifTags, Image

from castlist.files import in_the_way
from castlist.media.headers import dates_of

MARK = "castlist"  # as the software that a picture's EXIF block names
# A box of MP4 that every player skips, as the last of the file; the original's digest follows.
_FILM_MARK = b"\x00\x00\x00\x30free" + MARK.encode()
_DIGEST = 32  # hexadecimal digits, as many as the EXIF tag for a picture's own number has
_NAMED = re.compile(r"(.+)\.(?:named|hidden|explained)\.(jpg|mp4)", re.IGNORECASE)
# Of what lies beside copies that castlists before the mark wrote.
_ENDINGS = ("", ".jpg", ".jpeg", ".png", ".webp", ".heic", ".tif", ".mp4", ".mov", ".avi", ".mkv", ".webm")


def marked_exif(original: bytes = b"") -> Image.Exif:
    """The EXIF block of a picture that castlist writes: of a photo's copy with the photo's dates, so that it is sorted.

    Nothing else of the photo's block goes along: neither the place nor a thumbnail, which would show hidden faces.
    """
    exif = dates_of(original) if original else Image.Exif()
    exif[ExifTags.Base.Software] = MARK
    if original:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ImageUniqueID] = hashlib.sha256(original).hexdigest()[:_DIGEST]
    return exif


def mark_film(path: Path, original: Path | None = None) -> None:
    """Mark an MP4 film that castlist has written, a copy of another film or of none."""
    digest = digest_of(original) if original else "0" * _DIGEST
    with path.open("ab") as file:
        file.write(_FILM_MARK + digest.encode())


def digest_of(path: Path) -> str:
    """What a copy says of its original: a digest of its bytes.

    Raises:
        OSError: If it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGEST]


def original_of(path: Path) -> str | None:
    """The digest of what a picture or film that castlist wrote is a copy of; None where the file doesn't say."""
    if path.suffix.lower() == ".mp4":
        return _read_film_mark(path)
    digest = _read_exif(path).get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ImageUniqueID)
    return None if digest is None else str(digest)


def need_no_photo(path: Path) -> None:
    """Make sure that a picture that is to be written replaces none but castlist's.

    Raises:
        CastlistError: If there is another file.
    """
    if path.is_file() and not _is_marked_picture(path):
        raise in_the_way(path)


def is_own(path: Path) -> bool:
    """Whether castlist wrote a picture or film: with names, with faces hidden, or an explanation."""
    named = _NAMED.fullmatch(path.name)
    if named is None:
        return False
    is_marked = _read_film_mark(path) is not None if named[2].lower() == "mp4" else _is_marked_picture(path)
    return is_marked or any((path.parent / f"{named[1]}{ending}").exists() for ending in _ENDINGS)


def _is_marked_picture(path: Path) -> bool:
    return _read_exif(path).get(ExifTags.Base.Software) == MARK


def _read_exif(path: Path) -> Image.Exif:
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            exif = image.getexif()
            exif.get_ifd(ExifTags.IFD.Exif)  # parsed here, where whatever is in it does no harm
            return exif
    except Exception:  # a file of this name may hold anything
        return Image.Exif()


def _read_film_mark(path: Path) -> str | None:
    """The digest in the mark of a film; None where there is no mark."""
    try:
        with path.open("rb") as file:
            file.seek(-len(_FILM_MARK) - _DIGEST, os.SEEK_END)
            mark, digest = file.read(len(_FILM_MARK)), file.read()
    except OSError:  # too short, too
        return None
    return digest.decode("ascii", "replace") if mark == _FILM_MARK else None
