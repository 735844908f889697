"""Learning watched at a terminal: for the command, and for who learns from Python at one."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from castlist import learning
from castlist.arguments import checked
from castlist.escaping import for_terminal
from castlist.languages import speaker
from castlist.showing import on_stderr

if TYPE_CHECKING:
    from castlist.learning import Dataset, Progress
    from castlist.run import Run

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def showing_progress(
    *, language: str = "en", resumable: bool = True, on_interruption: Callable[[str], None] | None = None
) -> Iterator[dict[str, Any]]:
    """The callbacks of `learn`, which show how far it is.

    Args:
        language: Of what is shown.
        resumable: Whether `castlist resume` goes on with what is interrupted.
        on_interruption: Told by Ctrl+C how to go on, once there is something to go on with.
    """
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as ProgressBar

    translate = speaker(language)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"))
    bar = ProgressBar(*columns, **on_stderr(console))
    task = bar.add_task(translate("Photos"), total=None, note="")
    resume = ""

    def show_line(line: str) -> None:
        console.print(for_terminal(line), markup=False, highlight=False, soft_wrap=True)

    def on_count(done: int, total: int) -> None:
        note = translate("{done} of {total}", done=done, total=total)
        bar.update(task, completed=done, total=total, note=note)

    def on_start(run: Run, dataset: Dataset) -> None:
        nonlocal resume
        for line in describe_start(run, dataset, language):
            show_line(line)
        if resumable:
            resume = f"castlist resume {str(run.path)!r}"
            text = translate("The run is {path!r}; if it is interrupted: {command}", path=str(run.path), command=resume)
            show_line(text)
        bar.update(task, description=translate("Learning"), completed=0, total=None, note="")

    def on_progress(now: Progress) -> None:
        if now.finished:
            row = now.finished
            show_line(
                f"epoch {row.epoch:>3}/{now.epochs}  loss {row.loss:.4f}  accuracy {row.accuracy:.4f}  "
                f"val_loss {row.val_loss:.4f}  val_accuracy {row.val_accuracy:.4f}  {row.seconds:.0f} s"
            )
        if now.seconds_left >= 90:
            left = translate("{minutes:.0f} min left", minutes=now.seconds_left / 60)
        else:
            left = translate("{seconds:.0f} s left", seconds=now.seconds_left)
        epoch = translate("Epoch {epoch}/{epochs}", epoch=now.epoch, epochs=now.epochs)
        bar.update(
            task,
            description=epoch + translate(", base frozen") * now.frozen,
            completed=now.step,
            total=now.steps,
            note=f"loss {now.loss:.3f}  accuracy {now.accuracy:.3f}  {left}",
        )

    try:
        with bar:
            yield {"on_count": on_count, "on_start": on_start, "on_progress": on_progress}
    except KeyboardInterrupt:
        if resume and on_interruption:
            on_interruption(resume)
        raise


def describe_start(run: Run, dataset: Dataset, language: str = "en") -> Iterator[str]:
    """What a training begins with: the sides, what was left out, and what a quick look finds."""
    from castlist.checks import quick_check
    from castlist.languages import translate_message

    translate = speaker(language)
    sides = {
        "train": translate("{count} to learn from", count=len(run.sides["train"])),
        "validation": translate("{count} to validate", count=len(run.sides["validation"])),
        "test": translate("{count} to test", count=len(run.sides["test"])),
    }
    yield translate(
        "{people} {people:person|people}, {photos} {photos:photo|photos}: {sides}; copies of a photo stay on one side.",
        people=len(run.people),
        photos=len(dataset.files),
        sides=translate(", ").join(sides[side] for side in run.sides),
    )
    if run.refused:
        yield translate(
            "{count} {count:file was|files were} left out; the report lists them with the reasons.",
            count=len(run.refused),
        )
    yield from (translate_message(note, language) for note in run.notes)
    high_and_medium = quick_check(dataset, Path(run.photos_root)).summary_lines(language)[:2]  # it looks for no more
    yield from high_and_medium


def shown(work: Callable[P, R]) -> Callable[P, R]:
    """A function of learning that shows how far it is at a terminal, unless its caller is told or there is none."""

    @functools.wraps(work)
    def show(*args: P.args, **kwargs: P.kwargs) -> R:
        if {"on_count", "on_start", "on_progress"} & kwargs.keys() or not sys.stderr.isatty():
            return work(*args, **kwargs)
        with showing_progress() as callbacks:
            kwargs.update(callbacks)
            return work(*args, **kwargs)

    return show


learn, resume = checked(shown(learning.learn)), checked(shown(learning.resume))
