"""What a photo of a phone costs: CPU of reading, finding and embedding JPEGs of 12 megapixels, decoded whole and no
larger than their faces need, in turn.

Scenes are enlarged, and photos of phones have finer detail to decode; their faces are as large.

    python benchmarks/phone.py [--photos ../shared/photos/scenes5] [--count 20]
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from castlist.embeddings import embed
from castlist.faces import Face, decode_to_find, find_faces, find_photo_faces
from castlist.media import find_cast, open_photo

LONG, SHORT = 4000, 2667


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=Path(__file__).parents[2] / "shared" / "photos" / "scenes5")
    parser.add_argument("--count", type=int, default=20)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    paths = [photo.path for photo in find_cast(given.photos).photos]
    photos = [enlarged(path) for path in paths[:: max(len(paths) // given.count, 1)][: given.count]]
    ways = {"whole": find_in_whole, "as small as faces need": find_in_small}
    costs: dict[str, list[tuple[float, float, float, int]]] = {way: [] for way in ways}
    for i, photo in enumerate([photos[0], *photos]):
        for way, find in ways.items():
            cost = measure(photo, find)
            if i:  # networks are opened once
                costs[way].append(cost)
    size = np.mean([len(photo) for photo in photos]) / 1e6
    print(f"{len(photos)} JPEGs of {LONG} x {SHORT}, {size:.1f} MB each\n")
    print("| decoded | faces | read | find and crop | embed | CPU of a photo, ms |\n|---|---|---|---|---|---|")
    for way, each in costs.items():
        read, find_ms, embedding = 1000 * np.mean([cost[:3] for cost in each], axis=0)
        faces = sum(cost[3] for cost in each)
        total = read + find_ms + embedding
        print(f"| {way} | {faces} | {read:.0f} | {find_ms:.0f} | {embedding:.0f} | {total:.0f} |")


def enlarged(path: Path) -> bytes:
    """A photo as a phone would have written it."""
    with Image.open(path) as image:
        rgb = image.convert("RGB")
    size = (LONG, SHORT) if rgb.width > rgb.height else (SHORT, LONG)
    content = io.BytesIO()
    ImageOps.fit(rgb, size, Image.Resampling.BICUBIC).save(content, "JPEG", quality=90)
    return content.getvalue()


def find_in_whole(photo: bytes) -> tuple[float, list[Face]]:
    """When the photo was read, and its faces."""
    pixels = open_photo(photo).decode().pixels
    read = time.process_time()
    return read, find_faces(pixels)


def find_in_small(photo: bytes) -> tuple[float, list[Face]]:
    """The same; what has to be decoded once more counts as finding."""
    opened = open_photo(photo)
    decode_to_find(opened)
    read = time.process_time()
    return read, find_photo_faces(opened)


def measure(photo: bytes, find: Callable[[bytes], tuple[float, list[Face]]]) -> tuple[float, float, float, int]:
    """Seconds of CPU to read, to find and crop, and to embed, and how many faces there are."""
    start = time.process_time()
    read, faces = find(photo)
    found = time.process_time()
    if faces:
        embed(np.stack([face.pixels for face in faces]))
    return read - start, found - read, time.process_time() - found, len(faces)


if __name__ == "__main__":
    main()
