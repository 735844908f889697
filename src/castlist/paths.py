"""Paths as callers give them; and those that a file names, somebody else's perhaps: believed only below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from castlist.errors import CastlistError


def as_path(path: Any) -> Path:
    """What a caller gave as a path, as one.

    Raises:
        CastlistError: If it is none.
    """
    text = path if isinstance(path, str) else os.fspath(path) if isinstance(path, os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise CastlistError(
            "no-path", "A path must be a text or a pathlib.Path. Got {got} instead.", got=f"{path!r:.100}"
        )
    return Path(path)


def as_several(photos: Any) -> Iterable[Any]:
    """What a caller gave as several photos: not one, whose path would be taken letter by letter.

    Raises:
        CastlistError: If it isn't several.
    """
    if isinstance(photos, (str, bytes, os.PathLike)) or not isinstance(photos, Iterable):
        raise CastlistError(
            "not-several",
            "Photos must be given as a list or another iterable. Got {got} instead.",
            got=f"{photos!r:.100}",
        )
    return photos


def is_below(file: Any) -> bool:
    """Whether something is a path below a folder, in the one form that every system reads alike."""
    if not isinstance(file, str) or "\\" in file or "\0" in file or Path(file).drive:
        return False
    return not {"", ".", ".."} & set(file.split("/"))


def join_below(folder: Path, file: str) -> Path | None:
    """The path of a file below a folder; None where it would lead out of it.

    Links are followed as everywhere: people keep photos behind them. Who moves files must not, see `castlist.checks`.
    """
    return folder / file if is_below(file) else None
