"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.words import hear

Photos = Annotated[
    Path, typer.Argument(metavar="PHOTOS", help="The folder that holds one folder of photos per person.")
]
ArchivePath = Annotated[Path, typer.Argument(metavar="ARCHIVE", help="An archive's folder.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
FromRegions = Annotated[
    bool,
    typer.Option("--from-regions", help="PHOTOS is any folder; faces named in other programs say who is who."),
]
Runs = Annotated[Path, typer.Option("--out", help="The folder that run folders are made in.")]
STDOUT = Path("-")  # what a file is printed as
SYSTEM = ""  # the system's language
# Heard before other options are refused; a verb that writes nothing has no other use for it.
Language = Annotated[
    str,
    typer.Option(
        metavar="en|zh-TW",
        help="The language of what is said and written [default: the system's].",
        show_default=False,
        is_eager=True,
        callback=hear,
    ),
]
