"""What was moved, as it is kept in the cast's folder: believed only as far as it could have been written here."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from castlist.errors import CastError
from castlist.files import write_text
from castlist.media import SIDECARS
from castlist.paths import is_below

JOURNALS = ".castlist-moves"  # a folder in the cast's, hidden, with a numbered file for each time
ASIDE = "-aside"  # ends the name of the folder beside the cast's
LARGEST = 200_000_000  # bytes of a journal: some hundred thousand moves


@dataclass(frozen=True)
class Move:
    """One renaming."""

    source: str  # below the cast's folder, with forward slashes; one of the two may begin with ../ and lie aside
    target: str
    sha256: str  # of the photo

    @property
    def is_sidecar(self) -> bool:
        """Whether it goes with the photo that was moved before it, whatever other programs write into it meanwhile."""
        return self.source.lower().endswith(SIDECARS)

    def state(self, root: Path) -> str:
        """Whether it is "open" or "done"; "lost" or "doubled" where somebody else has been at it."""
        there, moved = os.path.lexists(root / self.source), os.path.lexists(root / self.target)
        return {(1, 0): "open", (0, 1): "done", (0, 0): "lost"}.get((there, moved), "doubled")


def aside_of(root: Path) -> Path:
    """The folder beside a cast's for photos set aside."""
    return root.with_name(root.name + ASIDE)


def split_place(root: Path, file: str) -> tuple[Path, list[str]]:
    """The folder that a move's file is reached from, and the names on the way."""
    return (root.parent, file.split("/")[1:]) if file.startswith("../") else (root, file.split("/"))


def last_journal(root: Path) -> Path | None:
    """The file of the last time, if there was one.

    Raises:
        CastError: If the folder of journals is a link.
    """
    folder = root / JOURNALS
    if folder.is_symlink():
        raise _unknown(folder, "it is a link")
    journals = [path for path in folder.glob("*.json") if re.fullmatch("[1-9][0-9]{0,8}", path.stem)]
    return max(journals, key=lambda path: int(path.stem), default=None)


def read_journal(root: Path, path: Path) -> tuple[str, list[Move]]:
    """The decisions' digest and their moves.

    Raises:
        CastError: If it can't be read, or says what castlist never writes: files elsewhere, other keys.
    """
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            raise _unknown(path, "no regular file, or too large")
        table = json.loads(path.read_text("utf-8"))
        if set(table) != {"decisions", "moves"} or not _is_digest(table["decisions"]):
            raise ValueError("other keys")
        return table["decisions"], [_read_move(root, row) for row in table["moves"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unknown(path, str(error)) from error


def write_journal(root: Path, last: Path | None, stamp: str, moves: list[Move]) -> None:
    """Keep what is going to be moved; it is on disk when this ends."""
    path = root / JOURNALS / f"{int(last.stem) + 1 if last else 1}.json"
    write_text(path, json.dumps({"decisions": stamp, "moves": [vars(move) for move in moves]}, indent=1), private=True)


def _read_move(root: Path, row: Any) -> Move:
    if not isinstance(row, dict) or set(row) != {"source", "target", "sha256"} or not _is_digest(row["sha256"]):
        raise ValueError(f"no move: {str(row)[:200]}")
    source, target = row["source"], row["target"]
    aside = f"../{root.name}{ASIDE}/"
    for file in (source, target.removeprefix(aside) if isinstance(target, str) else target):
        if not is_below(file) or file.split("/")[0] == JOURNALS:
            raise ValueError(f"not below the folder: {str(row)[:200]}")
        os.fsencode(file)  # a name that a file can have
    return Move(source, target, row["sha256"])


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _unknown(path: Path, reason: str) -> CastError:
    return CastError(
        "journal-wrong",
        "What was moved is no longer known: {path!r} isn't as castlist writes it ({reason}). Nothing was moved.",
        path=str(path),
        reason=reason,
    )
