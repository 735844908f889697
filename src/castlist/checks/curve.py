"""How many photos of a person are enough: the model `face` tried on the cast with few of them known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.gallery import Gallery

KNOWN = (1, 2, 3, 5, 10, 20)  # photos of each, tried
ASKED = 20  # photos of a person, at most; and people, for a mean that isn't one person's
MIN_PEOPLE = 3
MIN_ASKED = 10  # photos of all together; of fewer a share is chance
MAX_PEOPLE = 100  # learnt at once; more take long and change little
ROUNDS = 3  # of drawing which are known
NEAR = 0.01  # of the best share, from which more photos no longer help


@dataclass(frozen=True)
class Point:
    """What so many photos are worth."""

    known: int  # photos of each person
    named: float  # share of other photos that are named rightly, people weighed alike


def learning_curve(person: np.ndarray, group: np.ndarray, embeddings: np.ndarray) -> tuple[Point, ...]:
    """Learn the cast from a few photos of each, and name others, as far as there are people with enough.

    Args:
        person: Shape (n,), int.
        group: Shape (n,), int; copies of one photo share a number, and count once.
        embeddings: Shape (n, values), float32, L2 norm 1; of castlist's own network.
    """
    rows = np.unique(np.column_stack([person, group]), axis=0, return_index=True)[1]
    random = np.random.default_rng(0)
    points: list[Point] = []
    for known in KNOWN:
        shares = []
        for _ in range(ROUNDS):
            mixed = random.permutation(rows)
            mine = [mixed[person[mixed] == index] for index in np.unique(person[mixed])]
            mine = sorted(mine, key=len, reverse=True)[:MAX_PEOPLE]
            asked = [some[known : known + ASKED] for some in mine if len(some) > known]
            if len(asked) < MIN_PEOPLE or sum(map(len, asked)) < MIN_ASKED:
                return tuple(points)
            learnt = np.concatenate([some[:known] for some in mine])
            who = np.repeat(np.arange(len(mine)), [len(some[:known]) for some in mine])
            names = [str(index) for index in range(len(mine))]
            gallery = Gallery.fit(names, embeddings[learnt], who, [str(row) for row in learnt])
            answers = gallery.answer(embeddings[np.concatenate(asked)]).named
            ends = np.cumsum([len(some) for some in asked])[:-1]
            shares.append(np.mean([(part == index).mean() for index, part in enumerate(np.split(answers, ends))]))
        points.append(Point(known, float(np.mean(shares))))
    return tuple(points)


def enough(curve: tuple[Point, ...]) -> Point | None:
    """The fewest known photos of those tried from which more hardly help; None where nothing could be tried."""
    best = max((point.named for point in curve), default=0.0)
    return next((point for point in curve if point.named >= best - NEAR), None)
