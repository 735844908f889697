"""What answering costs: one face, asked of 1,000 people of 10 photos each, as Answers and as names.

python benchmarks/answers.py
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from castlist.embeddings import normalize
from castlist.gallery import Gallery, default_background
from castlist.naming.answers import describe_answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--photos", type=int, default=10, help="of each")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    background, rng = default_background(), np.random.default_rng(0)
    person = np.repeat(np.arange(options.people), options.photos)
    middles = rng.standard_normal((options.people, len(background.mean))).astype(np.float32)
    noise = rng.standard_normal((len(person), len(background.mean))).astype(np.float32)
    embeddings = normalize(background.mean + 0.1 * normalize(middles[person] + 0.5 * noise))
    people = [f"person {i}" for i in range(options.people)]
    gallery = Gallery.fit(people, embeddings, person, [str(i) for i in range(len(person))])
    asked = embeddings[:1]
    answers = gallery.answer(asked)
    print(f"{options.people} people of {options.photos} photos, one face, median of {options.rounds}\n")
    print("| work | ms |\n|---|---|")
    print(f"| the gallery's answer | {1000 * _median(lambda: gallery.answer(asked), options.rounds):.2f} |")
    print(f"| put into names | {1000 * _median(lambda: describe_answers(answers), options.rounds):.2f} |")


def _median(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds + 1):  # the first only warms up
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


if __name__ == "__main__":
    main()
