"""What one photo tells: each person of LFW's DevTest known by one photo, all their other photos asked.

Nothing is fitted: the name is that of the known photo most alike. Photos without a face count as wrong.

    python benchmarks/eyes.py [--photos ../shared/photos] [--cache FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from fit_background import PHOTOS, ROOT, embed_folder, people_of_pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "embeddings")
    given = parser.parse_args()
    lfw = embed_folder(given.photos / "lfw", given.cache, middle=True)
    people = people_of_pairs(given.photos / "lfw" / "pairsDevTest.txt")
    test = lfw.only(np.isin(lfw.names, sorted(people)))
    missed = sum(name.split("/")[0] in people for name in lfw.faceless.tolist())
    right, asked = first_names(test.embeddings, test.names)
    print(f"{len(people)} people, one photo known of each; {asked + missed} others asked, {missed} without a face")
    print(f"first name right: {right / (asked + missed):.2%}")


def first_names(embeddings: np.ndarray, names: np.ndarray) -> tuple[int, int]:
    """How many photos have the name of the known photo most alike, and of how many; the first of each is known."""
    _, known = np.unique(names, return_index=True)
    asked = np.setdiff1d(np.arange(len(names)), known)
    nearest = known[(embeddings[asked] @ embeddings[known].T).argmax(axis=1)]
    return int((names[nearest] == names[asked]).sum()), len(asked)


if __name__ == "__main__":
    main()
