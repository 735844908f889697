"""How soon castlist answers: its help, and the first photo named, whole commands with all they load.

Beside them, in turn, one photo named as face_recognition does it from nothing (`face_recognition_start.py`, which
says what it needs).

    python benchmarks/startup.py RUN PHOTO
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from face_recognition_start import make_stand_in


def measure(options: argparse.Namespace, stand_in: Path) -> dict[str, list[float]]:
    """Seconds of each command, in turn."""
    castlist = str(Path(sys.executable).with_name("castlist"))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "castlist --help": [castlist, "--help"],
        "castlist predict, one photo": [castlist, "predict", str(options.photo), "--run", str(options.run)],
        "face_recognition, one photo": [
            sys.executable,
            str(Path(__file__).with_name("face_recognition_start.py")),
            str(options.photo),
            str(options.run / "gallery.npz"),
            str(stand_in),
        ],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - began)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stand_in = Path(folder, "landmarks.dat")
        make_stand_in(stand_in)
        times = measure(options, stand_in)
    print(f"| command | seconds, median of {options.rounds} |\n|---|---|")
    for name, seconds in times.items():
        print(f"| {name} | {statistics.median(seconds):.2f} |")


if __name__ == "__main__":
    main()
