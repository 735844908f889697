"""Names that are probably wrong, told from the faces.

A photo's likeness to a folder is measured against what strangers reach there, drawn from the statistics of faces in
general: so a likeness means the same for every folder, however many and however varied its photos are. How like photos
are that are named rightly, and how many aren't, is estimated from the photos themselves; so is how like one person's
photos usually are to another's folder, as two of one kind are taken for each other more easily.

Source: the two-groups model of large-scale testing with an estimated null share, Efron 2008; the likeness of two photos
is the likelihood ratio of the two-covariance model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from castlist.checks.likeness import STRANGERS, fits_best, measure_likeness, write_alike
from castlist.gallery import NOBODY, WRONG_NAMES, Background

# What is expected before anything is seen. The likeness is of LFW's DevTrain people, in standard deviations of
# strangers' likeness to the same folder; the same for two photos as for eight.
RIGHT = (6.30, 0.90)  # likeness of photos under the right name: middle and spread
HEAVY = 12.0  # degrees of freedom of Student's t; LFW fits 12 to 50 alike, and photos of other kinds are less even
DOUBLES = 1e-3  # of strangers, who are as like somebody as the person's own photos
KINSHIP, SCATTER = 0.71, 0.47  # of people's likeness to somebody else's folder: among people, among photos of one
CANDIDATES = 5  # other people that a photo may be of, the most alike ones
OUTSIDE = 0.5  # of the wrong names, whose photos are of nobody in the cast
WEIGHT = 50  # photos that this expectation counts for
ROUNDS = 4  # of judging; who is judged wrong no longer vouches for others
STEPS = 20  # of expectation and maximization in a round


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
    picture = np.unique(group * n_people + person, return_inverse=True)[1]
    photos, strangers = (
        write_alike(some, background.between) for some in (placed, background.kinds.draw(STRANGERS)[0])
    )
    likeness = np.zeros((len(person), n_people), np.float32)
    witnesses = np.zeros(likeness.shape, np.int8)
    trusted = fits_best(placed, person, group, background, excluded)
    changed = np.arange(n_people)
    for _ in range(ROUNDS):
        for index in changed.tolist():
            folder = (person == index) & trusted
            likeness[:, index], witnesses[:, index] = measure_likeness(photos, group, folder, strangers)
        evidence = _gather(likeness, witnesses, person, picture, trusted, excluded)
        right, rather = _estimate(evidence, n_people, poor)
        # Of two photos that disagree neither is known to be the wrong one.
        doubtful = np.bincount(person, right, n_people) < np.bincount(person, minlength=n_people) / 2
        before, trusted = trusted, (right >= 0.5) | doubtful[person]
        changed = np.unique(person[before != trusted])
        if not len(changed):
            break
    best = rather.argmax(axis=1)
    answers = np.hstack([evidence.others, np.full((len(person), 1), NOBODY)])
    rows = np.arange(len(person))
    return NameJudgement(right, answers[rows, best], rather[rows, best])


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What is known of each photo and of the people it may be rather; likenesses as `measure_likeness` gives them."""

    own: np.ndarray  # (n,); likeness to the own folder
    own_witnesses: np.ndarray  # (n,); with how many photos it was compared there
    others: np.ndarray  # (n, k), int64; the candidates
    likeness: np.ndarray  # (n, k); to theirs
    witnesses: np.ndarray  # (n, k)
    usual: np.ndarray  # (n, k); what the other photos of the own folder reach there
    usual_spread: np.ndarray  # (n, k)
    back: np.ndarray  # (n, k); what their photos reach in the own folder
    back_spread: np.ndarray  # (n, k)


def _gather(
    likeness: np.ndarray,
    witnesses: np.ndarray,
    person: np.ndarray,
    picture: np.ndarray,
    trusted: np.ndarray,
    excluded: np.ndarray,
) -> _Evidence:
    """Reduce likenesses to all folders, shape (n, people), to those that matter for each photo."""
    n_people = likeness.shape[1]
    rows = np.arange(len(person))
    kept = min(CANDIDATES, n_people - 1)
    others = np.zeros((len(person), kept), np.int64)
    sums, counts = np.zeros((n_people, n_people)), np.zeros(n_people)
    for index in range(n_people):
        mine = person == index
        alike = np.where(excluded[index] | (np.arange(n_people) == index), -np.inf, likeness[mine])
        others[mine] = np.argpartition(-alike, kept - 1, axis=1)[:, :kept] if kept else 0
        sums[index], counts[index] = likeness[mine & trusted].sum(axis=0), (mine & trusted).sum()
    there = likeness[rows[:, None], others].astype(np.float64)
    # A photo says nothing of what is usual for itself; its copies are as like as it is.
    own_copies = np.bincount(picture, trusted)[picture]
    rest = (counts[person] - own_copies)[:, None]
    pull = (SCATTER / KINSHIP) ** 2  # towards a stranger's 0, in photos
    usual = (sums[person[:, None], others] - own_copies[:, None] * there) / (rest + pull)
    back = sums[others, person[:, None]] / (counts[others] + pull)
    residuals = np.abs(there - usual)[(rest[:, 0] > 1) & trusted]
    scatter = max(SCATTER, 1.4826 * float(np.median(residuals))) if residuals.size else SCATTER

    def spread(count: np.ndarray) -> np.ndarray:
        return np.asarray(scatter * np.sqrt(1 + 1 / (count + pull)))

    own = likeness[rows, person].astype(np.float64)
    return _Evidence(
        own,
        witnesses[rows, person].astype(np.int64),
        np.where(excluded[person[:, None], others], NOBODY, others),
        there,
        witnesses[rows[:, None], others].astype(np.int64),
        usual,
        spread(np.broadcast_to(rest, usual.shape)),
        back,
        spread(counts[others]),
    )


