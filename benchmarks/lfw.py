"""LFW verification on the development view: the threshold from DevTrain, the figure on DevTest, nothing left out.

Each photo goes through the whole pipeline; of several faces the one nearest the middle is taken: it is the one meant. A
photo in which no face is found counts as an error in every pair it appears in. The two sides share no person.

    python benchmarks/lfw.py [--views plain mirror careful] [--photos ../shared/photos]
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from castlist.embeddings import embed
from castlist.faces import Face, find_faces
from castlist.media import read_photo

Pair = tuple[str, str, bool]  # two photos, and whether they show the same person


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=Path(__file__).parents[2] / "shared" / "photos")
    parser.add_argument("--views", nargs="+", default=["plain", "mirror", "careful"])
    options = parser.parse_args()
    root = options.photos / "lfw"
    train, test = (read_pairs(root / f"pairsDev{side}.txt") for side in ("Train", "Test"))
    names = sorted({name for pair in train + test for name in pair[:2]})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        faces = dict(zip(names, pool.map(lambda name: central_face(root / name), names), strict=True))
    missed = [name for name in names if faces[name] is None]
    found = [name for name in names if faces[name] is not None]
    crops = np.stack([face.pixels for name in found if (face := faces[name])])
    print(f"{len(names)} photos, {len(missed)} without a face ({', '.join(missed) or 'none'})\n")
    print("| views | threshold (cosine, from DevTrain) | DevTrain | DevTest | errors of 1,000 |\n|---|---|---|---|---|")
    for views in options.views:
        vectors = dict(zip(found, embed(crops, views=views), strict=True))
        threshold = best_threshold(train, vectors)
        on_train, on_test = (accuracy(pairs, vectors, threshold) for pairs in (train, test))
        errors = round((1 - on_test) * len(test))
        print(f"| {views} | {threshold:.4f} | {on_train:.2%} | {on_test:.2%} | {errors} |")


def read_pairs(file: Path) -> list[Pair]:
    """The pairs of an LFW list: a person and two numbers, or two people with a number each."""
    pairs = []
    for line in file.read_text("utf-8").splitlines():
        match line.split("\t"):
            case [name, first, second]:
                pairs.append((photo(name, first), photo(name, second), True))
            case [name, first, other, second]:
                pairs.append((photo(name, first), photo(other, second), False))
    return pairs


def photo(name: str, number: str) -> str:
    return f"{name}/{name}_{int(number):04d}.jpg"


def central_face(file: Path) -> Face | None:
    """The face nearest the middle of the photo."""
    pixels = read_photo(file)
    middle = np.array(pixels.shape[1::-1]) / 2
    return min(find_faces(pixels), key=lambda face: np.linalg.norm(face.landmarks.mean(axis=0) - middle), default=None)


def best_threshold(pairs: list[Pair], vectors: dict[str, np.ndarray]) -> float:
    """The likeness that tells most of the pairs apart; of equally good ones the middle."""
    scores = np.array([likeness(pair, vectors) for pair in pairs])
    same = np.array([pair[2] for pair in pairs])
    edges = np.sort(scores[np.isfinite(scores)])
    candidates = (edges[1:] + edges[:-1]) / 2
    right = ((scores > candidates[:, None]) == same).sum(axis=1)
    return float(np.median(candidates[right == right.max()]))


def accuracy(pairs: list[Pair], vectors: dict[str, np.ndarray], threshold: float) -> float:
    scores = np.array([likeness(pair, vectors) for pair in pairs])
    right = (scores > threshold) == np.array([pair[2] for pair in pairs])
    return float((right & np.isfinite(scores)).mean())


def likeness(pair: Pair, vectors: dict[str, np.ndarray]) -> float:
    """The cosine of two photos' vectors, or NaN where one has no face."""
    first, second, _ = pair
    return float(vectors[first] @ vectors[second]) if first in vectors and second in vectors else float("nan")


if __name__ == "__main__":
    main()
