"""Which of very many faces are most like some.

Up to EXACT faces each is compared. Beyond, each is a code of half a byte for every four of its values, and all codes
are passed through, which is quick enough in one thread to millions; the best are compared as they are. Cells of which
only the nearest are looked into (an inverted file) are quicker still, but cosines of two photos of a person are often
no more than 0.6, so that many of a person's photos lie in other cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from castlist.embeddings import normalize
from castlist.errors import needs_extra

EXACT = 100_000
BLOCK = 2**22  # products or values at a time; changes memory, not results
VALUES_A_CODE = 4
LEARNT = 65_536  # embeddings that the codes are learnt from
# Codes whose faces are compared as they are. In parts, as an index has them, a million faces with these gave 99.7 % of
# what comparing each gives of real people's other photos; more of them find more and take longer.
RIVALS, RIVALS_EACH = 300, 2


class Searcher(Protocol):
    """Embeddings to be searched."""

    def __len__(self) -> int:
        """How many there are."""

    def nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The likest ones of each query, the likest first.

        Args:
            queries: Shape (n, values), float32, L2 norm 1.
            k: How many; 1 or more, where there are so many.

        Returns:
            Cosines, shape (n, k), float32, and which embeddings these are of, shape (n, k), int64.
        """


@dataclass(frozen=True, eq=False)
class ExactSearcher:
    """Each embedding is compared."""

    vectors: np.ndarray  # (rows, values), float16, of about length 1

    def __len__(self) -> int:
        return len(self.vectors)

    def nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        step = max(1, BLOCK // max(len(queries), self.vectors.shape[1]))
        best = _nothing(len(queries))
        for first in range(0, len(self), step):
            some = self.vectors[first : first + step].astype(np.float32)
            cosines = queries @ some.T / np.sqrt(np.einsum("rv,rv->r", some, some))
            rows = np.broadcast_to(np.arange(first, first + cosines.shape[1]), cosines.shape)
            best = _likest([best, (cosines, rows)], k)
        return best


@dataclass(frozen=True, eq=False)
class CodedSearcher:
    """Only embeddings whose codes come near are compared."""

    codes: Any  # faiss.IndexPQFastScan
    vectors: np.ndarray  # as of ExactSearcher; may lie in a file

    @classmethod
    def build(cls, vectors: np.ndarray) -> CodedSearcher:
        """Learn codes for some embeddings, always the same ones."""
        faiss = load_faiss()
        values = vectors.shape[1]
        parts = next(parts for parts in range(max(values // VALUES_A_CODE, 1), 0, -1) if values % parts == 0)
        codes = faiss.IndexPQFastScan(values, parts, 4, faiss.METRIC_INNER_PRODUCT)
        some = np.linspace(0, len(vectors) - 1, min(len(vectors), LEARNT)).astype(int)
        codes.train(vectors[some].astype(np.float32))
        step = max(1, BLOCK // values)
        for first in range(0, len(vectors), step):
            codes.add(vectors[first : first + step].astype(np.float32))
        return cls(codes, vectors)

    @classmethod
    def load(cls, codes: bytes, vectors: np.ndarray) -> CodedSearcher:
        """What was built of the same embeddings; nobody else may have written the bytes."""
        return cls(load_faiss().deserialize_index(np.frombuffer(codes, np.uint8)), vectors)

    def to_bytes(self) -> bytes:
        """The codes; `load` takes them."""
        return load_faiss().serialize_index(self.codes).tobytes()

    def __len__(self) -> int:
        return len(self.vectors)

    def nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        load_faiss()
        cosines, rows = _nothing(len(queries), k)
        rivals = min(RIVALS + RIVALS_EACH * k, len(self))
        step = max(1, BLOCK // (rivals * queries.shape[1]))
        for first in range(0, len(queries), step):
            some = slice(first, first + step)
            near = np.sort(self.codes.search(queries[some], rivals)[1], axis=1)  # in the order of the file
            exact = normalize(self.vectors[near.ravel()].astype(np.float32)).reshape(*near.shape, -1)
            cosines[some], rows[some] = _likest([(np.einsum("nrv,nv->nr", exact, queries[some]), near)], k)
        return cosines, rows


@dataclass(frozen=True, eq=False)
class JoinedSearcher:
    """Several searchers as one; the rows of each come after those of the one before."""

    parts: Sequence[Searcher]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        found, first = [], 0
        for part in self.parts:
            cosines, rows = part.nearest(queries, min(k, len(part)))
            found.append((cosines, rows + first))
            first += len(part)
        return _likest(found, k)


def load_faiss() -> Any:
    """Faiss, with the calling thread for all its work: who wants more asks the one pool."""
    with needs_extra("archive", f"Searching more than {EXACT:,} faces"):
        import faiss
    faiss.omp_set_num_threads(1)  # holds for the thread that says so
    return faiss


def _nothing(n: int, k: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((n, k), np.float32), np.zeros((n, k), np.int64)


def _likest(found: Sequence[tuple[np.ndarray, np.ndarray]], k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k highest cosines of all, the highest first, and their rows; of equals the first row."""
    cosines, rows = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    if cosines.shape[1] > k:
        highest = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        cosines, rows = np.take_along_axis(cosines, highest, axis=1), np.take_along_axis(rows, highest, axis=1)
    order = np.lexsort((rows, -cosines), axis=1)
    return np.take_along_axis(cosines, order, axis=1), np.take_along_axis(rows, order, axis=1)
