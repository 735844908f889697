"""What lies in a run folder: the name of every file, once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

RECORD = "run.json"
GALLERY = "gallery.npz"
FACE_NETWORK = "face.onnx"
FACE_SIDECAR = "face.toml"
FACE_FILES = (FACE_NETWORK, FACE_SIDECAR)
NETWORK = "model.onnx"
WEIGHTS = "model.weights.h5"
STATE = "state.h5"
HISTORY_TABLE = "history.csv"
ANSWERS = "predictions.csv"
METRICS = "metrics.json"
REPORT = "report.html"
FIGURES = "figures"
DRAWN = "named"
TENSORBOARD = "tensorboard"
EXPORTS = "export.*"

# What names: the record knows the contents of each, so that no other is taken for it.
SIGNED = (GALLERY, *FACE_FILES, NETWORK)

LOCK = ".lock"
STAGE = ".change"  # holds a change until it is made

# Where training writes before it renames; what a killed one leaves.
UNFINISHED = ("part.weights.h5", "part.onnx", "state.h5.part")
# What tells of people beside the record and the gallery, and can be made anew from the two.
DERIVED = (ANSWERS, METRICS, REPORT, FIGURES, DRAWN, TENSORBOARD)
_FILES = {RECORD, GALLERY, FACE_NETWORK, FACE_SIDECAR, NETWORK, WEIGHTS, STATE, HISTORY_TABLE, *DERIVED, *UNFINISHED}
_EXPORT = re.compile(r"export\.[a-z]+")


def is_known(name: str) -> bool:
    """Whether a file or folder of this name, directly in a run folder, is castlist's."""
    return name in _FILES or _EXPORT.fullmatch(name) is not None


def derived_in(folder: Path) -> Iterator[str]:
    """The names of what is there of DERIVED and UNFINISHED, and of the exports."""
    yield from (name for name in (*DERIVED, *UNFINISHED) if (folder / name).exists())
    yield from (path.name for path in folder.glob(EXPORTS) if _EXPORT.fullmatch(path.name))


def unknown_in(folder: Path) -> list[Path]:
    """What lies in a run folder and isn't castlist's."""
    return sorted(path for path in folder.iterdir() if not is_known(path.name) and path.name not in (LOCK, STAGE))
