"""Names that are probably wrong, told from the faces.

Each face is scored with what is known of every person without it and without its copies. The evidence for a person is
the two-covariance model's; names that don't hold count less in the next round, so that a wrong one vouches for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.gallery import Background
from castlist.gallery.fitting import EVIDENCE, ROUNDS, WRONG_NAMES
from castlist.gallery.people import People

NOBODY = -1
STRANGERS = 0.5  # of the wrong names, how many are expected to be of nobody in the cast
ALIKE = 0.0  # score from which two sets of faces are one person rather than two
MIN_SIDE = 3  # photos, and
MIN_SHARE = 0.15  # share of a folder, that a second person in it must have to be told apart from stray wrong names
_BLOCK = 1000  # photos scored at once; bounds the memory


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
    same: list[tuple[int, int]] | None = None,
) -> NameJudgement:
    """Judge each photo's name by the other photos.

    Args:
        embeddings: Shape (n, values), float32, L2 norm 1.
        person: Shape (n,), int; whose folder each is in.
        group: Shape (n,), int; copies of one photo share a number.
        background: Of faces in general.
        same: Pairs of people who seem to be one; neither counts as another name for the other.
    """
    placed = background.place(embeddings)
    n_people = int(person.max()) + 1
    trust = np.ones(len(person))
    judgement = _judge(placed, person, group, n_people, background.between, trust, same or [])
    for _ in range(ROUNDS - 1):
        # Of two photos that disagree neither is known to be the wrong one.
        trust = judgement.right.copy()
        doubtful = np.bincount(person, trust, n_people) < np.bincount(person, minlength=n_people) / 2
        trust[doubtful[person]] = 1.0
        judgement = _judge(placed, person, group, n_people, background.between, trust, same or [])
    return judgement


def find_one_person(embeddings: np.ndarray, person: np.ndarray, background: Background) -> list[tuple[int, int]]:
    """Find pairs of people who seem to be one: most faces of either fit the other."""
    placed = background.place(embeddings)
    n_people = int(person.max()) + 1
    sums, counts = _sums(placed, person, np.ones(len(person)), n_people)
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
    sums, counts = _sums(placed, second.astype(np.int64), np.ones(len(placed)), 2)
    scores = People.from_sums(background.between, sums, counts).scores(placed)
    if np.median(scores[second, 0]) > ALIKE or np.median(scores[~second, 1]) > ALIKE:
        return None
    return np.asarray(second)


def _judge(
    placed: np.ndarray,
    person: np.ndarray,
    group: np.ndarray,
    n_people: int,
    between: np.ndarray,
    trust: np.ndarray,
    same: list[tuple[int, int]],
) -> NameJudgement:
    sums, counts = _sums(placed, person, trust, n_people)
    known = People.from_sums(between, sums, counts)
    # A photo's copies say nothing of it that it doesn't say itself.
    copies = np.unique(group * n_people + person, return_inverse=True)[1]
    copy_sums, copy_counts = _sums(placed, copies, trust, int(copies.max()) + 1)
    rest = np.maximum(counts[person] - copy_counts[copies], 0)
    own = People.from_sums(between, sums[person] - copy_sums[copies], rest).own_scores(placed)
    elsewhere: dict[int, set[int]] = {}  # of a photo with copies in other folders: these other people
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        for row in rows if len(set(person[rows].tolist())) > 1 else ():
            elsewhere[int(row)] = set(person[rows].tolist()) - {int(person[row])}

    excluded = np.zeros((n_people, n_people), bool)
    for a, b in same:
        excluded[a, b] = excluded[b, a] = True
    prior_other = np.log(WRONG_NAMES * (1 - STRANGERS) / max(n_people - 1, 1))
    parts = []
    for start in range(0, len(placed), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(placed)))
        logits = EVIDENCE * known.scores(placed[rows]).astype(np.float64) + prior_other
        logits[excluded[person[rows]]] = -np.inf
        for row in rows.tolist():
            logits[row - start, list(elsewhere.get(row, ()))] = -np.inf
        logits[rows - start, person[rows]] = EVIDENCE * own[rows] + np.log(1 - WRONG_NAMES)
        logits = np.hstack([logits, np.full((len(rows), 1), np.log(WRONG_NAMES * STRANGERS))])
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        right = probabilities[rows - start, person[rows]].copy()
        probabilities[rows - start, person[rows]] = -1
        best = probabilities.argmax(axis=1)
        parts.append((right, np.where(best == n_people, NOBODY, best), probabilities[rows - start, best]))
    right, rather, how = (np.concatenate(column) for column in zip(*parts, strict=True))
    return NameJudgement(right, rather, how)


def _sums(placed: np.ndarray, index: np.ndarray, trust: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The weighed sum of the rows of each index, shape (n, axes), and their weight."""
    sums = np.zeros((n, placed.shape[1]))
    np.add.at(sums, index, placed * trust[:, None])
    return sums, np.bincount(index, trust, n)
