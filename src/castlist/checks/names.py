"""Names that are probably wrong, told from the faces.

A photo's likeness to a folder is measured against what strangers reach there, drawn from the statistics of faces in
general: so a likeness means the same for every folder, however many and however varied its photos are. How like photos
are that are named rightly, and how many aren't, is estimated from the photos themselves.

Source: the two-groups model of large-scale testing with an estimated null share, Efron 2008; the likeness of two photos
is the likelihood ratio of the two-covariance model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from castlist.gallery import Background
from castlist.gallery.fitting import EVIDENCE, WRONG_NAMES
from castlist.gallery.people import People

NOBODY = -1
CLOSEST = 3  # photos of a folder that a photo is compared with: they bear a change of looks, and one more wrong name
STRANGERS = 3000  # drawn, to know what likeness means nothing
FEW = 8  # photos in a folder, up to which leaving one out changes what strangers reach

# What is expected before anything is seen. The likeness is of LFW's DevTrain people, in standard deviations of
# strangers' likeness to the same folder; the same for two photos as for eight.
RIGHT = (3.45, 0.53)  # likeness of photos under the right name: middle and spread
HEAVY = 12.0  # degrees of freedom of Student's t; LFW fits 12 to 50 alike, and photos of other kinds are less even
DOUBLES = 1e-3  # of strangers, who are as like somebody as the person's own photos
OUTSIDE = 0.5  # of these, whose are of nobody in the cast
WEIGHT = 50  # photos that this expectation counts for
ROUNDS = 4  # of judging; who is judged wrong no longer vouches for others
STEPS = 20  # of expectation and maximization in a round

ALIKE = 0.0  # score from which two sets of faces are one person rather than two
MIN_SIDE = 3  # photos, and
MIN_SHARE = 0.15  # share of a folder, that a second person in it must have to be told apart from stray wrong names
_BLOCK = 1000  # photos compared at once; bounds the memory


@dataclass(frozen=True, eq=False)
class NameJudgement:
    """What the faces say of the names of n photos."""

    right: np.ndarray  # (n,), float64; how probably each name is right
    rather: np.ndarray  # (n,), int64; the likeliest other person, or NOBODY
    rather_probability: np.ndarray  # (n,), float64; how probably it is that one


def judge_names(
    embeddings: np.ndarray,
    person: np.ndarray,
    group: np.ndarray,
    background: Background,
    *,
    same: list[tuple[int, int]] | None = None,
    poor: np.ndarray | None = None,
) -> NameJudgement:
    """Judge each photo's name by the other photos.

    Args:
        embeddings: Shape (n, values), float32, L2 norm 1.
        person: Shape (n,), int; whose folder each is in.
        group: Shape (n,), int; copies of one photo share a number, and say nothing for each other.
        background: Of faces in general.
        same: Pairs of people who seem to be one; neither counts as another name for the other.
        poor: Shape (n,), bool; faces too poor to be told from a stranger's. They can be somebody else's in the cast,
            never nobody's.
    """
    placed = background.place(embeddings)
    n_people = int(person.max()) + 1
    excluded = np.zeros((n_people, n_people), bool)
    for a, b in same or ():
        excluded[a, b] = excluded[b, a] = True
    poor = np.zeros(len(person), bool) if poor is None else poor
    trusted = _fits_best(placed, person, group, background, excluded)
    for _ in range(ROUNDS):
        likeness, witnesses = _likeness(placed, person, group, trusted, background)
        shares = _estimate(likeness, witnesses, person, excluded, poor)
        right = shares[np.arange(len(person)), person]
        # Of two photos that disagree neither is known to be the wrong one.
        doubtful = np.bincount(person, right, n_people) < np.bincount(person, minlength=n_people) / 2
        before, trusted = trusted, (right >= 0.5) | doubtful[person]
        if (before == trusted).all():
            break
    others = shares.copy()
    others[np.arange(len(person)), person] = -1
    best = others.argmax(axis=1)
    return NameJudgement(right, np.where(best == n_people, NOBODY, best), others[np.arange(len(person)), best])


def find_one_person(embeddings: np.ndarray, person: np.ndarray, background: Background) -> list[tuple[int, int]]:
    """Find pairs of people who seem to be one: most faces of either fit the other."""
    placed = background.place(embeddings)
    n_people = int(person.max()) + 1
    sums, counts = _sums(placed, person, n_people)
    known = People.from_sums(background.between, sums, counts)
    fits = np.full((n_people, n_people), -np.inf)  # the median face of the first with the second
    for index in np.unique(person):
        fits[index] = np.median(known.scores(placed[person == index]), axis=0)
    both = np.minimum(fits, fits.T) > ALIKE
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
        centers = [placed[~second].mean(axis=0), placed[second].mean(axis=0)]
        away = [((placed - center) ** 2).sum(axis=1) for center in centers]
        moved = away[1] < away[0]
        if (moved == second).all():
            break
        second = moved
        if not second.any() or second.all():
            return None
    if second.sum() > len(second) / 2:
        second = ~second
    if second.sum() < least:
        return None
    sums, counts = _sums(placed, second.astype(np.int64), 2)
    scores = People.from_sums(background.between, sums, counts).scores(placed)
    if np.median(scores[second, 0]) > ALIKE or np.median(scores[~second, 1]) > ALIKE:
        return None
    return np.asarray(second)


def _estimate(
    likeness: np.ndarray, witnesses: np.ndarray, person: np.ndarray, excluded: np.ndarray, poor: np.ndarray
) -> np.ndarray:
    """How probably each photo is of each person or, in the last column, of nobody: shape (n, people + 1)."""
    n, n_people = likeness.shape
    rows = np.arange(n)
    middle, spread = RIGHT
    wrong, outside = WRONG_NAMES, OUTSIDE
    own = likeness[rows, person]
    seen = witnesses[rows, person] > 0
    for _ in range(STEPS):
        evidence = _evidence(likeness, middle, spread)
        # The photos it was compared with may all be wrong themselves, and then say nothing; of two, easily.
        speak = np.log(np.maximum(1 - wrong**witnesses, 1e-300))
        evidence = np.logaddexp(speak + evidence, witnesses * np.log(wrong))
        logs = np.zeros((n, n_people + 1))
        logs[:, :-1] = evidence + np.log(wrong * (1 - outside) / max(n_people - 1, 1))
        logs[:, :-1][excluded[person]] = -np.inf
        logs[rows, person] = evidence[rows, person] + np.log(1 - wrong)
        logs[:, -1] = np.where(poor, -np.inf, np.log(wrong * outside))
        powers = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares = powers / powers.sum(axis=1, keepdims=True)
        right = shares[rows, person]
        # A far value weighs little in Student's t, so that a few don't draw the middle.
        weight = (right * (HEAVY + 1) / (HEAVY + ((own - middle) / spread) ** 2))[seen]
        middle = (WEIGHT * RIGHT[0] + weight @ own[seen]) / (WEIGHT + weight.sum())
        scatter = WEIGHT * RIGHT[1] ** 2 + weight @ (own[seen] - middle) ** 2
        spread = float(np.sqrt(scatter / (WEIGHT + right[seen].sum())))
        nobody = shares[:, -1].sum()
        wrong_sum = n - right.sum()
        wrong = (WEIGHT * WRONG_NAMES + wrong_sum) / (WEIGHT + n)
        outside = (WEIGHT * WRONG_NAMES * OUTSIDE + nobody) / (WEIGHT * WRONG_NAMES + wrong_sum)
    return shares


def _evidence(likeness: np.ndarray, middle: float, spread: float) -> np.ndarray:
    """How much likelier a likeness is for the person's own photos than for strangers, as a logarithm."""
    away = (likeness - middle) / spread
    constant = math.gamma((HEAVY + 1) / 2) / math.gamma(HEAVY / 2) / math.sqrt(HEAVY * math.pi) / spread
    own = constant * (1 + away**2 / HEAVY) ** (-(HEAVY + 1) / 2)
    stranger = (1 - DOUBLES) * np.exp(-(likeness**2) / 2) / np.sqrt(2 * np.pi) + DOUBLES * own
    return np.asarray(np.log(own) - np.log(stranger))


