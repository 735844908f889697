"""A folder of folders as a cast: who is in it, and which files are whose."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from castlist.arguments import checked
from castlist.errors import CastError, Message
from castlist.media.names import ALL, UNKNOWN, folded, is_possible, is_possible_everywhere, names_alike, one_form
from castlist.media.regions import Edges
from castlist.media.walking import Walk
from castlist.paths import as_path, is_folder, name_below

logger = logging.getLogger(__name__)

# What folders are called that hold people, where they are no people themselves.
_SIDES = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "eval", "evaluation", "dev"})
# What folders are called that hold strangers; `castlist sort` makes the first and the last.
_NOBODYS = frozenset({UNKNOWN, "unknowns", "strangers", ALL, "nobody"})


@dataclass(frozen=True)
class Photo:
    """A file that lies in a person's folder, or shows a marked face; whether it decodes is not known yet."""

    path: Path
    person: str
    mark: Edges | None = None  # around the person's face; None: nobody has said where it is


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
    is_marked: bool = False  # whether people are told by marks in photos, not by folders: several may be in one

    @checked
    def name_of(self, photo: Photo) -> str:
        """What a photo is called in a data set and a run: the person and a slash come first."""
        name = name_below(self.root, photo.path)
        return f"{photo.person}/{name}" if self.is_marked else name

    def by_person(self) -> Mapping[str, Sequence[int]]:
        """Which of the photos are whose, in order."""
        rows: dict[str, list[int]] = {person: [] for person in self.people}
        for index, photo in enumerate(self.photos):
            rows[photo.person].append(index)
        return rows


@checked
def find_cast(root: str | os.PathLike[str]) -> Cast:
    """Read a folder of folders as a cast: one folder per person, its name the person's name.

    Folders inside a person's folder belong to that person. Hidden files and links that lead back into a folder already
    seen are passed over in silence; with a note: files beside the people's folders, empty folders and those that can't
    be read, folders of strangers and of systems, and pictures that castlist wrote.

    Raises:
        CastError: If `root` is no folder, holds no person, or somebody in it can't be called so.
    """
    root = as_path(root)
    if not is_folder(root):
        raise CastError(
            "cast-no-folder",
            "{path!r} is not a folder. Give the folder that holds one folder of photos per person.",
            path=str(root),
        )
    walk = Walk()
    inside = sorted(walk.entries(root), key=lambda entry: entry.name)
    folders = [entry for entry in inside if entry.is_dir()]
    strays = len(inside) - len(folders)
    notes: list[Message] = []
    photos: list[Photo] = []
    for person, folder in _people_of(folders, notes):
        files = list(walk.without_own(walk.each_file(folder, above=root)))
        if files:
            photos += [Photo(path=path, person=person) for path in files]
        else:
            notes.append(
                Message(
                    "cast-empty-folder", "The folder {person!r} holds no photo and was left out.", {"person": person}
                )
            )
    photos.sort(key=lambda photo: photo.person)  # in one form, names may be in another order than folders
    people = tuple(dict.fromkeys(photo.person for photo in photos))
    notes += [*_tell_strays(strays), *walk.notes()]
    if not people:
        nobodys = [note for note in notes if note.code == "cast-nobodys-folder"]
        raise _nobody(root, strays, [*(walk.notes() if walk.n_unread else ()), *nobodys])
    notes += _tell_depth(root, photos)
    logger.info("Found a cast of %d people in %d files", len(people), len(photos))
    return Cast(root=root, people=people, photos=tuple(photos), notes=tuple(notes))


def holds_people(root: Path) -> bool:
    """Whether there are folders in a folder that may be people's."""
    return any(entry.is_dir() for entry in Walk().entries(root))


def _people_of(folders: Sequence[os.DirEntry[str]], notes: list[Message]) -> Iterator[tuple[str, Path]]:
    """Who each folder is of; one that no person's name can be is passed over with a note.

    Raises:
        CastError: If two look alike.
    """
    before: dict[str, str] = {}  # by what they have in common with those who look alike
    for entry in folders:
        person = one_form(entry.name)
        if not is_possible(person):
            notes.append(
                Message(
                    "cast-odd-name",
                    "Nobody can be called {name!r}: the folder was left out. Give it a name that text can hold.",
                    {"name": entry.name},
                )
            )
            continue
        if folded(person) in _NOBODYS:
            notes.append(
                Message(
                    "cast-nobodys-folder",
                    "The folder {name!r} is nobody's by its name and was left out.",
                    {"name": entry.name},
                )
            )
            continue
        if not is_possible_everywhere(person):
            notes.append(
                Message(
                    "cast-name-here",
                    "The folder {name!r} has a name that Windows has no folders of, or that can't be seen whole. The "
                    "person is learnt under it; another is safer.",
                    {"name": entry.name},
                )
            )
        other = before.setdefault(folded(person), entry.name)
        if other != entry.name:
            raise names_alike(other, entry.name)
        yield person, Path(entry.path)


def _tell_strays(strays: int) -> Iterator[Message]:
    if strays == 1:
        yield Message("cast-stray-file", "1 file beside the people's folders belongs to nobody and was left out.")
    elif strays:
        yield Message(
            "cast-stray-files",
            "{count} {count:file|files} beside the people's folders {count:belongs|belong} to nobody and "
            "{count:was|were} left out.",
            {"count": strays},
        )


def _nobody(root: Path, strays: int, reasons: Sequence[Message]) -> CastError:
    if reasons:
        return CastError("cast-unread", "There is no person in {path!r}: {reason}", path=str(root), reason=reasons[0])
    if strays:
        return CastError(
            "cast-only-files",
            "There is no person in {path!r}. It holds files but no folder of photos; put each person's photos into a "
            "folder of that name.",
            path=str(root),
        )
    return CastError(
        "cast-no-person",
        "There is no person in {path!r}. Put each person's photos into a folder of that name.",
        path=str(root),
    )


def _tell_depth(root: Path, photos: Sequence[Photo]) -> Iterator[Message]:
    """That the people seem to lie one level deeper, where no photo lies in a person's folder itself.

    Raises:
        CastError: If the folders are called as the sides of a split are.
    """
    level = len(root.parts) + 2  # of a photo right in a person's folder
    deeper = next((photo.path for photo in photos if len(photo.path.parts) > level), None)
    if deeper is None:
        return
    folder = str(root / deeper.relative_to(root).parts[0])
    if all(photo.person.casefold() in _SIDES for photo in photos):
        raise CastError(
            "cast-one-deeper",
            "The people seem to lie one level deeper than in {path!r}. Give one of the folders in it, such as "
            "{folder!r}.",
            path=str(root),
            folder=folder,
        )
    if all(len(photo.path.parts) > level for photo in photos):
        yield Message(
            "cast-perhaps-deeper",
            "No photo lies in a person's folder itself, only in folders in it. If those are the people's, give "
            "{folder!r}.",
            {"folder": folder},
        )
