"""Decisions carried out: photos moved, none deleted, each in exactly one place whenever the power goes; and sidecars.

What is to be moved is on disk before the first move, each move is one renaming, and what is done is told from where the
files lie; so carrying out the same decisions again goes on where it was cut short, and undoing goes back from anywhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from castlist.checks.decisions import Decisions
from castlist.checks.journal import Move, aside_of, last_journal, read_journal, split_place, write_journal
from castlist.checks.renaming import passes_link, rename
from castlist.errors import CastError, PhotoError, reason_of
from castlist.files import cannot_write
from castlist.media import Sidecars, read_file, settle_name, takeout_file
from castlist.paths import is_file, unspell

logger = logging.getLogger(__name__)


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
    root = decisions.root.resolve()
    if not root.is_dir():
        raise CastError(
            "decided-folder-missing",
            "{path!r}, which the decisions are about, is no folder. Give it before --apply.",
            path=str(root),
        )
    stamp = hashlib.sha256(
        repr([(one.file, one.sha256, one.do, one.to) for one in decisions.photos]).encode()
    ).hexdigest()
    with _looking(root):
        last = last_journal(root)
        begun = read_journal(root, last) if last else ("", [])
        if begun[0] == stamp:
            moves = begun[1]
        elif any(move.state(root) == "open" for move in begun[1]):
            raise CastError(
                "decisions-cut-short",
                "Other decisions on {path!r} were cut short. Carry out those again, or take them back with --undo.",
                path=str(root),
            )
        else:
            moves = _plan(decisions, root)
        photos = [move for move in moves if not move.is_sidecar]
        before = sum(move.state(root) == "done" for move in photos)
        _verify(root, moves)
    if begun[0] != stamp and moves:
        write_journal(root, last, stamp, moves)
    for move in moves:
        if move.state(root) == "open":
            _carry_out(move, root)
    return Moved(len(photos) - before, before, aside_of(root))


def undo_moves(root: Path) -> Moved:
    """Move back what was last moved, as far as it was.

    Raises:
        CastlistError: If nothing was moved, a photo has changed since or can't be moved, or the record of it can't go.
    """
    root = root.resolve()
    with _looking(root):
        last = last_journal(root)
        if last is None:
            raise CastError(
                "nothing-moved",
                "Nothing in {path!r} was moved by castlist, so there is nothing to take back.",
                path=str(root),
            )
        _, moves = read_journal(root, last)
        backwards = [Move(move.target, move.source, move.sha256) for move in reversed(moves)]
        _verify(root, backwards)
    open_ = [move for move in backwards if move.state(root) == "open"]
    for move in open_:
        _carry_out(move, root)
    try:
        last.unlink()
    except OSError as error:
        raise cannot_write(last, error) from error
    moved, photos = (sum(not move.is_sidecar for move in some) for some in (open_, moves))
    return Moved(moved, photos - moved, aside_of(root))


@contextlib.contextmanager
def _looking(root: Path) -> Iterator[None]:
    """What the system refuses before the first move, such as to list a folder or too long a name, as a sentence."""
    try:
        yield
    except OSError as error:
        raise CastError(
            "move-unseen",
            "{path!r} can't be looked at ({reason}), so nothing was moved. Put that right, then do the same again.",
            path=os.fsdecode(error.filename or root),
            reason=reason_of(error),
        ) from error


def _plan(decisions: Decisions, root: Path) -> list[Move]:
    people = sorted(entry.name for entry in root.iterdir() if entry.is_dir())
    moves: list[Move] = []
    taken: set[Path] = set()
    sidecars = Sidecars()
    for one in decisions.photos:
        file = unspell(one.file)
        to = settle_name(one.to, people) if one.to else None  # as the folder is called that is there
        if one.do == "keep" or to == file.partition("/")[0]:
            continue
        if one.do == "move":
            assert to is not None, "whoever is moved, is moved to somebody"
            wanted = root / to / Path(file).name
        else:
            wanted = aside_of(root) / file
        photo = root / file
        beside = filter(None, (sidecars.find(photo), sidecars.edits(photo), takeout_file(photo)))
        files = [photo, *(path for path in beside if is_file(path) and not path.is_symlink())]
        number = 1
        targets = [wanted.with_name(path.name) for path in files]
        while any(target in taken or os.path.lexists(target) for target in targets):
            number += 1
            targets = [wanted.with_name(f"{photo.stem}-{number}{_ending(path, photo)}") for path in files]
        taken.update(targets)
        for path, target in zip(files, targets, strict=True):
            moves.append(Move(_below(root, path), _below(root, target), one.sha256))
    return moves


def _ending(file: Path, photo: Path) -> str:
    """What follows a photo's stem in the name of what goes with it; Google's is looked for by the whole name."""
    return photo.suffix + file.suffix if file.suffix.lower() == ".json" else file.name[len(photo.stem) :]


def _below(root: Path, path: Path) -> str:
    """A file as a move names it."""
    inside = path.is_relative_to(root)
    return (path.relative_to(root) if inside else Path("..") / path.relative_to(root.parent)).as_posix()


def _verify(root: Path, moves: Iterable[Move]) -> None:
    """Check that what is still to be moved is what was checked, and can be renamed."""
    for move in moves:
        state, source = move.state(root), root / move.source
        if state == "done" or (state == "lost" and move.is_sidecar):
            continue
        if state == "doubled":
            raise CastError(
                "move-in-the-way",
                "{path!r} can't be moved to {target!r}: there is a file already.",
                path=str(source),
                target=str(root / move.target),
            )
        try:
            same = move.is_sidecar or (state == "open" and hashlib.sha256(read_file(source)).hexdigest() == move.sha256)
        except PhotoError:
            same = False
        if not same:
            raise CastError(
                "move-changed",
                "{path!r} is gone or has changed since the check, so nothing was moved. Check again.",
                path=str(source),
            )
        linked = any(passes_link(*split_place(root, file)) for file in (move.source, move.target))
        elsewhere = source.parent.stat().st_dev != _existing(root / move.target).stat().st_dev
        if linked or elsewhere:
            raise CastError(
                "move-by-hand",
                "{path!r} is a link, lies or goes behind one, or would go to another disk. Move it by hand and keep it "
                "here.",
                path=str(source),
            )


def _existing(path: Path) -> Path:
    """The nearest folder above that exists."""
    return next(folder for folder in path.parents if folder.is_dir())


def _carry_out(move: Move, root: Path) -> None:
    try:
        rename(split_place(root, move.source), split_place(root, move.target))
    except OSError as error:
        raise _refused(root / move.source, error) from error
    logger.debug("Moved %s to %s", move.source, move.target)


def _refused(path: Path, error: OSError) -> CastError:
    return CastError(
        "move-refused",
        "{path!r} can't be moved ({reason}). Do the same again to go on, or --undo to go back.",
        path=str(path),
        reason=reason_of(error),
    )
