"""Whether as many strangers are named as asked, however large the cast; and found to be like a face, the archive.

Cast and strangers are drawn from the background model, one to three photos known of each person; or they are people of
LFW, the statistics of faces in general being fitted on others: DevTrain's people are parted into halves (for choosing),
and DevTest's are asked with statistics of DevTrain's. An archive's cut lets STRANGERS of its faces be found for
somebody who isn't in it, on average.

    python benchmarks/sizes.py [--people 10 1000 100000] [--cache FOLDER [--who]]
    python benchmarks/sizes.py --faces 10000 100000 1000000
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from castlist.archive.clustering import COMMONEST, STRANGERS, Cut
from castlist.archive.searching import CodedSearcher
from castlist.gallery import Background, Gallery, default_background
from fit_background import PHOTOS, Embedded, lfw_side
from groups import draw
from strangers import table

RATES = (0.01, 0.001)
MOST_KNOWN = 3  # photos of each person
CASTS = 20_000  # people in all casts of a size, but for larger ones
ASKED = 20_000  # drawn strangers of each size, in all
LFW_DRAWS = 20
BLOCK = 2**25  # scores at a time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="*", default=[])
    parser.add_argument("--faces", type=int, nargs="*", default=[])
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, help="Where LFW's embeddings are kept; without it LFW isn't asked.")
    parser.add_argument("--who", action="store_true", help="Tell each of LFW's strangers who is named, and as whom.")
    given = parser.parse_args()
    header = "people | strangers | " + " | ".join(f"named, {rate:.1%} asked | cast named" for rate in RATES)
    if given.people:
        table("Drawn people (%)", header, drawn_rows(given.people))
    if given.cache:
        train, test = (lfw_side(given.photos, given.cache, side) for side in ("Train", "Test"))
        table("LFW, halves of DevTrain (%)", header, half_rows(train, given.who))
        background = Background.fit(train.embeddings, np.unique(train.names, return_inverse=True)[1])
        table("LFW, DevTest (%)", header, lfw_rows(test, background, (10, 100, 480), given.who))
        beyond = cut_rows(train.embeddings, test.embeddings)
        table("Pairs of a face of DevTest and one of DevTrain beyond the cut", "faces | expected | found", beyond)
    if given.faces:
        table("Drawn archives", "faces | cut | somebody is found like a stranger (%)", archive_rows(given.faces))


def drawn_rows(sizes: list[int]) -> Iterator[str]:
    for n_people in sizes:
        rounds = max(1, min(20, CASTS // n_people))
        cells = []
        for rate in RATES:
            named, right = [], []
            for seed in range(rounds):
                rng = np.random.default_rng(seed)
                faces = draw(n_people * (MOST_KNOWN + 1), MOST_KNOWN + 1, seed=1000 + seed)
                place = np.arange(len(faces.person)) % (MOST_KNOWN + 1)
                known = place < rng.integers(1, MOST_KNOWN + 1, n_people)[faces.person]
                gallery = fit(faces.embeddings[known], faces.person[known], default_background(), rate)
                asked = rng.permutation(np.flatnonzero(place == MOST_KNOWN))[: ASKED // rounds]
                strangers = draw(ASKED // rounds * 2, 2, seed=2000 + seed).embeddings[::2]
                named.append(float((names(gallery, strangers) >= 0).mean()))
                right.append(float((names(gallery, faces.embeddings[asked]) == faces.person[asked]).mean()))
            cells += [f"{np.mean(named):.3%}", f"{np.mean(right):.1%}"]
        yield " | ".join([f"{n_people:,}", f"{ASKED:,}", *cells])


def half_rows(train: Embedded, who: bool) -> Iterator[str]:
    people = np.random.default_rng(0).permutation(np.unique(train.names))
    for half in (people[::2], people[1::2]):
        known, asked = (train.only(np.isin(train.names, some)) for some in (half, np.setdiff1d(people, half)))
        background = Background.fit(known.embeddings, np.unique(known.names, return_inverse=True)[1])
        yield from lfw_rows(asked, background, (10, 100, 530), who)


def lfw_rows(faces: Embedded, background: Background, sizes: tuple[int, ...], who: bool) -> Iterator[str]:
    """Casts of so many people; who has one photo only is known by it."""
    everybody, person = np.unique(faces.names, return_inverse=True)
    for n_people in sizes:
        cells = []
        for rate in RATES:
            named, right, confused = [], [], Counter[tuple[str, str]]()
            for seed in range(LFW_DRAWS):
                rng = np.random.default_rng(seed)
                cast = rng.permutation(len(everybody))[:n_people]
                order = rng.permutation(len(person))
                place = np.empty(len(person), int)  # of each photo among its person's
                for one in range(len(everybody)):
                    mine = order[person[order] == one]
                    place[mine] = np.arange(len(mine))
                most = np.minimum(rng.integers(1, MOST_KNOWN + 1, len(everybody)), np.bincount(person) - 1).clip(1)
                in_cast = np.isin(person, cast)
                known = np.flatnonzero(in_cast & (place < most[person]))
                number = np.full(len(everybody), -1)
                number[cast] = np.arange(n_people)
                gallery = fit(faces.embeddings[known], number[person[known]], background, rate)
                asked = np.setdiff1d(np.flatnonzero(in_cast), known)
                said = names(gallery, faces.embeddings[~in_cast])
                named.append(float((said >= 0).mean()))
                files, calls = faces.files[~in_cast][said >= 0], everybody[cast][said[said >= 0]]
                confused.update(zip(files.tolist(), calls.tolist(), strict=True))
                right.append(float((names(gallery, faces.embeddings[asked]) == number[person[asked]]).mean()))
            for (file, name), count in confused.most_common() if who else ():
                print(f"{n_people} people, {rate:.1%}: {file} is called {name}, {count} times", file=sys.stderr)
            cells += [f"{np.mean(named):.3%}", f"{np.nanmean(right):.1%}"]
        strangers = len(everybody) - n_people
        yield " | ".join([f"{n_people:,}", f"{strangers:,} people, {LFW_DRAWS} casts", *cells])


def cut_rows(train: np.ndarray, test: np.ndarray) -> Iterator[str]:
    products = test @ train.T
    for n_faces in (3_000, 10_000, 100_000, 1_000_000):
        cut = Cut.choose(default_background(), n_faces)
        expected = min(STRANGERS / n_faces, COMMONEST) * products.size
        yield f"{n_faces:,} | {expected:.1f} | {(products >= cut.cosine).sum()}"


def archive_rows(sizes: list[int]) -> Iterator[str]:
    for n_faces in sizes:
        searcher = CodedSearcher.build(
            np.concatenate(
                [
                    draw(min(250_000, n_faces - i), seed=i).embeddings.astype(np.float16)
                    for i in range(0, n_faces, 250_000)
                ]
            )
        )
        cut = Cut.choose(default_background(), n_faces).cosine
        strangers = draw(20_000, 2, seed=999).embeddings[:4000:2]
        found = np.concatenate([searcher.nearest(some, 1)[0][:, 0] for some in np.array_split(strangers, 20)])
        yield f"{n_faces:,} | {cut:.3f} | {(found >= cut).mean():.1%}"


def fit(embeddings: np.ndarray, person: np.ndarray, background: Background, rate: float) -> Gallery:
    people, ids = [str(i) for i in range(person.max() + 1)], [str(i) for i in range(len(person))]
    return Gallery.fit(people, embeddings, person, ids, stranger_rate=rate, background=background)


def names(gallery: Gallery, embeddings: np.ndarray) -> np.ndarray:
    """Who each is named, or -1: as `Gallery.answer` says, without probabilities of a hundred thousand people."""
    step = max(1, BLOCK // len(gallery.people))
    named = []
    for first in range(0, len(embeddings), step):
        scores = gallery.scores(embeddings[first : first + step])
        best = scores.argmax(axis=1)
        named.append(np.where(scores.max(axis=1) > gallery.thresholds_[best], best, -1))
    return np.concatenate(named)


if __name__ == "__main__":
    main()
