"""The verbs that look back: runs, compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from castlist.cli.console import pad, say, tell, tested_on
from castlist.cli.options import SYSTEM, Language
from castlist.cli.words import translate, worded
from castlist.errors import CastlistError, RunError

if TYPE_CHECKING:
    from castlist.learning import Duel, Evaluation
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
    from castlist.learning import changed_settings, compare_answers, read_evaluation
    from castlist.run import open_run, read_history

    if len(run) < 2:
        raise RunError("too-few-runs", "Comparing needs two runs or more. Got {runs} instead.", runs=len(run))
    opened = [open_run(path) for path in run]
    histories = {one.path.name: read_history(one) for one in opened} if picture else {}
    if picture and not any(histories.values()):
        say(translate("No curves: none of these runs was trained in epochs."))
    evaluations = [read_evaluation(one) for one in opened]
    for line in comparison_lines(opened, evaluations, changed_settings(opened)):
        tell(line)
    for i, second in enumerate(opened[1:], start=1):
        for line in duel_lines(opened[0], second, compare_answers(evaluations[0], evaluations[i])):
            tell(line)
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
    from castlist.learning import read_evaluation
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
        share = _percent_with_interval(evaluation)
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


def comparison_lines(
    runs: Sequence[Run], evaluations: Sequence[Evaluation], changed: Mapping[str, Sequence[Any]]
) -> Iterator[str]:
    """Runs beside each other, a line per figure and per setting that differs."""
    from castlist.run import read_history

    rows = [(translate("run"), [run.path.name for run in runs])]
    rows.append((translate("accuracy"), [_percent_with_interval(one) for one in evaluations]))
    if any(map(read_history, runs)):
        rows.append((translate("loss"), [f"{one.loss:.3f}" for one in evaluations]))
    rows.append((translate("unknown"), [f"{one.unknown_share:.1%}" for one in evaluations]))
    rows.append((translate("test photos"), [str(len(one.files)) for one in evaluations]))
    rows.append((translate("seconds"), ["-" if run.seconds is None else f"{run.seconds:.0f}" for run in runs]))
    rows += [(name, [str(value) for value in values]) for name, values in changed.items()]
    columns = [pad(column) for column in zip(*([name, *cells] for name, cells in rows), strict=True)]
    for line in zip(*columns, strict=True):
        yield "  ".join(line).rstrip()


def duel_lines(first: Run, second: Run, duel: Duel) -> Iterator[str]:
    """How the answers of two runs on the same test photos differ."""
    a, b = first.path.name, second.path.name
    yield ""
    if not duel.photos:
        yield translate("{a} and {b} share no test photo: they can't be compared photo by photo.", a=a, b=b)
        return
    beyond = translate("more than what chance gives") if duel.p_value < 0.05 else translate("within what chance gives")
    yield translate(
        "Of {photos} test {photos:photo|photos} that both have, {both} right by both, {first} by {a} alone, {second} "
        "by {b} alone; McNemar's test: p = {p}, {beyond}.",
        photos=duel.photos,
        both=duel.both,
        first=duel.only_first,
        second=duel.only_second,
        a=a,
        b=b,
        p=f"{duel.p_value:.2g}",
        beyond=beyond,
    )
    for person, gain in duel.gains:
        better, worse = (b, a) if gain > 0 else (a, b)
        yield "  " + translate(
            "{person}: {count} more by {better} than by {worse}",
            person=person,
            count=abs(gain),
            better=better,
            worse=worse,
        )


def _percent_with_interval(evaluation: Evaluation) -> str:
    low, high = evaluation.accuracy_interval
    return translate("{share:.1%} ({low:.1%} to {high:.1%})", share=evaluation.accuracy, low=low, high=high)
