"""Sidecars written and read: files a second, memory at its peak, and that a second run writes none.

An archive of so many photos is made up, of whom each shows two people; the photos are links to one file. Of the steps,
`tag` writes every sidecar, `again` finds that nothing has changed, `read` reads all of them as `train --from-regions`
does, and `undo` takes them out. Each is a process of its own, so that its peak of memory is its own. With --embed, as
many of the photos as it says are copies, and exiftool writes into them.

    python benchmarks/regions.py --files 10000
    python benchmarks/regions.py --files 200 --embed
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from castlist.archive import Archive, ArchiveFolder, fill_archive
from castlist.archive.table import join, with_columns
from castlist.media import MarkReader
from castlist.tagging import tag, undo_tags
from castlist.testing import level_of, make_run, save_picture, tell_faces

SHARD = 500  # photos of a shard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--embed", action="store_true")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, folder = options.step
        print(json.dumps(measure(name, Path(folder), options.embed)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_archive(folder, options.files, linked=not options.embed)
        for step in ("tag", "again", "read", "undo"):
            words = [sys.executable, __file__, "--step", step, str(folder), *(["--embed"] if options.embed else [])]
            told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
            pace = options.files / told["cpu"]
            print(
                f"{step}: {told['files']} files, {told['wall']:.1f} s, {told['cpu']:.1f} s of CPU, "
                f"{pace:.0f} photos a second of CPU, {told['peak']:.0f} MB at the peak",
                flush=True,
            )


def make_archive(folder: Path, count: int, *, linked: bool) -> None:
    """An archive of so many photos of Ann and Bo."""
    make_run(folder / "run", ("Ann", "Bo"))
    first = save_picture(folder / "photos" / "0.png", [level_of(0, 1), level_of(1, 1)])
    fill_archive(folder / "photos", folder / "run", folder / "archive", finder=tell_faces)
    archive = ArchiveFolder(folder / "archive")
    (unit,) = archive.units()
    table, about = archive.read(unit)
    for number in range(1, count):
        if linked:
            os.link(first, folder / "photos" / f"{number}.png")
        else:
            (folder / "photos" / f"{number}.png").write_bytes(first.read_bytes())
    for start in range(0, count, SHARD):
        tables = []
        for number in range(start, min(start + SHARD, count)):
            name = f"{number}.png"
            modified = (folder / "photos" / name).stat().st_mtime_ns
            tables.append(with_columns(table, {"photo": [name] * 2, "modified": [modified] * 2}))
        archive.write(start // SHARD + 1, join(tables), about)


def measure(step: str, folder: Path, embed: bool) -> dict[str, float]:
    """Do a step; gives how many files it wrote or read, and what it cost, exiftool included."""
    began = time.perf_counter()
    if step in ("tag", "again"):
        done = tag(folder / "archive", embed=embed)
        files = done.sidecars + done.photos
    elif step == "read":
        reader = MarkReader()
        files = sum(bool(reader.read(photo.path).regions) for photo in Archive(folder / "archive").photos())
    else:
        done = undo_tags(folder / "archive")
        files = done.sidecars + done.photos
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "files": files,
        "wall": time.perf_counter() - began,
        "cpu": sum(usage.ru_utime + usage.ru_stime for usage in usages),
        "peak": usages[0].ru_maxrss / 1e3,
    }


if __name__ == "__main__":
    main()
