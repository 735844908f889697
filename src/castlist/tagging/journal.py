"""What castlist wrote into whose metadata, tags.jsonl in the archive: a line is on disk before the file is written.

So castlist takes out again what it wrote, and nothing else: a keyword that somebody else had given before stands in no
line. What is written and taken out is added line by line, and the file is written anew when somebody is forgotten.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from castlist.errors import CastlistError, reason_of
from castlist.files import PRIVATE_FILE, cannot_write, write_bytes
from castlist.media import TagItem
from castlist.paths import is_below

NAME = "tags.jsonl"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A change of one file."""

    photo: str  # below the archive's root, as rows have it
    file: str = ""  # of the sidecar, the same way; "": the photo itself
    added: tuple[TagItem, ...] = ()
    removed: tuple[TagItem, ...] = ()
    made: bool = False  # whether the sidecar wasn't there
    before: str = ""  # of a photo: its digests
    after: str = ""


class Journal:
    """The lines as what castlist's they leave in each file."""

    def __init__(self, archive: Path) -> None:
        """Read the file, if there is one.

        Raises:
            CastlistError: If it can't be read, or isn't as castlist writes it.
        """
        self._path = archive / NAME
        self._items: dict[tuple[str, str], dict[TagItem, None]] = {}
        self.noted: dict[str, Line] = {}  # of photos that were written, the last digests
        self.made: set[str] = set()
        for line in self._read():
            self._take_in(line)

    def of(self, photo: str, file: str) -> tuple[TagItem, ...]:
        """What castlist wrote into a file, and hasn't taken out."""
        return tuple(self._items.get((photo, file), ()))

    def files(self) -> list[tuple[str, str]]:
        """Photos and the files, "" for the photo itself, in which something of castlist's stands."""
        return [key for key, items in self._items.items() if items]

    def add(self, lines: Sequence[Line]) -> None:
        """Add lines; they are on disk when this returns.

        Raises:
            CastlistError: If they can't be written.
        """
        lines = [line for line in lines if line.added or line.removed or line.after]
        if not lines:
            return
        data = b"".join(map(_encoded, lines))
        try:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
            try:
                whole = self._path.read_bytes().rfind(b"\n") + 1
                os.ftruncate(file, whole)  # what a killed process wrote of a line
                if os.write(file, data) != len(data):
                    os.ftruncate(file, whole)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise cannot_write(self._path, error) from error
        for line in lines:
            self._take_in(line)

    def shorten(self) -> None:
        """Write the file anew without what was taken out again.

        Raises:
            CastlistError: If it can't be written.
        """
        lines = [
            Line(photo, file, added=tuple(items), made=file in self.made)
            for (photo, file), items in self._items.items()
            if items
        ]
        if lines:
            write_bytes(self._path, b"".join(map(_encoded, lines)), private=True)
        else:
            self._path.unlink(missing_ok=True)

    def _take_in(self, line: Line) -> None:
        items = self._items.setdefault((line.photo, line.file), {})
        items.update(dict.fromkeys(line.added))
        for item in line.removed:
            items.pop(item, None)
        if line.made:
            self.made.add(line.file)
        if line.after:
            self.noted[line.photo] = line

    def _read(self) -> list[Line]:
        try:
            data = self._path.read_bytes()
            lines = [msgspec.json.decode(line, type=Line) for line in data.split(b"\n")[:-1]]
            if not all(_is_sound(line) for line in lines):
                raise ValueError("it tells of files that aren't sidecars below the folder of photos")
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise CastlistError(
                "tags-broken",
                "What castlist wrote into metadata is no longer known: {path!r} isn't as castlist writes it "
                "({reason}). Take the file away; then nothing that was written before can be taken back.",
                path=str(self._path),
                reason=reason_of(error),
            ) from error
        return lines


def _encoded(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _is_sound(line: Line) -> bool:
    """Whether castlist can have written a line: an archive may come from anybody."""
    is_sidecar = is_below(line.file) and line.file.lower().endswith(".xmp")
    return is_below(line.photo) and (not line.file or is_sidecar)
