"""A data set as learning holds it: who is on which photo and on which side; pixels when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.errors import CastError, Message, needs_extra
from castlist.media import RefusedPhoto
from castlist.run import SIDES


@dataclass(frozen=True, eq=False)
class Dataset:
    """The photos of a cast with the side each is on; pixels stay on disk until they are read.

    Rows are sorted by person, then file.
    """

    path: Path  # the HDF5 file
    people: tuple[str, ...]  # in the order of the indices in `person`
    files: tuple[str, ...]  # n paths below the cast's root, with forward slashes
    person: np.ndarray  # (n,), int64
    side: np.ndarray  # (n,), uint8; TRAIN, VALIDATION or TEST
    group: np.ndarray  # (n,), int64; copies and re-crops of one photo share a number, and so do photos of one take
    take: np.ndarray  # (n,), int64; photos of one film or burst share a number and are in order; others are ALONE
    embeddings: np.ndarray | None  # (n, 128), float32, L2 norm 1; of the faces; None for whole photos
    image_size: int
    refused: tuple[RefusedPhoto, ...]
    notes: tuple[Message, ...]
    fingerprint: str  # the same for the same photos and people, wherever the folder lies

    def indices(self, side: int) -> np.ndarray:
        """The rows of one side, shape (k,), int64, ascending."""
        return np.flatnonzero(self.side == side)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Read photos from disk, shape (k, image_size, image_size, 3), uint8, RGB, in the order asked for.

        Raises:
            CastError: If the file has been made anew since, from other photos.
        """
        with needs_extra("learn", "Reading the data set"):
            import h5py
        with h5py.File(self.path, "r") as file:
            if file.attrs["fingerprint"] != self.fingerprint:
                raise CastError(
                    "data-set-changed",
                    "The data set {path!r} was made anew from other photos, by another castlist. "
                    "Go on when that one has ended.",
                    path=str(self.path),
                )
            images = file["images"]
            pixels = np.empty((len(indices), *images.shape[1:]), np.uint8)
            for row, index in enumerate(indices.tolist()):
                images.read_direct(pixels, np.s_[index], np.s_[row])
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
