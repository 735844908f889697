"""Faces that nobody named, brought together by person: average linkage over the neighbours of each face.

The mean of all cosines between two groups is the product of their mean vectors, so that no matrix of all pairs is ever
held. Groups that are each other's likest are joined, all such pairs at once, in a few rounds.

Means over many photos of two strangers vary less than cosines of single photos, as the statistics of faces in general
tell: the more photos, the lower the mean that is as rare. Without that, people of many looks, as in films, fall apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from castlist.embeddings import normalize
from castlist.gallery import Background

NEIGHBOURS = 80  # kept of a face; somebody with thousands of photos needs no more to hang together
BLOCK = 2**24  # products at a time; changes memory, not results
# How many strangers are expected to be likelier than the cut to a face; the more faces, the stricter. Set on LFW's
# training people, where groups of 30 people come out best with it, of all 2,132, and of what is between.
STRANGERS = 0.05
# Photos that tell as much as one on its own. With 1, strangers of LFW's training people are joined; from 4 to 16 these
# come out alike, and people drawn with many looks hang together. So the most careful: two groups are one at a glance,
# but a wrong one is many faces under a wrong name.
OCCASION = 16.0
COMMONEST = 1e-4  # the highest rate of pairs, for few faces: set likewise, with 10 to 300 people
SEEN = 300.0  # pairs of drawn strangers beyond the cut that make it known well enough

ALONE = -1


@dataclass(frozen=True)
class Cut:
    """From which mean cosine two groups are one person."""

    cosine: float  # of single faces
    mean: float = 0.0  # cosine of strangers
    # Variances of the cosine of two strangers: by who they are, by one's photo and the other's person, by both photos.
    variances: tuple[float, float, float] = (1.0, 0.0, 0.0)

    @classmethod
    def choose(cls, background: Background, n_faces: int) -> Cut:
        """The cut for so many faces.

        Args:
            background: Faces in general, as the network of the embeddings sees them.
            n_faces: How many are grouped.
        """
        back = np.linalg.pinv(background.directions)  # from axes, in which photos of a person vary by 1, to embeddings
        photos, people = back.T @ back, back.T @ (background.between[:, None] * back)
        mean = float(background.mean @ background.mean)
        variances = float((people**2).sum()), float((people * photos).sum()), float((photos**2).sum())
        return cls(_stranger_cosine(background, back, n_faces), mean, variances)

    def passed(self, means: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """By how much mean cosines of pairs of groups exceed the cut.

        Args:
            means: Shape (pairs,).
            sizes: Shape (pairs, 2); how many faces the groups have.
        """
        # Photos of one occasion are alike: several are worth one.
        one, other = 1 + (sizes.T - 1) / OCCASION
        people, mixed, photos = self.variances
        variance = people + mixed * (1 / one + 1 / other) + photos / (one * other)
        shrunk = np.sqrt(variance / (people + 2 * mixed + photos))
        return np.asarray((means - self.mean) / shrunk - (self.cosine - self.mean))


def _stranger_cosine(background: Background, back: np.ndarray, n_faces: int) -> float:
    """The cosine that STRANGERS of so many strangers exceed."""
    rate = min(STRANGERS / max(n_faces, 1), COMMONEST)
    placed = background.strangers[0]
    count = min(len(placed), round((2 * SEEN / rate) ** 0.5))
    strangers = placed[np.linspace(0, len(placed) - 1, count).astype(int)] @ back + background.mean
    beyond = max(1, round(rate * count * (count - 1) / 2))
    highest = np.zeros(0, np.float32)
    for _, products in _products(normalize(strangers)):
        products[np.tril_indices(len(products))] = -1  # each pair once
        least = highest.min() if len(highest) >= beyond else -1
        highest = np.concatenate([highest, products[products > least]])
        if len(highest) > beyond:
            highest = np.partition(highest, -beyond)[-beyond:]
    return float(highest.min(initial=1.0))


def group_faces(
    embeddings: np.ndarray,
    photo: np.ndarray,
    cut: Cut,
    *,
    poor: np.ndarray | None = None,
    same: np.ndarray | None = None,
    different: np.ndarray | None = None,
) -> np.ndarray:
    """Bring faces together by person; two faces of one photo are two people.

    Args:
        embeddings: Shape (n, values), float32, L2 norm 1.
        photo: Shape (n,), int; which photo each is in.
        cut: From where two groups are one person.
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
    edges = _edges(vectors, cut.cosine)
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

    def passed(self, pairs: np.ndarray, cut: Cut) -> np.ndarray:
        """By how much pairs of groups exceed a cut, shape (pairs,)."""
        step = max(1, BLOCK // (8 * self.sums.shape[1]))
        products = [
            np.einsum("ij,ij->i", *(self.sums[side] for side in pairs[i : i + step].T))
            for i in range(0, len(pairs), step)
        ]
        sizes = self.sizes[pairs]
        return cut.passed(np.concatenate([np.zeros(0), *products]) / sizes.prod(axis=1), sizes)

    def join(self, edges: np.ndarray, apart: np.ndarray, cut: Cut) -> None:
        """Join groups that edges lead between until none of these exceed the cut."""
        n = len(self.label)
        while True:
            edges, apart = self.pairs(edges), self.pairs(apart)
            edges = edges[~np.isin(edges @ (n, 1), apart @ (n, 1))]
            passed = self.passed(edges, cut)
            pairs, passed = edges[passed >= 0], passed[passed >= 0]
            if not len(pairs):
                return
            best = np.full(n, -np.inf)
            np.maximum.at(best, pairs, passed[:, None])
            mutual = np.flatnonzero((best[pairs] == passed[:, None]).all(axis=1))
            first = np.full(n, len(pairs))
            np.minimum.at(first, pairs[mutual], mutual[:, None])
            self.merge(*pairs[mutual[(first[pairs[mutual]] == mutual[:, None]).all(axis=1)]].T)


def _join_weak(groups: _Groups, edges: np.ndarray, weak: np.ndarray, apart: np.ndarray, cut: Cut) -> None:
    """Let each weak face join the group that it is likest to; none changes what the group is like."""
    pairs = groups.pairs(edges)
    passed = groups.passed(pairs, cut)
    pairs, passed = pairs[passed >= 0], passed[passed >= 0]
    pairs = np.where(weak[pairs[:, :1]], pairs, pairs[:, ::-1])  # the weak face first
    barred: dict[int, list[int]] = {}
    for one, other in np.concatenate([apart, apart[:, ::-1]]).tolist() if len(pairs) else ():
        barred.setdefault(one, []).append(other)
    label = groups.label.copy()
    for i in np.lexsort((pairs[:, 1], pairs[:, 0], -passed)):
        face, group = pairs[i]
        if label[face] == face and not any(label[other] == group for other in barred.get(face, ())):
            label[face] = group
    groups.label = label


def _edges(vectors: np.ndarray, cosine: float) -> np.ndarray:
    """The pairs of faces with at least a cosine, of a face the NEIGHBOURS likest; shape (pairs, 2)."""
    parts = [np.zeros((0, 2), np.int64)]
    for first, products in _products(vectors):
        # In one row, of which few are meant: np.nonzero on two axes would take as long as the products.
        rows, columns = np.divmod(np.flatnonzero(products >= cosine), products.shape[1])
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
