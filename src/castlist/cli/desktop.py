"""The verb that opens the window: desktop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.options import SYSTEM, Language, Runs


def desktop(
    photos: Annotated[
        list[Path] | None, typer.Argument(metavar="PHOTO", help="Opened at once: photos, films, folders.")
    ] = None,
    out: Runs = Path("runs"),
    language: Language = SYSTEM,
) -> None:
    """Open the window: pictures with names, people added and forgotten, trainings with their curves."""
    from castlist.desktop import open_window

    open_window(out, photos or (), language=language)
