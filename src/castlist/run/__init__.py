"""The run folder: all that passes from learning to naming."""

from castlist.run.folder import RunFolder, Stamp
from castlist.run.record import (
    HISTORY,
    SIDES,
    Epoch,
    Run,
    best_epoch,
    find_runs,
    list_runs,
    newest_run,
    open_run,
    read_accuracy,
    read_history,
)

__all__ = [
    "HISTORY",
    "SIDES",
    "Epoch",
    "Run",
    "RunFolder",
    "Stamp",
    "best_epoch",
    "find_runs",
    "list_runs",
    "newest_run",
    "open_run",
    "read_accuracy",
    "read_history",
]
