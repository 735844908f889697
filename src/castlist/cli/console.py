"""What the command shows: progress on stderr, answers as lines, JSON and rows of a table."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castlist.errors import CastlistError
from castlist.escaping import for_json, for_terminal

if TYPE_CHECKING:
    from castlist.checks import Findings
    from castlist.learning import Dataset, Duel, Evaluation, Progress
    from castlist.naming import NamedFilm, NamedPhoto
    from castlist.run import Run

NO_FIGURES = "There are too few photos to keep some for a test, so there are no figures and no report."
SHOWN_FILES = 10  # of a finding; --json and --html show all


@contextmanager
def showing_count(what: str) -> Iterator[Callable[[int, int], None]]:
    """A callback for things done, of how many (0: unknown), showing on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


@contextmanager
def showing_stages() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """A callback for what begins, which gives one for things done, of how many; both show on stderr."""
    with contextlib.ExitStack() as stages:

        def begin(what: str) -> Callable[[int, int], None]:
            stages.close()  # the stage before has ended
            return stages.enter_context(showing_count(what))

        yield begin


@contextmanager
def telling_interruption(how: Callable[[], str]) -> Iterator[None]:
    """On Ctrl+C, say how to go on, where there is a way; empty: there is none."""
    try:
        yield
    except KeyboardInterrupt:
        if words := how():
            say(f"castlist: interrupted; go on with: {words}")
        raise


@contextmanager
def showing_progress(*, resumable: bool = True) -> Iterator[dict[str, Any]]:
    """The callbacks of `learn`, showing on stderr how far it is.

    Args:
        resumable: Whether `castlist resume` goes on with what is interrupted.
    """
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as ProgressBar

    console = Console(stderr=True)
    bar = ProgressBar(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
    )
    task = bar.add_task("Photos", total=None, note="")

    def on_count(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total, note=f"{done} of {total}")

    resume = ""

    def on_start(run: Run, dataset: Dataset) -> None:
        nonlocal resume
        lines = list(describe_start(run, dataset))
        if resumable:
            resume = f"castlist resume {str(run.path)!r}"
            lines.append(f"The run is {str(run.path)!r}; if it is interrupted: {resume}")
        for line in lines:
            console.print(for_terminal(line), markup=False, highlight=False, soft_wrap=True)

    def on_progress(now: Progress) -> None:
        if now.finished:
            row = now.finished
            console.print(
                f"epoch {row.epoch:>3}/{now.epochs}  loss {row.loss:.4f}  accuracy {row.accuracy:.4f}  "
                f"val_loss {row.val_loss:.4f}  val_accuracy {row.val_accuracy:.4f}  {row.seconds:.0f} s",
                highlight=False,
                soft_wrap=True,
            )
        left = f"{now.seconds_left / 60:.0f} min left" if now.seconds_left >= 90 else f"{now.seconds_left:.0f} s left"
        bar.update(
            task,
            description=f"Epoch {now.epoch}/{now.epochs}{', base frozen' * now.frozen}",
            completed=now.step,
            total=now.steps,
            note=f"loss {now.loss:.3f}  accuracy {now.accuracy:.3f}  {left}",
        )

    with telling_interruption(lambda: resume), bar:
        yield {"on_count": on_count, "on_start": on_start, "on_progress": on_progress}


def describe_start(run: Run, dataset: Dataset) -> Iterator[str]:
    """What a training begins with: the sides, what was left out, and what a quick look finds."""
    from castlist.checks import quick_check

    sides = ", ".join(f"{len(run.sides[side])} {side}" for side in run.sides)
    yield f"{len(run.people)} people, {len(dataset.files)} photos: {sides}; copies of a photo stay on one side."
    if run.refused:
        yield f"{len(run.refused)} files were left out; the report lists them with the reasons."
    yield from map(str, run.notes)
    yield from quick_check(dataset, Path(run.photos_root)).summary_lines


def show_result(run: Run, evaluation: Evaluation | None) -> None:
    """Print how good a run is, what its curves say, and where its report lies."""
    if evaluation is None:
        tell(NO_FIGURES)
        tell(f"Run: {run.path}")
        return
    from castlist.languages import translator
    from castlist.learning import describe_diagnosis, diagnose
    from castlist.run import read_history

    low, high = evaluation.accuracy_interval
    tell(
        f"{evaluation.accuracy:.1%} of {_test_size(run, evaluation)} named rightly "
        f"(95 % interval {low:.1%} to {high:.1%}), loss {evaluation.loss:.3f}."
    )
    what = "photos" if run.settings.frames == 1 else "sequences"
    for score in evaluation.persons:
        tell(f"  {score.person}: recall {score.recall:.1%}, precision {score.precision:.1%}, {score.photos} {what}")
    if run.settings.fine_tune:
        tell(str(run.notes[-1]))  # which network is used
    diagnosis = diagnose(read_history(run))
    if diagnosis:
        tell(" ".join(describe_diagnosis(diagnosis, translator("en"))))
    tell(f"Report: {(run.path / 'report.html').resolve().as_uri()}")