def _fits_best(
    placed: np.ndarray, person: np.ndarray, group: np.ndarray, background: Background, excluded: np.ndarray
) -> np.ndarray:
    """Whether each photo fits no other whole folder plainly better than its own: shape (n,), bool.

    Several photos of one person in another's folder are close to each other, not to the folder as a whole.
    """
    n_people = int(person.max()) + 1
    sums, counts = _sums(placed, person, n_people)
    copies = np.unique(group * n_people + person, return_inverse=True)[1]
    copy_sums, copy_counts = _sums(placed, copies, int(copies.max()) + 1)
    between = background.between
    rest = People.from_sums(between, sums[person] - copy_sums[copies], counts[person] - copy_counts[copies])
    scores = People.from_sums(between, sums, counts).scores(placed)
    scores[np.arange(len(person)), person] = -np.inf
    scores[excluded[person]] = -np.inf
    odds = np.log(WRONG_NAMES * (1 - OUTSIDE) / max(n_people - 1, 1) / (1 - WRONG_NAMES))
    return np.asarray(EVIDENCE * (scores.max(axis=1) - rest.own_scores(placed)) + odds < 0)


def _likeness(
    placed: np.ndarray, person: np.ndarray, group: np.ndarray, trusted: np.ndarray, background: Background
) -> tuple[np.ndarray, np.ndarray]:
    """How like each photo is to each folder without its copies, in standard deviations of strangers.

    Returns:
        The likenesses and with how many photos each was compared, shape (n, people) each; 0 and 0 where a folder has no
        other photo.
    """
    strangers = background.kinds.draw(STRANGERS)
    likeness = np.zeros((len(placed), int(person.max()) + 1))
    witnesses = np.zeros(likeness.shape, np.int64)
    for index in range(likeness.shape[1]):
        rows = np.flatnonzero((person == index) & trusted)
        if not len(rows):
            continue
        rows = rows[np.argsort(group[rows], kind="stable")]
        groups, starts = np.unique(group[rows], return_index=True)
        folder = placed[rows]
        scores, whose = _closest(placed, folder, starts, background.between)
        null, null_whose = _closest(strangers, folder, starts, background.between)
        place = np.searchsorted(groups, group).clip(max=len(groups) - 1)
        mine = np.where(groups[place] == group, place, -1)  # which of the folder's pictures each photo is
        means, witnesses[:, index] = _mean_without(scores, whose, mine)
        for left_out in np.unique(mine) if len(groups) <= FEW else [-1]:
            some = (mine == left_out) | (len(groups) > FEW)
            reached, _ = _mean_without(null, null_whose, left_out)
            if witnesses[some, index].any():
                likeness[some, index] = (means[some] - reached.mean()) / reached.std()
    return likeness, witnesses


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


def _sums(placed: np.ndarray, index: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The sum of the rows of each index, shape (n, axes), and how many these are."""
    sums = np.zeros((n, placed.shape[1]))
    np.add.at(sums, index, placed)
    return sums, np.bincount(index, minlength=n)
