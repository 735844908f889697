"""How like a photo is to a folder, measured against what strangers reach there."""

from __future__ import annotations

import numpy as np

from castlist.gallery import EVIDENCE, WRONG_NAMES, Background, Knowledge

STRANGERS = 3000  # drawn, to know what likeness means nothing
CLOSEST = 3  # photos of a folder that a photo is compared with: they bear a change of looks, and one more wrong name
NOTHING = -1  # is left out
FEW = 8  # photos in a folder, up to which leaving one out changes what strangers reach
_BLOCK = 4_000_000  # scores at once; bounds the memory


def write_alike(placed: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Write photos so that products of matrices compare them, each pair being a folder of one and a photo.

    Args:
        placed: Shape (n, axes).
        between: Shape (axes,).

    Returns:
        Shape (n, axes + 2), float32. One row times another, whose last two values are swapped, is their score, as
        `Knowledge.scores` has it.
    """
    alike = placed * np.sqrt(between / (1 + 2 * between))
    constant = (np.log1p(between) - np.log1p(between / (1 + between))).sum() / 4
    own = constant - placed**2 @ (between**2 / ((1 + between) * (1 + 2 * between))) / 2
    return np.column_stack([alike, own, np.ones(len(placed))]).astype(np.float32)


def measure_likeness(
    photos: np.ndarray, group: np.ndarray, members: np.ndarray, strangers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How like each photo is to a folder without its copies, in standard deviations of strangers' likeness to it.

    Args:
        photos: Shape (n, axes + 2), as `write_alike` gives them.
        group: Shape (n,), int; copies of one photo share a number.
        members: Shape (n,), bool; which photos the folder is.
        strangers: Shape (m, axes + 2); drawn from faces in general.

    Returns:
        The likenesses and with how many photos each was compared, shape (n,) each; 0 and 0 where there is no other.
    """
    rows = np.flatnonzero(members)
    if not len(rows):
        return np.zeros(len(photos)), np.zeros(len(photos), np.int64)
    rows = rows[np.argsort(group[rows], kind="stable")]
    groups, starts = np.unique(group[rows], return_index=True)
    scores, whose = _closest(photos, photos[rows], starts)
    null, null_whose = _closest(strangers, photos[rows], starts)
    place = np.searchsorted(groups, group).clip(max=len(groups) - 1)
    mine = np.where(groups[place] == group, place, NOTHING)  # which of the folder's pictures each photo is
    means, witnesses = _mean_without(scores, whose, mine)
    reached, _ = _mean_without(null, null_whose, NOTHING)
    likeness = (means - reached.mean()) / reached.std()
    for left_out in np.unique(mine[mine != NOTHING]) if 1 < len(groups) <= FEW else ():
        some = mine == left_out
        reached, _ = _mean_without(null, null_whose, left_out)
        likeness[some] = (means[some] - reached.mean()) / reached.std()
    return np.where(witnesses > 0, likeness, 0), witnesses


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
    rest = Knowledge.from_sums(between, sums[person] - copy_sums[copies], counts[person] - copy_counts[copies])
    known, excluded = Knowledge.from_sums(between, sums, counts), excluded | np.eye(n_people, dtype=bool)
    best = [
        np.where(excluded[person[some]], -np.inf, known.scores(placed[some])).max(axis=1)
        for some in np.array_split(np.arange(len(person)), len(person) * n_people // _BLOCK + 1)
    ]
    odds = np.log(WRONG_NAMES / (1 - WRONG_NAMES) / max(n_people - 1, 1))
    return np.asarray(EVIDENCE * (np.concatenate(best) - rest.own_scores(placed)) + odds < 0)


def sum_rows(placed: np.ndarray, index: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The sum of the rows of each index, shape (n, axes), and how many these are."""
    sums = np.zeros((n, placed.shape[1]))
    np.add.at(sums, index, placed)
    return sums, np.bincount(index, minlength=n)


def _closest(photos: np.ndarray, folder: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The scores with the closest pictures of a folder, one more than are needed, and which these are: (k, n) each.

    Args:
        photos: Shape (n, axes + 2), as `write_alike` gives them.
        folder: Shape (m, axes + 2); copies of one picture lie together.
        starts: Where each picture begins; of its copies the closest counts.
    """
    other = np.hstack([folder[:, :-2], folder[:, :-3:-1]])
    kept = min(CLOSEST + 1, len(starts))
    step = max(1, _BLOCK // len(folder))
    scores, whose = [], []
    for start in range(0, len(photos), step):
        alike = np.maximum.reduceat(other @ photos[start : start + step].T, starts, axis=0)
        best = np.broadcast_to(np.arange(kept)[:, None], alike.shape) if kept == len(starts) else _highest(alike, kept)
        scores.append(np.take_along_axis(alike, best, axis=0))
        whose.append(best)
    return np.hstack(scores), np.hstack(whose)


def _highest(values: np.ndarray, count: int) -> np.ndarray:
    """Where the highest values of each column are, shape (count, columns)."""
    return np.argpartition(-values, count - 1, axis=0)[:count]


def _mean_without(scores: np.ndarray, whose: np.ndarray, left_out: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each column's CLOSEST best scores, one picture left out, and of how many scores it is."""
    usable = whose != left_out
    count = usable.sum(axis=0)
    total = np.where(usable, scores, 0).sum(axis=0)
    total -= np.where(count > CLOSEST, scores.min(axis=0), 0)
    count = np.minimum(count, CLOSEST)
    return total / np.maximum(count, 1), count
