"""The verb manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import say_note, tell
from castlist.cli.options import SYSTEM, Language
from castlist.cli.words import translate


def manifest(
    photos: Annotated[
        str,
        typer.Argument(metavar="PHOTOS", help="A folder, an address, or a text file that lists either."),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The manifest, a .parquet.")],
    language: Language = SYSTEM,
) -> None:
    """List photos once, with sizes and times, for castlist archive --manifest."""
    from castlist.archive import write_manifest

    count = write_manifest(photos, out, tell=say_note)
    tell(translate("{path!r} lists {count} {count:file|files}.", path=str(out), count=count))
