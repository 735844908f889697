"""The run folder: all that passes from learning to naming, written so that nothing half-done is ever read."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from castlist.errors import RunError, SettingsError
from castlist.files import write_text
from castlist.settings import Settings

FORMAT = 1  # of the run folder; a higher one is from a later castlist
SIDES = ("train", "validation", "test")

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


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run folder's record, run.json, and where its other files lie."""

    path: Path
    people: tuple[str, ...]  # in the order of the network's outputs
    settings: Settings
    photos_root: str  # the folder learnt from, where it lay then
    photos_fingerprint: str
    sides: Mapping[str, tuple[str, ...]]  # which photo is on which side, paths below photos_root
    groups: Mapping[str, int]  # how many groups each side holds
    refused: tuple[tuple[str, str], ...] = ()  # file, reason
    notes: tuple[str, ...] = ()
    precision: str = "float32"
    created: str = field(default_factory=lambda: datetime.datetime.now().astimezone().isoformat(timespec="seconds"))
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: str = field(default_factory=lambda: f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    tuned: bool = False  # of the model face: the fine-tuned network was better on validation, and gives the names
    complete: bool = False  # the network is exported and checked; False while training, or when it was interrupted
    best_epoch: int | None = None
    seconds: float | None = None  # spent in training, interruptions not counted

    @property
    def network_path(self) -> Path:
        """The trained Keras model as naming runs it, ONNX; a run of the model `face` has none."""
        return self.path / "model.onnx"

    @property
    def face_network_path(self) -> Path:
        """The face network, ONNX; a run on whole photos has none."""
        return self.path / "face.onnx"

    @property
    def gallery_path(self) -> Path:
        """The people as embeddings, with the threshold for unknown; a run on whole photos has none."""
        return self.path / "gallery.npz"

    @property
    def weights_path(self) -> Path:
        """The best weights on validation so far; no architecture, no code."""
        return self.path / "model.weights.h5"

    @property
    def state_path(self) -> Path:
        """Where training stands: last weights, optimizer, epoch."""
        return self.path / "state.h5"

    @property
    def history_path(self) -> Path:
        """One row per epoch."""
        return self.path / "history.csv"

    @property
    def answers_path(self) -> Path:
        """What was answered for the test photos; a search's trial has none."""
        return self.path / "predictions.csv"

    @property
    def has_network(self) -> bool:
        """Whether a trained Keras model gives the names, not the gallery alone."""
        return self.settings.kind.is_trained or self.tuned

    def need_photos(self, fingerprint: str) -> None:
        """Make sure that a data set's fingerprint is that of the photos that the run began with.

        Raises:
            RunError: If not.
        """
        if fingerprint != self.photos_fingerprint:
            raise RunError(
                f"The photos in {self.photos_root!r} are not those that the run {str(self.path)!r} began with. "
                "Bring them back, or train anew."
            )

    def save(self) -> None:
        """Write run.json, beside and renamed.

        Raises:
            CastlistError: If it can't be written.
        """
        record = {item.name: getattr(self, item.name) for item in dataclasses.fields(self) if item.name != "path"}
        record["settings"] = self.settings.to_dict()
        write_text(self.path / "run.json", json.dumps({"format": FORMAT, **record}, ensure_ascii=False, indent=1))


def open_run(path: Path) -> Run:
    """Read a run folder's record.

    Raises:
        RunError: If the folder is no run, is broken, or was written by a later castlist.
    """
    try:
        record = json.loads((path / "run.json").read_text("utf-8"))
        format_version = record.pop("format")
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(f"{str(path)!r} is not a run folder: it has no run.json.") from None
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise RunError(f"The run {str(path)!r} is broken: its run.json can't be read ({error}).") from error
    if format_version != FORMAT:
        raise RunError(
            f"The run {str(path)!r} has format {format_version}; this castlist reads format {FORMAT}. "
            "Upgrade castlist, or train again."
        )
    try:
        record["settings"] = Settings.from_dict(record["settings"])
        record["people"] = tuple(map(str, record["people"]))
        record["sides"] = {side: tuple(files) for side, files in record["sides"].items()}
        record["refused"] = tuple((file, reason) for file, reason in record["refused"])
        record["notes"] = tuple(record["notes"])
        return Run(path=path, **record)
    except (SettingsError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"The run {str(path)!r} is broken: its run.json doesn't hold what it should ({error})."
        ) from error


def read_history(run: Run) -> list[Epoch]:
    """The epochs of a run that are finished, in order.

    Raises:
        RunError: If the file is broken.
    """
    try:
        with run.history_path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [Epoch(epoch=int(row["epoch"]), **{name: float(row[name]) for name in HISTORY[1:]}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise RunError(f"The history of the run {str(run.path)!r} can't be read ({error}).") from error


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch with the highest validation accuracy; of equals, the one with the lowest loss."""
    return max(history, key=lambda row: (row.val_accuracy, -row.val_loss))


def read_accuracy(run: Run) -> float | None:
    """The share of test photos named rightly, as it was measured; None where it wasn't."""
    try:
        return float(json.loads((run.path / "metrics.json").read_text("utf-8"))["accuracy"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_runs(folder: Path) -> tuple[list[Run], dict[Path, RunError]]:
    """The runs of a folder, oldest first, and those that can't be opened, with the reason."""
    runs, broken = [], {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not (path / "run.json").exists():
            continue
        try:
            runs.append(open_run(path))
        except RunError as error:
            broken[path] = error
    return sorted(runs, key=lambda run: (run.created, run.path.name)), broken


def list_runs(folder: Path) -> list[Run]:
    """The runs of a folder that can be opened, oldest first."""
    return find_runs(folder)[0]


def newest_run(folder: Path) -> Run:
    """The newest finished run of a folder.

    Raises:
        RunError: If there is none.
    """
    finished = [run for run in list_runs(folder) if run.complete]
    if not finished:
        raise RunError(f"There is no finished run in {str(folder)!r}. Train one, or name a run folder.")
    return finished[-1]
