"""Which files an input stands for: a file, a folder with all below it, or a pattern."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from castlist.arguments import checked
from castlist.errors import CastError, Message
from castlist.media.walking import Walk
from castlist.paths import as_path, as_several, is_folder


@checked
def find_photos(
    inputs: Iterable[str | os.PathLike[str]], *, tell: Callable[[Message], None] | None = None
) -> list[Path]:
    """List the files that files, folders (with all below them) and glob patterns stand for, each once, in order.

    Folders that can't be read and those of systems are passed over, and so is what castlist itself wrote, unless
    there is nothing else.

    Args:
        inputs: In a pattern, a name that is there is meant as it is written, brackets and all.
        tell: Told what was passed over, a sentence each.

    Raises:
        CastError: If an input stands for nothing, or all of them together do.
        CastlistError: If one is no path.
    """
    return list(each_photo(inputs, tell=tell))


def each_photo(
    inputs: Iterable[str | os.PathLike[str]], *, tell: Callable[[Message], None] | None = None
) -> Iterator[Path]:
    """The files of `find_photos`, one by one: of a folder, they are never all in memory."""
    empty: list[Message] = []
    walk, count = Walk(), 0
    for path in walk.without_own(_matches(walk, list(as_several(inputs)), empty), unless_all=True):
        count += 1
        yield path
    notes = [*walk.notes(), *empty]
    if notes and not count:
        raise CastError("input-nowhere", "There is no photo: {reason}", reason=notes[0])
    if tell:
        for note in notes:
            tell(note)


def _matches(walk: Walk, inputs: Sequence[str | os.PathLike[str]], empty: list[Message]) -> Iterator[Path]:
    """What inputs stand for, each file once; notes which of them are empty."""
    found: set[Path] = set()
    for source in inputs:
        path = as_path(source)
        if is_folder(path):
            matches = walk.each_file(path)
        elif _is_there(path):
            matches = iter([path])
        else:
            matches = (match for match in map(Path, _expand(walk, path)) if _is_there(match) and not is_folder(match))
        is_empty = True
        for match in matches:
            is_empty = False
            if match not in found:
                yield match
            if len(inputs) > 1 or not is_folder(path):  # a folder alone has each once
                found.add(match)
        if is_empty and not is_folder(path):
            raise CastError(
                "input-nothing",
                "{path!r} is neither a file, a folder, nor a pattern that matches any.",
                path=os.fspath(source),
            )
        if is_empty:
            empty.append(Message("input-empty", "{path!r} holds no photo.", {"path": str(path)}))


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:  # told where it is read, as of every photo that can't be
        return True
    except (OSError, ValueError):
        return False
    return True


def _expand(walk: Walk, pattern: Path) -> Iterable[str | Path]:
    """What a pattern matches: name by name on the way, where one that is there is no pattern.

    Behind "**" it is all that a folder holds, however deep, and what is passed over in folders is passed over there.
    """
    places = [pattern.anchor]
    parts = pattern.parts[bool(pattern.anchor) :]
    for number, part in enumerate(parts):
        if part == "**":
            behind = "/".join(parts[number + 1 :]) or "*"
            folders = filter(is_folder, map(Path, places))
            return (
                file for folder in folders for file in walk.each_file(folder) if file.relative_to(folder).match(behind)
            )
        found: list[str] = []
        for place in places:
            literally = Path(place, part)
            if os.path.lexists(literally):
                found.append(str(literally))
            else:
                found += sorted(glob.glob(str(Path(glob.escape(place), part))))
        places = found
    return dict.fromkeys(places)