def describe_run(run: Run, before: Run | None) -> Iterator[str]:
    """A run as an entry of the diary, with what was changed against the run before; a line each."""
    from castlist.learning import changed_settings, read_evaluation
    from castlist.run import best_epoch, read_history

    when = run.created[:16].replace("T", " ")
    if not run.complete:
        figures = "not finished"
    elif not run.sides["test"]:
        figures = "no test photos"
    else:
        try:
            history = read_history(run)
            if history and not run.answers_path.exists():  # of a search
                figures = f"{best_epoch(history).val_accuracy:.1%} of validation, not tested"
            else:
                evaluation = read_evaluation(run)
                figures = f"{_percent_with_interval(evaluation)} of {_test_size(run, evaluation)}"
        except CastlistError as error:
            figures = str(error)
    yield f"{when}  {run.path.name}  {run.settings.model}, {len(run.people)} people  {figures}"
    if before:
        changes = [f"{name} {old} -> {new}" for name, (old, new) in changed_settings([before, run]).items()]
        if run.photos_fingerprint != before.photos_fingerprint:
            changes.append("other photos")
        yield f"    {', '.join(changes) or 'nothing changed'}"


def _test_size(run: Run, evaluation: Evaluation) -> str:
    frames = run.settings.frames
    return f"{len(evaluation.files)} test {f'sequences of {frames} photos' if frames > 1 else 'photos'}"


def describe_comparison(
    runs: Sequence[Run], evaluations: Sequence[Evaluation], changed: Mapping[str, Sequence[Any]]
) -> Iterator[str]:
    """Runs beside each other, a line per figure and per setting that differs."""
    rows = [("run", [run.path.name for run in runs])]
    rows.append(("accuracy", [_percent_with_interval(one) for one in evaluations]))
    rows.append(("loss", [f"{one.loss:.3f}" for one in evaluations]))
    rows.append(("unknown", [f"{one.unknown_share:.1%}" for one in evaluations]))
    rows.append(("test photos", [str(len(one.files)) for one in evaluations]))
    rows.append(("seconds", ["-" if run.seconds is None else f"{run.seconds:.0f}" for run in runs]))
    rows += [(name, [str(value) for value in values]) for name, values in changed.items()]
    widths = [max(len(row[1][i]) for row in rows) for i in range(len(runs))]
    name_width = max(len(name) for name, _ in rows)
    for name, cells in rows:
        yield "  ".join([f"{name:<{name_width}}", *(f"{c:<{w}}" for c, w in zip(cells, widths, strict=True))]).rstrip()


def describe_duel(first: Run, second: Run, duel: Duel) -> Iterator[str]:
    """How the answers of two runs on the same test photos differ."""
    a, b = first.path.name, second.path.name
    yield ""
    if not duel.photos:
        yield f"{a} and {b} share no test photo: they can't be compared photo by photo."
        return
    yield (
        f"On the {duel.photos} test photos that both have: {duel.both} right by both, {duel.only_first} by {a} alone, "
        f"{duel.only_second} by {b} alone; McNemar's test: p = {duel.p_value:.2g}, "
        f"{'more than' if duel.p_value < 0.05 else 'within'} what chance gives."
    )
    for person, gain in duel.gains:
        better, worse = (b, a) if gain > 0 else (a, b)
        yield f"  {person}: {abs(gain)} more by {better} than by {worse}"


def _percent_with_interval(evaluation: Evaluation) -> str:
    low, high = evaluation.accuracy_interval
    return f"{evaluation.accuracy:.1%} ({low:.1%} to {high:.1%})"


def film_lines(film: NamedFilm, width: int) -> str:
    """A film's sightings, a line each, names of files `width` wide."""
    path = f"{for_terminal(str(film.path)):<{width}}"
    if not film.sightings:
        return f"{path}  -  (no face found)"
    return "\n".join(
        f"{path}  {for_terminal(one.name)}  {one.probability:.1%}  {one.start:.1f} s to {one.end:.1f} s"
        for one in film.sightings
    )


def photo_lines(photo: NamedPhoto, width: int = 0) -> str:
    """A photo's answers, a line each, the name of the file `width` wide."""
    path = f"{for_terminal(str(photo.path)):<{width}}"
    if photo.problem:
        return f"{path}  -  ({for_terminal(str(photo.problem))})"
    if not photo.faces:
        return f"{path}  -  (no face found)"
    return "\n".join(
        f"{path}  {for_terminal(face.name)}  {face.probability:.1%}{f'  ({face.problem})' if face.problem else ''}"
        for face in photo.faces
    )


def findings_lines(findings: Findings) -> Iterator[str]:
    """Findings as a table, a line each: severity, kind, what is meant, and where."""
    for one in findings.findings:
        files = [
            str(path.relative_to(findings.root) if path.is_relative_to(findings.root) else path) for path in one.photos
        ]
        more = f"  and {len(files) - SHOWN_FILES} more" if len(files) > SHOWN_FILES else ""
        where = "  ".join(files[:SHOWN_FILES]) + more
        yield f"{one.severity:<6}  {one.kind:<13}  {one.message}  {where}".rstrip()


def findings_json(findings: Findings) -> Iterator[str]:
    """Findings as JSON objects, one each."""
    for one in findings.findings:
        record: dict[str, Any] = {
            "severity": one.severity,
            "kind": one.kind,
            "photos": [str(path) for path in one.photos],
        }
        record |= {"people": list(one.people), "message": one.message}
        if one.probability is not None:
            record |= {"rather": one.rather, "probability": one.probability}
        yield for_json(record)


def tell(text: str) -> None:
    """Print a line of what was asked for."""
    print(for_terminal(text))


def say(text: str) -> None:
    """Print a line on stderr."""
    print(for_terminal(text), file=sys.stderr)
