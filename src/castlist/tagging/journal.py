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
        # As they are written: decoded, they would take ten times the memory.
        self._lines: dict[tuple[str, str], list[bytes]] = {}
        self.noted: dict[str, Line] = {}  # of photos that were written, the last digests
        self.made: set[str] = set()
        self._n_lines = 0
        for line in self._read():
            self._take_in(line)

    def of(self, photo: str, file: str) -> tuple[TagItem, ...]:
        """What castlist wrote into a file, and hasn't taken out."""
        items: dict[TagItem, None] = {}
        for line in self._lines.get((photo, file), ()):
            change = msgspec.json.decode(line, type=Line)
            items.update(dict.fromkeys(change.added))
            for item in change.removed:
                items.pop(item, None)
        return tuple(items)

    def files(self) -> list[tuple[str, str]]:
        """Photos and the files, "" for the photo itself, in which something of castlist's stands."""
        return list(self._lines)

    def add(self, lines: Sequence[Line]) -> None:
        """Add lines; they are on disk when this returns.

        Raises:
            CastlistError: If they can't be written.
        """
        lines = [line for line in lines if line.added or line.removed or line.after]
        if not lines:
            return
        append_lines(self._path, b"".join(map(_encoded, lines)))
        for line in lines:
            self._take_in(line)

    def shorten(self) -> None:
        """Write the file anew without what was taken out again, and what the archive knows by now.

        Raises:
            CastlistError: If it can't be written.
        """
        n_lines = len(self._lines)
        if n_lines and n_lines < self._n_lines:
            lines = (Line(*key, added=self.of(*key), made=key[1] in self.made) for key in self._lines)
            write_bytes(self._path, b"".join(map(_encoded, lines)), private=True)
        elif not n_lines:
            self._path.unlink(missing_ok=True)
        self._n_lines = n_lines
        self.noted = {}

    def _take_in(self, line: Line) -> None:
        self._n_lines += 1
        key = line.photo, line.file
        if line.added or key in self._lines:
            self._lines.setdefault(key, []).append(_encoded(line))
        if line.removed and not self.of(*key):
            self._lines.pop(key, None)
        if line.made:
            self.made.add(line.file)
        if line.after:
            self.noted[line.photo] = line

    def _read(self) -> Iterator[Line]:
        try:
            # What follows the last line's end was cut off by a kill.
            for data in self._path.read_bytes().split(b"\n")[:-1]:
                line = msgspec.json.decode(data, type=Line)
                if not _is_sound(line):
                    raise ValueError("it tells of files that aren't sidecars below the folder of photos")
                yield line
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
