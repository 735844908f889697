"""The verb that opens the window: desktop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.options import Runs


def desktop(
    photos: Annotated[
        list[Path] | None, typer.Argument(metavar="[PHOTO]...", help="Opened at once: photos, films, folders.")
    ] = None,
    out: Runs = Path("runs"),
    language: Annotated[str | None, typer.Option(help="Of the window: en or zh-TW [default: the system's].")] = None,
) -> None:
    """Open the window: pictures with names, people added and forgotten, trainings with their curves."""
    from castlist.desktop import open_window

    open_window(out, photos or (), language=language)
