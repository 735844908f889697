"""What feeding the network costs: one epoch of the report's CNN from memory, streamed, and streamed with augmentation.

python benchmarks/pipeline.py --image-size 96
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from castlist.drawn import draw_cast
from castlist.learning.batches import make_batches
from castlist.learning.dataset import load_dataset
from castlist.learning.models import build_model
from castlist.learning.optimization import build_optimizer
from castlist.learning.splits import TRAIN
from castlist.media import find_cast
from castlist.settings import Augmentation, Settings

STILL = Augmentation(rotation=0, shift=0, zoom=0, horizontal_flip=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--pictures", type=int, default=30, help="drawn per person, of seven")
    parser.add_argument("--rounds", type=int, default=5, help="medians are taken over these")
    options = parser.parse_args()
    settings = Settings(model="cnn", faces=False, image_size=options.image_size)
    still = dataclasses.replace(settings, augmentation=STILL)
    with tempfile.TemporaryDirectory() as folder:
        draw_cast(Path(folder) / "cast", pictures_per_person=options.pictures, size=128)
        data = load_dataset(find_cast(Path(folder) / "cast"), settings, path=Path(folder) / "dataset.h5")
        model = build_model(options.image_size, len(data.people), settings)
        model.compile(build_optimizer(settings), "categorical_crossentropy")
        kept = list(make_batches(data, TRAIN, still, epoch=0))

        def epoch(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
            began = time.perf_counter()
            for photos, people in batches:
                model.train_on_batch(photos, people)
            return time.perf_counter() - began

        ways = {
            "from memory, no augmentation": lambda number: kept,
            "streamed, no augmentation": lambda number: make_batches(data, TRAIN, still, number),
            "streamed, with augmentation": lambda number: make_batches(data, TRAIN, settings, number),
        }
        epoch(kept)
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(options.rounds):  # in turn, so that a busy machine slows all alike
            for way, batches in ways.items():
                times[way].append(epoch(batches(number)))
        alone = time.perf_counter()
        n_photos = sum(len(photos) for photos, _ in make_batches(data, TRAIN, settings, 0))
        alone = time.perf_counter() - alone
    base = statistics.median(times["from memory, no augmentation"])
    print(f"{n_photos} photos of {options.image_size} px, batch {settings.batch_size}, median of {options.rounds}\n")
    print("| an epoch of the report's CNN | of the time from memory |\n|---|---|")
    for way, seconds in times.items():
        print(f"| {way} | {statistics.median(seconds) / base:.3f} |")
    print(f"| streaming and augmenting alone, no network | {alone / base:.3f} |")


if __name__ == "__main__":
    main()
