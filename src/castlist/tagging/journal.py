"""What castlist wrote into whose metadata, tags.jsonl in the archive: a line is on disk before the file is written.

So castlist takes out again what it wrote, and nothing else: a keyword that somebody else had given before stands in no
line. What is written and taken out is added line by line, and the file is written anew when somebody is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from castlist.errors import CastlistError, reason_of
from castlist.files import append_lines, write_bytes
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
    content: str = ""  # the digest of the photo that names were written for, by which it is known where it is moved
    before: str = ""  # of a photo that is written itself: its digests
    after: str = ""


class Journal:
    """The lines as what castlist's they leave in each file."""

    def __init__(self, archive: Path) -> None:
        """Read the file, if there is one.

        Raises:
            CastlistError: If it can't be read, or isn't as castlist writes it.
        """
        self._path = archive / NAME
        self._load()

    def of(self, photo: str, file: str) -> tuple[TagItem, ...]:
        """What castlist wrote into a file, and hasn't taken out.

        Raises:
            CastlistError: If the lines were written anew by whoever holds the archive, or can't be read any more.
        """
        items: dict[TagItem, None] = {}
        for at in self._places.get((photo, file), ()):
            line = self._line_at(at)
            if line is None or (line.photo, line.file) != (photo, file):
                raise CastlistError(
                    "tags-changed", "{path!r} was written anew meanwhile. Try again.", path=str(self._path)
                )
            items.update(dict.fromkeys(line.added))
            for item in line.removed:
                items.pop(item, None)
        return tuple(items)

    def content_of(self, photo: str, file: str) -> str:
        """The digest of a photo when castlist last wrote for it; "" where that isn't known."""
        if noted := self.noted.get(photo):
            return noted.after
        lines = map(self._line_at, reversed(self._places.get((photo, file), ())))
        return next((line.content for line in lines if line and line.content), "")

    def files(self) -> list[tuple[str, str]]:
        """Photos and the files, "" for the photo itself, in which something of castlist's stands."""
        return list(self._places)

    def add(self, lines: Sequence[Line]) -> None:
        """Add lines; they are on disk when this returns.

        Raises:
            CastlistError: If they can't be written.
        """
        lines = [line for line in lines if line.added or line.removed or line.after]
        if not lines:
            return
        encoded = [_encoded(line) for line in lines]
        at = append_lines(self._path, b"".join(encoded))
        for line, data in zip(lines, encoded, strict=True):
            self._take_in(line, at)
            at += len(data)

    def shorten(self) -> None:
        """Write the file anew without what was taken out again, and what the archive knows by now.

        Raises:
            CastlistError: If it can't be written.
        """
        n_lines = len(self._places)
        if n_lines and n_lines < self._n_lines:
            lines = (
                Line(*key, added=self.of(*key), made=key[1] in self.made, content=self.content_of(*key))
                for key in self._places
            )
            write_bytes(self._path, b"".join(map(_encoded, lines)), private=True)
        elif not n_lines:
            self._path.unlink(missing_ok=True)
        self._load()

    def _load(self) -> None:
        # Where each line begins: all that they say would take as much memory as there are photos.
        self._places: dict[tuple[str, str], list[int]] = {}
        self.noted: dict[str, Line] = {}  # of photos that were written, the last digests
        self.made: set[str] = set()
        self._n_lines = 0
        for at, line in self._read():
            self._take_in(line, at)

    def _take_in(self, line: Line, at: int) -> None:
        self._n_lines += 1
        key = line.photo, line.file
        if line.added or key in self._places:
            self._places.setdefault(key, []).append(at)
        if line.removed and not self.of(*key):
            self._places.pop(key, None)
        if line.made:
            self.made.add(line.file)
        if line.after:
            self.noted[line.photo] = line

    def _line_at(self, at: int) -> Line | None:
        try:
            with self._path.open("rb") as file:
                file.seek(at)
                return msgspec.json.decode(file.readline(), type=Line)
        except (OSError, ValueError):
            return None

    def _read(self) -> Iterator[tuple[int, Line]]:
        at = 0
        try:
            with self._path.open("rb") as file:
                for data in file:
                    if not data.endswith(b"\n"):  # cut off by a kill
                        return
                    line = msgspec.json.decode(data, type=Line)
                    if not _is_sound(line):
                        raise ValueError("it tells of files that aren't sidecars below the folder of photos")
                    yield at, line
                    at += len(data)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise CastlistError(
                "tags-broken",
                "What castlist wrote into metadata is no longer known: {path!r} isn't as castlist writes it "
                "({reason}). Take the file away; then nothing that was written before can be taken back.",
                path=str(self._path),
                reason=reason_of(error),
            ) from error


def _encoded(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _is_sound(line: Line) -> bool:
    """Whether castlist can have written a line: an archive may come from anybody."""
    is_sidecar = is_below(line.file) and line.file.lower().endswith(".xmp")
    return is_below(line.photo) and (not line.file or is_sidecar)
