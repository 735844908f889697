"""Faces grouped by person with nobody named: LFW, films, and others' methods on the same embeddings.

Of each photo the face nearest the middle is taken: it is the one meant. Whatever is chosen, castlist's one constant and
each rival's threshold, is chosen on LFW's DevTrain; DevTest and `strangers` mixed with `avengers7` are asked once.

    python benchmarks/groups.py [--photos ../shared/photos] [--seen FILE]
    python benchmarks/groups.py --drawn 100000
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.archive import Cut, group_faces
from castlist.embeddings import embed, normalize
from castlist.gallery import default_background
from castlist.media import find_photos
from lfw import central_face, read_pairs

SIDES = {"DevTrain": "pairsDevTrain.txt", "DevTest": "pairsDevTest.txt"}
MIXED = ("strangers", "avengers7")
MANY = 5  # photos of whoever counts as somebody with many
ROUNDS = 20  # of Chinese whispers


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces, each of a photo of its own."""

    embeddings: np.ndarray  # (n, values), float32
    person: np.ndarray  # (n,), int
    poor: np.ndarray  # (n,), bool

    def __getitem__(self, which: np.ndarray) -> Faces:
        return Faces(self.embeddings[which], self.person[which], self.poor[which])


Method = Callable[[Faces], np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=Path(__file__).parents[2] / "shared" / "photos")
    parser.add_argument("--seen", type=Path, help="An .npz file that keeps what was seen, for the next time.")
    parser.add_argument(
        "--drawn", type=int, help="So many faces drawn from the background model instead, five a person."
    )
    options = parser.parse_args()
    if options.drawn:
        measure_drawn(options.drawn)
        return
    sets = read_sets(options.photos, options.seen)
    methods = {"castlist": castlist} | choose_rivals(sets.pop("DevTrain"))
    print("| faces | method | groups | pairwise precision | recall | F1 | B-cubed precision | recall | F1 |")
    print("|---|---|---|---|---|---|---|---|---|")
    many = np.bincount(sets["DevTest"].person)[sets["DevTest"].person] >= MANY
    for name, method in methods.items():
        for label, faces in sets.items():
            groups = method(faces)
            print(row(label, name, groups, faces.person))
            if label == "DevTest":
                print(row(f"of them people with {MANY} or more", name, groups[many], faces.person[many]))


def castlist(faces: Faces) -> np.ndarray:
    cut = Cut.choose(default_background(), len(faces.person))
    return group_faces(faces.embeddings, np.arange(len(faces.person)), cut, poor=faces.poor)


def choose_rivals(train: Faces) -> dict[str, Method]:
    """Other methods, each with the setting that does best on some faces by pairwise F1."""
    from sklearn.cluster import DBSCAN, HDBSCAN

    kinds: dict[str, Mapping[str, Method]] = {
        "DBSCAN": {
            f"eps {eps:.2f}": lambda faces, eps=eps: DBSCAN(eps=eps, min_samples=2, metric="cosine").fit_predict(
                faces.embeddings
            )
            for eps in np.arange(0.40, 0.62, 0.02)
        },
        "HDBSCAN": {
            f"{selection}, {samples} samples": lambda faces, selection=selection, samples=samples: HDBSCAN(
                min_cluster_size=2, min_samples=samples, cluster_selection_method=selection, copy=True
            ).fit_predict(faces.embeddings)
            for selection in ("eom", "leaf")
            for samples in (1, 2)
        },
        "Chinese whispers": {
            f"cosine {cut:.2f}": lambda faces, cut=cut: whisper(faces.embeddings, cut)
            for cut in np.arange(0.44, 0.6, 0.02)
        },
    }
    chosen = {}
    for kind, methods in kinds.items():
        best = max(methods, key=lambda name: pairwise(methods[name](train), train.person)[2])
        chosen[f"{kind}, {best}"] = methods[best]
    return chosen


def whisper(embeddings: np.ndarray, cut: float) -> np.ndarray:
    """Chinese whispers: each face takes the label that weighs most among its neighbours, again and again."""
    cosines = embeddings @ embeddings.T
    np.fill_diagonal(cosines, 0)
    neighbours = [np.flatnonzero(row >= cut) for row in cosines]
    label, rng = np.arange(len(cosines)), np.random.default_rng(0)
    for _ in range(ROUNDS):
        for face in rng.permutation(len(cosines)):
            if len(near := neighbours[face]):
                label[face] = np.bincount(label[near], cosines[face, near]).argmax()
    return label


