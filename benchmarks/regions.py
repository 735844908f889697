"""Sidecars written and read: files a second, memory at its peak, and that a second run writes none.

An archive of so many photos is made up, of whom each shows two people; the photos are links to one file. Of the steps,
`tag` writes every sidecar, `again` finds that nothing has changed, `read` reads all of them as `train --from-regions`
does, and `undo` takes them out. Each is a process of its own, so that its peak of memory is its own. With --embed, as
many of the photos as it says are copies, and exiftool writes into them.

With --marks, boxes are drawn around faces as other programs do it (0.8 to 1.7 times the size, shifted), and the faces
in them found again: how often, and how like the embedding is to that of the face as it was first found.

    python benchmarks/regions.py --files 10000
    python benchmarks/regions.py --files 200 --embed
    python benchmarks/regions.py --marks ../shared/photos/lfw
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from castlist.archive import Archive, ArchiveFolder, fill_archive
from castlist.archive.table import join, with_columns
from castlist.embeddings import embed
from castlist.faces import Box, find_marked_face, find_photo_faces
from castlist.media import MarkReader, open_photo
from castlist.naming import overlap
from castlist.tagging import tag, undo_tags
from castlist.testing import level_of, make_run, save_picture, tell_faces

SHARD = 500  # photos of a shard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--embed", action="store_true")
    parser.add_argument("--marks", type=Path, help="LFW's photos; those of people from A to M are taken")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.marks:
        find_again(options.marks)
        return
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


def find_again(photos: Path, *, count: int = 150, seed: int = 7) -> None:
    """Find faces in boxes that are drawn otherwise than the detector draws them."""
    chance = random.Random(seed)
    files = chance.sample(sorted(path for path in photos.rglob("*.jpg") if path.name[0] in "ABCDEFGHIJKLM"), count)
    shares: dict[str, list[float]] = {"found": [], "box": []}
    n_found = 0
    for file in files:
        face = find_photo_faces(open_photo(file))[0]
        box, size = face.box, chance.uniform(0.8, 1.7)
        x = (box.left + box.right) / 2 + chance.uniform(-0.15, 0.15) * box.width
        y = (box.top + box.bottom) / 2 + chance.uniform(-0.2, 0.1) * box.height
        width, height = box.width * size / 2, box.height * size * chance.uniform(0.8, 1.1) / 2
        mark = Box(x - width, y - height, x + width, y + height).clipped(*open_photo(file).size)
        found = find_marked_face(open_photo(file), mark)
        taken = find_marked_face(open_photo(file), mark, finder=lambda pixels, **wishes: [])
        n_found += found.confidence > 0 and overlap(found.box, box) >= 0.5
        vectors = embed(np.stack([face.pixels, found.pixels, taken.pixels]))
        for kind, vector in zip(shares, vectors[1:], strict=True):
            shares[kind].append(float(vectors[0] @ vector))
    print(f"found again: {n_found} of {count}")
    for kind, cosines in shares.items():
        middle, low = np.median(cosines), np.quantile(cosines, 0.05)
        print(f"{kind}: median cosine {middle:.3f}, of one in twenty less than {low:.3f}")


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
        "peak": peak(),
    }


def peak() -> float:
    """The most memory that this process has had, in MB; what `getrusage` tells includes the parent's."""
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(kilobytes) / 1e3


if __name__ == "__main__":
    main()
