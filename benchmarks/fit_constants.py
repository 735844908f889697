"""Constants of several rooms beside values around them, on LFW's training people alone.

Where two halves are used, faces in general are fitted on one, the other is asked, and the other way round.

    python benchmarks/fit_constants.py quality    MIN_EYE_DISTANCE and MIN_SHARPNESS of faces/records.py
    python benchmarks/fit_constants.py films      ALIKE and UNLIKE of naming/films/tracking.py
    python benchmarks/fit_constants.py trust      EVIDENCE of gallery/fitting.py
    python benchmarks/fit_constants.py kinds      OWN_KIND, SOFTNESS and COMMON of gallery/fitting.py
    python benchmarks/fit_constants.py album      LINK of gallery/album.py and TOLD of gallery/gallery.py
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from castlist.embeddings import embed
from castlist.faces import find_faces
from castlist.gallery import Background, album, fitting
from castlist.gallery import gallery as galleries
from castlist.gallery.knowledge import Knowledge
from castlist.media import read_photo
from degraded import blur, shrink_to
from fit_background import PHOTOS, ROOT, Embedded, lfw_side
from fit_limits import halves
from lfw import central_face, read_pairs
from strangers import Task, lfw_task, named_share, percent

PAIRS = 150  # of one person, and as many of two
THRESHOLD = 0.378  # the cosine that tells DevTrain's pairs apart, of `lfw.py`


@contextlib.contextmanager
def instead(module: ModuleType, name: str, value: float) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def quality(train: Embedded, photos: Path) -> None:
    """Pairs told apart when the second photo is made smaller, or blurred."""
    pairs = read_pairs(photos / "lfw" / "pairsDevTrain.txt")
    pairs = [pair for is_same in (True, False) for pair in [one for one in pairs if one[2] == is_same][:PAIRS]]
    first = dict(zip(train.files.tolist(), train.embeddings, strict=True))
    changes = {f"{eyes} px": shrink_to(eyes) for eyes in (16, 12, 10, 8, 6)}
    changes |= {f"blurred {share:.0%}": blur(share) for share in (0.04, 0.08, 0.09, 0.1, 0.12, 0.16)}
    for name, change in changes.items():
        right, sharpness = [], []
        for one, other, is_same in pairs:
            face, pixels = central_face(photos / "lfw" / other), read_photo(photos / "lfw" / other)
            assert face is not None and one in first
            found = find_faces(change(pixels, face.quality.eye_distance))
            if found:
                sharpness.append(found[0].quality.sharpness)
            likeness = embed(found[0].pixels[None])[0] @ first[one] if found else float("nan")
            right.append((likeness > THRESHOLD) == is_same and bool(found))
        print(f"{name}: told apart {percent(right)} %, median sharpness {np.median(sharpness):.3f}", flush=True)


def films(train: Embedded, photos: Path) -> None:
    """How alike photos of different people are, and two of one person on different days: frames are more alike."""
    background = Background.fit(train.embeddings, np.unique(train.names, return_inverse=True)[1])
    centered = train.embeddings - background.mean
    centered /= np.linalg.norm(centered, axis=1, keepdims=True)
    likeness = centered @ centered.T
    same = train.names[:, None] == train.names
    off = ~np.eye(len(same), dtype=bool)
    print("different people, 99 and 99.9 % below", np.quantile(likeness[~same], (0.99, 0.999)).round(2))
    print("one person, 1 and 5 % below", np.quantile(likeness[same & off], (0.01, 0.05)).round(2))


def trust(train: Embedded, photos: Path) -> None:
    """The cast named when 10 % of the known photos, five of each of 20 people, bear wrong names."""
    for value in (0.05, 0.1, 0.2, 0.4, 0.8):
        with instead(fitting, "EVIDENCE", value):
            named = [
                float((task.gallery(background).answer(task.asked).named == task.asked_person).mean())
                for task, background in _wrong_tasks(train)
            ]
        print(f"EVIDENCE {value}: {percent(named, 2)} % named", flush=True)


def _wrong_tasks(train: Embedded) -> Iterator[tuple[Task, Background]]:
    for faces, background in halves(train):
        for seed in range(6):
            rng = np.random.default_rng(seed)
            names, counts = np.unique(faces.names, return_counts=True)
            cast = sorted(rng.permutation(names[counts >= 7])[:20].tolist())
            rows = [rng.permutation(np.flatnonzero(faces.names == name)) for name in cast]
            known, asked = (np.concatenate([mine[part] for mine in rows]) for part in (slice(5), slice(5, None)))
            known_person, asked_person = (np.searchsorted(cast, faces.names[some]) for some in (known, asked))
            vectors = faces.embeddings
            task = Task(cast, vectors[known], known_person, vectors[asked], asked_person)
            yield task.with_wrong_names(0.1, rng), background


def kinds(train: Embedded, photos: Path) -> None:
    """Strangers named / cast named; 7, 50 and 200 people, at 0.1 and 1 % asked each."""
    tried = {"OWN_KIND": (0.0015, 0.003, 0.006), "SOFTNESS": (5.0, 20.0, 80.0), "COMMON": (0.0008, 0.0015, 0.003)}
    for name, values in tried.items():
        for value in values:
            with instead(fitting, name, value):
                print(f"{name} {value}: {_cells(train)}", flush=True)


def _cells(train: Embedded) -> str:
    cells = []
    for n_people in (7, 50, 200):
        for rate in (0.001, 0.01):
            strangers_named, right = [], []
            for faces, background in halves(train):
                for seed in range(2):
                    task, strangers = lfw_task(faces, n_people, np.random.default_rng(seed))
                    made = task.gallery(background, rate)
                    strangers_named.append(named_share(made, strangers))
                    right.append(float((made.answer(task.asked).named == task.asked_person).mean()))
            cells.append(f"{percent(strangers_named, 2)} / {percent(right)}")
    return " | ".join(cells)


def together(train: Embedded, photos: Path) -> None:
    """Pairs that LINK joins, then strangers and cast named together, 20 and 50 people, 1 % asked."""
    for link in (6.0, 8.0, 10.0, 12.0, 15.0):
        joined = []
        for faces, background in halves(train):
            placed = background.place(faces.embeddings)
            scores = Knowledge.from_sums(background.between, placed, np.ones(len(placed))).scores(placed)
            same = faces.names[:, None] == faces.names
            joined.append(
                [(scores[~same] > link).mean(), (scores[same & ~np.eye(len(same), dtype=bool)] > link).mean()]
            )
        others, same_person = np.mean(joined, axis=0)
        print(f"LINK {link}: joins {same_person:.1%} of one person's pairs, {others * 1e6:.1f} in a million of others'")
    for module, name, values in ((album, "LINK", (8.0, 10.0, 12.0)), (galleries, "TOLD", (0.5, 0.8, 0.95))):
        for value in values:
            with instead(module, name, value):
                print(f"{name} {value}: {_together_cells(train)}", flush=True)


def _together_cells(train: Embedded) -> str:
    cells = []
    for n_people in (20, 50):
        strangers_named, right = [], []
        for faces, background in halves(train):
            for seed in range(2):
                task, strangers = lfw_task(faces, n_people, np.random.default_rng(seed))
                answers = task.gallery(background).answer_together(np.concatenate([task.asked, strangers]))
                n = len(task.asked)
                strangers_named.append(float((answers.named[n:] >= 0).mean()))
                right.append(float((answers.named[:n] == task.asked_person).mean()))
        cells.append(f"{percent(strangers_named, 2)} / {percent(right)}")
    return " | ".join(cells)


PARTS: dict[str, Callable[[Embedded, Path], None]] = {
    "quality": quality,
    "films": films,
    "trust": trust,
    "kinds": kinds,
    "album": together,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "embeddings")
    given = parser.parse_args()
    train = lfw_side(given.photos, given.cache, "Train")
    PARTS[given.part](train, given.photos)


if __name__ == "__main__":
    main()
