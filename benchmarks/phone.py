"""What a photo of a phone costs: CPU of reading, finding and embedding JPEGs of 12 megapixels.

Scenes are enlarged, and photos of phones have finer detail to decode; their faces are as large.

    python benchmarks/phone.py [--photos ../shared/photos/scenes5] [--count 20]
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from castlist.embeddings import embed
from castlist.faces import find_faces
from castlist.media import find_cast, read_photo

LONG, SHORT = 4000, 2667


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=Path(__file__).parents[2] / "shared" / "photos" / "scenes5")
    parser.add_argument("--count", type=int, default=20)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    paths = [photo.path for photo in find_cast(given.photos).photos]
    photos = [enlarged(path) for path in paths[:: max(len(paths) // given.count, 1)][: given.count]]
    find_and_embed(photos[0])  # networks are opened once
    costs = np.array([find_and_embed(photo) for photo in photos])
    size = np.mean([len(photo) for photo in photos]) / 1e6
    print(f"{len(photos)} JPEGs of {LONG} x {SHORT}, {size:.1f} MB each, {costs[:, 3].sum():.0f} faces\n")
    print("| read | find and crop | embed | CPU of a photo, ms |\n|---|---|---|---|")
    read, find, embedding = 1000 * costs[:, :3].mean(axis=0)
    print(f"| {read:.0f} | {find:.0f} | {embedding:.0f} | {read + find + embedding:.0f} |")


def enlarged(path: Path) -> bytes:
    """A photo as a phone would have written it."""
    with Image.open(path) as image:
        rgb = image.convert("RGB")
    size = (LONG, SHORT) if rgb.width > rgb.height else (SHORT, LONG)
    content = io.BytesIO()
    ImageOps.fit(rgb, size, Image.Resampling.BICUBIC).save(content, "JPEG", quality=90)
    return content.getvalue()


def find_and_embed(photo: bytes) -> tuple[float, float, float, int]:
    """Seconds of CPU to read, to find and crop, and to embed, and how many faces there are."""
    start = time.process_time()
    pixels = read_photo(photo)
    read = time.process_time()
    faces = find_faces(pixels)
    found = time.process_time()
    if faces:
        embed(np.stack([face.pixels for face in faces]))
    return read - start, found - read, time.process_time() - found, len(faces)


if __name__ == "__main__":
    main()
