"""Paths that were read from a file: it may be somebody else's, so they are believed only below the folder they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any


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
