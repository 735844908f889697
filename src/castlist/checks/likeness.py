"""How like a photo is to a folder, measured against what strangers reach there."""

from __future__ import annotations

import numpy as np

from castlist.gallery import Background
from castlist.gallery.fitting import EVIDENCE, WRONG_NAMES
from castlist.gallery.people import People

STRANGERS = 3000  # drawn, to know what likeness means nothing
CLOSEST = 3  # photos of a folder that a photo is compared with: they bear a change of looks, and one more wrong name
FEW = 8  # photos in a folder, up to which leaving one out changes what strangers reach
_BLOCK = 1000  # photos compared at once; bounds the memory


def measure_likeness(
    placed: np.ndarray, group: np.ndarray, members: np.ndarray, strangers: np.ndarray, between: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How like each photo is to a folder without its copies, in standard deviations of strangers' likeness to it.

    Args:
        placed: Shape (n, axes).
        group: Shape (n,), int; copies of one photo share a number.
        members: Shape (n,), bool; which photos the folder is.
        strangers: Shape (m, axes); drawn from faces in general.
        between: Shape (axes,).

    Returns:
        The likenesses and with how many photos each was compared, shape (n,) each; 0 and 0 where there is no other.
    """
    likeness, witnesses = np.zeros(len(placed)), np.zeros(len(placed), np.int64)
    rows = np.flatnonzero(members)
    if not len(rows):
        return likeness, witnesses
    rows = rows[np.argsort(group[rows], kind="stable")]
    groups, starts = np.unique(group[rows], return_index=True)
    scores, whose = _closest(placed, placed[rows], starts, between)
    null, null_whose = _closest(strangers, placed[rows], starts, between)
    place = np.searchsorted(groups, group).clip(max=len(groups) - 1)
    mine = np.where(groups[place] == group, place, -1)  # which of the folder's pictures each photo is
    means, witnesses = _mean_without(scores, whose, mine)
    for left_out in np.unique(mine) if len(groups) <= FEW else [-1]:
        some = (mine == left_out) | (len(groups) > FEW)
        reached, _ = _mean_without(null, null_whose, left_out)
        if witnesses[some].any():
            likeness[some] = (means[some] - reached.mean()) / reached.std()
    return likeness, witnesses


def fits_best(
    placed: np.ndarray, person: np.ndarray, group: np.ndarray, background: Background, excluded: np.ndarray
) -> np.ndarray:
    """Whether each photo fits no other whole folder plainly better than its own: shape (n,), bool.

    Several photos of one person in another's folder are close to each other, not to the folder as a whole.
    """
    n_people = int(person.max()) + 1
    sums, counts = sum_rows(placed, person, n_people)
    copies = np.unique(group * n_people + person, return_inverse=True)[1]
    copy_sums, copy_counts = sum_rows(placed, copies, int(copies.max()) + 1)
    between = background.between
    rest = People.from_sums(between, sums[person] - copy_sums[copies], counts[person] - copy_counts[copies])
    scores = People.from_sums(between, sums, counts).scores(placed)
    scores[np.arange(len(person)), person] = -np.inf
    scores[excluded[person]] = -np.inf
    odds = np.log(WRONG_NAMES / (1 - WRONG_NAMES) / max(n_people - 1, 1))
    return np.asarray(EVIDENCE * (scores.max(axis=1) - rest.own_scores(placed)) + odds < 0)


def sum_rows(placed: np.ndarray, index: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The sum of the rows of each index, shape (n, axes), and how many these are."""
    sums = np.zeros((n, placed.shape[1]))
    np.add.at(sums, index, placed)
    return sums, np.bincount(index, minlength=n)


def _closest(
    placed: np.ndarray, folder: np.ndarray, starts: np.ndarray, between: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The scores with the closest pictures of a folder, one more than are needed, and which these are: (n, k) each.

    Args:
        placed: Shape (n, axes).
        folder: Shape (m, axes); copies of one picture lie together.
        starts: Where each picture begins; of its copies the closest counts.
        between: Shape (axes,).
    """
    each = People.from_sums(between, folder, np.ones(len(folder)))
    kept = min(CLOSEST + 1, len(starts))
    scores, whose = [], []
    for start in range(0, len(placed), _BLOCK):
        alike = np.maximum.reduceat(each.scores(placed[start : start + _BLOCK]), starts, axis=1)
        best = np.argpartition(-alike, kept - 1, axis=1)[:, :kept]
        scores.append(np.take_along_axis(alike, best, axis=1))
        whose.append(best)
    return np.concatenate(scores), np.concatenate(whose)


def _mean_without(scores: np.ndarray, whose: np.ndarray, left_out: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each row's CLOSEST best scores, one picture left out, and of how many scores it is."""
    usable = whose != np.reshape(left_out, (-1, 1))
    ranked = -np.sort(-np.where(usable, scores, -np.inf), axis=1)
    count = np.minimum(usable.sum(axis=1), CLOSEST)
    used = np.arange(ranked.shape[1]) < count[:, None]
    return np.where(used, ranked, 0).sum(axis=1) / np.maximum(count, 1), count
