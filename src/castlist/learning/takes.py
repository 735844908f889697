"""Photos taken in one go: the frames of a film, and bursts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from castlist.media import Moment

ALONE = -1  # the take of a photo that belongs to no film and no burst
BURST = 1.0  # seconds, at most, from one photo of a burst to the next
FASTEST = 30  # photos a second; where more bear one time, it is a scanner's or an editor's, not a camera's


def find_takes(paths: Sequence[Path], person: np.ndarray, times: Sequence[Moment | None]) -> np.ndarray:
    """Which photos were taken in one go: the frames of a film, and bursts of one camera, told by its clock.

    Args:
        paths: Of n photos; a film's stands once for each of its frames.
        person: Shape (n,), int.
        times: When each was taken; None: not told.

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
    told = sorted((int(person[i]), one.camera, one.seconds, i) for i, one in enumerate(times) if one is not None)
    a_second = Counter((who, camera, int(seconds)) for who, camera, seconds, _ in told)
    told = [row for row in told if a_second[row[0], row[1], int(row[2])] <= FASTEST]
    for (who, camera, before, a), (whose, another, after, b) in pairwise(told):
        if (who, camera) == (whose, another) and after - before <= BURST:
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
