"""The verb that says what is wrong with photos: check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.console import findings_json, findings_lines, say, showing_stages
from castlist.errors import SettingsError


def check(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="One folder of photos per person, or any folder.")],
    against: Annotated[
        Path | None, typer.Option(help="Another folder, none of whose pictures should be in this one.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object per finding.")] = False,
    fail_on: Annotated[
        str | None, typer.Option(help="Exit with 1 if there is a finding of this severity or worse: high, medium, low.")
    ] = None,
) -> None:
    """Say what is wrong with a folder of photos, worst first; changes nothing."""
    from castlist.checks import SEVERITIES, check_photos

    if fail_on is not None and fail_on not in SEVERITIES:
        raise SettingsError(f"Unknown severity {fail_on!r}. Choose from: {', '.join(SEVERITIES)}.")
    with showing_stages() as on_stage:
        findings = check_photos(photos, against=against, on_stage=on_stage)
    for line in findings_json(findings) if json_ else findings_lines(findings):
        print(line)
    for note in findings.notes:
        say(note)
    for line in findings.summary_lines:
        say(line)
    if fail_on is not None and findings.at_least(fail_on):
        raise typer.Exit(1)
