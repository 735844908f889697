"""Kills a forget or an enrolment again and again, each time elsewhere, then repeats it; prints a line of JSON a kill.

A program of its own: it forks, which a process with threads had better not.

    python kill_points.py forget|enrol|undo|rename|merge|forget-photo|refresh HOME [RANDOM_KILLS]

HOME gets the run and the caches. Without a number of random kills there is one before each call that changes the disk.
"""

from __future__ import annotations

import functools
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from castlist.checks import cache as checks
from castlist.embeddings import FaceNetwork
from castlist.errors import Message, RunError
from castlist.gallery import gallery
from castlist.learning.dataset.cache import datasets_folder
from castlist.naming import Recognizer
from castlist.people import enrol_face, forget, forget_photo, merge, refresh, refreshing, rename, undo
from castlist.run import RunFolder, check_files, load_gallery
from castlist.testing import faces_in_general, level_of, network_bytes, save_picture, tell_faces
from small_runs import PHOTOS, TABLE, crop, looked_at, make_small_run

PEOPLE = ("Ann", "王小明", "Beatrix")
CALLS = ("replace", "rename", "fsync", "unlink", "rmdir", "mkdir")
NOBODY = 3  # exit code: the run knows nobody of the name, or nothing of the kind


def main(action: str, home: Path, random_kills: int | None) -> None:
    fresh, path = home / "fresh", home / "runs" / "one"
    make_small_run(fresh, PEOPLE)
    if action == "undo":
        do_enrol(fresh)
    fill(fresh)
    work = WORKS[action]
    duration = 0.0
    count = 0
    while random_kills is None or count < random_kills:
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(fresh, path)
        fill_caches()
        if random_kills is None:
            status = run_in_fork(lambda: work(path), kill_at=count)
        elif not duration:
            began = time.monotonic()
            run_in_fork(lambda: work(path))
            duration = time.monotonic() - began
            continue
        else:
            status = run_in_fork(lambda: work(path), kill_after=random.uniform(0, duration))
        between = look(path)
        again = run_in_fork(lambda: work(path))
        print(
            json.dumps({"killed": status < 0, "between": between, "again": again, "after": look(path)} | traces(home))
        )
        count += 1
        if random_kills is None and status >= 0:
            return  # it came to its end: there are no more calls


def do_enrol(path: Path) -> None:
    recognizer = Recognizer.load(path)
    enrol_face(recognizer, "Dora", looked_at(recognizer, crop(7)), 0, "a.jpg")


def do_once(change: Callable[[Path], object], path: Path) -> None:
    """Make a change that, once made, can't be made again."""
    try:
        change(path)
    except RunError as error:
        if error.code not in ("nobody-called-in-run", "nothing-enrolled", "photo-not-one"):
            raise
        os._exit(NOBODY)


def do_refresh(path: Path) -> None:
    """With a newer network; a photo that is gone leaves the run."""
    photos = path.parents[2] / "photos"
    for person, name in enumerate(PEOPLE):
        for number in range(PHOTOS)[(person == 0) :]:
            if not (file := photos / name / f"{number}.png").exists():
                save_picture(file, [level_of(person, number)])
    (newest := photos / "newest.onnx").write_bytes(network_bytes(seed=6))
    refreshing.default_network = lambda: FaceNetwork.load(newest)
    gallery.default_background = faces_in_general
    refreshing.place_of = lambda run, file: (photos / file).with_suffix(".png")
    if not refresh(path, finder=tell_faces).lost:
        os._exit(NOBODY)


WORKS: dict[str, Callable[[Path], None]] = {
    "enrol": do_enrol,
    "forget": functools.partial(do_once, lambda path: forget(path, "Beatrix")),
    "undo": functools.partial(do_once, undo),
    "rename": functools.partial(do_once, lambda path: rename(path, "Beatrix", "Bea")),
    "merge": functools.partial(do_once, lambda path: merge(path, "Beatrix", "Ann")),
    "refresh": do_refresh,
    "forget-photo": functools.partial(do_once, lambda path: forget_photo(path, "Beatrix", "3.jpg")),
}


def fill(run: Path) -> None:
    """What castlist and its killed processes leave in a run folder."""
    for name in ("report.html", "metrics.json", "predictions.csv", "export.onnx", ".1-0123456789abcdef.part"):
        (run / name).write_text("Beatrix")
    for folder in ("figures", "named"):
        (run / folder).mkdir()
        (run / folder / "Beatrix.png").touch()


def fill_caches() -> None:
    datasets_folder().mkdir(parents=True, exist_ok=True)
    with h5py.File(datasets_folder() / "one.h5", "w") as file:
        file["file"] = np.array(["Ann/1.jpg", "Beatrix/1.jpg"], dtype=object)
        file.attrs["people"] = json.dumps(["Ann", "Beatrix"])
        file["embedding"] = TABLE[[0, 2 * PHOTOS]]
    with checks.open_cache() as cache:
        cache.keep(
            "abc",
            "Beatrix",
            checks.CheckedPhoto(None, Message("no-photo", "no photo"), (), np.zeros((0, 0), np.float32)),
        )


def run_in_fork(work: Callable[[], None], *, kill_at: int | None = None, kill_after: float | None = None) -> int:
    """Do some work in a process of its own; gives its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            if kill_at is not None:
                die_at(kill_at)
            work()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die_at(number: int) -> None:
    """Let this process be killed just before its so manieth call that may change the disk."""
    calls = iter(range(sys.maxsize))

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            if next(calls) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **named)

        return wrapped

    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))


def look(path: Path) -> dict[str, Any]:
    """What a reader of the run gets."""
    run, people = RunFolder(path).read(load_gallery)
    FaceNetwork.load(run.face_network_path)
    check_files(run)
    files = [file for side in run.sides.values() for file in side]
    agree = sorted(files) == sorted(people.photos) and run.people == people.people
    return {"people": run.people, "photos": len(files), "agree": agree, "leaving": len(run.leaving)}


def traces(home: Path) -> dict[str, list[str]]:
    """In which files below the run and the caches anything of Beatrix is, and what is left of changes."""
    known = [b"Beatrix", "Beatrix".encode("utf-32-le"), *(row.tobytes() for row in TABLE[2 * PHOTOS : 3 * PHOTOS])]
    files = [path for part in ("runs", "cache") for path in (home / part).rglob("*") if path.is_file()]
    told = [path.name for path in files if any(trace in path.read_bytes() + path.name.encode() for trace in known)]
    return {"told": told, "left": [path.name for path in files if path.suffix == ".part" or ".change" in path.parts]}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
