"""An archive's embeddings, to be searched: read from the shards, or, of very many faces, from an index beside them.

The index is in parts, each of PART shards and made anew when any of these has changed:

    index/faces-00001.npy   the embeddings, as the shards keep them
    index/faces-00001.codes what is passed through in search of them
    index/faces-00001.json  of which shards they are, as these were; written last

It can be deleted at any time. What it finds is looked up in the shards, so that it never says more than they do.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from castlist.archive.folder import ArchiveFolder, Stamp
from castlist.archive.searching import EXACT, CodedSearcher, ExactSearcher, JoinedSearcher, Searcher
from castlist.archive.table import lists_of
from castlist.errors import CastlistError
from castlist.files import write_bytes

logger = logging.getLogger(__name__)

PART = 1024  # shards: some hundred thousand faces
FEW = 10_000  # faces of a part, up to which each is compared: codes are learnt from many
NEAR = 1000  # faces asked for at first


class _Made(msgspec.Struct, frozen=True):
    """What a part of the index was made of."""

    eyes: str  # as of the record
    stamps: dict[int, Stamp]  # of the shards
    counts: dict[int, int]  # faces of each
    digest: str  # SHA-256 of the codes, since damaged ones aren't noticed otherwise; "": there are none


@dataclass(frozen=True, eq=False)
class FaceIndex:
    """The faces of an archive that have an embedding, to be searched by it."""

    searcher: Searcher
    counts: Mapping[int, int]  # faces of each shard, in the order of the searcher's rows

    def units_near(self, query: np.ndarray, least: float) -> list[int]:
        """The shards that hold faces with at least a cosine to one, shape (values,)."""
        n, k = len(self.searcher), NEAR
        while n:
            cosines, rows = self.searcher.nearest(query[None], min(k, n))
            if k >= n or cosines[0, -1] < least:
                ends = np.cumsum(list(self.counts.values()))
                places = np.searchsorted(ends, rows[cosines >= least], "right")
                return sorted(np.array(list(self.counts))[np.unique(places)].tolist())
            k *= 4
        return []


def open_index(folder: ArchiveFolder) -> FaceIndex:
    """The faces of an archive; of very many by an index, which is made, or made anew, where it has to be.

    Raises:
        CastlistError: If a shard is damaged.
    """
    if found := _open(folder):
        return found
    if folder.count_rows() > EXACT:
        try:
            with folder.alone():  # nobody is forgotten meanwhile
                return _make(folder)
        except CastlistError as error:  # somebody is at work there, or nothing can be written
            logger.info("the index of an archive can't be made now: %s", error.code)
    vectors, counts = _read(folder, folder.units())
    return FaceIndex(ExactSearcher(vectors), counts)


def _open(folder: ArchiveFolder) -> FaceIndex | None:
    """The index, if it is there and of the shards as they are."""
    eyes, parts = folder.record().eyes, []
    for name, stamps in _parts(folder):
        if not (part := _open_part(name, eyes, stamps)):
            return None
        parts.append(part)
    return _joined(parts) if parts else None


def _make(folder: ArchiveFolder) -> FaceIndex:
    """Make whatever part of the index isn't there, or isn't of the shards as they are."""
    eyes, names, parts = folder.record().eyes, set(), []
    for name, stamps in _parts(folder):
        parts.append(_open_part(name, eyes, stamps) or _make_part(folder, name, eyes, stamps))
        names.add(name.name)
    for path in folder.index.glob("faces-*"):
        if path.stem not in names:
            with contextlib.suppress(OSError):  # where somebody reads it, it may have to stay until the next time
                path.unlink()
    return _joined(parts)


def _joined(parts: Sequence[FaceIndex]) -> FaceIndex:
    counts = {unit: count for part in parts for unit, count in part.counts.items()}
    return FaceIndex(JoinedSearcher([part.searcher for part in parts]), counts)


def _parts(folder: ArchiveFolder) -> Iterator[tuple[Path, dict[int, Stamp]]]:
    """Where each part of the index lies, without the ending, and its shards as they are."""
    for part, units in itertools.groupby(folder.units(), lambda unit: (unit - 1) // PART):
        yield folder.index / f"faces-{part * PART + 1:05}", {unit: folder.stamp(unit) for unit in units}


def _open_part(name: Path, eyes: str, stamps: Mapping[int, Stamp]) -> FaceIndex | None:
    try:
        made = msgspec.json.decode(name.with_suffix(".json").read_bytes(), type=_Made)
        if (made.eyes, made.stamps) != (eyes, stamps):
            return None
        vectors = np.load(name.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        codes = name.with_suffix(".codes").read_bytes() if made.digest else b""
    except (OSError, ValueError, EOFError):
        return None
    if vectors.dtype != np.float16 or vectors.shape[:-1] != (sum(made.counts.values()),):
        return None
    if not made.digest:
        return FaceIndex(ExactSearcher(vectors), made.counts)
    if hashlib.sha256(codes).hexdigest() != made.digest:
        return None
    try:
        return FaceIndex(CodedSearcher.load(codes, vectors), made.counts)
    except RuntimeError:  # as faiss says it: the codes are of a later one
        return None


def _make_part(folder: ArchiveFolder, name: Path, eyes: str, stamps: Mapping[int, Stamp]) -> FaceIndex:
    vectors, counts = _read(folder, list(stamps))
    data = io.BytesIO()
    np.save(data, vectors, allow_pickle=False)
    write_bytes(name.with_suffix(".npy"), data.getvalue(), private=True)
    searcher: Searcher = ExactSearcher(vectors)
    digest = ""
    if len(vectors) > FEW:
        searcher = CodedSearcher.build(vectors)
        codes = searcher.to_bytes()
        digest = hashlib.sha256(codes).hexdigest()
        write_bytes(name.with_suffix(".codes"), codes, private=True)
    made = _Made(eyes, dict(stamps), counts, digest)
    write_bytes(name.with_suffix(".json"), msgspec.json.encode(made), private=True)
    return FaceIndex(searcher, counts)


def _read(folder: ArchiveFolder, units: Sequence[int]) -> tuple[np.ndarray, dict[int, int]]:
    """The embeddings of some shards, shape (faces, values), float16, as precisely as they are kept; and whose."""
    parts = {unit: lists_of(rows["embedding"]).astype(np.float16) for unit, rows in folder.embedded([], units)}
    vectors = np.concatenate(list(parts.values())) if parts else np.zeros((0, 1), np.float16)
    return vectors, {unit: len(part) for unit, part in parts.items()}
