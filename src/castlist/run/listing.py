"""The runs of a folder."""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import math
import os
from collections.abc import Callable
from pathlib import Path

from castlist.arguments import checked
from castlist.errors import Message, PhotoError, RunError, reason_of
from castlist.files import read_regular
from castlist.paths import as_path, is_folder, need_entry
from castlist.run.inventory import RECORD
from castlist.run.record import LARGEST, Run, open_run

logger = logging.getLogger(__name__)


def find_runs(folder: str | os.PathLike[str]) -> tuple[list[Run], dict[Path, RunError]]:
    """The runs of a folder, oldest first, and those that can't be opened, with the reason.

    Raises:
        RunError: If the folder can't be read.
    """
    folder = as_path(folder)
    runs, broken = [], {}
    paths = []
    try:
        if is_folder(folder):
            paths = sorted(folder.iterdir())
            need_entry(folder)
    except OSError as error:
        raise RunError(
            "runs-unreadable", "{path!r} can't be read ({reason}).", path=str(folder), reason=reason_of(error)
        ) from error
    for path in paths:
        if not _may_be_run(path):
            continue
        try:
            runs.append(open_run(path))
        except RunError as error:
            broken[path] = error
    logger.debug("%d runs in %s, and %d that can't be opened", len(runs), folder, len(broken))
    return sorted(runs, key=lambda run: (instant_of(run), run.path.name)), broken


@checked
def list_runs(folder: str | os.PathLike[str]) -> list[Run]:
    """The runs of a folder that can be opened, oldest first."""
    return find_runs(folder)[0]


@checked
def newest_run(folder: str | os.PathLike[str], *, tell: Callable[[Message], None] | None = None) -> Run:
    """The newest finished run of a folder.

    Args:
        folder: That runs lie in.
        tell: Told of broken ones that seem to be newer.

    Raises:
        RunError: If there is none.
    """
    runs, broken = find_runs(folder)
    finished = [run for run in runs if run.complete]
    newest = finished[-1] if finished else None
    for path, error in broken.items():
        if tell and (newest is None or _instant_of_broken(path) > instant_of(newest)):
            tell(
                Message(
                    "newer-run-broken",
                    "{path!r} is passed over, though it seems to be newer. {reason}",
                    {"path": str(path), "reason": error.message},
                )
            )
    if newest is None:
        raise RunError(
            "no-finished-run",
            "There is no finished run in {path!r}. Train one, or name a run folder.",
            path=str(folder),
        )
    return newest


def instant_of(run: Run) -> float:
    """When a run was begun, in seconds of UTC: clocks of two places, or of one in autumn, can't be compared."""
    return _instant(run.created)


def _instant(created: str) -> float:
    moment = datetime.datetime.fromisoformat(created)
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _may_be_run(path: Path) -> bool:
    """Whether there is a record, or nobody may see whether there is."""
    try:
        return (path / RECORD).exists()
    except OSError:
        return is_folder(path)


def _instant_of_broken(path: Path) -> float:
    """When a run was begun that can't be opened; if not even that can be read, when it was last written."""
    with contextlib.suppress(OSError, PhotoError, ValueError, KeyError, TypeError, RecursionError):
        return _instant(json.loads(read_regular(path / RECORD, LARGEST))["created"])
    for written in (path / RECORD, path):
        with contextlib.suppress(OSError):
            return written.stat().st_mtime
    return -math.inf  # it was deleted meanwhile
