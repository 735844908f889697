"""A training killed in the midst of an epoch and resumed, beside the same one left alone.

python benchmarks/resume.py ../shared/photos/avengers7 --model cnn-small --epochs 20
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from castlist.learning.evaluation import read_evaluation
from castlist.run import open_run, read_history

COMMAND = (sys.executable, "-c", "from castlist.cli import main; main()")
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--model", default="cnn-small")
    parser.add_argument("--epochs", type=int, default=20)
    options, others = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = ["train", str(options.photos), "--model", options.model, "--epochs", str(options.epochs), *others]
        words += ["--out", name, "--name"]
        subprocess.run([*COMMAND, *words, "alone"], check=True, **QUIET)
        process = subprocess.Popen([*COMMAND, *words, "killed"], **QUIET)
        while not (folder / "killed" / "state.h5").exists() or len(_epochs(folder / "killed")) < options.epochs // 2:
            time.sleep(0.1)
        time.sleep(_epochs(folder / "killed")[-1] / 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = len(_epochs(folder / "killed"))
        subprocess.run([*COMMAND, "resume", str(folder / "killed")], check=True, **QUIET)
        alone, resumed = (read_evaluation(open_run(folder / run)) for run in ("alone", "killed"))
        print(f"left alone, {options.epochs} epochs: {alone.accuracy:.2%} of {len(alone.truth)} test photos")
        print(f"killed after {done} epochs, resumed: {resumed.accuracy:.2%}")
        print(f"difference {100 * (resumed.accuracy - alone.accuracy):+.2f} points")
        same = (alone.predicted == resumed.predicted).sum()
        print(f"{same} of {len(alone.truth)} answers are the same")


def _epochs(run: Path) -> list[float]:
    """Seconds of the epochs that are finished."""
    return [row.seconds for row in read_history(open_run(run))]


if __name__ == "__main__":
    main()
