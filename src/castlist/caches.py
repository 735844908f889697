"""castlist's folder in the user's cache: what is in it can be made anew, and nobody else on the machine reads it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import platformdirs

from castlist.errors import CastlistError, reason_of

PRIVATE = 0o700  # of a folder


def cache_folder(name: str = "") -> Path:
    """A folder of castlist's in the user's cache, made if it isn't there, for the user alone.

    Raises:
        CastlistError: If it can't be made.
    """
    top = platformdirs.user_cache_path("castlist")
    for folder in dict.fromkeys((top, top / name)):
        try:
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise CastlistError(
                "cache-folder-refused",
                "The folder {path!r}, where castlist keeps what it can make anew, can't be made ({reason}).",
                path=str(folder),
                reason=reason_of(error),
            ) from error
        with contextlib.suppress(OSError):  # somebody else's: what is in it can be read all the same
            if folder.stat().st_mode & 0o077:  # made by an older castlist
                folder.chmod(PRIVATE)
    return top / name
