"""What a gallery learns from its photos: whose names to trust, where "unknown" begins, what a score is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.gallery.background import Background
from castlist.gallery.knowledge import Knowledge, add_up

WRONG_NAMES = 0.02  # share of photos expected in another person's folder
EVIDENCE = 0.2  # of a score; taken whole, every photo in bad light would count as somebody else's
ROUNDS = 4  # of judging which names are right

# Of strangers of somebody's own kind as many are taken for that person as for anybody else of theirs. With one
# threshold for all, most strangers named would be taken for people whose kind is rare in general, or much alike.
# Set on LFW's training people: where most of a cast are named, and of no kind of strangers many.
OWN_KIND = 0.003  # of them; a smaller share would come out of too few draws
SOFTNESS = 20.0  # of what is a person's own kind
TOP = 20  # only this part of the draws, those most like a person, is put in order,
FIRST_TOP = 100  # and first only this, which is enough for all but people of a rare kind
SPARSE = 16  # one of so many tells what the highest reach: to sort all out takes five times as long
BLOCK = 128  # people that the draws are compared with at once; bounds the memory

# How much oftener a face resembles somebody than the mixture says, measured between two halves of LFW's training people
# on casts of 2 to 200: nothing down to one or two strangers in a thousand for each person, from there on ever more.
COMMON = 0.0015

RAREST = 1e-4  # share of strangers that so many draws can still tell

IMAGINED = 50  # photos' worth of imagined photos of the cast, so that one photo a person is enough to calibrate
CAST_SHARE = 0.8  # of the faces to be named; a probability has to suppose some share
SMOOTHING = 0.001  # holds back the slope where cast and strangers never overlap


@dataclass(frozen=True)
class Limits:
    """What was set on LFW's training people for a network's embeddings."""

    rarity: float  # how fast it grows how much oftener a face resembles somebody than the mixture says, beyond COMMON
    spread: float  # variance of the cast's photos over that of the background's, which are all by press photographers
    # Score above the threshold from which a name is beyond doubt: of the training people, asked as strangers, at most a
    # sixth of those who reach the threshold reach this, too.
    sure: float
    tail: float = 1.0  # power of a share of strangers, as imagined, that is the real one


LIMITS = Limits(rarity=0.25, spread=2.5, sure=8.0)  # of castlist's own network, and of those of which nothing is known
# Where faces in general are guessed from the cast: their kinds aren't known, but how its own photos vary is.
CAST_LIMITS = Limits(rarity=0.5, spread=1.0, sure=8.0)
DLIB_LIMITS = Limits(rarity=0.33, spread=1.6, sure=10.0)  # of the network before, in galleries that don't say theirs


def trust_photos(between: np.ndarray, placed: np.ndarray, person: np.ndarray) -> np.ndarray:
    """How probably each photo's name is right, shape (n,): whether it fits the person's other photos."""
    trust = np.ones(len(person))
    for _ in range(ROUNDS):
        trust = _fit_others(between, placed, person, trust)
        # Of two photos that disagree neither is known to be the wrong one.
        doubtful = np.bincount(person, trust) < np.bincount(person) / 2
        trust[doubtful[person]] = 1.0
    return trust


def fit_beside(background: Background, known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """How probably each of some faces, called as others are, shows whom those and the rest of these show.

    Args:
        background: Of the network that embedded them.
        known: Embeddings, shape (k, values), L2 norm 1, of somebody; of somebody new, none.
        asked: The same of n faces that are called so.

    Returns:
        Shape (n,).
    """
    placed = background.place(np.concatenate([known, asked]))
    person = np.zeros(len(placed), np.int64)
    trust = trust_photos(background.between, placed, person)
    return _fit_others(background.between, placed, person, trust)[len(known) :]


def _fit_others(between: np.ndarray, placed: np.ndarray, person: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """How probably each photo shows whom the person's other photos show, as far as they are trusted; shape (n,)."""
    others, _ = _others(between, placed, person, trust)
    prior = np.log(1 / WRONG_NAMES - 1)
    return np.asarray(1 / (1 + np.exp(-np.clip(EVIDENCE * others.own_scores(placed) + prior, -50, 50))))


