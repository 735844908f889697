"""The verbs that look back: runs, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from castlist.cli.console import describe_comparison, describe_duel, describe_run, tell
from castlist.errors import RunError


def runs(folder: Annotated[Path, typer.Argument(help="The folder that run folders lie in.")] = Path("runs")) -> None:
    """List the runs of a folder as a diary: when, how good, and what was changed against the run before."""
    from castlist.run import list_runs

    listed = list_runs(folder)
    if not listed:
        raise RunError(
            "no-run",
            "There is no run in {folder!r}. Train one, or name the folder that runs lie in.",
            folder=str(folder),
        )
    for before, run in zip([None, *listed], listed, strict=False):
        for line in describe_run(run, before):
            tell(line)


def compare(
    run: Annotated[list[Path], typer.Argument(metavar="RUN RUN...", help="Two run folders or more.")],
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the runs' curves into this PNG file.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the picture: en or zh-TW.")] = "en",
) -> None:
    """Compare runs: settings that differ, figures, and whether the difference is more than chance."""
    from castlist.learning import changed_settings, compare_answers, read_evaluation
    from castlist.run import open_run, read_history

    if len(run) < 2:
        raise RunError("too-few-runs", "Comparing needs two runs or more. Got {runs} instead.", runs=len(run))
    opened = [open_run(path) for path in run]
    evaluations = [read_evaluation(one) for one in opened]
    for line in describe_comparison(opened, evaluations, changed_settings(opened)):
        tell(line)
    for i, second in enumerate(opened[1:], start=1):
        for line in describe_duel(opened[0], second, compare_answers(evaluations[0], evaluations[i])):
            tell(line)
    if picture:
        from castlist.learning import write_comparison

        write_comparison({one.path.name: read_history(one) for one in opened}, picture, language=language)
        tell(f"Curves: {picture}")
