"""What it gives to see several photos of a person at once: cnn-lstm, beside the mean of a single-photo model's answers.

Both learn the same photos for as many epochs, on aligned faces. The test photos are drawn into sequences of one person,
each photo once, again and again; both are asked about the same sequences. No strangers: each answer is a name.

    python benchmarks/sequences.py --epochs 20
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

import numpy as np

from castlist.learning.dataset import load_dataset
from castlist.learning.sequences import arrange
from castlist.learning.sessions import learn
from castlist.learning.splits import TEST
from castlist.media import find_cast
from castlist.naming.classifier import Network
from castlist.run import read_history
from castlist.settings import read_settings

PHOTOS = Path(__file__).parents[2] / "shared" / "photos" / "avengers7"
DRAWS = 20  # of the test photos into sequences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--frames", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    common = {"epochs": options.epochs, "seed": options.seed}

    with tempfile.TemporaryDirectory() as folder:

        def train(model: str, **settings: int) -> tuple[Network, float]:
            chosen = dataclasses.replace(read_settings("", model), **common, **settings)
            run, _ = learn(options.photos, chosen, runs=Path(folder), test=False)
            return Network(run.network_path), sum(row.seconds for row in read_history(run))

        single, seconds = train("cnn-small")
        data = load_dataset(find_cast(options.photos), dataclasses.replace(read_settings("", "cnn-small"), **common))
        rows = data.indices(TEST)
        photos, person = data.read(rows), data.person[rows]
        alone = single.probabilities(photos)
        counts = " / ".join(str(side["photos"]) for side in data.side_counts().values())
        print(f"{options.photos.name}, {counts} photos, {options.epochs} epochs, seed {options.seed}, {DRAWS} draws")
        print(f"cnn-small: {(alone.argmax(axis=1) == person).mean():.1%} of single photos, {seconds:.0f} s\n")
        print("| photos at once | sequences | cnn-lstm | cnn-small, averaged | cnn-lstm of one photo, repeated | s |")
        print("|---|---|---|---|---|---|", flush=True)
        for frames in options.frames:
            network, seconds = train("cnn-lstm", frames=frames)
            settings = dataclasses.replace(read_settings("", "cnn-lstm"), **common, frames=frames)
            read_right, mean_right = [], []
            for draw in range(DRAWS):
                places = np.searchsorted(rows, arrange(data, TEST, settings, epoch=draw))
                true = person[places[:, 0]]
                read_right.append((network.probabilities(photos[places]).argmax(axis=1) == true).mean())
                mean_right.append((alone[places].mean(axis=1).argmax(axis=1) == true).mean())
            repeated = (network.probabilities(photos).argmax(axis=1) == person).mean()
            read, mean = np.mean(read_right), np.mean(mean_right)
            print(
                f"| {frames} | {len(places)} | {read:.1%} | {mean:.1%} | {repeated:.1%} | {seconds:.0f} |", flush=True
            )


if __name__ == "__main__":
    main()
