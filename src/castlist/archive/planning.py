"""What is to be done: files as they lie there, compared with the rows of an archive, and cut into units.

A unit is some photos whose rows make one shard. A plan is written before its work begins, so that whoever comes after a
killed process, and whoever does a share, cuts as the first one did.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from castlist.paths import name_below
from castlist.threads import work_ahead

Digest: TypeAlias = Callable[[str], str | None]

UNIT = 256  # contents in a unit: a few seconds of work, and a shard of some hundred kilobytes


# Of an archive's hundred thousand photos, what stays in memory is these three; none is ever part of a cycle.
class File(msgspec.Struct, frozen=True, gc=False):
    """A file as it lies there."""

    photo: str  # below the root, as rows have it
    bytes: int
    modified: int  # nanoseconds since 1970


class Known(msgspec.Struct, frozen=True, gc=False):
    """What the rows of an archive say of a file."""

    file: File
    digest: str
    unit: int
    is_gone: bool
    is_current: bool  # whether its faces were seen with the eyes of now


class Content(msgspec.Struct, frozen=True, gc=False):
    """Files that are copies of each other: looked at once."""

    files: tuple[File, ...]
    digest: str = ""  # where there are copies, or rows of it
    source: int | None = None  # the unit that has its rows: no look is needed


class Unit(msgspec.Struct, frozen=True):
    """What is to be done for one shard."""

    number: int
    contents: tuple[Content, ...] = ()  # whose rows are put in, in the place of those of the same files
    gone: tuple[str, ...] = ()  # photos that are there no more


class Plan(msgspec.Struct, frozen=True):
    """What is to be done for an archive."""

    number: int
    eyes: str  # digest of what sees
    units: tuple[Unit, ...]


def look_around(root: Path, paths: Iterable[Path]) -> list[File]:
    """Files below a root as they lie there; one that vanishes on the way isn't there."""
    files = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:  # a folder that nobody may enter; its photo was there a moment ago
            continue
        files.append(File(name_below(root, path), status.st_size, status.st_mtime_ns))
    return files


def make_plan(
    number: int, eyes: str, digest: Digest, files: Iterable[File], known: Mapping[str, Known], first: int
) -> Plan | None:
    """Plan what makes an archive's rows those of the files; None: they are.

    Args:
        number: Of the plan.
        eyes: Digest of what sees.
        digest: Of a photo's content, by its name; None where that isn't known without a look.
        files: What lies there now.
        known: What the rows say, by the photo's name.
        first: The number of the first new unit.
    """
    there = {file.photo: file for file in files}
    gone: defaultdict[int, list[str]] = defaultdict(list)
    for name, one in known.items():
        if name not in there and not (one.is_gone and one.is_current):
            gone[one.unit].append(name)
    pending = [file for name, file in there.items() if not _is_done(file, known.get(name))]
    old: defaultdict[int, list[Content]] = defaultdict(list)
    new: list[Content] = []
    for content in _contents(digest, pending, known):
        places = defaultdict(list)
        for file in content.files:
            places[known[file.photo].unit if file.photo in known else None].append(file)
        for unit, some in places.items():
            part = Content(tuple(some), content.digest, content.source)
            (new if unit is None else old[unit]).append(part)
    # New ones first: what moved is found where it was, before that is written anew.
    units = [Unit(first + i, part) for i, part in enumerate(tuple(new[k : k + UNIT]) for k in range(0, len(new), UNIT))]
    units += [Unit(unit, tuple(old[unit]), tuple(gone[unit])) for unit in sorted({*old, *gone})]
    return Plan(number, eyes, tuple(units)) if units else None


def _is_done(file: File, known: Known | None) -> bool:
    return known is not None and known.is_current and not known.is_gone and known.file == file


def _contents(digest: Digest, files: list[File], known: Mapping[str, Known]) -> Iterator[Content]:
    """Files put together that are copies of each other, in the order of the first of them."""
    sources: dict[str, int] = {}
    for one in known.values():
        if one.digest and one.is_current:
            sources.setdefault(one.digest, one.unit)
    digests = _digests(digest, files, known)
    files = sorted(files, key=lambda file: file.photo)
    copies: defaultdict[str, list[File]] = defaultdict(list)
    for file in files:
        if content := digests.get(file.photo):
            copies[content].append(file)
    for file in files:
        content = digests.get(file.photo)
        some = copies.pop(content, None) if content else [file]  # one whose digest nobody knows is a content of its own
        if some:
            source = sources.get(content) if content else None
            yield Content(tuple(some), content if content and (len(some) > 1 or source is not None) else "", source)


def _digests(digest: Digest, files: list[File], known: Mapping[str, Known]) -> dict[str, str]:
    """The digests of those files that may be copies of another, or that the archive knows."""
    sizes = Counter(file.bytes for file in files)
    sizes.update(one.file.bytes for one in known.values())
    digests, asked = {}, []
    for file in files:
        one = known.get(file.photo)
        if one and one.file == file:
            digests[file.photo] = one.digest
        elif one or sizes[file.bytes] > 1:
            asked.append(file.photo)
    told = zip(asked, work_ahead(digest, asked), strict=True)
    return digests | {photo: content for photo, content in told if content}


def content_digest(path: Path) -> str:
    """The digest of a file's content, however large it is; "" where it can't be read, which is told by who looks."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
