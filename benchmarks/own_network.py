"""A network of a user's own, with statistics of faces in general fitted for it and without: names and strangers.

SFace's vectors stand for those of a network of which nothing is known; turned at random into 512 values, and with 128
bent ones beside them into 256. avengers7: 360 photos asked, whole groups of copies, all others known; strangers:
`strangers/`. With a background: of LFW's DevTrain people. On casts of DevTrain people the constants were set.

python benchmarks/own_network.py [--cache FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from castlist.embeddings import normalize
from castlist.gallery import Background, Gallery
from fit_background import PHOTOS, ROOT, Embedded, embed_folder, lfw_side
from strangers import lfw_task, load_heroes, named_share, percent

ASKED = 360
DRAWS = 8  # of casts


def seen_by(network: str, vectors: np.ndarray) -> np.ndarray:
    """SFace's vectors as another network might give them."""
    rng = np.random.default_rng(1)
    if network == "512 values":
        vectors = vectors @ rng.standard_normal((128, 512))
    elif network == "256 values":
        vectors = np.hstack([vectors, np.tanh(3 * vectors @ rng.standard_normal((128, 128))) / 2])
    return normalize(vectors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "embeddings")
    given = parser.parse_args()
    train = lfw_side(given.photos, given.cache, "Train")
    strangers = embed_folder(given.photos / "strangers", given.cache).embeddings
    heroes = load_heroes(given.photos, given.cache)
    held: list[int] = []
    for group in np.random.default_rng(0).permutation(np.unique(heroes.group)).tolist():
        if len(held) < ASKED:
            held += np.flatnonzero(heroes.group == group).tolist()
    known = np.setdiff1d(np.arange(len(heroes.person)), held)
    for network in ("SFace", "512 values", "256 values"):
        people = Embedded(train.files, train.names, seen_by(network, train.embeddings), train.faceless)
        fitted = Background.fit(people.embeddings, np.unique(people.names, return_inverse=True)[1])
        vectors, others = (seen_by(network, some) for some in (heroes.faces.embeddings, strangers))
        for title, background in (("without", None), ("with", fitted)):
            ids, is_own = [str(i) for i in known.tolist()], background is None
            gallery = Gallery.fit(
                heroes.people,
                vectors[known],
                heroes.person[known],
                ids,
                background=background,
                own_background=is_own,
            )
            right = float((gallery.answer(vectors[held]).named == heroes.person[held]).mean())
            print(
                f"{network} | {title} | {percent([right])} | {percent([named_share(gallery, others)], 2)}", flush=True
            )
        for n_people in (2, 7, 20, 50):
            named, rights = [], []
            for seed in range(DRAWS):
                task, unknown = lfw_task(people, n_people, np.random.default_rng(seed))
                ids = [str(i) for i in range(len(task.known))]
                gallery = Gallery.fit(task.people, task.known, task.known_person, ids, own_background=True)
                named.append(named_share(gallery, unknown))
                rights.append(float((gallery.answer(task.asked).named == task.asked_person).mean()))
            print(f"{network} | cast of {n_people} | {percent(rights)} | {percent(named, 2)}", flush=True)


if __name__ == "__main__":
    main()
