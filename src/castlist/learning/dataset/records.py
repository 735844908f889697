"""A data set as learning holds it: who is on which photo and on which side; pixels when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from castlist.errors import CastError, Message, reason_of
from castlist.media import RefusedPhoto
from castlist.run import SIDES


@dataclass(frozen=True, eq=False)
class Dataset:
    """The photos of a cast with the side each is on; pixels stay on disk until they are read.

    Rows are sorted by person, then file.
    """

    path: Path  # the HDF5 file; may be another by now, or gone
    content: Any  # that file, held open
    people: tuple[str, ...]  # in the order of the indices in `person`
    files: tuple[str, ...]  # n paths below the cast's root, with forward slashes
    person: np.ndarray  # (n,), int64
    side: np.ndarray  # (n,), uint8; TRAIN, VALIDATION or TEST
    copies: np.ndarray  # (n,), int64; copies and re-crops of one photo share a number
    group: np.ndarray  # (n,), int64; copies and re-crops of one photo share a number, and so do photos of one take
    take: np.ndarray  # (n,), int64; photos of one film or burst share a number and are in order; others are ALONE
    embeddings: np.ndarray | None  # (n, 128), float32, L2 norm 1; of the faces; None for whole photos
    poor: np.ndarray  # (n,), bool; faces that may look like nobody of the cast though they are
    image_size: int
    refused: tuple[RefusedPhoto, ...]
    notes: tuple[Message, ...]
    is_marked: bool  # as of `Cast`
    fingerprint: str  # the same for the same photos and people, wherever the folder lies

    def indices(self, side: int) -> np.ndarray:
        """The rows of one side, shape (k,), int64, ascending."""
        return np.flatnonzero(self.side == side)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Read photos from disk, shape (k, image_size, image_size, 3), uint8, RGB, in the order asked for.

        Raises:
            CastError: If the file is damaged.
        """
        images = self.content["images"]
        pixels = np.empty((len(indices), *images.shape[1:]), np.uint8)
        try:
            for row, index in enumerate(indices.tolist()):
                images.read_direct(pixels, np.s_[index], np.s_[row])
        except OSError as error:
            raise CastError(
                "dataset-damaged",
                "The data set {path!r} is damaged ({reason}). Delete it; it is made anew.",
                path=str(self.path),
                reason=reason_of(error),
            ) from error
        return pixels

    def side_counts(self) -> dict[str, dict[str, int]]:
        """Photos and groups on each side, by the side's name."""
        return {
            name: {
                "photos": int((self.side == side).sum()),
                "groups": len(np.unique(self.group[self.side == side])),
            }
            for side, name in enumerate(SIDES)
        }
