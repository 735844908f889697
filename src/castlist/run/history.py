"""What a run has been through, and how good it came out: its epochs, its accuracy."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass

from castlist.errors import PhotoError, RunError, reason_of
from castlist.files import read_csv, read_regular
from castlist.run.record import LARGEST, Run

HISTORY = ("epoch", "seconds", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One row of a run's history."""

    epoch: int  # from 1
    seconds: float
    learning_rate: float  # at the epoch's end
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


def read_history(run: Run) -> list[Epoch]:
    """The epochs of a run that are finished, in order.

    Raises:
        RunError: If the file is broken.
    """
    try:
        header, *table = read_csv(run.history_path)
        rows = [dict(zip(header, row, strict=True)) for row in table]
        return [Epoch(epoch=int(row["epoch"]), **{name: float(row[name]) for name in HISTORY[1:]}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, PhotoError, KeyError, ValueError, csv.Error) as error:
        raise RunError(
            "history-broken",
            "The history of the run {path!r} can't be read ({reason}).",
            path=str(run.path),
            reason=reason_of(error),
        ) from error


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch with the highest validation accuracy; of equals, the one with the lowest loss."""
    return max(history, key=lambda row: (row.val_accuracy, -row.val_loss))


def read_accuracy(run: Run) -> float | None:
    """The share of test photos named rightly, as it was measured; None where it wasn't."""
    try:
        accuracy = float(json.loads(read_regular(run.metrics_path, LARGEST))["accuracy"])
    except (OSError, PhotoError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return accuracy if 0 <= accuracy <= 1 else None
