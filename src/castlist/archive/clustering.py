"""Faces that nobody named, brought together by person: average linkage over the neighbours of each face.

The mean of all cosines between two groups is the product of their mean vectors, so that no matrix of all pairs is ever
held. Two groups that are each other's likest are joined whatever happens elsewhere: joining others never makes either
likelier to a third. So all such pairs are joined at once, in a few rounds, and the result is that of joining the likest
pair again and again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from castlist.embeddings import normalize
from castlist.gallery import Background

NEIGHBOURS = 80  # kept of a face; somebody with thousands of photos needs no more to hang together
BLOCK = 2**24  # products at a time; changes memory, not results
# How many strangers are expected to be likelier than the cut to a face; the more faces, the stricter. Set on LFW's
# training people, where groups of 30 people come out best with it, of all 2,132, and of what is between.
STRANGERS = 0.05
COMMONEST = 1e-3  # the highest rate of pairs, however few faces there are
SEEN = 1000.0  # pairs of drawn strangers beyond the cut that make it known well enough

ALONE = -1


def choose_cut(background: Background, n_faces: int) -> float:
    """The mean cosine from which two groups are one person, for so many faces.

    Args:
        background: Faces in general, as the network of the embeddings sees them.
        n_faces: How many are grouped.
    """
    rate = min(STRANGERS / max(n_faces, 1), COMMONEST)
    placed = background.strangers[0]
    count = min(len(placed), round((2 * SEEN / rate) ** 0.5))
    placed = placed[np.linspace(0, len(placed) - 1, count).astype(int)]
    strangers = normalize(placed @ np.linalg.pinv(background.directions) + background.mean)
    beyond = max(1, round(rate * count * (count - 1) / 2))
    highest = np.zeros(0, np.float32)
    for first, products in _products(strangers):
        rows = np.arange(len(products))[:, None] + first
        values = products[np.arange(first, count) > rows]
        highest = np.concatenate([highest, values])
        if len(highest) > beyond:
            highest = np.partition(highest, -beyond)[-beyond:]
    return float(highest.min())


def group_faces(
    embeddings: np.ndarray,
    photo: np.ndarray,
    cut: float,
    *,
    poor: np.ndarray | None = None,
    same: np.ndarray | None = None,
    different: np.ndarray | None = None,
) -> np.ndarray:
    """Bring faces together by person; two faces of one photo are two people.

    Args:
        embeddings: Shape (n, values), float32, L2 norm 1.
        photo: Shape (n,), int; which photo each is in.
        cut: The mean cosine from which two groups are one person, as of `choose_cut`.
        poor: Shape (n,), bool; faces that tell little, which join a group but never make one. None: none is.
        same: Shape (pairs, 2), int; faces that are one person, whatever else is said.
        different: Shape (pairs, 2), int; faces that aren't.

    Returns:
        Shape (n,), int; the group of each face, from 0, the largest first, or ALONE. The order of the faces doesn't
        matter.
    """
    n = len(embeddings)
    # The order is that of the content, so that equal cosines are settled the same way however faces come.
    order = np.argsort(np.ascontiguousarray(embeddings).view(f"V{embeddings[:1].nbytes or 1}")[:, 0], kind="stable")
    place = np.argsort(order)
    same, different = (
        np.zeros((0, 2), int) if pairs is None else place[np.asarray(pairs, int).reshape(-1, 2)]
        for pairs in (same, different)
    )
    vectors, photo = embeddings[order], np.unique(photo, return_inverse=True)[1][order]
    apart = np.concatenate([different, _within_photos(photo)])
    weak = np.zeros(n, bool) if poor is None else poor[order].astype(bool)
    weak[same.ravel()] = False
    edges = _edges(vectors, cut)
    groups = _Groups(vectors, same)
    groups.join(edges[~weak[edges].any(axis=1)], apart, cut)
    _join_weak(groups, edges[weak[edges].sum(axis=1) == 1], weak, apart, cut)
    return _by_size(groups.label)[place]


class _Groups:
    """Groups of faces as they grow; each is called by its first face."""

    def __init__(self, vectors: np.ndarray, same: np.ndarray) -> None:
        self.label = np.arange(len(vectors))
        self.sums = vectors.astype(np.float64)
        self.sizes = np.ones(len(vectors))
        for one, other in same:
            pair = self.label[[one, other]]
            if pair[0] != pair[1]:
                self.merge(pair.min()[None], pair.max()[None])

    def merge(self, into: np.ndarray, gone: np.ndarray) -> None:
        """Make pairs of groups one, shape (pairs,) each; no group is in two of them."""
        self.sums[into] += self.sums[gone]
        self.sizes[into] += self.sizes[gone]
        renamed = np.arange(len(self.label))
        renamed[gone] = into
        self.label = renamed[self.label]

    def pairs(self, faces: np.ndarray) -> np.ndarray:
        """The pairs of groups that pairs of faces are of, each once, in order; shape (pairs, 2)."""
        n = max(len(self.label), 1)
        pairs = np.sort(self.label[faces], axis=1)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        return np.stack(np.divmod(np.unique(pairs[:, 0] * n + pairs[:, 1]), n), axis=1)

    def cosines(self, pairs: np.ndarray) -> np.ndarray:
        """The mean cosine between the groups of each pair, shape (pairs,)."""
        step = max(1, BLOCK // (8 * self.sums.shape[1]))
        parts = [
            np.einsum("ij,ij->i", *(self.sums[side] for side in pairs[i : i + step].T))
            for i in range(0, len(pairs), step)
        ]
        return np.concatenate([np.zeros(0), *parts]) / self.sizes[pairs].prod(axis=1)

    def join(self, pairs: np.ndarray, apart: np.ndarray, cut: float) -> None:
        """Join whatever is likest until nothing is likelier than the cut."""
        n = len(self.label)
        while True:
            pairs, apart = self.pairs(pairs), self.pairs(apart)
            pairs = pairs[~np.isin(pairs @ (n, 1), apart @ (n, 1))]
            cosines = self.cosines(pairs)
            pairs, cosines = pairs[cosines >= cut], cosines[cosines >= cut]
            if not len(pairs):
                return
            best = np.full(n, -np.inf)
            np.maximum.at(best, pairs, cosines[:, None])
            mutual = np.flatnonzero((best[pairs] == cosines[:, None]).all(axis=1))
            first = np.full(n, len(pairs))
            np.minimum.at(first, pairs[mutual], mutual[:, None])
            chosen = mutual[(first[pairs[mutual]] == mutual[:, None]).all(axis=1)]
            self.merge(*pairs[chosen].T)


def _join_weak(groups: _Groups, edges: np.ndarray, weak: np.ndarray, apart: np.ndarray, cut: float) -> None:
    """Let each weak face join the group that it is likest to; none changes what the group is like."""
    pairs = groups.pairs(edges)
    cosines = groups.cosines(pairs)
    pairs, cosines = pairs[cosines >= cut], cosines[cosines >= cut]
    pairs = np.where(weak[pairs[:, :1]], pairs, pairs[:, ::-1])  # the weak face first
    barred: dict[int, list[int]] = {}
    for one, other in np.concatenate([apart, apart[:, ::-1]]).tolist() if len(pairs) else ():
        barred.setdefault(one, []).append(other)
    label = groups.label.copy()
    for i in np.lexsort((pairs[:, 1], pairs[:, 0], -cosines)):
        face, group = pairs[i]
        if label[face] == face and not any(label[other] == group for other in barred.get(face, ())):
            label[face] = group
    groups.label = label


def _edges(vectors: np.ndarray, cut: float) -> np.ndarray:
    """The pairs of faces with a cosine of at least the cut, of a face the NEIGHBOURS likest; shape (pairs, 2)."""
    parts = [np.zeros((0, 2), np.int64)]
    for first, products in _products(vectors):
        rows, columns = np.nonzero(products >= cut)
        after = columns > rows
        rows, columns = rows[after], columns[after]
        likest = np.lexsort((columns, -products[rows, columns], rows))
        rows, columns = rows[likest], columns[likest]
        starts = np.searchsorted(rows, np.arange(len(products)))
        kept = np.arange(len(rows)) - starts[rows] < NEIGHBOURS
        parts.append(np.stack([rows[kept], columns[kept]], axis=1) + first)
    return np.concatenate(parts)


def _products(vectors: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The cosines of some faces with themselves and all that come after, and which face is the first of these."""
    step = max(1, BLOCK // max(len(vectors), 1))
    for first in range(0, len(vectors), step):
        yield first, vectors[first : first + step] @ vectors[first:].T


def _within_photos(photo: np.ndarray) -> np.ndarray:
    """The pairs of faces that are in one photo, shape (pairs, 2)."""
    order = np.argsort(photo, kind="stable")
    bounds = np.flatnonzero(np.diff(photo[order])) + 1
    shared = (faces for faces in np.split(order, bounds) if len(faces) > 1)
    parts = [faces[np.stack(np.triu_indices(len(faces), 1), axis=1)] for faces in shared]
    return np.concatenate([np.zeros((0, 2), int), *parts])


def _by_size(label: np.ndarray) -> np.ndarray:
    """Groups by number: the largest is 0, of equally large ones the one whose first face comes first."""
    names, index, counts = np.unique(label, return_inverse=True, return_counts=True)
    ranks = np.empty(len(names), int)
    ranks[np.lexsort((names, -counts))] = np.arange(len(names))
    ranks[counts == 1] = ALONE
    return ranks[index]
