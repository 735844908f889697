"""Photos a second of `name_photos`, this source tree against another, in turn in one run so that both bear the load.

python benchmarks/seeing.py RUN ../shared/photos/avengers7 --against ../other/src
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[1] / "src"
# Each tree has a process of its own, which names the photos whenever it is told to, and says how long that took.
CHILD = """
import sys, time
from pathlib import Path
from castlist.naming.recognizer import Recognizer
paths = [Path(line) for line in sys.argv[2:]]
recognizer = Recognizer.load(Path(sys.argv[1]))
list(recognizer.name_photos(paths[:16]))
print("ready", flush=True)
for _ in sys.stdin:
    began, used = time.perf_counter(), time.process_time()
    count = len(list(recognizer.name_photos(paths)))
    print(count / (time.perf_counter() - began), 1000 * (time.process_time() - used) / count, flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--against", type=Path, required=True, help="the src folder of another version")
    parser.add_argument("--photos", type=int, default=200, help="evenly from the folder")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.is_file())
    files = files[:: max(len(files) // options.photos, 1)][: options.photos]
    trees = {"this": HERE, "the other": options.against}
    children = {name: _start(tree, options.run, files) for name, tree in trees.items()}
    speeds: dict[str, list[float]] = {name: [] for name in trees}
    costs: dict[str, list[float]] = {name: [] for name in trees}
    for number in range(options.rounds):
        for name in list(trees)[:: 1 if number % 2 else -1]:
            speed, cost = _ask(children[name])
            speeds[name].append(speed)
            costs[name].append(cost)
    print(f"{len(files)} photos, median of {options.rounds} rounds in turn\n")
    print("| tree | photos/s | CPU ms a photo |\n|---|---|---|")
    for name, each in speeds.items():
        spread = f"{statistics.median(each):.1f} ({min(each):.1f} to {max(each):.1f})"
        print(f"| {name} | {spread} | {statistics.median(costs[name]):.1f} |")
    ratios = [
        statistics.median(mine / other for mine, other in zip(*each.values(), strict=True)) for each in (speeds, costs)
    ]
    print(f"| this by the other, median of rounds | {ratios[0]:.3f} | {ratios[1]:.3f} |")
    for child in children.values():
        child.communicate()


def _start(tree: Path, run: Path, files: list[Path]) -> subprocess.Popen[str]:
    words = [sys.executable, "-P", "-c", CHILD, str(run), *map(str, files)]
    environment = {**os.environ, "PYTHONPATH": str(tree.resolve())}
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    _read(child)
    return child


def _ask(child: subprocess.Popen[str]) -> tuple[float, float]:
    """How fast the photos were named: photos a second, and milliseconds of processors a photo."""
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()
    speed, cost = _read(child).split()
    return float(speed), float(cost)


def _read(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


if __name__ == "__main__":
    main()
