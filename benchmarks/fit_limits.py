"""What likenesses and scores are expected, measured between two halves of LFW's training people.

Faces in general are fitted on one half, the other is asked, and the other way round.

    python benchmarks/fit_limits.py            prints RIGHT, KINSHIP and SCATTER of checks/names.py, and SURE's share
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from castlist.checks.likeness import STRANGERS, measure_likeness, write_alike
from castlist.gallery import Background
from fit_background import PHOTOS, ROOT, Embedded, lfw_side
from strangers import lfw_task

FEWEST = 5  # photos of the people who are compared with others' folders
SURE = (5.0, 8.0, 10.0, 12.0, 15.0)  # scores above the threshold


def halves(faces: Embedded) -> Iterator[tuple[Embedded, Background]]:
    """Half of the people, and faces in general fitted on the others."""
    names = np.random.default_rng(0).permutation(np.unique(faces.names))
    for side in (0, 1):
        asked, others = (faces.only(np.isin(faces.names, names[i::2])) for i in (side, 1 - side))
        yield asked, Background.fit(others.embeddings, np.unique(others.names, return_inverse=True)[1])


def likenesses(faces: Embedded, background: Background) -> tuple[list[float], list[np.ndarray]]:
    """Of photos to the own folder; and of each person's photos to one of somebody else."""
    every, times = np.unique(faces.names, return_counts=True)
    faces = faces.only(np.isin(faces.names, every[times >= 2]))
    photos, strangers = (
        write_alike(some, background.between)
        for some in (background.place(faces.embeddings), background.kinds.draw(STRANGERS)[0])
    )
    names, person, counts = np.unique(faces.names, return_inverse=True, return_counts=True)
    own, foreign = [], []
    for index in range(len(names)):
        reached, _ = measure_likeness(photos, np.arange(len(photos)), person == index, strangers)
        own += reached[person == index].tolist()
        others = np.flatnonzero((counts >= FEWEST) & (np.arange(len(names)) != index))
        foreign += [reached[person == other] for other in others]
    return own, foreign


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "embeddings")
    given = parser.parse_args()
    train = lfw_side(given.photos, given.cache, "Train")
    own: list[float] = []
    foreign: list[np.ndarray] = []
    shares = []
    for faces, background in halves(train):
        some, others = likenesses(faces, background)
        own, foreign = own + some, foreign + others
        for seed in range(5):
            task, strangers = lfw_task(faces, 50, np.random.default_rng(seed))
            gains = task.gallery(background).answer(strangers).gains.max(axis=1)
            shares.append([(gains > least).sum() for least in (0.0, *SURE)])
    middle = float(np.median(own))
    print(f"RIGHT {middle:.2f}, {1.4826 * np.median(np.abs(np.array(own) - middle)):.2f}")
    means = np.array([some.mean() for some in foreign])
    scatter = float(np.sqrt(np.mean([some.var(ddof=1) for some in foreign])))
    print(f"KINSHIP {means.std():.2f}, SCATTER {scatter:.2f}, of strangers' mean {means.mean():.2f}")
    named = np.sum(shares, axis=0)
    for least, count in zip(SURE, named[1:], strict=True):
        print(f"SURE {least}: {count / named[0]:.1%} of the strangers named")


if __name__ == "__main__":
    main()
