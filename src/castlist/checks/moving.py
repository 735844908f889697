"""Decisions carried out: photos moved, none deleted, each in exactly one place whenever the power goes.

What is to be moved is on disk before the first move, each move is one renaming, and what is done is told from where the
files lie; so carrying out the same decisions again goes on where it was cut short, and undoing goes back from anywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from castlist.checks.decisions import Decisions
from castlist.errors import CastError, PhotoError, reason_of
from castlist.files import write_text
from castlist.media import check_person, read_file

JOURNALS = ".castlist-moves"  # a folder in the cast's, hidden, with a numbered file for each time
ASIDE = "-aside"  # ends the name of the folder beside the cast's


@dataclass(frozen=True)
class Move:
    """One renaming."""

    source: str  # below the cast's folder, with forward slashes
    target: str  # the same, or begins with ../
    sha256: str

    def state(self, root: Path) -> str:
        """Whether it is "open" or "done"; "lost" or "doubled" where somebody else has been at it."""
        there, moved = os.path.lexists(root / self.source), os.path.lexists(root / self.target)
        return {(1, 0): "open", (0, 1): "done", (0, 0): "lost"}.get((there, moved), "doubled")


@dataclass(frozen=True)
class Moved:
    """What carrying out or undoing came to."""

    moved: int  # now
    before: int  # already, by a time that was cut short
    aside: Path  # where photos set aside lie


def apply_decisions(decisions: Decisions) -> Moved:
    """Move photos to where the decisions say; the same decisions again go on where they were cut short.

    Raises:
        CastError: If a photo has changed since the check or can't be moved; then nothing has been.
    """
    root = decisions.root
    if not root.is_dir():
        raise CastError(f"{str(root)!r}, which the decisions are about, is no folder. Give it before --apply.")
    stamp = hashlib.sha256(
        repr([(one.file, one.sha256, one.do, one.to) for one in decisions.photos]).encode()
    ).hexdigest()
    last = _last_journal(root)
    begun = _read_journal(last) if last else ("", [])
    if begun[0] == stamp:
        moves = begun[1]
    elif any(move.state(root) == "open" for move in begun[1]):
        raise CastError(
            f"Other decisions on {str(root)!r} were cut short. Carry out those again, or take them back with --undo."
        )
    else:
        moves = _plan(decisions)
    before = sum(move.state(root) == "done" for move in moves)
    _verify(root, moves)
    if begun[0] != stamp and moves:
        _write_journal(root, last, stamp, moves)
    for move in moves:
        if move.state(root) == "open":
            _rename(root / move.source, root / move.target)
    return Moved(len(moves) - before, before, aside_of(root))


def undo_moves(root: Path) -> Moved:
    """Move back what was last moved, as far as it was.

    Raises:
        CastError: If nothing was moved, or a photo has changed since or can't be moved.
    """
    last = _last_journal(root)
    if last is None:
        raise CastError(f"Nothing in {str(root)!r} was moved by castlist, so there is nothing to take back.")
    _, moves = _read_journal(last)
    backwards = [Move(move.target, move.source, move.sha256) for move in reversed(moves)]
    _verify(root, backwards)
    open_ = [move for move in backwards if move.state(root) == "open"]
    for move in open_:
        _rename(root / move.source, root / move.target)
    last.unlink()
    return Moved(len(open_), len(moves) - len(open_), aside_of(root))


def aside_of(root: Path) -> Path:
    """The folder beside a cast's for photos set aside."""
    return root.with_name(root.name + ASIDE)


def _plan(decisions: Decisions) -> list[Move]:
    root, people = decisions.root, sorted(entry.name for entry in decisions.root.iterdir() if entry.is_dir())
    moves: list[Move] = []
    taken: set[Path] = set()
    for one in decisions.photos:
        person = one.file.partition("/")[0]
        if one.do == "keep" or one.to == person:
            continue
        if one.do == "move":
            assert one.to is not None, "whoever is moved, is moved to somebody"
            check_person(one.to, people)
            wanted = root / one.to / Path(one.file).name
        else:
            wanted = aside_of(root) / one.file
        target, number = wanted, 1
        while target in taken or os.path.lexists(target):
            number += 1
            target = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        taken.add(target)
        inside = target.is_relative_to(root)
        name = target.relative_to(root) if inside else Path("..") / target.relative_to(root.parent)
        moves.append(Move(one.file, name.as_posix(), one.sha256))
    return moves


def _verify(root: Path, moves: Iterable[Move]) -> None:
    """Check that what is still to be moved is what was checked, and can be renamed."""
    for move in moves:
        state, source = move.state(root), root / move.source
        if state == "done":
            continue
        if state == "doubled":
            raise CastError(f"{str(source)!r} can't be moved to {str(root / move.target)!r}: there is a file already.")
        try:
            same = state == "open" and hashlib.sha256(read_file(source)).hexdigest() == move.sha256
        except PhotoError:
            same = False
        if not same:
            raise CastError(
                f"{str(source)!r} is gone or has changed since the check, so nothing was moved. Check again."
            )
        if source.is_symlink() or source.parent.stat().st_dev != _existing(root / move.target).stat().st_dev:
            raise CastError(
                f"{str(source)!r} is a link, or would go to another disk. Move it by hand and keep it here."
            )


def _existing(path: Path) -> Path:
    """The nearest folder above that exists."""
    return next(folder for folder in path.parents if folder.is_dir())


def _rename(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    except OSError as error:
        raise CastError(
            f"{str(source)!r} can't be moved ({reason_of(error)}). Do the same again to go on, or --undo to go back."
        ) from error


def _last_journal(root: Path) -> Path | None:
    journals = (root / JOURNALS).glob("*.json")
    return max(journals, key=lambda path: int(path.stem), default=None)


def _read_journal(path: Path) -> tuple[str, list[Move]]:
    try:
        table = json.loads(path.read_text("utf-8"))
        return table["decisions"], [Move(**row) for row in table["moves"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CastError(f"What was moved is no longer known: {str(path)!r} can't be read ({error}).") from error


def _write_journal(root: Path, last: Path | None, stamp: str, moves: list[Move]) -> None:
    path = root / JOURNALS / f"{int(last.stem) + 1 if last else 1}.json"
    write_text(path, json.dumps({"decisions": stamp, "moves": [vars(move) for move in moves]}, indent=1))
    if os.name == "posix":  # on disk before the first move, even if the power goes
        for kept in (path, path.parent):
            handle = os.open(kept, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
