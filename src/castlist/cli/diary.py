"""The verbs that look back: runs, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from castlist.cli.console import pad, say, tell, tested_on
from castlist.cli.options import SYSTEM, Language
from castlist.cli.words import translate, worded
from castlist.errors import CastlistError, RunError

if TYPE_CHECKING:
    from castlist.run import Run


def runs(
    folder: Annotated[Path, typer.Argument(help="The folder that run folders lie in.")] = Path("runs"),
    language: Language = SYSTEM,
) -> None:
    """List the runs of a folder as a diary: when, how good, and what was changed since the run before of the photos."""
    from castlist.run import find_runs

    listed, broken = find_runs(folder)
    for error in broken.values():
        say(translate("passed over: {reason}", reason=error.message))
    if not listed:
        raise RunError(
            "no-run",
            "There is no run in {folder!r}. Train one, or name the folder that runs lie in.",
            folder=str(folder),
        )
    before: dict[str, Run] = {}  # the last run so far, by the folder that it was learnt from
    columns = [pad(column) for column in zip(*map(run_cells, listed), strict=True)]
    for run, cells in zip(listed, zip(*columns, strict=True), strict=True):
        tell("  ".join(cells).rstrip())
        if earlier := before.get(run.photos_root):
            tell(f"    {what_changed(earlier, run)}")
        before[run.photos_root] = run


def compare(
    run: Annotated[list[Path], typer.Argument(metavar="RUN", help="Two run folders or more.")],
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the runs' curves into this PNG file.")
    ] = None,
    language: Language = SYSTEM,
) -> None:
    """Compare runs: settings that differ, figures, and whether the difference is more than chance."""
    from castlist.learning import compare_answers, comparison_rows, describe_duel, read_evaluation
    from castlist.run import open_run, read_history

    if len(run) < 2:
        raise RunError("too-few-runs", "Comparing needs two runs or more. Got {runs} instead.", runs=len(run))
    opened = [open_run(path) for path in run]
    histories = {one.path.name: read_history(one) for one in opened} if picture else {}
    if picture and not any(histories.values()):
        say(translate("No curves: none of these runs was trained in epochs."))
    evaluations = [read_evaluation(one) for one in opened]
    rows = [(name, *cells) for name, cells in comparison_rows(opened, evaluations, translate)]
    for line in zip(*map(pad, zip(*rows, strict=True)), strict=True):
        tell("  ".join(line).rstrip())
    first = opened[0].path.name
    for second, evaluation in zip(opened[1:], evaluations[1:], strict=True):
        duel = compare_answers(evaluations[0], evaluation)
        tell("")
        for i, sentence in enumerate(describe_duel(first, second.path.name, duel, translate)):
            tell(f"  {sentence}" if i else sentence)
    if picture and any(histories.values()):
        from castlist.learning import write_comparison

        write_comparison(histories, picture, language=language)
        tell(translate("Curves: {path}", path=str(picture)))


def run_cells(run: Run) -> tuple[str, str, str, str]:
    """A run as an entry of the diary: when, its name, what it is, how good."""
    when = run.created[:16].replace("T", " ")
    people = len(run.people)
    what = translate("{model}, {people} {people:person|people}", model=run.settings.model, people=people)
    return when, run.path.name, what, _figures(run)


def _figures(run: Run) -> str:
    from castlist.learning import read_evaluation, share_with_interval
    from castlist.run import best_epoch, read_history

    if not run.complete:
        return translate("not finished")
    if not run.sides["test"]:
        return translate("no test photos")
    try:
        history = read_history(run)
        if history and not run.answers_path.exists():  # of a search
            return translate("{share:.1%} of validation, not tested", share=best_epoch(history).val_accuracy)
        evaluation = read_evaluation(run)
        share = share_with_interval(evaluation, translate)
        return translate("{share} of {tested}", share=share, tested=tested_on(run, evaluation))
    except CastlistError as error:
        return worded(error)


def what_changed(before: Run, run: Run) -> str:
    """What was changed against the run before of the same folder."""
    from castlist.learning import changed_settings

    changes = [f"{name} {old} -> {new}" for name, (old, new) in changed_settings([before, run]).items()]
    if run.photos_fingerprint != before.photos_fingerprint:
        changes.append(translate("other photos"))
    return translate(", ").join(changes) or translate("nothing changed")
