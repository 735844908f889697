"""Which file is a photo's sidecar: photo.jpg.xmp, or photo.xmp where that can be no other photo's."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from castlist.errors import CastlistError, PhotoError
from castlist.media.regions.packet import LARGEST, Packet, text_of

SUFFIX = ".xmp"
_EDITS, _MOVING = ".aae", ".mov"  # of an iPhone: edits of a photo, and what the photo shows when it moves
_NO_PHOTOS = frozenset({SUFFIX, ".json", ".txt", _EDITS, ".thm", ".wav"})  # that lie beside photos of the same stem


class Sidecars:
    """Finds sidecars; a folder is listed once as long as its photos are asked for one after the other."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._names: dict[str, list[str]] = {}

    def find(self, photo: Path) -> Path | None:
        """The sidecar of a photo, if there is one."""
        names = self._list(photo.parent)
        for name in names.get(photo.stem, ()):  # photo.jpg.xmp is of the stem photo.jpg
            if name.lower().endswith(SUFFIX) and self._is_of(photo, photo.with_name(name)):
                stem: Path | None = photo.with_name(name)
                break
        else:
            stem = None
        whole = next((one for one in names.get(photo.name, ()) if one.lower().endswith(SUFFIX)), None)
        return photo.with_name(whole) if whole else stem

    def edits(self, photo: Path) -> Path | None:
        """What an iPhone keeps of how a photo was edited, if there is such a file and it can be no other photo's."""
        names = [Path(name) for name in self._list(photo.parent).get(photo.stem, ()) if name != photo.name]
        if all(other.suffix.lower() in (*_NO_PHOTOS, _MOVING) for other in names):
            return next((photo.with_name(other.name) for other in names if other.suffix.lower() == _EDITS), None)
        return None

    def place(self, photo: Path) -> Path:
        """Where a photo's names are written: into its sidecar, or a new one."""
        return self.find(photo) or photo.with_name(photo.name + SUFFIX)

    def _is_of(self, photo: Path, sidecar: Path) -> bool:
        """Whether photo.xmp is of this photo, not of another of the same stem."""
        try:
            extension = text_of(Packet(read_sidecar(sidecar)).property("photoshop:SidecarForExtension"))
        except (OSError, CastlistError):  # told where it is read
            extension = ""
        if extension:
            return extension.casefold() == photo.suffix[1:].casefold()
        others = (Path(name) for name in self._names[photo.stem] if name != photo.name)
        return all(other.suffix.lower() in _NO_PHOTOS for other in others)

    def _list(self, folder: Path) -> Mapping[str, list[str]]:
        if folder != self._folder:
            self._names = {}
            try:
                with os.scandir(folder) as entries:
                    for name in sorted(entry.name for entry in entries if not entry.name.startswith(".")):
                        self._names.setdefault(Path(name).stem, []).append(name)
            except OSError:  # told where the photo is read
                pass
            self._folder = folder
        return self._names


def read_sidecar(path: Path) -> bytes:
    """The bytes of a sidecar, as many as are looked at.

    Raises:
        PhotoError: If it is no file.
        OSError: If it can't be read.
    """
    return read_beside(path, LARGEST + 1)


def read_beside(path: Path, most: int) -> bytes:
    """The first bytes of a file beside photos; a pipe or a device is refused, since reading it would never end.

    Raises:
        PhotoError: If it is none.
        OSError: If it can't be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise PhotoError("photo-no-file", "not a regular file")
    with path.open("rb") as file:
        return file.read(most)
