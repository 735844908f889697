"""Look-alikes: how many of a stranger's other photos lose a wrong name once one was said not to bear it.

Casts are drawn from one half of the people of LFW's DevTrain, faces in general are fitted on the other half, and
whoever isn't of the cast is a stranger. Of each stranger who is named, the first such photo is decided not to be that
person; the stranger's other photos and the cast's own are asked before and after.

python benchmarks/lookalikes.py [--draws 40] [--people 50] [--cache FOLDER]
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from castlist.gallery import NOBODY, Background
from fit_background import PHOTOS, ROOT, Embedded, lfw_side
from strangers import lfw_task


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "embeddings")
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--people", type=int, default=50)
    given = parser.parse_args()
    train = lfw_side(given.photos, given.cache, "Train")
    print("| stranger rate | their other photos named so | after | cast's photos named rightly | after |")
    print("|---|---|---|---|---|")
    for rate in (0.01, 0.05):
        counts = sum(measure(train, rate, given.people, seed) for seed in range(given.draws))
        n_other, before, after, n_cast, right, still = counts.tolist()
        print(f"| {rate} | {before} of {n_other} | {after} | {right} of {n_cast} | {still} |", flush=True)


def measure(train: Embedded, rate: float, n_people: int, seed: int) -> np.ndarray:
    """Of one draw, the six numbers of the table."""
    rng = np.random.default_rng(seed)
    names = rng.permutation(np.unique(train.names))
    in_cast_half = np.isin(train.names, names[: len(names) // 2])
    rest = train.only(~in_cast_half)
    background = Background.fit(rest.embeddings, np.unique(rest.names, return_inverse=True)[1])
    half = train.only(in_cast_half)
    task, _ = lfw_task(half, n_people, rng)
    gallery = task.gallery(background, rate)
    strangers = half.only(~np.isin(half.names, task.people))
    named = gallery.answer(strangers.embeddings).named
    apart = gallery.lookalikes
    others: list[tuple[int, int]] = []  # a row, and whom it must not be named
    for stranger in np.unique(strangers.names):
        rows = np.flatnonzero(strangers.names == stranger)
        wrong = rows[named[rows] != NOBODY]
        if len(wrong) and len(rows) > 1:
            apart = apart.add(named[wrong[0]], strangers.embeddings[wrong[:1]], [str(wrong[0])])
            others += [(row, int(named[wrong[0]])) for row in rows if row != wrong[0]]
    taught = dataclasses.replace(gallery, lookalikes=apart)
    rows, whom = np.array(others, int).reshape(-1, 2).T
    now = taught.answer(strangers.embeddings[rows]).named
    right, still = (which.answer(task.asked).named == task.asked_person for which in (gallery, taught))
    figures = [len(rows), (named[rows] == whom).sum(), (now == whom).sum(), len(right), right.sum(), still.sum()]
    return np.array(figures)


if __name__ == "__main__":
    main()
