"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Photos = Annotated[
    Path, typer.Argument(metavar="PHOTOS", help="The folder that holds one folder of photos per person.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
Runs = Annotated[Path, typer.Option("--out", help="The folder that run folders are made in.")]
Language = Annotated[str, typer.Option(help="Of the report or the pictures: en or zh-TW.")]
