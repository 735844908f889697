"""The verb that hands a run to other programs: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import tell
from castlist.cli.options import SYSTEM, Language, RunFolder
from castlist.cli.words import translate


def export(
    run: RunFolder,
    to: Annotated[str, typer.Option(help="onnx for any program, litert for phones, keras to train on.")] = "onnx",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file [default: export.onnx, .tflite or .keras in the run folder]."),
    ] = None,
    language: Language = SYSTEM,
) -> None:
    """Write a run as one file for other programs, checked against the run on its photos."""
    from castlist.export import export_run

    file = export_run(run, to, out)
    tell(translate("{path} answers as the run does. Names and preprocessing are inside.", path=str(file)))
