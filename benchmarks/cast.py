"""How long it takes to find out which files there are: a cast of very many people, and photos among films.

    python benchmarks/cast.py

Times grow with what there is: ten times the people take ten times as long.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from castlist.media import find_cast, find_photos
from castlist.predicting import predict

FILM = b"\0\0\0\x18ftypmp42" + bytes(400)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for n_people in (1_000, 10_000):
            root = Path(folder, str(n_people))
            make_cast(root, n_people)
            print(f"find_cast of {n_people} people: {seconds(lambda root=root: find_cast(root)):.2f} s")
        inputs = Path(folder, "inputs")
        make_inputs(inputs, n_photos=20_000, n_films=1_000)
        print(f"find_photos of 20000 photos and 1000 films: {seconds(lambda: find_photos([inputs])):.2f} s")
        paths = find_photos([inputs])
        nobody: Any = SimpleNamespace(network=None, face_network="one", run=SimpleNamespace(people=("Ann",)))
        print(f"predict tells them apart: {seconds(lambda: predict(paths, nobody)):.2f} s")


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def make_cast(root: Path, n_people: int) -> None:
    for i in range(n_people):
        (root / f"person {i}").mkdir(parents=True)
        (root / f"person {i}" / "1.jpg").touch()


def make_inputs(root: Path, *, n_photos: int, n_films: int) -> None:
    root.mkdir()
    for i in range(n_photos):
        (root / f"{i}.jpg").touch()
    for i in range(n_films):
        (root / f"{i}.mp4").write_bytes(FILM)


if __name__ == "__main__":
    main()
