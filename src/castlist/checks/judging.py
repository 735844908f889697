"""What the faces say of a cast, worked out once for the same faces under the same names."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from castlist.checks.cache import open_cache
from castlist.checks.curve import Point, learning_curve
from castlist.checks.people import Doubts, doubt_names
from castlist.gallery import default_background

VERSION = 4  # of the judging: another one with every change of what is judged of the same faces


@dataclass(frozen=True)
class Judgement:
    """By number, of photos and of people: with no name and no path, so that it holds when a folder is moved."""

    doubts: Doubts
    curve: tuple[Point, ...]


def judge(person: np.ndarray, group: np.ndarray, embeddings: np.ndarray, poor: np.ndarray, epoch: int) -> Judgement:
    """Find doubtful names and what few photos are worth; what was judged before is taken from the user's cache.

    Args:
        person: Shape (n,), int64.
        group: Shape (n,), int64; copies of one photo share a number.
        embeddings: Shape (n, values), float32, L2 norm 1; of the face that is the person.
        poor: Shape (n,), bool; faces too poor to say that they are nobody's of the cast.
        epoch: Of the cache when the faces were seen.
    """
    faces_in_general = default_background().to_arrays().values()
    stamp = _stamp(person, group, embeddings, poor, *faces_in_general)
    with open_cache() as cache:
        kept = cache.find_judgement(stamp)
    if kept is not None:
        same, divided, wrong, curve = json.loads(kept)
        doubts = Doubts(
            tuple((a, b) for a, b in same),
            tuple((index, tuple(rows)) for index, rows in divided),
            tuple((row, rather, probability) for row, rather, probability in wrong),
        )
        return Judgement(doubts, tuple(Point(known, named) for known, named in curve))
    doubts = doubt_names(person, group, embeddings, poor)
    right = np.ones(len(person), bool)
    right[[row for row, _, _ in doubts.wrong]] = False
    # Who has two folders would be named wrongly half of the time.
    right[np.isin(person, [fewer for fewer, _ in doubts.same])] = False
    points = learning_curve(person[right], group[right], embeddings[right])
    text = json.dumps([doubts.same, doubts.divided, doubts.wrong, [(point.known, point.named) for point in points]])
    with open_cache(epoch) as cache:
        cache.keep_judgement(stamp, text)
    return Judgement(doubts, points)


def _stamp(*arrays: np.ndarray) -> str:
    """All that a judgement depends on besides code, as a digest."""
    digest = hashlib.sha256(str(VERSION).encode())
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()
