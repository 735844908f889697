"""Curves of small real trainings on the drawn cast, each made to fall in one of the five cases; a minute each at most.

    python benchmarks/curves.py > tests/curves.json

What is printed is, for each trouble, the case it was made for and the curves of each seed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from castlist.drawn import draw_cast
from castlist.learning.dataset import Dataset, load_dataset
from castlist.learning.splits import TRAIN
from castlist.learning.starting import start_run
from castlist.learning.training import train
from castlist.media import find_cast
from castlist.run import read_history
from castlist.settings import Augmentation, Settings

# A small network, and none of what castlist does against trouble but its dropout and its varied photos.
USUAL = Settings(
    model="cnn-small",
    faces=False,
    image_size=48,
    schedule="constant",
    label_smoothing=0.0,
    batch_size=16,
    epochs=20,
)
STILL = Augmentation(rotation=0, shift=0, zoom=0, horizontal_flip=False)


def as_it_is(dataset: Dataset) -> Dataset:
    return dataset


def shuffled(share: float, side: int | None) -> Callable[[Dataset], Dataset]:
    """A share of the names of one side, or of all photos, given to others."""

    def shuffle(dataset: Dataset) -> Dataset:
        rng = np.random.default_rng(0)
        rows = np.arange(len(dataset.person)) if side is None else dataset.indices(side)
        some = rng.permutation(rows)[: round(share * len(rows))]
        person = dataset.person.copy()
        person[some] = rng.permutation(person[some])
        return dataclasses.replace(dataset, person=person)

    return shuffle


@dataclass(frozen=True)
class Trouble:
    """How a training is made to fall in a case."""

    case: str
    settings: dict[str, Any]
    pictures: int = 48  # of each of seven people
    change: Callable[[Dataset], Dataset] = as_it_is


TROUBLES = {
    "a low rate and few epochs": Trouble("learning", {"learning_rate": 0.001}),
    "too little regularization": Trouble(
        "overfitting",
        {"dropouts": (0.0,), "augmentation": STILL, "epochs": 40},
        pictures=16,
    ),
    # What can't be learnt is learnt by heart.
    "shuffled names": Trouble(
        "overfitting",
        {"dropouts": (0.0,), "augmentation": STILL, "epochs": 40},
        16,
        shuffled(1.0, None),
    ),
    "too high a rate": Trouble("stalled", {"optimizer": "adam", "learning_rate": 0.1, "clip_norm": 0.0}),
    "a rate that rises too high": Trouble(
        "wrong",
        {
            "learning_rate": 0.4,
            "momentum": 0.98,
            "schedule": "cosine",
            "warmup_epochs": 19,
        },
    ),
    # Of the training photos, and of them alone, most bear another's name.
    "a validation side that differs": Trouble("data", {"learning_rate": 0.003, "epochs": 12}, 96, shuffled(0.8, TRAIN)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="4,5,6")
    parser.add_argument("--troubles", default=",".join(TROUBLES))
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    curves = {
        name: {
            "case": TROUBLES[name].case,
            "curves": [measure(TROUBLES[name], seed) for seed in seeds],
        }
        for name in options.troubles.split(",")
    }
    print(json.dumps(curves))


def measure(trouble: Trouble, seed: int) -> dict[str, list[float]]:
    """Train once; the curves by name."""
    settings = dataclasses.replace(USUAL, seed=seed, **trouble.settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_cast(folder / "cast", pictures_per_person=trouble.pictures, size=48, seed=seed)
        dataset = trouble.change(load_dataset(find_cast(folder / "cast"), settings, path=folder / "photos.h5"))
        began = time.monotonic()
        run = train(dataset, start_run(dataset, settings, folder / "run", folder / "cast"))
        history = read_history(run)
    print(
        f"{trouble.case}, seed {seed}: {time.monotonic() - began:.0f} s",
        file=sys.stderr,
    )
    return {
        name: [float(f"{getattr(row, name):.4g}") for row in history]
        for name in ("learning_rate", "loss", "accuracy", "val_loss")
    }


if __name__ == "__main__":
    main()
