"""Learning in a process of its own, so that the window never waits for it: JSON in on stdin, JSON lines out.

    python -m castlist.desktop.trainer < request.json

Keras holds Python's lock for seconds; a thread would freeze the window.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from castlist.errors import CastlistError, unforeseen
from castlist.threads import OnCount

if TYPE_CHECKING:
    from castlist.learning import Dataset, Progress
    from castlist.run import Run


def main() -> None:
    """Look at photos, train, finish a stopped run as it stands or train it anew, and tell how it goes."""
    request: dict[str, Any] = json.load(sys.stdin)
    try:
        if "check" in request:
            _check(Path(request["check"]))
        elif "forget" in request:
            _forget(Path(request["run"]), request["forget"], request["language"])
        else:
            _train(request)
    except CastlistError as error:
        _tell(error=str(error))
    except Exception as error:  # nobody reads the traceback of a process behind a window
        _tell(error=str(unforeseen(error)))


def _check(folder: Path) -> None:
    from castlist.checks import check_photos

    def on_stage(what: str) -> OnCount:
        return _count if what == "Photos" else lambda done, total: None

    _tell(found=check_photos(folder, on_stage=on_stage).counts)


def _forget(run: Path, name: str, language: str) -> None:
    from castlist.people import retrain_without

    receipt = retrain_without(run, name, language=language, on_count=_count, on_progress=_progress)
    _tell(receipt=receipt.to_dict())


def _train(request: dict[str, Any]) -> None:
    from castlist.checks import quick_check
    from castlist.learning import check_installed, learn, read_settings, resume

    def on_start(run: Run, dataset: Dataset) -> None:
        found = quick_check(dataset, Path(run.photos_root))
        _tell(run=str(run.path), found=found.counts)

    callbacks: dict[str, Any] = {
        "language": request["language"],
        "on_start": on_start,
        "on_count": _count,
        "on_progress": _progress,
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


def _count(done: int, total: int) -> None:
    _tell(photos=done, of=total)


def _progress(now: Progress) -> None:
    row = dataclasses.asdict(now.finished) if now.finished else None
    _tell(epoch=now.epoch, epochs=now.epochs, step=now.step, steps=now.steps, finished=row)


def _tell(**message: Any) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