def _estimate(known: _Evidence, n_people: int, poor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How probably each name is right, shape (n,), and it is rather each candidate or nobody, shape (n, k + 1)."""
    n = len(known.own)
    middle, spread = RIGHT
    wrong, outside = WRONG_NAMES, OUTSIDE
    seen = known.own_witnesses > 0
    stranger = _density_of_strangers(known.own)
    back = _density(known.own[:, None], known.back, known.back_spread)
    usual = _density(known.likeness, known.usual, known.usual_spread)
    for _ in range(STEPS):
        own = _density(known.own, middle, spread)
        # A stranger is as like somebody as strangers are or, rarely, as a double.
        somebody = (1 - DOUBLES) * stranger + DOUBLES * own
        right_ratio = _witnessed(own / somebody, known.own_witnesses, wrong)
        back_ratio = np.where(seen[:, None], back / somebody[:, None], 1.0)
        theirs = _density(known.likeness, middle, spread)
        # Somebody of the own folder is as like theirs as is usual for it or, again, as a double.
        instead = (1 - DOUBLES) * usual + DOUBLES * theirs
        rather_ratio = _witnessed(theirs / instead, known.witnesses, wrong) * back_ratio
        each = wrong * (1 - outside) / max(n_people - 1, 1) * (known.others != NOBODY)
        nobody = np.where(poor, 0.0, wrong * outside)
        doubt = (each * rather_ratio).sum(axis=1) + nobody
        right = (1 - wrong) * right_ratio / ((1 - wrong) * right_ratio + doubt)
        # Whose it is instead: nobody of the cast is as like theirs as any stranger.
        anybody = (1 - DOUBLES) * _density_of_strangers(known.likeness) + DOUBLES * theirs
        whose = np.hstack([each * _witnessed(theirs / anybody, known.witnesses, wrong) * back_ratio, nobody[:, None]])
        rather = (1 - right)[:, None] * whose / np.maximum(whose.sum(axis=1, keepdims=True), 1e-300)
        # A far value weighs little in Student's t, so that a few don't draw the middle.
        weight = (right * (HEAVY + 1) / (HEAVY + ((known.own - middle) / spread) ** 2))[seen]
        middle = (WEIGHT * RIGHT[0] + weight @ known.own[seen]) / (WEIGHT + weight.sum())
        scatter = WEIGHT * RIGHT[1] ** 2 + weight @ (known.own[seen] - middle) ** 2
        spread = float(np.sqrt(scatter / (WEIGHT + right[seen].sum())))
        wrong_sum = n - right.sum()
        wrong = (WEIGHT * WRONG_NAMES + wrong_sum) / (WEIGHT + n)
        outside = (WEIGHT * WRONG_NAMES * OUTSIDE + rather[:, -1].sum()) / (WEIGHT * WRONG_NAMES + wrong_sum)
    return right, rather


def _density(values: np.ndarray, middle: np.ndarray | float, spread: np.ndarray | float) -> np.ndarray:
    """Student's t with HEAVY degrees of freedom."""
    constant = math.gamma((HEAVY + 1) / 2) / math.gamma(HEAVY / 2) / math.sqrt(HEAVY * math.pi)
    return np.asarray(constant / spread * (1 + ((values - middle) / spread) ** 2 / HEAVY) ** (-(HEAVY + 1) / 2))


def _density_of_strangers(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-(values**2) / 2) / math.sqrt(2 * math.pi))


def _witnessed(ratio: np.ndarray, witnesses: np.ndarray, wrong: float) -> np.ndarray:
    """The photos it was compared with may all be wrong themselves, and then say nothing; of two, easily."""
    silent = wrong**witnesses
    return np.asarray((1 - silent) * ratio + silent)
