"""How soon the window answers, and whether it freezes: whole processes, on a screen of Xvfb.

python benchmarks/desktop.py RUNS PHOTOS

RUNS holds a finished run, PHOTOS at least one photo; the first fifty are named at once. A window is usable when it is
drawn and its loop has come round with nothing left to do; the first name is there when it is drawn.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

N_PHOTOS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--window", action="store_true", help=argparse.SUPPRESS)  # one round, in a process of its own
    options = parser.parse_args()
    if options.window:
        open_and_name(options.runs, options.photos)
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    environment = os.environ | {"DISPLAY": ":" + os.fdopen(read).readline().strip()}
    rounds = []
    for _ in range(options.rounds):
        began = time.time()
        command = [sys.executable, __file__, str(options.runs), str(options.photos), "--window"]
        printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        usable, named, gap = map(float, printed.split())
        rounds.append((usable - began, named - began, gap))
    screen.terminate()
    screen.wait()
    names = "usable window, s", "first name, s", f"longest gap between events while {N_PHOTOS} photos are named, s"
    print(f"| from the start of the process to | median of {options.rounds} | longest |\n|---|---|---|")
    for name, values in zip(names, zip(*rounds, strict=True), strict=True):
        print(f"| {name} | {statistics.median(values):.3f} | {max(values):.3f} |")


def open_and_name(runs: Path, folder: Path) -> None:
    import tkinter as tk

    import castlist.cli  # as the command does
    from castlist.desktop.texts import Texts
    from castlist.desktop.window import Window
    from castlist.photos import find_photos

    assert castlist.cli
    window = Window(tk.Tk(), Texts("en"), runs)

    def wait(holds: Callable[[], object]) -> None:
        while not holds():
            window.root.update()
            time.sleep(0.001)

    wait(window.root.winfo_viewable)
    window.root.update()
    usable = time.time()
    wait(lambda: window.album.recognizer)
    photos = find_photos([folder])[:N_PHOTOS]
    window.open(photos[:1])
    wait(lambda: window.album.answers)
    window.root.update()
    named = time.time()
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        window.root.after(5, tick)

    tick()
    window.open(photos)
    wait(lambda: len(window.album.answers) == len(window.album.pictures) > 1)
    gap = max(later - sooner for sooner, later in itertools.pairwise(ticks))
    window.close()
    print(usable, named, gap)


if __name__ == "__main__":
    main()
