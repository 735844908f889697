"""How far something is, at a terminal: bars on stderr while it lasts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from castlist.escaping import for_terminal
from castlist.threads import OnCount

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def showing_count(what: str, *, pace: Callable[[float], str] = lambda speed: "") -> Iterator[OnCount]:
    """A callback for things done, of how many (0: unknown).

    Args:
        what: What is done.
        pace: Says how many are done a second.
    """
    if not sys.stderr.isatty():  # nothing is shown, and what shows takes a tenth of a second to load
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, TimeRemainingColumn(), **on_stderr(Console(stderr=True))) as bar:
        task = bar.add_task(for_terminal(what), total=None, pace="")

        def on_count(done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=total or None, pace=pace(speed) if speed else "")

        yield on_count


@contextmanager
def showing_stages() -> Iterator[Callable[[str], OnCount]]:
    """A callback for what begins, which gives one for things done, of how many."""
    with contextlib.ExitStack() as stages:

        def begin(what: str) -> OnCount:
            stages.close()  # the stage before has ended
            return stages.enter_context(showing_count(what))

        yield begin


def on_stderr(console: Console) -> dict[str, Any]:
    """Where a bar is shown: at a terminal alone; what is printed into a file meanwhile goes there, past the bar."""
    shown, redirected = console.is_terminal, sys.stdout.isatty()
    return {"console": console, "transient": True, "disable": not shown, "redirect_stdout": redirected}