def find_thresholds(
    known: Knowledge, background: Background, rate: float, limits: Limits = LIMITS
) -> tuple[np.ndarray, np.ndarray]:
    """For each person, the score above which the name is given, so that strangers get one no oftener than `rate`.

    Args:
        known: The people.
        background: Faces in general, whose strangers are asked.
        rate: Share of strangers that may be given a name.
        limits: Of the network that embedded them.

    Returns:
        The thresholds, shape (people,), and the best score of each stranger.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # late: who only names needs none

    # Matrices of one kind of faces are so small that two threads wait for each other more than they work: beside other
    # work, a moment became seconds. Of a product with a thousand people a second thread would save a tenth of a second.
    with threadpool_limits(1, user_api="blas"):
        thresholds, above, best = reach_of_strangers(known, background)
    rarer = rate * min(1.0, (rate / len(known.mean) / COMMON) ** limits.rarity)
    rarer = min(rarer, max(rarer ** (1 / limits.tail), RAREST))
    return thresholds + np.quantile(above, 1 - rarer), best


def reach_of_strangers(known: Knowledge, background: Background) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How close strangers come.

    Returns:
        For each person a score that as many strangers of the person's own kind reach, shape (people,); how far each
        stranger's best score is above, and that score, shape (strangers,) each.
    """
    (_, kind), asked = background.strangers, background.asked
    n_people, kinds = len(known.mean), background.kinds
    weights = kinds.shares(known.mean, SOFTNESS) / np.bincount(kind, minlength=len(kinds.weights))
    thresholds = np.empty(n_people)
    best, above = np.full(len(kind), -np.inf, np.float32), np.empty(len(kind))
    for start in range(0, n_people, BLOCK):
        some = slice(start, start + BLOCK)
        scores = known.weights[some] @ asked
        scores += known.bias[some, None]
        thresholds[some], is_found = _own_kind(scores, weights[some], kind, len(kind) // FIRST_TOP)
        if not is_found.all():
            rare = np.flatnonzero(~is_found)
            thresholds[start + rare], _ = _own_kind(scores[rare], weights[start + rare], kind, len(kind) // TOP)
        higher = np.flatnonzero(scores.max(axis=0) > best)
        some_scores = scores[:, higher]
        who = some_scores.argmax(axis=0)
        best[higher] = some_scores[who, np.arange(len(higher))]
        above[higher] = best[higher] - thresholds[start + who]
    return thresholds, above, best


def _own_kind(scores: np.ndarray, weights: np.ndarray, kind: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """The score that OWN_KIND of strangers of each person's own kind reach, looked for among the `top` highest.

    Args:
        scores: Shape (people, k); of strangers.
        weights: Shape (people, kinds); how much a stranger of each kind counts.
        kind: Shape (k,), int; of each stranger.
        top: At most k.

    Returns:
        The scores, and whether so many are among the highest; shape (people,) each.
    """
    rows = np.arange(len(scores))[:, None]
    highest = _highest(scores, top)
    reached = scores[rows, highest]
    order = np.argsort(-reached, axis=1)
    counted = np.cumsum(weights[rows, kind[highest[rows, order]]], axis=1)
    last = np.minimum((counted < OWN_KIND).sum(axis=1), top - 1)
    return reached[rows[:, 0], order[rows[:, 0], last]], counted[:, -1] >= OWN_KIND


def _highest(scores: np.ndarray, top: int) -> np.ndarray:
    """Where in each row its `top` highest are, shape (rows, top), in no order."""
    some = scores[:, ::SPARSE]
    expected = top / SPARSE
    n_some = min(int(expected + 4 * expected**0.5) + 1, some.shape[1])
    cuts = np.partition(some, -n_some, axis=1)[:, -n_some]  # fewer than `top` of all reach it once in thousands
    found = np.empty((len(scores), top), np.int64)
    for row, cut, into in zip(scores, cuts, found, strict=True):
        above = np.flatnonzero(row >= cut)
        if len(above) < top:
            above = np.arange(len(row))
        into[:] = above[np.argpartition(row[above], -top)[-top:]]
    return found


def calibrate(
    known: Knowledge,
    placed: np.ndarray,
    person: np.ndarray,
    trust: np.ndarray,
    strangers: np.ndarray,
    limits: Limits = LIMITS,
) -> tuple[float, float]:
    """What a score says of the odds that a face is of the cast at all, CAST_SHARE of all being so.

    Each photo is scored with what is known of its person without it.

    Args:
        known: The people.
        placed: Shape (n, axes); their photos.
        person: Shape (n,), int.
        trust: Shape (n,).
        strangers: Shape (k,); the best score of each drawn stranger.
        limits: Of the network that embedded them.

    Returns:
        Log-odds per unit of score, and the score of even odds.
    """
    others, counts = _others(known.between, placed, person, trust)
    photos = others.own_scores(placed)[counts > 0.5]
    imagined = _imagine(known, limits.spread)
    scores = np.concatenate([photos, imagined, strangers], dtype=np.float64)  # else Newton's steps never get small
    is_cast = np.arange(len(scores)) < len(photos) + len(imagined)
    total = len(photos) + IMAGINED
    cast_share = CAST_SHARE / total
    shares = (cast_share, IMAGINED * cast_share / len(imagined), (1 - CAST_SHARE) / len(strangers))
    weights = np.repeat(shares, [len(photos), len(imagined), len(strangers)])
    center, scale = float(np.median(scores)), float(scores.std()) or 1.0
    slope, bias = _fit_logistic((scores - center) / scale, is_cast, weights)
    return slope / scale, center - bias / slope * scale


def _others(
    between: np.ndarray, placed: np.ndarray, person: np.ndarray, trust: np.ndarray
) -> tuple[Knowledge, np.ndarray]:
    """For each photo, its person as known by the person's other photos, and how many these are."""
    sums, counts = add_up(placed, person, trust)
    rest = np.maximum(counts[person] - trust, 0)
    return Knowledge.from_sums(between, sums[person] - placed * trust[:, None], rest), rest


def _imagine(known: Knowledge, spread: float) -> np.ndarray:
    """Scores of imagined photos of the cast with their own people."""
    rng = np.random.default_rng(0)
    times = max(1, 2000 // len(known.mean))
    mean, variance = (np.repeat(part, times, axis=0) for part in (known.mean, known.variance))
    placed = mean + rng.standard_normal(mean.shape, np.float32) * np.sqrt(variance + spread)
    return Knowledge(known.between, mean, variance).own_scores(placed)


def _fit_logistic(x: np.ndarray, is_cast: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Slope and bias of a logistic regression in one dimension, by Newton's method."""
    slope, bias = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(slope * x + bias, -50, 50)))
        slack, curve = weights * (p - is_cast), weights * p * (1 - p)
        # Sums, not products of vectors: those are shared among threads, which takes longer than the work.
        gradient = np.array([(slack * x).sum() + SMOOTHING * (slope - 1), slack.sum()])
        across = (curve * x).sum()
        hessian = np.array([[(curve * x**2).sum() + SMOOTHING, across], [across, curve.sum() + 1e-6]])
        step = np.linalg.solve(hessian, gradient)
        slope, bias = slope - step[0], bias - step[1]
        if np.abs(step).max() < 1e-6:
            break
    return max(float(slope), 1e-3), float(bias)
