"""What was written of an archive's photos elsewhere, sheets and copies: kept so that a receipt can name each.

A line says where, and which photos by their content; nobody's name. What shows somebody who is forgotten is marked
before the rows are written anew; once the receipt has named it, nothing of these photos is left here, nor a path with
the name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from castlist.archive.folder import ArchiveFolder
from castlist.archive.planning import content_digest
from castlist.archive.records import ArchivedFace
from castlist.errors import CastlistError, Message, PhotoError, reason_of
from castlist.files import cannot_write, write_bytes
from castlist.media import one_form
from castlist.paths import need_entry, spell, unspell
from castlist.run import hold
from castlist.sorting import put

FILE, LOCK = "elsewhere.jsonl", ".elsewhere.lock"


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sheet, or a folder with copies."""

    path: str  # absolute, as `castlist.paths.spell` writes it
    kind: Literal["sheet", "copies"]
    photos: tuple[str, ...]  # SHA-256 of the content of each that it shows
    leaving: tuple[str, ...] = ()  # of the photos, those that show somebody who is being forgotten
    is_named: bool = False  # so is the path


def copy_photos(
    folder: ArchiveFolder,
    faces: Iterable[ArchivedFace],
    to: str | os.PathLike[str],
    *,
    tell: Callable[[PhotoError, Path], None] | None = None,
) -> tuple[int, int]:
    """Copy the photos of faces into a folder, over nothing; gives how many that were, and how many were there.

    Args:
        folder: Of the archive, which notes that there are copies.
        faces: Whose photos.
        to: Made if it isn't there.
        tell: Told which photos can't be read any more, and why.

    Raises:
        CastlistError: If one can't be written, or the archive can't note it.
    """
    faces = list(faces)
    note(folder, "copies", to, faces)
    written = there = 0
    for path in dict.fromkeys(one.path for one in faces):
        try:
            is_new = put(path, Path(to))
        except PhotoError as error:
            if tell:
                tell(error, path)
        else:
            written, there = written + is_new, there + (not is_new)
    return written, there


def note(
    folder: ArchiveFolder, kind: Literal["sheet", "copies"], path: str | os.PathLike[str], faces: Iterable[ArchivedFace]
) -> None:
    """Note what is about to be written elsewhere.

    Raises:
        CastlistError: If the archive can't note it.
    """
    where = spell(str(Path(path).resolve()))
    photos = {face.digest for face in faces}

    def add(every: list[Written]) -> list[Written]:
        same = next((one for one in every if (one.path, one.kind) == (where, kind)), None)
        new = Written(where, kind, tuple(sorted(photos)))
        if same and kind == "copies":  # a sheet is written over; a folder keeps the copies of before
            new = msgspec.structs.replace(same, photos=tuple(sorted(photos.union(same.photos))))
        return [*(one for one in every if one is not same), new]

    _change(folder, add)


def mark(folder: ArchiveFolder, photos: Collection[str], name: str) -> None:
    """Mark what shows somebody who is being forgotten, before nobody can tell any more in which photos that is."""

    def marked(one: Written) -> Written:
        leaving = {*one.leaving, *(photo for photo in one.photos if photo in photos)}
        is_named = one.is_named or one_form(name) in one_form(unspell(one.path))
        return msgspec.structs.replace(one, leaving=tuple(sorted(leaving)), is_named=is_named)

    _change(folder, lambda every: [marked(one) for one in every])


def tell_marked(folder: ArchiveFolder) -> list[Message]:
    """Tell what was marked, as far as it is still there."""
    return [message for one in _read(folder) for message in _told(one)]


def drop_marked(folder: ArchiveFolder) -> None:
    """Keep nothing any more of what was marked."""

    def rest(one: Written) -> Written:
        photos = tuple(photo for photo in one.photos if photo not in one.leaving)
        return msgspec.structs.replace(one, photos=photos, leaving=())

    _change(folder, lambda every: [left for one in every if not one.is_named and (left := rest(one)).photos])


def _told(one: Written) -> Iterator[Message]:
    if not one.leaving and not one.is_named:
        return
    path = Path(unspell(one.path))
    is_hidden = not _may_look_into(path.parent)  # or on a disk that isn't there now, perhaps
    if one.kind == "sheet":
        if is_hidden or path.exists():
            yield Message("sheet-remains", "The contact sheet {path!r}.", {"path": str(path)})
    elif is_hidden or (path.exists() and not _may_look_into(path)):
        yield Message("copies-away", "Copies of photos in {path!r}, if it is there.", {"path": str(path)})
    else:
        for copy in sorted(path.glob("*")):
            if copy.is_file() and content_digest(copy) in ("", *one.leaving):  # one that can't be read may be it
                yield Message("copy-remains", "The copy {path!r}.", {"path": str(copy)})


def _may_look_into(folder: Path) -> bool:
    try:
        os.scandir(folder).close()
        need_entry(folder)
    except OSError:
        return False
    return True


def _read(folder: ArchiveFolder) -> list[Written]:
    path = folder.path / FILE
    try:
        lines = path.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Written) for line in lines]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise CastlistError(
            "elsewhere-broken",
            "What was written elsewhere from the archive {archive!r} can't be read ({reason}). Delete {path!r}, and "
            "look for sheets and copies yourself.",
            archive=str(folder.path),
            path=str(path),
            reason=reason_of(error),
        ) from error


def _change(folder: ArchiveFolder, change: Callable[[list[Written]], Sequence[Written]]) -> None:
    try:
        with hold(folder.path / LOCK):
            before = _read(folder)
            after = change(before)
            if after != before:
                data = b"".join(msgspec.json.encode(one) + b"\n" for one in after)
                write_bytes(folder.path / FILE, data, private=True)
    except OSError as error:
        raise cannot_write(folder.path / LOCK, error) from error
