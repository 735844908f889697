"""How much there is in rows: counted by column, since an archive may have very many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from castlist.archive.table import Table, keep, where
from castlist.faces import NO_FACE
from castlist.media import UNKNOWN

COUNTED = ("photo", "digest", "face", "name", "perhaps", "gone", "reason")


def count_rows(rows: Table, decided: Sequence[str]) -> Counter[str]:
    """The fields of `Counts`, of rows with COUNTED; without the faces in photos of contents that were decided on."""
    photos = keep(rows, where(rows, "face", [None, 1]))  # one row of each
    is_there = where(photos, "gone", [False])
    is_empty = where(photos, "reason", [NO_FACE.code]) & where(photos, "face", [None])
    faces = keep(rows, ~where(rows, "face", [None]) & where(rows, "gone", [False]) & ~where(rows, "digest", decided))
    is_named = ~where(faces, "name", [UNKNOWN, None])
    return Counter(
        photos=int(is_there.sum()),
        empty=int((is_there & is_empty).sum()),
        failed=int(are_failed(photos).sum()),
        gone=int((~is_there).sum()),
        faces=len(faces),
        named=int(is_named.sum()),
        perhaps=int((~is_named & ~where(faces, "perhaps", [None])).sum()),
    )


def are_failed(rows: Table) -> np.ndarray:
    """Which rows, shape (rows,), bool, are of photos that are there and can't be read."""
    return where(rows, "face", [None]) & where(rows, "gone", [False]) & ~where(rows, "reason", [NO_FACE.code])
