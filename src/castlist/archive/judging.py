"""What people decided, brought together with the faces of an archive's rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from castlist.archive.decisions import Decision, Spot
from castlist.archive.table import EDGES, Table, keep, where
from castlist.archive.verdicts import Place, Verdicts, judge
from castlist.faces import Box

_ASKED = (*EDGES, "photo", "digest", "face", "start")


@dataclass(frozen=True)
class Places:
    """Where the faces of photos are, as far as anybody asked: rows don't change while they are open."""

    of: dict[str, dict[int, Place]] = field(default_factory=dict)  # by the photo's digest
    called: dict[str, str] = field(default_factory=dict)
    numbers: dict[Spot, int | None] = field(default_factory=dict)  # of faces that were decided on


class Shards:
    """The rows of an archive, of which those of a few photos are found without a look at all others."""

    def __init__(self, every: Sequence[Table]) -> None:
        self.every = every
        # Hashes, as the digests themselves would be the larger part of all rows; whose are equal is told by the rows.
        hashes = [np.fromiter(map(hash, set(shard["digest"].to_pylist())), np.int64) for shard in every]
        places = np.repeat(np.arange(len(hashes)), list(map(len, hashes)))
        every_hash = np.concatenate([np.zeros(0, np.int64), *hashes])
        order = np.argsort(every_hash)
        self._hashes, self._places = every_hash[order], places[order]

    def of(self, digests: Iterable[str]) -> list[Table]:
        """The rows of photos by their contents, in their order."""
        wanted = sorted(digests)
        asked = np.fromiter(map(hash, wanted), np.int64)
        begins, ends = (np.searchsorted(self._hashes, asked, side).tolist() for side in ("left", "right"))
        places = {place for bounds in zip(begins, ends, strict=True) for place in self._places[slice(*bounds)].tolist()}
        return [keep(shard, where(shard, "digest", wanted)) for shard in map(self.every.__getitem__, sorted(places))]


def judge_rows(decisions: Sequence[Decision], shards: Shards, known: Places | None = None) -> Verdicts:
    """Bring what was decided together with the faces of rows.

    Args:
        decisions: Those that hold, in their order.
        shards: The rows.
        known: What was asked before of the same rows, and is kept for the next time.
    """
    known = known or Places()
    digests = {spot.photo for one in decisions for spot in one.spots} - known.of.keys()
    found: dict[str, dict[int, Place]] = {}
    for shard in shards.of(digests):
        for row in shard.select(_ASKED).to_pylist():
            known.called.setdefault(row["digest"], row["photo"])
            numbers = found.setdefault(row["digest"], {})
            if row["face"] is not None:
                numbers[row["face"]] = place_of(row)
    known.of.update(found)  # whole photos at once, for whoever reads in another thread
    return judge(decisions, known.of, known.called, known.numbers)


def place_of(row: Mapping[str, Any]) -> Place:
    """Where a face is, and when."""
    return box_of(row), row["start"]


def box_of(row: Mapping[str, Any]) -> Box:
    """Where a face is."""
    return Box(*(row[edge] for edge in EDGES))
