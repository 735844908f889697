"""An archive of many photos: pace, memory, size, and how long it takes to ask and to name all of it anew.

The files are photos of a folder, each copy made different by a pixel and a name. Every step runs in a process of its
own, so that its peak of memory is its own.

    python benchmarks/archive.py RUN ../shared/photos/lfw --files 1000
    python benchmarks/archive.py RUN ../shared/photos/lfw --faces 100000    # rows drawn from the background model
    python benchmarks/archive.py --drawn 100000    # tiny pictures, a made-up finder: what the archive itself takes
    python benchmarks/archive.py RUN ../shared/photos/avengers7 --cores    # one core beside all, and seeing alone
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import itertools
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from castlist.archive import Archive, ArchiveFolder, fill_archive, find_in_archive, group_unnamed, open_namer
from castlist.archive.folder import FORMAT, Record
from castlist.archive.liking import likest
from castlist.archive.listing import File
from castlist.archive.planning import UNIT
from castlist.archive.renaming import rename as name_anew
from castlist.archive.table import About, as_kept, lists_of, rows_of
from castlist.embeddings import normalize
from castlist.media import Taking, find_photos, read_photo
from castlist.naming import Recognizer, Seen
from castlist.testing import LOOKS, PEOPLE, TILE, level_of, make_run, tell_faces
from groups import draw

N_COMPARED = 300  # photos; enough for a minute and a half on two cores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--faces", type=int, help="Rows of so many drawn faces, five a person, in place of photos.")
    parser.add_argument("--drawn", type=int, help="So many drawn pictures and a run that tells them, in place of both.")
    parser.add_argument("--cores", action="store_true", help="Compare one core with all, on 300 photos, twice.")
    parser.add_argument("--without", nargs="*", default=[], choices=list(STEPS), help="Steps to leave out.")
    parser.add_argument("--work", type=Path, help="A folder that stays, with all in it.")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, folder = options.step
        if options.cores:  # networks are loaded before the clock runs
            for _ in Recognizer.load(options.run).eyes.see(find_photos([Path(folder, "photos")])[:2]):
                pass
        print(json.dumps(measured(lambda: STEPS[name](options.run, Path(folder)))))
        return
    with contextlib.ExitStack() as stack:
        folder = options.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if options.cores:
            make_files(options.photos, folder / "photos", N_COMPARED)
            compare_cores(options.run, folder)
            return
        if options.drawn:
            options.run = make_run(folder / "run", ("Ann", "Bo")).path
            make_pictures(folder / "photos", options.drawn)
            steps = ("fill_drawn", "fill_drawn", "find")
        elif options.faces:
            make_rows(options.run, folder, options.faces)
            steps = ("rename", "find", "like", "like", "groups")
        else:
            make_files(options.photos, folder / "photos", options.files)
            steps = ("look", "fill", "again", "rename", "find", "like", "groups")
        for step in (one for one in steps if one not in options.without):
            report(step, options.drawn or options.faces or options.files, run_step(step, options.run, folder))
        shards = list((folder / "archive" / "units").iterdir())
        faces = Archive(folder / "archive").counts().faces
        size = sum(path.stat().st_size for path in shards)
        print(f"{len(shards)} shards, {faces} faces, {size / 1e6:.1f} MB, {size / max(faces, 1):.0f} bytes a face")


def compare_cores(run: Path, folder: Path) -> None:
    """Tell what all cores gain over one, and what the archive takes beside seeing; in turn, as other work is there."""
    for _ in range(2):
        one, every, look = (
            run_step(step, run, folder, "--cores", before=before)["seconds"]
            for step, before in (("anew", ("taskset", "-c", "0")), ("anew", ()), ("look", ()))
        )
        paces = (f"{N_COMPARED / seconds:.1f}" for seconds in (one, every, look))
        print(
            "one core {}, all {}, seeing alone {} photos a second: ".format(*paces)
            + f"{one / every:.2f} times one core, {look / every:.0%} of seeing alone",
            flush=True,
        )


def make_files(source: Path, target: Path, count: int) -> None:
    """Write copies of photos, no two of the same content."""
    target.mkdir()
    paths = [path for path in find_photos([source]) if path.suffix == ".jpg"][:count]
    for i, path in zip(range(count), itertools.cycle(paths), strict=False):
        pixels = read_photo(path).copy()
        pixels[i // len(paths) % pixels.shape[0], 0] = i % 251
        Image.fromarray(pixels).save(target / f"{i:06}.jpg", quality=95)


def make_pictures(target: Path, count: int) -> None:
    """Write pictures of a face each, no two of the same content."""
    for i in range(count):
        pixels = np.zeros((TILE + 1, TILE, 3), np.uint8)
        pixels[:TILE] = level_of(i % PEOPLE, i % LOOKS)
        pixels[TILE, 0] = i >> 16, i >> 8 & 255, i & 255
        path = target / f"{i // 1000:03}" / f"{i:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


def make_rows(run: Path, folder: Path, n_faces: int) -> None:
    """Write an archive of photos that there are not: a drawn face each, in no order."""
    namer, archive = open_namer(run), ArchiveFolder(folder / "archive")
    embeddings = np.random.default_rng(1).permutation(draw(n_faces).embeddings)
    with archive.alone():
        archive.save(Record(FORMAT, str(folder.absolute()), str(run.absolute()), eyes=namer.eyes_digest))
        for unit, first in enumerate(range(0, n_faces, UNIT), 1):
            some = embeddings[first : first + UNIT]
            files = [File(f"{i // 1000:03}/{i:07}.jpg", 2_000_000 + i, i) for i in range(first, first + len(some))]
            seen = Seen.of_photos(
                len(some),
                digests=[hashlib.sha256(file.photo.encode()).hexdigest() for file in files],
                sizes=[(4000, 3000)] * len(some),
                photo=np.arange(len(some)),
                boxes=np.tile((1000.5, 800.5, 1400.5, 1300.5), (len(some), 1)),
                qualities=np.tile((150.0, 0.5, 5.0), (len(some), 1)),
                embeddings=some,
            )
            about = About(1, namer.eyes_digest, "")
            archive.write(unit, rows_of(as_kept(seen), files, [Taking()] * len(some)), about)


def look(run: Path, folder: Path) -> None:
    """What seeing alone takes."""
    for _ in Recognizer.load(run).eyes.see(find_photos([folder / "photos"])):
        pass


def fill(run: Path, folder: Path) -> None:
    fill_archive(folder / "photos", run, folder / "archive")


def fill_anew(run: Path, folder: Path) -> None:
    shutil.rmtree(folder / "archive", ignore_errors=True)
    fill(run, folder)


def fill_drawn(run: Path, folder: Path) -> None:
    fill_archive(folder / "photos", run, folder / "archive", finder=tell_faces)


def rename(run: Path, folder: Path) -> None:
    archive = ArchiveFolder(folder / "archive")
    with archive.alone():
        name_anew(archive, open_namer(run, stranger_rate=0.02))


def find(run: Path, folder: Path) -> None:
    find_in_archive(Archive(folder / "archive"), "unknown")


def like(run: Path, folder: Path) -> None:
    """Who is like the first face."""
    archive = Archive(folder / "archive")
    _, rows = next(archive.folder.embedded([]))
    face = normalize(lists_of(rows["embedding"]))[0]
    print(f"{len(likest(archive, face, open_namer(run).background))} are like it", file=sys.stderr)


def groups(run: Path, folder: Path) -> None:
    print(f"{len(group_unnamed(folder / 'archive'))} groups and faces that are alone", file=sys.stderr)


STEPS: dict[str, Callable[[Path, Path], None]] = {
    "look": look,
    "fill": fill,
    "again": fill,
    "anew": fill_anew,
    "fill_drawn": fill_drawn,
    "rename": rename,
    "find": find,
    "like": like,
    "groups": groups,
}


def run_step(name: str, run: Path, folder: Path, *more: str, before: Sequence[str] = ()) -> dict[str, float]:
    words = [*before, sys.executable, __file__, str(run), ".", "--step", name, str(folder), *more]
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
