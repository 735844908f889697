"""The models side by side: parameters, time, memory and honest test accuracy, each training in a process of its own.

A seed is of the split, the order, the variations and the start; what differs between seeds is what chance does.

    python benchmarks/models.py ../shared/photos/avengers7 --models face,cnn-small,cnn --seeds 0,1,2

What else is given goes to `castlist train`, such as --weights none for vgg16.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from castlist.faces import DEFAULT_TEMPLATE
from castlist.learning.evaluation import read_evaluation
from castlist.learning.models import build_model
from castlist.run import open_run, read_history


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--models", default="face,cnn-small,cnn")
    parser.add_argument("--seeds", default="0,1,2")
    options, others = parser.parse_known_args()
    print("| model | parameters | seed | epochs | minutes | CPU minutes | peak memory | named rightly (95 %) |")
    print("|---|---|---|---|---|---|---|---|")
    for model in options.models.split(","):
        reached = [measure(options.photos, model, seed, others) for seed in options.seeds.split(",")]
        print(f"| {model} | | mean of {len(reached)} | | | | | {statistics.mean(reached):.1%} |", flush=True)


def measure(photos: Path, model: str, seed: str, others: list[str]) -> float:
    """Train once, print its row, and give the share of test photos named rightly."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from castlist.cli import main; main()"]
        words = ["train", str(photos), "--model", model, "--seed", seed, "--out", folder, "--name", "run", *others]
        began = time.monotonic()
        process = subprocess.Popen([*command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"The training of {model} with seed {seed} failed (status {status}).")
        minutes = (time.monotonic() - began) / 60
        run = open_run(Path(folder) / "run")
        evaluation = read_evaluation(run)
        size = run.settings.image_size if run.settings.needs_keras else DEFAULT_TEMPLATE.size
        parameters = build_model(size, len(run.people), run.settings).count_params()
        low, high = evaluation.accuracy_interval
        print(
            f"| {model} | {parameters:,} | {seed} | {len(read_history(run)) or 'none'} | {minutes:.1f} | "
            f"{(usage.ru_utime + usage.ru_stime) / 60:.1f} | {usage.ru_maxrss / 1e6:.2f} GB | "
            f"{evaluation.accuracy:.1%} of {len(evaluation.truth)} ({low:.1%}-{high:.1%}) |",
            flush=True,
        )
        return evaluation.accuracy


if __name__ == "__main__":
    main()
