"""What the files of a cast hold, as digests: content decides whether a data set is true, not what a file system tells.

Reading every photo anew takes minutes for a large cast. A digest is kept beside what tells that a file wasn't touched
since: its place on the disk, its size, and the time of its last change, which, unlike the time that `cp -p` and
`touch -r` copy, nobody can set.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from castlist.errors import reason_of
from castlist.media import Cast, Photo
from castlist.threads import work_ahead

SETTLED = 2_000_000_000  # nanoseconds after which another change gets another time, on any file system


@dataclass(frozen=True)
class Content:
    """What a file held when it was looked at."""

    digest: str  # SHA-256, or why it can't be read
    touched: tuple[int, ...] | None  # what is another after any change; None where nothing tells


def look_into(cast: Cast, known: Mapping[str, Content]) -> dict[str, Content]:
    """What each file of a cast holds.

    Args:
        cast: The files.
        known: What they held before, by name below the cast's folder; read again only if it may have changed.

    Returns:
        By name below the cast's folder.
    """

    def look(photo: Photo) -> tuple[str, Content]:
        name, path = cast.name_of(photo), photo.path
        try:
            touched = _touched(path)
            before = known.get(name)
            if before and touched and before.touched == touched:
                return name, before
            with path.open("rb") as file:
                return name, Content(hashlib.file_digest(file, "sha256").hexdigest(), touched)
        except OSError as error:
            return name, Content(str(reason_of(error)), None)

    return dict(work_ahead(look, cast.photos))


def _touched(path: Path) -> tuple[int, ...] | None:
    status = path.stat()
    # Of Windows it is the time when the file was made; a change just now may be followed by one of the same time.
    if os.name != "posix" or status.st_ctime_ns > time.time_ns() - SETTLED:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
