"""A training in a process of its own, so that the window never waits for it: JSON in on stdin, JSON lines out.

    python -m castlist.desktop.trainer < request.json

Keras holds Python's lock for seconds; a thread would freeze the window.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castlist.errors import CastlistError

if TYPE_CHECKING:
    from castlist.dataset import Dataset
    from castlist.run import Run
    from castlist.training import Progress


def main() -> None:
    """Train as asked, or finish a stopped run as it stands, and tell how it goes."""
    request: dict[str, Any] = json.load(sys.stdin)
    try:
        _train(request)
    except CastlistError as error:
        _tell(error=str(error))
    except Exception as error:  # nobody reads the traceback of a process behind a window
        _tell(error=f"{type(error).__name__}: {error}")


def _train(request: dict[str, Any]) -> None:
    from castlist.checks import quick_check
    from castlist.learning import learn, resume
    from castlist.models import check_installed, read_settings

    def on_start(run: Run, dataset: Dataset) -> None:
        found = quick_check(dataset, Path(run.photos_root))
        _tell(run=str(run.path), found=found.counts)

    def on_progress(now: Progress) -> None:
        row = dataclasses.asdict(now.finished) if now.finished else None
        _tell(epoch=now.epoch, epochs=now.epochs, step=now.step, steps=now.steps, finished=row)

    callbacks: dict[str, Any] = {
        "language": request["language"],
        "on_start": on_start,
        "on_count": lambda done, total: _tell(photos=done, of=total),
        "on_progress": on_progress,
    }
    if "resume" in request:
        run, evaluation = resume(Path(request["resume"]), epochs=request["epochs"], **callbacks)
    else:
        settings = read_settings("", request["model"])
        settings = dataclasses.replace(settings, faces=request["faces"], epochs=request["epochs"] or settings.epochs)
        check_installed(settings)
        run, evaluation = learn(Path(request["photos"]), settings, runs=Path(request["runs"]), **callbacks)
    report = run.path / "report.html"
    _tell(
        done=str(run.path),
        report=str(report) if report.exists() else None,
        accuracy=evaluation.accuracy if evaluation else None,
    )


def _tell(**message: Any) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
