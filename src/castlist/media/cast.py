"""Folders of photos: who is in the cast, and which files an input stands for."""

from __future__ import annotations

import glob
import logging
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from castlist.errors import CastError, Message
from castlist.paths import as_path, as_several

logger = logging.getLogger(__name__)

UNKNOWN = "unknown"  # the answer for strangers; nobody may be called so
ALL = "all"  # whoever it is, where faces are to be hidden; nobody may be called so either

_UNFIT = frozenset("/\\\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # for a person's name


@dataclass(frozen=True)
class Photo:
    """A file that lies in a person's folder; whether it decodes is not known yet."""

    path: Path
    person: str


@dataclass(frozen=True)
class RefusedPhoto:
    """A file that was left out, and why."""

    path: Path
    reason: Message


@dataclass(frozen=True)
class Cast:
    """The people of a folder of folders, in order, and the files in their folders."""

    root: Path
    people: tuple[str, ...]  # sorted by code point, whatever the file system's order
    photos: tuple[Photo, ...]  # sorted by person, then path
    notes: tuple[Message, ...] = ()  # what was passed over, a sentence each


def find_cast(root: str | os.PathLike[str]) -> Cast:
    """Read a folder of folders as a cast: one folder per person, its name the person's name.

    Folders inside a person's folder belong to that person. Hidden files and links that lead back into a folder already
    seen are passed over in silence; files beside the people's folders and empty folders are passed over with a note.

    Raises:
        CastError: If `root` is no folder, holds no person, or somebody in it can't be called so.
    """
    root = as_path(root)
    if not root.is_dir():
        raise CastError(
            "cast-no-folder",
            "{path!r} is not a folder. Give the folder that holds one folder of photos per person.",
            path=str(root),
        )
    notes: list[Message] = []
    photos: list[Photo] = []
    people: list[str] = []
    strays = 0
    for entry in sorted(_entries(root), key=lambda entry: entry.name):
        if not entry.is_dir():
            strays += 1
            continue
        person = entry.name
        check_person(person, people)
        files = sorted(_files_below(Path(entry.path)))
        if not files:
            notes.append(
                Message(
                    "cast-empty-folder", "The folder {person!r} holds no photo and was left out.", {"person": person}
                )
            )
            continue
        people.append(person)
        photos += [Photo(path=path, person=person) for path in files]
    if strays:
        one = Message("cast-stray-file", "1 file beside the people's folders belongs to nobody and was left out.")
        several = Message(
            "cast-stray-files",
            "{count} files beside the people's folders belong to nobody and were left out.",
            {"count": strays},
        )
        notes.append(several if strays > 1 else one)
    if not photos and strays:
        raise CastError(
            "cast-only-files",
            "There is no person in {path!r}. It holds files but no folder of photos; put each person's photos into a "
            "folder of that name.",
            path=str(root),
        )
    if not photos:
        raise CastError(
            "cast-no-person",
            "There is no person in {path!r}. Put each person's photos into a folder of that name.",
            path=str(root),
        )
    logger.info("Found a cast of %d people in %d files", len(people), len(photos))
    return Cast(root=root, people=tuple(sorted(people)), photos=tuple(photos), notes=tuple(notes))


def check_person(name: str, others: Iterable[str] = ()) -> None:
    """Check that somebody can be called so: as a folder can, not UNKNOWN, and unlike the others.

    Raises:
        CastError: If not.
    """
    if not isinstance(name, str):
        raise CastError("name-no-text", "A name must be a text. Got {got} instead.", got=f"{name!r:.100}")
    key = unicodedata.normalize("NFKC", name).casefold()
    if key in (UNKNOWN, ALL):
        raise CastError(
            "name-taken",
            "Nobody can be called {name!r}: castlist itself uses the word. Choose another name.",
            name=name,
        )
    if not name.strip() or name.startswith(".") or any(map(_is_unfit, name)):
        raise CastError(
            "name-impossible", "Nobody can be called {name!r}. Choose a name that a folder can have.", name=name
        )
    for other in others:
        if other != name and unicodedata.normalize("NFKC", other).casefold() == key:
            raise CastError(
                "name-alike",
                "{other!r} and {name!r} differ only by case or Unicode form. Choose one of the two.",
                other=other,
                name=name,
            )


def _is_unfit(char: str) -> bool:
    """Whether a name can't hold it: parts of a path, what steers a terminal or turns the text, halves of characters."""
    return char in _UNFIT or unicodedata.category(char) in ("Cc", "Cs")


def find_photos(inputs: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """List the files that files, folders (with all below them) and glob patterns stand for, each once, in order.

    Raises:
        CastError: If an input stands for nothing.
    """
    found: dict[Path, None] = {}
    for source in as_several(inputs):
        path = as_path(source)
        text = os.fspath(source)
        if path.is_dir():
            matches = sorted(_files_below(path))
        elif path.exists():
            matches = [path]
        else:
            matches = sorted(Path(match) for match in glob.glob(text, recursive=True) if Path(match).is_file())
        if not matches and path.is_dir():
            raise CastError("input-empty", "{path!r} holds no photo.", path=text)
        if not matches:
            raise CastError(
                "input-nothing", "{path!r} is neither a file, a folder, nor a pattern that matches any.", path=text
            )
        found.update(dict.fromkeys(matches))
    return list(found)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, hidden things and broken links left out."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name in ("Thumbs.db", "desktop.ini", "__MACOSX"):
                continue
            if entry.is_dir() or entry.is_file():
                yield entry


def _files_below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    real = folder.resolve()
    if real in above:  # a link that leads back to a folder it lies in
        return
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _files_below(Path(entry.path), above | {real})
        else:
            yield Path(entry.path)
