"""Who is in a photo as Google Takeout tells it: names in a JSON file beside the photo, and not where in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from castlist.errors import PhotoError
from castlist.media.regions.sidecars import read_beside
from castlist.paths import is_file

LARGEST = 1_000_000  # bytes
# Newer exports put it before .json, cut to what a long name leaves room for, in which they count in several ways.
_TOLD = "supplemental-metadata"
# A photo edited there has the file of the one before, and "edited" after its name, in the language of whoever exports;
# of a second photo of one name, (1) comes after its ending.
_OF_ANOTHER = re.compile(r"(.+?)(?:-[^\d_()-]{2,20})?(\(\d+\))?")
_ROOM = 46  # characters of the name of a JSON file without its ending


def takeout_names(photo: Path) -> list[str]:
    """The people in a photo."""
    for file in _files(photo):
        try:
            record = json.loads(read_beside(file, LARGEST))
        except (OSError, PhotoError, ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(people := record.get("people"), list):
            names = [one.get("name") for one in people if isinstance(one, dict)]
            return [name for name in names if isinstance(name, str) and name.strip()]
    return []


def takeout_file(photo: Path) -> Path | None:
    """The JSON file that is of a photo; that of an edited one only where the one before isn't there any more."""
    file = next((one for one in _files(photo) if is_file(one)), None)
    original, number = _original(photo)
    before = photo.with_name(f"{Path(original).stem}{number}{photo.suffix}")
    return None if before != photo and is_file(before) and file in _files(before) else file


def _original(photo: Path) -> tuple[str, str]:
    """What a photo was called before it was edited or numbered, and its number, as in (1)."""
    found = _OF_ANOTHER.fullmatch(photo.stem)
    return (found[1] + photo.suffix, found[2] or "") if found else (photo.name, "")


def _files(photo: Path) -> list[Path]:
    original, number = _original(photo)
    names = [
        told + after
        for name, after in ((photo.name, ""), (original, number))
        for told in (name, *(f"{name}.{_TOLD[:cut]}" for cut in range(len(_TOLD), -1, -1)), name[:_ROOM])
    ]
    return [photo.with_name(f"{name}.json") for name in dict.fromkeys(names)]
