"""Folders that are one person, and a folder that is two."""

from __future__ import annotations

import numpy as np

from castlist.checks.likeness import STRANGERS, measure_likeness, sum_rows, write_alike
from castlist.gallery import Background, Knowledge

CHANCE = 1.5  # times the logarithm of the number of pairs: a score above which folders aren't alike by chance
MIN_SIDE = 3  # photos, and
MIN_SHARE = 0.05  # share of a folder, that a second person in it must have to be told apart from stray wrong names
# The likeness of two sides of a folder below which they are two people, not one: one's photos have 6.3, others' 0.
APART = 4.0
_BLOCK = 50  # people compared with all at once; bounds the memory


def find_one_person(embeddings: np.ndarray, person: np.ndarray, background: Background) -> list[tuple[int, int]]:
    """Find pairs of people who seem to be one: most faces of either fit the other."""
    placed = background.place(embeddings)
    n_people = int(person.max()) + 1
    sums, counts = sum_rows(placed, person, n_people)
    known = Knowledge.from_sums(background.between, sums, counts)
    fits = np.full((n_people, n_people), -np.inf)  # the median face of the first with the second
    for start in range(0, n_people, _BLOCK):
        rows = np.flatnonzero((person >= start) & (person < start + _BLOCK))
        scores = known.scores(placed[rows])
        for index in np.unique(person[rows]):
            fits[index] = np.median(scores[person[rows] == index], axis=0)
    # Of very many pairs some are alike by chance.
    both = np.minimum(fits, fits.T) > CHANCE * np.log(max(n_people * (n_people - 1) / 2, 1))
    return [(int(a), int(b)) for a, b in np.argwhere(np.triu(both, 1))]


def find_two_people(embeddings: np.ndarray, background: Background) -> np.ndarray | None:
    """Find a second person among the faces of one folder.

    Args:
        embeddings: Shape (n, values), float32, L2 norm 1.
        background: Of faces in general.

    Returns:
        Shape (n,), bool: the faces of the smaller side; None where all seem to be one person.
    """
    placed = background.place(embeddings)
    least = max(MIN_SIDE, round(MIN_SHARE * len(placed)))
    if len(placed) < 2 * least:
        return None
    # The direction in which a folder of two people differs most parts them, however many photos each has.
    centered = placed - placed.mean(axis=0)
    along = centered @ np.linalg.svd(centered, full_matrices=False)[2][0]
    second = along > (along.max() + along.min()) / 2
    for _ in range(10):
        if not second.any() or second.all():  # at once where all are the same photo
            return None
        centers = [placed[~second].mean(axis=0), placed[second].mean(axis=0)]
        away = [((placed - center) ** 2).sum(axis=1) for center in centers]
        moved = away[1] < away[0]
        if (moved == second).all():
            break
        second = moved
    if second.sum() > len(second) / 2:
        second = ~second
    if second.sum() < least:
        return None
    photos, strangers = (
        write_alike(some, background.between) for some in (placed, background.kinds.draw(STRANGERS)[0])
    )
    to_first, to_second = (
        measure_likeness(photos, np.arange(len(photos)), side, strangers)[0] for side in (~second, second)
    )
    if max(np.median(to_first[second]), np.median(to_second[~second])) > APART:
        return None
    # Stray photos of several people are like nobody, not like each other.
    return np.asarray(second) if np.median(to_second[second]) > APART else None
