"""Photos taken in one go: the frames of a film, and bursts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

ALONE = -1  # the take of a photo that belongs to no film and no burst
BURST = 1.0  # seconds, at most, from one photo of a burst to the next


def find_takes(paths: Sequence[Path], person: np.ndarray, times: Sequence[float | None]) -> np.ndarray:
    """Which photos were taken in one go: the frames of a film, and bursts, told by the camera's clock.

    Args:
        paths: Of n photos; a film's stands once for each of its frames.
        person: Shape (n,), int.
        times: When each was taken, in seconds of a camera's clock; None: not told.

    Returns:
        Shape (n,), int64; photos of one film or burst share a number, others are ALONE.
    """
    take = np.full(len(paths), ALONE, np.int64)
    members: dict[Path, list[int]] = {}
    for i, path in enumerate(paths):
        members.setdefault(path, []).append(i)
    films = [rows for rows in members.values() if len(rows) > 1]
    for number, rows in enumerate(films):
        take[rows] = number
    number = len(films)
    told = sorted((int(person[i]), moment, i) for i, moment in enumerate(times) if moment is not None)
    for (who, before, a), (whose, after, b) in pairwise(told):
        if who == whose and after - before <= BURST:
            if take[a] == ALONE:
                take[a], number = number, number + 1
            take[b] = take[a]
    return take


def join_takes(group: np.ndarray, take: np.ndarray) -> np.ndarray:
    """Join the groups that a take has photos of: a film on two sides would be a leak.

    Args:
        group: Shape (n,), int; photos of one group are copies of each other.
        take: Shape (n,), int; from `find_takes`.

    Returns:
        Shape (n,), int; the groups, some of them joined under the lowest of their numbers.
    """
    group = group.copy()
    for number in np.unique(take[take != ALONE]):
        mine = group[take == number]
        group[np.isin(group, mine)] = mine.min()
    return group
