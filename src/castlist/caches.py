"""castlist's cache: what is in it can be made anew, and nobody else on the machine reads it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import platformdirs

from castlist.arguments import checked
from castlist.errors import CastlistError, reason_of
from castlist.paths import as_path

PRIVATE = 0o700  # of a folder

_chosen: Path | None = None


@checked
def set_cache_folder(folder: str | os.PathLike[str] | None) -> None:
    """Keep from now on what can be made anew in a folder of one's own; Pythons that castlist starts do so, too.

    Args:
        folder: Made when it is needed; None: the one in the user's cache, as at first.
    """
    global _chosen
    _chosen = None if folder is None else as_path(folder).absolute()


def chosen_cache_folder() -> Path | None:
    """What `set_cache_folder` was told."""
    return _chosen


def cache_folder(name: str = "") -> Path:
    """A folder of castlist's cache, made if it isn't there, for the user alone.

    Raises:
        CastlistError: If it can't be made.
    """
    top = _chosen or platformdirs.user_cache_path("castlist")
    for folder in dict.fromkeys((top, top / name)):
        try:
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise CastlistError(
                "cache-folder-refused",
                "The folder {path!r}, where castlist keeps what it can make anew, can't be made ({reason}). "
                "See to the right to write there.",
                path=str(folder),
                reason=reason_of(error),
            ) from error
        with contextlib.suppress(OSError):  # somebody else's: what is in it can be read all the same
            if folder.stat().st_mode & 0o077:  # made by an older castlist
                folder.chmod(PRIVATE)
    return top / name
