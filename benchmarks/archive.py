"""An archive of many photos: pace, memory, size, and how long it takes to ask and to name all of it anew.

The files are photos of a folder, each copy made different by a pixel and a name. Every step runs in a process of its
own, so that its peak of memory is its own.

    python benchmarks/archive.py RUN ../shared/photos/lfw --files 1000 --faces 100000
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from castlist.archive import Archive, ArchiveFolder, fill_archive, find_in_archive, open_namer
from castlist.archive.renaming import rename as name_anew
from castlist.archive.table import with_columns
from castlist.media import find_photos, read_photo
from castlist.naming import Recognizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument(
        "--faces", type=int, default=100_000, help="rows to be asked and named anew, made of those seen"
    )
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, folder = options.step
        print(json.dumps(measured(lambda: STEPS[name](options.run, Path(folder)))))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(options.photos, folder / "photos", options.files)
        for step in ("look", "fill", "again"):
            report(step, options.files, run_step(step, options.run, folder))
        shards = list((folder / "archive" / "units").iterdir())
        faces = Archive(folder / "archive").counts().faces
        size = sum(path.stat().st_size for path in shards)
        print(f"{len(shards)} shards, {size / 1e6:.1f} MB, {size / max(faces, 1):.0f} bytes a face")
        multiply(ArchiveFolder(folder / "archive"), options.faces)
        for step in ("rename", "find"):
            report(step, options.faces, run_step(step, options.run, folder))


def make_files(source: Path, target: Path, count: int) -> None:
    """Write copies of photos, no two of the same content."""
    target.mkdir()
    paths = find_photos([source])[:count]
    for i, path in zip(range(count), itertools.cycle(paths), strict=False):
        pixels = read_photo(path).copy()
        pixels[i // len(paths) % pixels.shape[0], 0] = i % 251
        Image.fromarray(pixels).save(target / f"{i:06}.jpg", quality=95)


def multiply(folder: ArchiveFolder, n_faces: int) -> None:
    """Repeat an archive's rows under other names, until there are so many faces."""
    units = folder.units()
    tables = [folder.read(unit) for unit in units]
    per_round = sum(table["face"].is_valid().to_numpy().sum() for table, _ in tables)
    for round_ in range(1, -(-n_faces // int(per_round))):
        for unit, (table, about) in zip(units, tables, strict=True):
            photos = [f"{round_}/{photo}" for photo in table["photo"].to_pylist()]
            folder.write(round_ * len(units) + unit, with_columns(table, {"photo": photos}), about)


def look(run: Path, folder: Path) -> None:
    """What seeing alone takes."""
    for _ in Recognizer.load(run).eyes.see(find_photos([folder / "photos"])):
        pass


def fill(run: Path, folder: Path) -> None:
    fill_archive(folder / "photos", run, folder / "archive")


def rename(run: Path, folder: Path) -> None:
    archive = ArchiveFolder(folder / "archive")
    with archive.alone():
        name_anew(archive, open_namer(run, stranger_rate=0.02))


def find(run: Path, folder: Path) -> None:
    find_in_archive(Archive(folder / "archive"), "unknown")


STEPS: dict[str, Callable[[Path, Path], None]] = {
    "look": look,
    "fill": fill,
    "again": fill,
    "rename": rename,
    "find": find,
}


def run_step(name: str, run: Path, folder: Path) -> dict[str, float]:
    words = [sys.executable, __file__, str(run), ".", "--step", name, str(folder)]
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)


def measured(work: Callable[[], Any]) -> dict[str, float]:
    began, busy = time.monotonic(), time.process_time()
    work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.monotonic() - began, "cpu": time.process_time() - busy, "peak": peak}


def report(step: str, count: int, took: dict[str, float]) -> None:
    print(
        f"{step}: {took['seconds']:.1f} s, {took['cpu']:.1f} s of processors, {count / took['seconds']:.1f} a second, "
        f"peak {took['peak']:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
