"""The first phase of vgg16: its frozen base in the loop, beside features computed once per photo and variation.

Photos are noise and the base is random: neither matters to the time.

    python benchmarks/frozen_base.py --image-size 96 --photos 256
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np

from castlist.learning.augmentation import augment_photo
from castlist.learning.models import build_model
from castlist.learning.optimization import build_optimizer
from castlist.learning.starting import choose_precision
from castlist.settings import read_settings

PEOPLE = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--photos", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    settings = dataclasses.replace(read_settings("", "vgg16"), image_size=options.image_size)
    epochs, batch = settings.frozen_epochs, settings.batch_size
    keras.config.set_dtype_policy(choose_precision())
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 256, (options.photos, options.image_size, options.image_size, 3), np.uint8)
    people = np.eye(PEOPLE, dtype=np.float32)[rng.integers(0, PEOPLE, options.photos)]

    whole = build_model(options.image_size, PEOPLE, settings)
    whole.get_layer("base").trainable = False
    (flat,) = (layer for layer in whole.layers if isinstance(layer, keras.layers.Flatten))
    before = keras.Model(whole.input, flat.input)
    head = keras.Sequential([keras.Input(before.output_shape[1:]), keras.layers.Flatten(), whole.get_layer("people")])
    for model in (whole, head):
        model.compile(build_optimizer(settings), "categorical_crossentropy")

    def varied() -> np.ndarray:
        return np.stack([augment_photo(photo, settings.variation, rng) for photo in photos])

    def parts(values: np.ndarray) -> list[np.ndarray]:
        return [values[start : start + batch].astype(np.float32) for start in range(0, len(values), batch)]

    def in_loop() -> None:
        for some, names in zip(parts(varied()), parts(people), strict=True):
            whole.train_on_batch(some, names)

    def features() -> np.ndarray:
        return np.concatenate([before.predict_on_batch(some) for some in parts(varied())])

    kept = features()

    def on_features() -> None:
        for some, names in zip(parts(kept), parts(people), strict=True):
            head.train_on_batch(some, names)

    loop, once, learning = (median_of(work, options.rounds) for work in (in_loop, features, on_features))
    print(f"{options.photos} photos of {options.image_size} px, {choose_precision()}, medians of seconds:")
    print(f"an epoch with the base in the loop {loop:.2f}; features once {once:.2f}, an epoch on them {learning:.3f}")
    for variations in (1, 2, 4, epochs):
        share = (variations * once + epochs * learning) / (epochs * loop)
        print(f"{epochs} epochs on {variations} variations of each photo: {share:.2f} x the loop's time")


def median_of(work: Callable[[], object], rounds: int) -> float:
    """Seconds, the first time left out: it compiles."""
    work()
    seconds = []
    for _ in range(rounds):
        began = time.monotonic()
        work()
        seconds.append(time.monotonic() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
