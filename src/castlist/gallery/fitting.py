"""What a gallery learns from its photos: whose names to trust, where "unknown" begins, what a score is worth."""

from __future__ import annotations

import numpy as np

from castlist.gallery.mixture import Mixture
from castlist.gallery.people import People

WRONG_NAMES = 0.02  # share of photos expected in another person's folder
EVIDENCE = 0.2  # of a score; taken whole, every photo in bad light would count as somebody else's
ROUNDS = 4  # of judging which names are right

# Of strangers of somebody's own kind as many are taken for that person as for anybody else of theirs. With one
# threshold for all, most strangers named would be taken for people whose kind is rare in general, or much alike.
# Set on LFW's training people: where most of a cast are named, and of no kind of strangers many.
OWN_KIND = 0.003  # of them; a smaller share would come out of too few draws
SOFTNESS = 20.0  # of what is a person's own kind
TOP = 20  # only this part of the draws, those most like a person, is put in order

# How much oftener a face resembles somebody than the mixture says, measured between two halves of LFW's training people
# on casts of 2 to 200: nothing down to one or two strangers in a thousand for each person, from there on ever more.
COMMON = 0.0015
RARITY = 0.33

IMAGINED = 50  # photos' worth of imagined photos of the cast, so that one photo a person is enough to calibrate
SPREAD = 1.6  # variance of the cast's photos over that of the background's, which are all by press photographers
CAST_SHARE = 0.8  # of the faces to be named; a probability has to suppose some share
SMOOTHING = 0.001  # holds back the slope where cast and strangers never overlap


def know(between: np.ndarray, placed: np.ndarray, person: np.ndarray, trust: np.ndarray) -> People:
    """What is known of each person.

    Args:
        between: Shape (axes,); variance of people in general.
        placed: Shape (n, axes); the photos.
        person: Shape (n,), int.
        trust: Shape (n,); what share of each photo counts.
    """
    return People.from_sums(between, *add_up(placed, person, trust))


def judge_names(between: np.ndarray, placed: np.ndarray, person: np.ndarray) -> np.ndarray:
    """How probably each photo's name is right, shape (n,): whether it fits the person's other photos."""
    trust = np.ones(len(person))
    prior = np.log(1 / WRONG_NAMES - 1)
    for _ in range(ROUNDS):
        others, _ = _others(between, placed, person, trust)
        trust = 1 / (1 + np.exp(-np.clip(EVIDENCE * others.own_scores(placed) + prior, -50, 50)))
        # Of two photos that disagree neither is known to be the wrong one.
        doubtful = np.bincount(person, trust) < np.bincount(person) / 2
        trust[doubtful[person]] = 1.0
    return trust


def find_thresholds(known: People, kinds: Mixture, strangers: np.ndarray, kind: np.ndarray, rate: float) -> np.ndarray:
    """For each person, the score above which the name is given, so that strangers get one no oftener than `rate`.

    Args:
        known: The people.
        kinds: Of faces in general.
        strangers: Shape (k, people); the scores of drawn strangers.
        kind: Shape (k,); of each stranger.
        rate: Share of strangers that may be given a name.

    Returns:
        Shape (people,).
    """
    n_people = strangers.shape[1]
    weights = kinds.shares(known.mean, SOFTNESS) / np.bincount(kind, minlength=len(kinds.weights))
    thresholds = np.empty(n_people)
    top = len(strangers) // TOP
    for person, scores in enumerate(strangers.T):
        likest = np.argpartition(-scores, top)[:top]
        likest = likest[np.argsort(-scores[likest])]
        reached = np.searchsorted(np.cumsum(weights[person, kind[likest]]), OWN_KIND)
        thresholds[person] = scores[likest[min(int(reached), top - 1)]]
    rarer = rate * min(1.0, (rate / n_people / COMMON) ** RARITY)
    best = strangers.argmax(axis=1)
    above = strangers[np.arange(len(best)), best] - thresholds[best]
    return thresholds + np.quantile(above, 1 - rarer)


def margins(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """How far scores are above the thresholds: the person most like is the first to be named, the others after.

    Args:
        scores: Shape (n, people).
        thresholds: Shape (people,); of the person, and of everybody likelier.

    Returns:
        Shape (n, people); in each row in the order of the scores.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    highest = np.maximum.accumulate(thresholds[order], axis=1)
    below = np.empty_like(highest)
    np.put_along_axis(below, order, highest, axis=1)
    return np.asarray(scores - below)


def calibrate(
    known: People, placed: np.ndarray, person: np.ndarray, trust: np.ndarray, strangers: np.ndarray
) -> tuple[float, float]:
    """What a score says of the odds that a face is of the cast at all, CAST_SHARE of all being so.

    Each photo is scored with what is known of its person without it.

    Args:
        known: The people.
        placed: Shape (n, axes); their photos.
        person: Shape (n,), int.
        trust: Shape (n,).
        strangers: Shape (k,); the best score of each drawn stranger.

    Returns:
        Log-odds per unit of score, and the score of even odds.
    """
    others, counts = _others(known.between, placed, person, trust)
    photos = others.own_scores(placed)[counts > 0.5]
    imagined = _imagine(known)
    scores = np.concatenate([photos, imagined, strangers])
    is_cast = np.arange(len(scores)) < len(photos) + len(imagined)
    total = len(photos) + IMAGINED
    cast_share = CAST_SHARE / total
    shares = (cast_share, IMAGINED * cast_share / len(imagined), (1 - CAST_SHARE) / len(strangers))
    weights = np.repeat(shares, [len(photos), len(imagined), len(strangers)])
    center, scale = float(np.median(scores)), float(scores.std()) or 1.0
    slope, bias = _fit_logistic((scores - center) / scale, is_cast, weights)
    return slope / scale, center - bias / slope * scale


def add_up(placed: np.ndarray, person: np.ndarray, trust: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of each person's photos, shape (people, axes), and how many they are."""
    counts = np.bincount(person, trust)
    sums = np.zeros((len(counts), placed.shape[1]))
    np.add.at(sums, person, placed * trust[:, None])
    return sums, counts


def _others(
    between: np.ndarray, placed: np.ndarray, person: np.ndarray, trust: np.ndarray
) -> tuple[People, np.ndarray]:
    """For each photo, its person as known by the person's other photos, and how many these are."""
    sums, counts = add_up(placed, person, trust)
    rest = np.maximum(counts[person] - trust, 0)
    return People.from_sums(between, sums[person] - placed * trust[:, None], rest), rest


def _imagine(known: People) -> np.ndarray:
    """Scores of imagined photos of the cast with their own people."""
    rng = np.random.default_rng(0)
    times = max(1, 2000 // len(known.mean))
    mean, variance = (np.repeat(part, times, axis=0) for part in (known.mean, known.variance))
    placed = mean + rng.standard_normal(mean.shape, np.float32) * np.sqrt(variance + SPREAD)
    return People(known.between, mean, variance).own_scores(placed)


def _fit_logistic(x: np.ndarray, is_cast: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Slope and bias of a logistic regression in one dimension, by Newton's method."""
    slope, bias = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(slope * x + bias, -50, 50)))
        slack, curve = weights * (p - is_cast), weights * p * (1 - p)
        gradient = np.array([slack @ x + SMOOTHING * (slope - 1), slack.sum()])
        hessian = np.array([[curve @ x**2 + SMOOTHING, curve @ x], [curve @ x, curve.sum() + 1e-6]])
        step = np.linalg.solve(hessian, gradient)
        slope, bias = slope - step[0], bias - step[1]
        if np.abs(step).max() < 1e-6:
            break
    return max(float(slope), 1e-3), float(bias)
