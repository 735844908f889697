"""How soon the window answers, and whether it freezes: whole processes, on a screen of Xvfb.

python benchmarks/desktop.py RUNS PHOTOS

RUNS holds a finished run of the model `face`, PHOTOS photos with faces; the first fifty are named at once. A window is
usable when it is drawn and its loop has come round with nothing left to do; the first name is there when it is drawn; a
face is enrolled, into a copy of the run, when its picture shows the new name.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from castlist.desktop.window import Window

N_PHOTOS = 50
WRITING = 0.5  # seconds that somebody is in the field before the name stands there


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
        usable, named, gap, enrolled = map(float, printed.split())
        rounds.append((usable - began, named - began, gap, enrolled))
    screen.terminate()
    screen.wait()
    names = (
        "from the start of the process to a usable window, s",
        "from the start of the process to the first name, s",
        f"longest gap between events while {N_PHOTOS} photos are named, s",
        "from a click on Enrol to the new name on the picture, s",
    )
    print(f"| time | median of {options.rounds} | longest |\n|---|---|---|")
    for name, values in zip(names, zip(*rounds, strict=True), strict=True):
        print(f"| {name} | {statistics.median(values):.3f} | {max(values):.3f} |")


def open_and_name(runs: Path, folder: Path) -> None:
    import tkinter as tk

    import castlist.cli  # as the command does
    from castlist.desktop.texts import Texts
    from castlist.desktop.window import Window
    from castlist.media import find_photos

    assert castlist.cli
    with contextlib.closing(Window(tk.Tk(), Texts("en"), runs)) as window:  # or its threads would wait for ever
        measure(window, lambda: find_photos([folder])[:N_PHOTOS])


def measure(window: Window, find: Callable[[], list[Path]]) -> None:
    def wait(holds: Callable[[], object]) -> None:
        while not holds():
            window.root.update()
            time.sleep(0.001)

    wait(window.root.winfo_viewable)
    window.root.update()
    usable = time.time()
    wait(lambda: window.album.recognizer)
    photos = find()
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
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(window.album.recognizer.run.path, Path(folder, "copy"))
        index = next(i for i, answer in window.album.answers.items() if answer.faces)
        window.open(photos[index : index + 1])
        window.chooser.choose(copy)
        wait(lambda: window.album.recognizer.run.path == copy and window.album.answers)
        window.album.panel.name.focus_force()
        written = time.monotonic() + WRITING
        wait(lambda: time.monotonic() > written)
        began = time.monotonic()
        window.enrol("Somebody New")
        wait(lambda: window.album.answer and window.album.answer.faces[0].name == "Somebody New")
        window.root.update()
        enrolled = time.monotonic() - began
    print(usable, named, gap, enrolled)


if __name__ == "__main__":
    main()
