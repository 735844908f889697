"""What a killed process left half known, and what has been moved since, known again before anything is written."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from castlist.archive import ArchiveFolder, Rewritten, content_digest
from castlist.paths import join_below
from castlist.tagging.journal import Journal, Line


def settle(folder: ArchiveFolder, journal: Journal) -> list[Rewritten]:
    """Have the journal know moved photos by where they lie now; gives photos whose content the archive may not know."""
    root = Path(folder.record().root)
    digests: dict[str, str] = {}  # of photos that are there
    for unit in folder.units() if journal.files() or journal.noted else ():
        rows, _ = folder.read(unit, ["photo", "digest", "gone"])
        digests.update((row["photo"], row["digest"]) for row in rows.to_pylist() if not row["gone"])
    _follow_moves(root, journal, digests)
    rewritten: list[Rewritten] = []
    for photo, line in journal.noted.items():
        path = join_below(root, photo)
        if path and (digests.get(photo) == line.after or content_digest(path) == line.after):
            rewritten += rewritten_of(line, path)
    return rewritten


def rewritten_of(line: Line, path: Path) -> Iterator[Rewritten]:
    """A photo that was written, as an archive follows it."""
    with contextlib.suppress(OSError):  # gone by now
        status = path.stat()
        yield Rewritten(line.photo, line.before, line.after, status.st_size, status.st_mtime_ns)


def _follow_moves(root: Path, journal: Journal, digests: dict[str, str]) -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for photo, digest in digests.items():
        places[digest].append(photo)
    for photo, file in journal.files():
        content = "" if photo in digests else journal.content_of(photo, file)
        for place in places.get(content, ()) if content else ():
            moved = _beside(photo, file, place)
            path = join_below(root, moved or place)
            if path and path.is_file() and not journal.of(place, moved):
                items, made = journal.of(photo, file), file in journal.made
                there = Line(place, moved, added=items, made=made, content=content)
                journal.add([there, Line(photo, file, removed=items)])
                break


def _beside(photo: str, file: str, place: str) -> str:
    """What a photo's sidecar is called beside the photo's new place; "" for the photo itself."""
    if not file or file.startswith(photo):
        return place + file[len(photo) :] if file else ""
    return str(PurePosixPath(place).with_suffix(PurePosixPath(file).suffix))
