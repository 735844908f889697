"""Photos sorted into folders by who is in them: copies or links, nothing moved, nothing overwritten.

Done again, or after it was killed, it finds by their content what is there and writes the rest.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from castlist.errors import CastlistError, PhotoError, reason_of
from castlist.files import cannot_write, make_folder, need_folder, need_regular
from castlist.media import UNKNOWN, folded
from castlist.naming import NamedFilm, NamedPhoto, Recognizer
from castlist.predicting import Remark, Showing, predict, unseen

logger = logging.getLogger(__name__)

NOBODY = "nobody"  # the folder of what shows no face
LONGEST_ENDING = 20  # of a file's name that a number is put into


@dataclass(frozen=True)
class SortedPhoto:
    """Where a photo or film belongs."""

    path: Path
    folders: tuple[str, ...]  # of the people in it; or of strangers, or of nobody
    written: int  # copies or links made; the others were there


def sort_photos(
    paths: Sequence[str | os.PathLike[str]],
    recognizer: Recognizer,
    into: str | os.PathLike[str],
    *,
    link: bool = False,
    showing: Showing = unseen,
) -> Iterator[SortedPhoto | Remark]:
    """Copy photos and films into one folder for each person; a group goes into the folder of each who is named.

    What shows only strangers goes into a folder of its own, and so does what shows no face.

    Args:
        paths: Photos and films; what lies in `into` is left out.
        recognizer: Of a finished run.
        into: The folder that the folders are made in.
        link: Make hard links, which take no space and are the same file, instead of copies.
        showing: As for `predict`.

    Yields:
        Each photo once it is where it belongs, and remarks on what couldn't be done.

    Raises:
        CastlistError: If nothing can be written there, all photos lie there already or on other disks than links
            reach, or the disk is full.
    """
    into = Path(into)
    need_folder(into)
    home = into.resolve()
    outside = [path for path in map(Path, paths) if home not in path.resolve().parents]
    if paths and not outside:
        raise CastlistError(
            "sort-into-itself",
            "All of the photos lie in {folder!r}, the folder to sort into. Choose another one.",
            folder=str(into),
        )
    if link and not any(_is_near(path, into) for path in outside):
        raise _far(into)
    nobody = NOBODY
    people = set(map(folded, recognizer.run.people))
    while nobody in people:  # or whoever is called Nobody, on systems that know no case
        nobody += "_"
    for one in predict(outside, recognizer, showing=showing):
        if isinstance(one, Remark):
            yield one
        elif isinstance(one, NamedPhoto) and one.problem:
            yield Remark(one.problem, one.path)
        else:
            folders = _folders_of(one, nobody)
            try:
                written = sum(put(one.path, into / folder, link=link) for folder in folders)
            except CastlistError as error:
                if error.code == "disk-full":
                    raise
                yield Remark(error.message, one.path)
            else:
                yield SortedPhoto(one.path, folders, written)


def _folders_of(one: NamedPhoto | NamedFilm, nobody: str) -> tuple[str, ...]:
    found = one.from_left if isinstance(one, NamedPhoto) else one.sightings
    names = tuple(dict.fromkeys(each.name for each in found))
    return tuple(name for name in names if name != UNKNOWN) or ((UNKNOWN,) if names else (nobody,))


def put(source: Path, folder: Path, *, link: bool = False) -> bool:
    """Have a copy of a file, or a hard link to it, in a folder; gives whether it wasn't there. Nothing is overwritten.

    Raises:
        PhotoError: If there is no such file any more, or it isn't one.
        CastlistError: If it can't be put there.
    """
    try:
        need_regular(source)
        source.open("rb").close()
    except OSError as error:
        raise PhotoError("photo-gone", "it can't be read again ({reason})", reason=reason_of(error)) from error
    try:
        make_folder(folder)
        part = _part_of(source, folder)
        part.unlink(missing_ok=True)
        target, number = folder / source.name, 1
        while os.path.lexists(target):
            if target.is_file() and filecmp.cmp(source, target, shallow=False):
                return False
            number += 1
            suffix = source.suffix if len(source.suffix) < LONGEST_ENDING else ""
            target = folder / f"{source.name.removesuffix(suffix)}-{number}{suffix}"
        if link:
            os.link(source.resolve(), target)
        else:
            _copy(source, part, target)
    except OSError as error:
        raise (_far(folder) if error.errno == errno.EXDEV else cannot_write(folder / source.name, error)) from error
    return True


def _is_near(source: Path, folder: Path) -> bool:
    """Whether hard links from a folder reach a file; any other hindrance is told with the file."""
    part = _part_of(source, folder)
    try:
        os.link(source.resolve(), part)
        part.unlink()
    except OSError as error:
        return error.errno != errno.EXDEV
    return True


def _far(folder: Path) -> CastlistError:
    return CastlistError(
        "link-to-another-disk",
        "Hard links stay on one disk, and {folder!r} is on another than the photos. Leave --link out, or choose a "
        "folder beside them.",
        folder=str(folder),
    )


def _part_of(source: Path, folder: Path) -> Path:
    """Where a copy is written first: named after the source, so that what a killed process left is found."""
    return folder / f".{hashlib.sha256(os.fsencode(source.resolve())).hexdigest()[:32]}.part"


def _copy(source: Path, part: Path, target: Path) -> None:
    """Copy a file to a place where nothing is; the whole of it is there, with its dates, or nothing."""
    try:
        shutil.copyfile(source, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        with contextlib.suppress(OSError):  # dates that a disk can't keep are no reason to have no photo
            shutil.copystat(source, part)
        _place(part, target)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _place(part: Path, target: Path) -> None:
    try:
        os.link(part, target)  # unlike a rename, it never overwrites
    except FileExistsError:
        raise
    except OSError:  # a disk without links, such as a camera's card
        target.touch(exist_ok=False)
        part.replace(target)
    else:
        part.unlink()