def row(faces: str, method: str, groups: np.ndarray, person: np.ndarray) -> str:
    figures = (*pairwise(groups, person), *b_cubed(groups, person))
    counts = np.unique(groups[groups >= 0], return_counts=True)[1]
    return f"| {faces} | {method} | {(counts > 1).sum()} | {' | '.join(f'{one:.3f}' for one in figures)} |"


def pairwise(groups: np.ndarray, person: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 of pairs of faces."""
    groups = apart(groups)
    together = np.unique(np.stack([groups, person]), axis=1, return_counts=True)[1]
    both, found, meant = (
        (counts * (counts - 1) / 2).sum() for counts in (together, *map(np.bincount, (groups, person)))
    )
    return both / max(found, 1), both / max(meant, 1), 2 * both / max(found + meant, 1)


def b_cubed(groups: np.ndarray, person: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1 of the faces beside each face, itself among them."""
    groups = apart(groups)
    (group, who), together = np.unique(np.stack([groups, person]), axis=1, return_counts=True)
    precision, recall = (
        float((together**2 / np.bincount(one)[which]).sum() / len(person))
        for one, which in ((groups, group), (person, who))
    )
    return precision, recall, 2 * precision * recall / (precision + recall)


def apart(groups: np.ndarray) -> np.ndarray:
    """Groups in which each face that is alone has one of its own."""
    alone = groups < 0
    return np.where(alone, np.arange(len(groups)) + groups.max() + 1, groups)


def read_sets(photos: Path, kept: Path | None) -> dict[str, Faces]:
    """The faces of each set, seen or as they were kept."""
    if kept and kept.exists():
        with np.load(kept) as arrays:
            return {
                name: Faces(*(arrays[f"{name} {column}"] for column in ("embeddings", "person", "poor")))
                for name in [*SIDES, "mixed"]
            }
    files = {
        side: sorted({photos / "lfw" / name for pair in read_pairs(photos / "lfw" / pairs) for name in pair[:2]})
        for side, pairs in SIDES.items()
    }
    # An archive of these people has all of their photos, not those in pairs alone.
    files = {side: sorted({file for one in some for file in one.parent.iterdir()}) for side, some in files.items()}
    files["mixed"] = sorted(file for name in MIXED for file in find_photos(photos / name))
    sets = {name: see(some) for name, some in files.items()}
    if kept:
        np.savez(
            kept, **{f"{name} {column}": value for name, faces in sets.items() for column, value in vars(faces).items()}
        )
    return sets


def see(files: list[Path]) -> Faces:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [(file, face) for file, face in zip(files, pool.map(central_face, files), strict=True) if face]
    return Faces(
        embed(np.stack([face.pixels for _, face in found])),
        np.unique([file.parent.name for file, _ in found], return_inverse=True)[1],
        np.array([face.quality.problem is not None for _, face in found]),
    )


def measure_drawn(count: int) -> None:
    faces = draw(count)
    began, wall = time.process_time(), time.perf_counter()
    groups = castlist(faces)
    print(
        f"{count} faces: {time.process_time() - began:.0f} s of processor, {time.perf_counter() - wall:.0f} s, ", end=""
    )
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB at most")
    print(row("drawn", "castlist", groups, faces.person))


def draw(count: int, a_person: int = 5, *, seed: int = 0) -> Faces:
    """Faces of invented people, as the background model has people and their photos."""
    background, rng = default_background(), np.random.default_rng(seed)
    kinds = background.kinds
    n_people = count // a_person
    kind = rng.choice(len(kinds.weights), n_people, p=kinds.weights / kinds.weights.sum())
    people = kinds.centers[kind].astype(np.float32)
    for i, covariance in enumerate(kinds.covariances):
        # A kind's photos vary by their people, and each person's by 1 along every axis.
        variances, basis = np.linalg.eigh(covariance - np.eye(len(covariance)))
        spread = basis * np.sqrt(np.maximum(variances, 0))
        people[kind == i] += rng.standard_normal(((kind == i).sum(), len(spread)), np.float32) @ spread.T
    person = np.repeat(np.arange(n_people), a_person)
    placed = people[person] + rng.standard_normal((len(person), people.shape[1]), np.float32)
    embeddings = normalize(placed @ np.linalg.pinv(background.directions) + background.mean)
    return Faces(np.asarray(embeddings, np.float32), person, np.zeros(len(person), bool))


if __name__ == "__main__":
    main()
