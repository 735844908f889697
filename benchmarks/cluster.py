"""An archive made by this process, by one and two processes, and by one and two actors of a Ray cluster: pace and cost.

Photos are scaled to 2 megapixels, no two alike. One process is bound to one processor, two to two. Pace is counted from
the first photo to the end, so that starting is told apart; processors' seconds are those of all processes of the
machine, so run it in a process space of its own:

    unshare -n --pid --mount-proc --fork --kill-child bash -c 'ip link set lo up && exec "$@"' - \
        .venv/bin/python -P benchmarks/cluster.py RUN ../shared/photos/lfw
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from castlist.archive import fill_archive, planning
from castlist.media import find_photos, read_photo
from castlist.threads import set_threads

PIXELS, UNIT, PORT = 2_000_000, 16, 6379


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--files", type=int, default=256)
    options = parser.parse_args()
    planning.UNIT = UNIT
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory(prefix="r") as own:
        os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": own}
        home = Path(name)
        make_photos(options.photos, home / "photos", options.files)
        alone = measure("this process, 1 thread", home, options.run)
        processes = []
        for n in (1, 2):
            with bound(n):
                processes.append(measure(f"{n} processes", home, options.run, workers=n))
        actors = []
        for n in (1, 2):
            with cluster(home, n):
                actors.append(measure(f"{n} actors", home, options.run, ray=f"127.0.0.1:{PORT}"))
    for kind, (one, two) in {"processes": processes, "actors": actors}.items():
        print(f"{kind}: two have {two[0] / one[0] / 2:.2f} of twice the pace of one")
    print(f"a photo costs {processes[0][1] / alone[1]:.2f} times as much by a process as by this one")


def make_photos(source: Path, target: Path, count: int) -> None:
    """Write photos of 2 megapixels, each a little other than the rest."""
    target.mkdir()
    paths = find_photos([source])
    for i in range(count):
        photo = Image.fromarray(read_photo(paths[i % len(paths)]))
        scale = (PIXELS / (photo.width * photo.height)) ** 0.5
        pixels = np.array(photo.resize((round(photo.width * scale), round(photo.height * scale))))
        pixels[i // 256, i % 256] = 0
        Image.fromarray(pixels).save(target / f"{i:05}.jpg", quality=90)


@contextlib.contextmanager
def bound(cpus: int) -> Iterator[None]:
    """Only so many of the machine's processors for what is started here: one worker may use two, as no actor may."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(every)[:cpus])
    try:
        yield
    finally:
        os.sched_setaffinity(0, every)


@contextlib.contextmanager
def cluster(home: Path, cpus: int) -> Iterator[None]:
    """A Ray cluster of one node of this machine, for as long as the block runs."""
    words = ["--head", f"--port={PORT}", "--node-ip-address=127.0.0.1", "--include-dashboard=false", "--block"]
    ray = Path(sys.executable).with_name("ray")
    node = subprocess.Popen(
        [ray, "start", *words, f"--num-cpus={cpus}", "--object-store-memory=100000000"],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert node.stdout
    # Its port answers before it has told anybody of itself.
    while (line := node.stdout.readline()) and "Ray runtime started" not in line:
        pass
    try:
        yield
    finally:
        node.terminate()
        node.wait()
        time.sleep(3)


def measure(what: str, home: Path, run: Path, **how: Any) -> tuple[float, float]:
    """Make an archive; gives photos a second, and processors' seconds a photo."""
    set_threads(1)
    counts: list[tuple[int, float, float]] = []
    peaks: list[float] = []

    def count(done: int, total: int) -> None:
        if done and (not counts or done > counts[-1][0]):
            counts.append((done, time.monotonic(), processors()))
            peaks.append(memory())

    began = time.monotonic()
    fill_archive(home / "photos", run, home / what, on_count=count, **how)
    # To the end, since who looks by himself counts a photo before its faces are embedded and written.
    # Of actors that have ended nobody counts the processors' seconds any more: then those of the last look.
    counts.append((counts[-1][0], time.monotonic(), max(counts[-1][2], processors())))
    (first, since, spent), (last, until, spent_at_end) = counts[0], counts[-1]
    pace, cost = (last - first) / (until - since), (spent_at_end - spent) / (last - first)
    print(
        f"{what}: {pace:.2f} photos a second, {1000 * cost:.0f} ms of processors a photo, "
        f"{since - began:.1f} s to the first; {max(peaks):.0f} MB the largest worker",
        flush=True,
    )
    return pace, cost


def processors() -> float:
    """Seconds that all processes here have used, and those that ended: their parents count them."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, stat.read_text().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory() -> float:
    """What the largest worker has had at most, in MB; 0: this process works."""
    most = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if re.search(rb"castlist\.archive\.workers|^ray::Station", (folder / "cmdline").read_bytes()):
                words = (folder / "status").read_text().split()
                most = max(most, int(words[words.index("VmHWM:") + 1]))
    return most / 1024


if __name__ == "__main__":
    main()
