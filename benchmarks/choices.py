"""Which face of a photo is meant: how often agreement with the person's other photos and mere size choose differently.

With --sheets, the photos where they do are drawn for looking at: agreement's choice green, the largest face red. These
are photos of real people; keep them out of the project.

    python benchmarks/choices.py [--photos ../shared/photos/scenes5] [--sheets FOLDER]
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from castlist.embeddings import choose_faces, embed
from castlist.faces import Face, find_faces
from castlist.media import find_cast, read_photo
from fit_background import PHOTOS

SIDE = 300  # pixels of a photo on a sheet
ACROSS, DOWN = 6, 3
GREEN, RED, GRAY = (0, 200, 0), (230, 0, 0), (160, 160, 160)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS / "scenes5")
    parser.add_argument("--sheets", type=Path)
    options = parser.parse_args()
    cast = find_cast(options.photos)
    drawn: list[np.ndarray] = []
    print("| person | photos | with several faces | chosen otherwise |\n|---|---|---|---|")
    for person in cast.people:
        paths = [photo.path for photo in cast.photos if photo.person == person]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda path: find_faces(read_photo(path)), paths))
        crops = [np.array([face.pixels for face in faces], np.uint8).reshape(-1, 112, 112, 3) for faces in found]
        chosen = choose_faces(found, [embed(some) for some in crops])
        others = [i for i, index in enumerate(chosen) if index]  # faces come largest first
        print(f"| {person} | {len(paths)} | {sum(len(faces) > 1 for faces in found)} | {len(others)} |", flush=True)
        if options.sheets:
            drawn += [draw(read_photo(paths[i]), found[i], chosen[i]) for i in others]
    for start in range(0, len(drawn), ACROSS * DOWN):
        options.sheets.mkdir(parents=True, exist_ok=True)
        sheet = np.full((DOWN * SIDE, ACROSS * SIDE, 3), 255, np.uint8)
        for i, picture in enumerate(drawn[start : start + ACROSS * DOWN]):
            top, left = i // ACROSS * SIDE, i % ACROSS * SIDE
            sheet[top : top + len(picture), left : left + picture.shape[1]] = picture
        Image.fromarray(sheet).save(options.sheets / f"sheet{start // (ACROSS * DOWN)}.png")


def draw(pixels: np.ndarray, faces: list[Face], chosen: int | None) -> np.ndarray:
    zoom = SIDE / max(pixels.shape[:2])
    small = np.ascontiguousarray(cv2.resize(pixels, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA))
    for i, face in enumerate(faces):
        left, top, right, bottom = (
            round(zoom * x) for x in (face.box.left, face.box.top, face.box.right, face.box.bottom)
        )
        cv2.rectangle(small, (left, top), (right, bottom), GREEN if i == chosen else GRAY if i else RED, 2)
    return small[:SIDE, :SIDE]


if __name__ == "__main__":
    main()
