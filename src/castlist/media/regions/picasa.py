"""Faces that Picasa keeps in a folder's .picasa.ini, with the names that stand in the same file."""

from __future__ import annotations

import re
from pathlib import Path

from castlist.errors import PhotoError
from castlist.media.orientation import to_stored
from castlist.media.regions.reading import is_name, need_few
from castlist.media.regions.records import Area, Region
from castlist.media.regions.sidecars import read_beside

FILES = (".picasa.ini", "Picasa.ini")
LARGEST = 16_000_000  # bytes
_FACE = re.compile(r"rect64\(([0-9a-f]{1,16})\),([0-9a-f]{1,16})", re.IGNORECASE)
_SECTION = re.compile(r"\[(.+)\]")
_CONTACTS = ("contacts2", "contacts")


class PicasaFaces:
    """The faces of photos; a folder's file is read once as long as its photos are asked for one after the other."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._sections: dict[str, dict[str, str]] = {}
        self._names: dict[str, str] = {}

    def find(self, photo: Path, orientation: int | None, *, is_raw: bool) -> list[Region]:
        """The faces of a photo that have a name.

        Args:
            photo: Its path.
            orientation: As EXIF counts.
            is_raw: Whether it is a camera's raw file, whose faces Picasa keeps as they are seen.

        Raises:
            CastlistError: If there are too many.

        Source: exiftool's picasa_faces.config, which says so of raw files.
        """
        if photo.parent != self._folder:
            self._folder = photo.parent
            self._sections = _read(photo.parent)
            self._names = {
                number.casefold(): text.split(";")[0].strip()
                for section in _CONTACTS
                for number, text in self._sections.get(section, {}).items()
            }
        faces = self._sections.get(photo.name.casefold(), {}).get("faces", "")
        regions = []
        found = _FACE.findall(faces)
        need_few(found)
        for rectangle, number in found:
            name = self._names.get(number.casefold(), "")
            area = _area(rectangle, orientation if is_raw else None)
            if is_name(name) and area.width > 0 and area.height > 0:
                regions.append(Region(name, area))
        return regions


def _read(folder: Path) -> dict[str, dict[str, str]]:
    """The sections of a folder's file; it has neither the quotes nor the comments of other such files."""
    sections: dict[str, dict[str, str]] = {}
    for name in FILES:
        try:
            lines = read_beside(folder / name, LARGEST).decode("utf-8", "replace").splitlines()
        except (OSError, PhotoError):
            continue
        inside: dict[str, str] = {}
        for line in lines:
            if found := _SECTION.fullmatch(line.strip()):
                inside = sections.setdefault(found[1].casefold(), {})
            elif "=" in line:
                key, _, value = line.partition("=")
                inside[key.strip().casefold()] = value.strip()
    return sections


def _area(rectangle: str, orientation: int | None) -> Area:
    """Four numbers of 16 bits, without the zeros that a number doesn't begin with."""
    digits = rectangle.zfill(16)
    left, top, right, bottom = (int(digits[at : at + 4], 16) / 65535 for at in range(0, 16, 4))
    (x, y), (other_x, other_y) = to_stored((left, top), orientation), to_stored((right, bottom), orientation)
    return Area.of_edges(min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))
