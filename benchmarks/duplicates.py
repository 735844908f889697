"""How many planted duplicates are found among LFW's photos, and how many of LFW's own pairs are flagged.

The thresholds were chosen on people whose names begin with A to M; the figures are of the people from N to Z.
Pairs flagged among the photos as they are get printed, to be looked at: a few are truly one picture.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from castlist.duplicates import find_duplicates, sign_photo
from castlist.media import read_photo

Alter = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def third(pixels: np.ndarray, _: np.random.Generator) -> np.ndarray:
    return cv2.resize(pixels, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)


def jpeg_30(pixels: np.ndarray, _: np.random.Generator) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=30)
    return read_photo(file.getvalue())


def crop(share: float) -> Alter:
    """Cut this share off the height and the width, at a random place."""

    def cut(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
        height, width = (round(length * (1 - share)) for length in pixels.shape[:2])
        top, left = random.integers(pixels.shape[0] - height + 1), random.integers(pixels.shape[1] - width + 1)
        return pixels[top : top + height, left : left + width]

    return cut


def mirror(pixels: np.ndarray, _: np.random.Generator) -> np.ndarray:
    return pixels[:, ::-1]


def grey(pixels: np.ndarray, _: np.random.Generator) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def text(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """White letters over the lower edge, in half of the cases on a black bar."""
    image = Image.fromarray(pixels)
    height, width = pixels.shape[:2]
    draw = ImageDraw.Draw(image)
    if random.random() < 0.5:
        draw.rectangle((0, height * 0.84, width, height), fill="black")
    draw.text((width * 0.05, height * 0.85), "Evening News 2004", "white", ImageFont.load_default(height / 9))
    return np.asarray(image)


ALTERATIONS: dict[str, Alter] = {
    "resized to a third": third,
    "JPEG quality 30": jpeg_30,
    "crop of 15 %": crop(0.15),
    "crop of 30 %, shifted": crop(0.30),
    "mirrored": mirror,
    "greyscale": grey,
    "text over the lower edge": text,
}


def encode(pixels: np.ndarray) -> bytes:
    """Write and read the copy as a JPEG of ordinary quality, as copies come."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=90)
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path(__file__).parents[2] / "shared" / "photos")
    parser.add_argument("--people", default="N-Z", help="first and last letter of the people's names")
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    first, last = arguments.people.split("-")
    files = sorted(
        path for path in (arguments.photos / "lfw").rglob("*.jpg") if first <= path.parent.name[0].upper() <= last
    )
    random = np.random.default_rng(arguments.seed)
    data = [file.read_bytes() for file in files]
    pixels = [read_photo(content) for content in data]
    signatures = [sign_photo(*photo) for photo in zip(data, pixels, strict=True)]

    start = time.perf_counter()
    own = find_duplicates(signatures)
    seconds = time.perf_counter() - start
    print(f"{len(files)} photos of LFW as they are: {len(own)} pairs flagged, in {seconds:.0f} s")
    for pair in own:
        print(f"  {files[pair.first].stem} | {files[pair.second].stem}: {pair.kind}, {pair.similarity:.2f}")

    flagged = {(pair.first, pair.second) for pair in own}
    twins = {a: [b for pair in flagged if a in pair for b in pair if b != a] for pair in flagged for a in pair}
    chosen = random.choice(len(files), min(arguments.copies, len(files)), replace=False)
    print(f"\n| {len(chosen)} copies, each | found | other new pairs |\n|---|---|---|")
    shares = []
    for name, alter in ALTERATIONS.items():
        copies = [encode(alter(pixels[index], random)) for index in chosen]
        pairs = find_duplicates(signatures + [sign_photo(copy, read_photo(copy)) for copy in copies])
        places = {(pair.first, pair.second) for pair in pairs} - flagged
        planted = {(int(index), len(files) + i) for i, index in enumerate(chosen)}
        # A copy of a photo that has a duplicate of its own is one of that, too.
        related = {(twin, copy) for index, copy in planted for twin in twins.get(index, ())}
        shares.append(len(places & planted) / len(planted))
        print(f"| {name} | {shares[-1]:.1%} | {len(places - planted - related)} |", flush=True)
    print(f"| mean | {np.mean(shares):.1%} | |")


if __name__ == "__main__":
    main()
