"""Memory while learning from very many photos: they are made, decoded, grouped, split, and streamed for one epoch.

The process's peak is told beside that of the same model trained on few photos: what lies between is the price of many.

    python benchmarks/streaming.py --photos 20000 --image-size 224
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from castlist.learning.batches import make_batches
from castlist.learning.dataset import load_dataset
from castlist.learning.models import build_model
from castlist.learning.optimization import build_optimizer
from castlist.learning.splits import TRAIN
from castlist.media import find_cast
from castlist.settings import Settings

PEOPLE = 20
STEPS = 4  # of the network; its memory doesn't grow with more


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, Settings(model="cnn", faces=False, image_size=options.image_size))
        return
    peaks = {}
    for count in (10 * PEOPLE, options.photos):
        with tempfile.TemporaryDirectory() as folder:
            make_photos(Path(folder) / "cast", count, options.image_size)
            words = [sys.executable, __file__, "--image-size", str(options.image_size), "--measure", folder]
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            print(f"{count} photos:\n{done.stdout}")
            peaks[count] = float(done.stdout.split()[-2])
    few, many = peaks.values()
    print(
        f"{options.photos} photos of {options.image_size} px: {many - few:.2f} GB more than few photos ({few:.2f} GB)"
    )


def make_photos(root: Path, count: int, size: int) -> None:
    """Write pictures that are all different, as JPG."""

    def write(number: int) -> None:
        coarse = np.random.default_rng(number).integers(0, 256, (10, 10, 3), np.uint8)
        path = root / f"person {number % PEOPLE:02}" / f"{number:06}.jpg"
        cv2.imwrite(str(path), cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC))

    for person in range(PEOPLE):
        (root / f"person {person:02}").mkdir(parents=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(count)))


def measure(folder: Path, settings: Settings) -> None:
    began = time.monotonic()
    data = load_dataset(find_cast(folder / "cast"), settings, path=folder / "dataset.h5")
    print(
        f"  data set: {time.monotonic() - began:.0f} s, {data.path.stat().st_size / 1e9:.2f} GB on disk, peak {peak()}"
    )
    model = build_model(settings.image_size, len(data.people), settings)
    model.compile(build_optimizer(settings), "categorical_crossentropy")
    began, n_photos = time.monotonic(), 0
    for step, (photos, people) in enumerate(make_batches(data, TRAIN, settings, epoch=0)):
        if step < STEPS:
            model.train_on_batch(photos, people)
            began = time.monotonic()
        else:
            n_photos += len(photos)
    seconds = max(time.monotonic() - began, 1e-3)
    print(f"  {STEPS} steps, then the epoch without the network: {n_photos / seconds:.0f} photos/s, peak {peak()}")


def peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"


if __name__ == "__main__":
    main()
