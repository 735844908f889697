"""The runs of a folder."""

from __future__ import annotations

import os
from pathlib import Path

from castlist.errors import RunError
from castlist.paths import as_path
from castlist.run.inventory import RECORD
from castlist.run.record import Run, open_run


def find_runs(folder: str | os.PathLike[str]) -> tuple[list[Run], dict[Path, RunError]]:
    """The runs of a folder, oldest first, and those that can't be opened, with the reason."""
    folder = as_path(folder)
    runs, broken = [], {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not (path / RECORD).exists():
            continue
        try:
            runs.append(open_run(path))
        except RunError as error:
            broken[path] = error
    return sorted(runs, key=lambda run: (run.created, run.path.name)), broken


def list_runs(folder: str | os.PathLike[str]) -> list[Run]:
    """The runs of a folder that can be opened, oldest first."""
    return find_runs(folder)[0]


def newest_run(folder: str | os.PathLike[str]) -> Run:
    """The newest finished run of a folder.

    Raises:
        RunError: If there is none.
    """
    finished = [run for run in list_runs(folder) if run.complete]
    if not finished:
        raise RunError(
            "no-finished-run",
            "There is no finished run in {path!r}. Train one, or name a run folder.",
            path=str(folder),
        )
    return finished[-1]
