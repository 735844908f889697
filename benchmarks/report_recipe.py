"""The report's own recipe, written afresh from its description, beside castlist: the same photos, the same minutes.

The recipe: photos drawn with replacement, all of them in memory as float32, 70/30 split of what was drawn, its CNN with
the dropouts of its last run, SGD 0.02 with Nesterov momentum, batch 128, float32, augmentation by one interpolation per
channel, the best checkpoint chosen on its own test part. Both are then asked for the photos of castlist's test side, of
which neither has seen anything: the recipe draws from the photos of the other two sides only.

    python benchmarks/report_recipe.py --minutes 6
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PHOTOS = Path(__file__).parents[2] / "shared" / "photos" / "avengers7"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--minutes", type=float, default=6.0, help="of training, each")
    parser.add_argument("--only", choices=list(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        name, size = WAYS[options.only]
        result = (run_recipe if name == "recipe" else run_castlist)(options.photos, options.minutes * 60, size)
        result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(result))
        return
    print(f"{options.photos.name}, {options.minutes:g} minutes of training each, one after the other\n")
    print("| way | training photos | epochs per minute | peak memory, GB | accuracy on the held-out side |")
    print("|---|---|---|---|---|", flush=True)
    first: dict[str, float] = {}
    for way in WAYS:
        words = [sys.executable, __file__, "--photos", str(options.photos), "--minutes", str(options.minutes)]
        done = subprocess.run([*words, "--only", way], stdout=subprocess.PIPE, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        first = first or row
        rate, peak = (f"{row[key]:.2f} ({row[key] / first[key]:.2f} x)" for key in ("rate", "peak"))
        print(f"| {way} | {row['photos']} | {rate} | {peak} | {row['accuracy']:.1%} |", flush=True)


WAYS = {
    "the report's recipe, 224 px": ("recipe", 224),
    "castlist, 224 px": ("castlist", 224),
    "castlist, 96 px": ("castlist", 96),
}


def held_out(photos: Path, size: int):
    """castlist's split, and its test side's pixels."""
    from castlist.learning.dataset import load_dataset
    from castlist.learning.splits import TEST
    from castlist.media import find_cast
    from castlist.settings import Settings

    data = load_dataset(find_cast(photos), Settings(model="cnn", faces=False, image_size=size))
    rows = data.indices(TEST)
    return data, data.read(rows), data.person[rows]


def run_recipe(photos: Path, seconds: float, size: int) -> dict[str, float]:
    import cv2
    import keras
    from scipy.ndimage import affine_transform
    from sklearn.model_selection import train_test_split

    from castlist.learning.models import build_model
    from castlist.learning.splits import TEST
    from castlist.settings import Settings, with_preset

    data, test_pixels, test_person = held_out(photos, size)
    others = np.flatnonzero(data.side != TEST)
    rng = np.random.default_rng(0)
    per_class = int(np.median([np.sum(data.person[others] == person) for person in range(len(data.people))]))
    images, labels = [], []
    for person in range(len(data.people)):
        mine = others[data.person[others] == person]
        for row in rng.choice(mine, per_class, replace=True):
            image = cv2.cvtColor(cv2.imread(str(photos / data.files[row])), cv2.COLOR_BGR2RGB)
            images.append(cv2.resize(image, (size, size)))
            labels.append(person)
    x = np.array(images).astype("float32")
    y = keras.utils.to_categorical(np.array(labels), len(data.people))
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=0)

    def vary(image: np.ndarray) -> np.ndarray:
        angle, zoom = np.deg2rad(rng.uniform(-12, 12)), rng.uniform(0.8, 1.2)
        matrix = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.array([size, size]) / 2 - 0.5
        offset = middle - matrix @ middle + rng.uniform(-0.13, 0.13, 2) * size
        channels = [affine_transform(image[..., c], matrix, offset, order=1, mode="nearest") for c in range(3)]
        varied = np.stack(channels, axis=-1)
        return varied[:, ::-1] if rng.random() < 0.5 else varied

    settings = with_preset(Settings(model="cnn"), "report")
    model = build_model(size, len(data.people), settings)  # divides by 255 itself
    model.compile(
        keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["accuracy"]
    )
    best, best_weights, epochs, began = -1.0, model.get_weights(), 0.0, time.monotonic()
    while time.monotonic() - began < seconds:
        order = rng.permutation(len(x_train))
        for start in range(0, len(order), 128):
            rows = order[start : start + 128]
            model.train_on_batch(np.stack([vary(x_train[row]) for row in rows]), y_train[rows])
            epochs += len(rows) / len(order)
            if time.monotonic() - began >= seconds:
                break
        accuracy = float((model.predict(x_test, verbose=0).argmax(axis=1) == y_test.argmax(axis=1)).mean())
        if accuracy > best:
            best, best_weights = accuracy, model.get_weights()
    spent = time.monotonic() - began
    model.set_weights(best_weights)
    right = model.predict(test_pixels.astype("float32"), verbose=0).argmax(axis=1) == test_person
    return {"photos": len(x_train), "rate": epochs / spent * 60, "accuracy": float(right.mean())}


def run_castlist(photos: Path, seconds: float, size: int) -> dict[str, float]:
    from castlist.learning.sessions import learn
    from castlist.run import read_history
    from castlist.settings import read_settings

    settings = dataclasses.replace(read_settings("", "cnn"), faces=False, image_size=size)
    with tempfile.TemporaryDirectory() as folder:
        # Its schedule needs to know how many epochs there will be; one is timed first, and doesn't count.
        trial, _ = learn(photos, dataclasses.replace(settings, epochs=1), runs=Path(folder), name="trial")
        epochs = max(1, int(seconds / read_history(trial)[0].seconds))
        run, evaluation = learn(photos, dataclasses.replace(settings, epochs=epochs), runs=Path(folder), name="run")
        history = read_history(run)
        spent = sum(row.seconds for row in history)
        return {
            "photos": len(run.sides["train"]),
            "rate": len(history) / spent * 60,
            "accuracy": evaluation.accuracy,
        }


if __name__ == "__main__":
    main()
