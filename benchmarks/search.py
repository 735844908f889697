"""The faces nearest to one among very many: how long, how much memory, and how many of a person's photos are found.

Embeddings are drawn from the background model, five photos a person. One of them is asked with: how many of the
person's other four are among the ten nearest, itself left out? Each query comes alone, in one thread, and times are the
processor's. "exact" compares each face, whatever their number; "codes" passes through all codes of all faces; "parts"
has them in parts, as an archive's index has them on disk, and merges what each part answers. With --lfw the people
asked for are LFW's DevTrain people who have several photos, hidden among the drawn.

    taskset -c 1 python benchmarks/search.py 10000 100000 1000000 [--lfw FILE]
    taskset -c 1 python benchmarks/search.py 10000000 --ways parts
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from castlist.archive.indexing import PART
from castlist.archive.planning import UNIT
from castlist.archive.searching import CodedSearcher, ExactSearcher, JoinedSearcher, Searcher
from groups import draw

NEAREST = 10
MOST_EXACT = 10**8  # faces compared exactly, in all
CHUNK = 250_000  # faces drawn at once


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--ways", nargs="+", default=["exact", "codes", "parts"])
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--lfw", type=Path, help="What `groups.py --seen` kept.")
    options = parser.parse_args()
    print("| faces | way | built | codes | embeddings, in a file | p50 | p95 | found | peak |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            vectors, person = draw_many(size, Path(folder) / "vectors.npy", options.lfw)
            for way in options.ways:
                print(measure(way, vectors, person, options.queries), flush=True)


def draw_many(count: int, file: Path, lfw: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of half the precision in a file, and whose they are; -1: nobody is asked for."""
    vectors, person = None, np.full(count, -1) if lfw else np.arange(count) // 5
    for first in range(0, count, CHUNK):
        faces = draw(min(CHUNK, count - first), seed=first // CHUNK)
        if vectors is None:
            vectors = np.lib.format.open_memmap(file, "w+", np.float16, (count, faces.embeddings.shape[1]))
        vectors[first : first + CHUNK] = faces.embeddings
    assert vectors is not None, "something was drawn"
    if lfw:
        with np.load(lfw) as seen:
            known, who = seen["DevTrain embeddings"], seen["DevTrain person"]
        several = (np.bincount(who)[who] > 1) & (np.bincount(who)[who] <= NEAREST + 1)
        places = np.random.default_rng(0).choice(count, several.sum(), replace=False)
        vectors[places], person[places] = known[several], who[several]
    return vectors, person


def measure(way: str, vectors: np.ndarray, person: np.ndarray, n_queries: int) -> str:
    asked = np.flatnonzero(person >= 0)
    n_queries = min(n_queries, len(asked), max(20, MOST_EXACT // len(vectors)) if way == "exact" else n_queries)
    asked = np.random.default_rng(0).choice(asked, n_queries, replace=False)
    began = time.process_time()
    searcher, codes = build(way, vectors)
    built = time.process_time() - began
    times, shares = [], []
    for row in asked:
        query = vectors[row : row + 1].astype(np.float32)
        began = time.process_time()
        _, rows = searcher.nearest(query, NEAREST + 1)
        times.append((time.process_time() - began) * 1000)
        near = rows[0][rows[0] != row][:NEAREST]
        shares.append((person[near] == person[row]).sum() / ((person == person[row]).sum() - 1))
    p50, p95 = np.quantile(times, (0.5, 0.95))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"| {len(person):,} | {way} | {built:.1f} s | {codes / 1e6:.0f} MB | {vectors.nbytes / 1e6:.0f} MB "
        f"| {p50:.2f} ms | {p95:.2f} ms | {np.mean(shares):.2%} | {peak:.0f} MB |"
    )


def build(way: str, vectors: np.ndarray) -> tuple[Searcher, int]:
    """A searcher, and how many bytes it holds in memory beside the embeddings."""
    if way == "exact":
        return ExactSearcher(vectors), 0
    step = PART * UNIT if way == "parts" else len(vectors)
    parts = [CodedSearcher.build(vectors[first : first + step]) for first in range(0, len(vectors), step)]
    return JoinedSearcher(parts), sum(len(part.to_bytes()) for part in parts)


if __name__ == "__main__":
    main()
