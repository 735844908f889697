"""How soon one face is answered and enrolled: 7 people of 100 photos and 1,000 of 10, against another source tree.

The people are drawn from the statistics that ship. Each tree works in processes of its own, in turn with the other.

    python benchmarks/gallery.py --against ../castlist-before/src
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

CASTS = ((7, 100), (1000, 10))
ANSWERS = 20  # of one face, of which the median counts


def draw(n_people: int, photos_each: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of people nobody has met, and who each is of."""
    from castlist.gallery import default_background

    faces, rng = default_background(), np.random.default_rng(0)
    person = np.repeat(np.arange(n_people), photos_each)
    people = rng.standard_normal((n_people, len(faces.between))) * np.sqrt(faces.between)
    placed = people[person] + rng.standard_normal((len(person), len(faces.between)))
    vectors = placed @ np.linalg.pinv(faces.directions.astype(np.float64)) + faces.mean
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), person


def measure() -> dict[str, float]:
    """Milliseconds of each piece of work, in this process."""
    from castlist.gallery import Gallery

    times = {}
    for n_people, photos_each in CASTS:
        vectors, person = draw(n_people, photos_each)
        names, ids = [f"person {i}" for i in range(n_people)], [str(i) for i in range(len(person))]
        gallery = Gallery.fit(names, vectors, person, ids)
        each = []
        for row in range(ANSWERS):
            began = time.perf_counter()
            gallery.answer(vectors[row : row + 1])
            each.append(time.perf_counter() - began)
        times[f"one face answered, {n_people} people of {photos_each}"] = 1000 * statistics.median(each)
        began = time.perf_counter()
        gallery.enrol("new", vectors[:1], ["new"])
        times[f"one face enrolled, {n_people} people of {photos_each}"] = 1000 * (time.perf_counter() - began)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="the folder src of another tree")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        print(json.dumps(measure()))
        return
    trees = [tree for tree in (Path(__file__).parents[1] / "src", given.against) if tree]
    rounds: list[list[dict[str, float]]] = [[] for _ in trees]
    for _ in range(given.rounds):
        for tree, times in zip(trees, rounds, strict=True):
            command = [sys.executable, __file__, "--here"]
            environment = {**os.environ, "PYTHONPATH": str(tree.resolve())}
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            times.append(json.loads(done.stdout))
    print(f"| median of {given.rounds}, ms | this tree |{' the other | times |' if given.against else ''}")
    print(f"|---|---|{'---|---|' if given.against else ''}")
    for what in rounds[0][0]:
        mine, *others = (statistics.median(times[what] for times in each) for each in rounds)
        beside = "".join(f" {other:.1f} | {other / mine:.1f} |" for other in others)
        print(f"| {what} | {mine:.2f} |{beside}")


if __name__ == "__main__":
    main()
