"""The test photos made worse in one way at a time: how many still show a face, and how many are still named rightly.

A run of the model `face` is asked as it was before it knew its test photos.

    castlist train ../shared/photos/avengers7 --name avengers
    python benchmarks/degraded.py runs/avengers
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from castlist.faces import find_faces
from castlist.gallery import Gallery
from castlist.media import read_photo
from castlist.naming.recognizer import Recognizer

Change = Callable[[np.ndarray, float], np.ndarray]  # of a photo, with the distance between the eyes in pixels


def shrink_to(eyes: float) -> Change:
    def change(pixels: np.ndarray, eye_distance: float) -> np.ndarray:
        scale = min(1.0, eyes / eye_distance)
        return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)

    return change


def blur(share: float) -> Change:
    """By a Gaussian whose deviation is a share of the distance between the eyes."""
    return lambda pixels, eye_distance: cv2.GaussianBlur(pixels, (0, 0), max(share * eye_distance, 0.1))


def darken(factor: float) -> Change:
    def change(pixels: np.ndarray, eye_distance: float) -> np.ndarray:
        noise = np.random.default_rng(0).normal(0, 3, pixels.shape)
        return np.clip(pixels * factor + noise, 0, 255).astype(np.uint8)

    return change


def compress(quality: int) -> Change:
    def change(pixels: np.ndarray, eye_distance: float) -> np.ndarray:
        _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].copy()

    return change


def cover_lower_half(pixels: np.ndarray, eye_distance: float) -> np.ndarray:
    """As a mask does: from between nose and eyes downward, within the face's box."""
    covered = pixels.copy()
    face = find_faces(pixels)[0]
    top = int(face.landmarks[:3, 1].mean())
    box = face.box
    covered[top : int(box.bottom) + 1, max(int(box.left), 0) : int(box.right) + 1] = (150, 190, 210)
    return covered


def turn(quarters: int) -> Change:
    return lambda pixels, eye_distance: np.ascontiguousarray(np.rot90(pixels, quarters))


CHANGES: dict[str, Change] = {
    "as they are": lambda pixels, eye_distance: pixels,
    "40 px between the eyes": shrink_to(40),
    "24 px": shrink_to(24),
    "16 px": shrink_to(16),
    "blurred, 5 % of the eyes' distance": blur(0.05),
    "blurred, 10 %": blur(0.10),
    "dark, a fifth of the light": darken(0.2),
    "JPEG 20": compress(20),
    "lower half covered": cover_lower_half,
    "turned by 90": turn(1),
    "turned by 180": turn(2),
    "turned by 270": turn(3),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    options = parser.parse_args()
    whole = Recognizer.load(options.run)
    run, gallery = whole.run, whole.gallery
    assert gallery is not None
    tested = set(run.sides["test"])
    known = np.array([photo not in tested for photo in gallery.photos])
    smaller = Gallery.fit(
        gallery.people,
        gallery.embeddings[known],
        gallery.person[known],
        [photo for photo in gallery.photos if photo not in tested],
        stranger_rate=gallery.stranger_rate,
    )
    recognizer = Recognizer(run, face_network=whole.face_network, gallery=smaller)
    photos = []
    for file in run.sides["test"]:
        pixels = read_photo(Path(run.photos_root) / file)
        faces = find_faces(pixels)
        photos.append((file.split("/")[0], pixels, faces[0].quality.eye_distance))
    print(f"{len(photos)} test photos of {Path(run.photos_root).name}, seed {run.settings.seed}\n")
    print("| photos | a face found | rightly named | called unknown | wrongly named |\n|---|---|---|---|---|")
    for name, change in CHANGES.items():
        counts = np.zeros(4)
        for person, pixels, eye_distance in photos:
            (answers,) = recognizer.name_pixels([change(pixels, eye_distance)])
            names = {answer.name for answer in answers} - {"unknown"}
            counts += (bool(answers), person in names, not names, bool(names) and person not in names)
        print(f"| {name} | " + " | ".join(f"{share:.1%}" for share in counts / len(photos)) + " |", flush=True)


if __name__ == "__main__":
    main()
