"""Photos that are one picture: copied, resized, recompressed, recolored, mirrored, cropped or written on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from castlist.duplicates.alignment import MIN_CONTRAST, align
from castlist.duplicates.candidates import SIDE as SIDE
from castlist.duplicates.candidates import CropIndex, Placement
from castlist.errors import ShapeError
from castlist.threads import work_ahead

SAME_PICTURE = 0.8  # similarity from which two photos are one picture

_BLOCK = 16  # photos searched at once; bounds the memory


@dataclass(frozen=True, eq=False)
class PhotoSignature:
    """What is kept of a photo to find its duplicates, about 9 kB."""

    digest: str  # SHA-256 of the file's bytes
    thumbnail: np.ndarray  # (96, 96), uint8, grey; the aspect ratio is not kept
    height: int  # of the upright photo, in pixels
    width: int


@dataclass(frozen=True)
class DuplicatePair:
    """Two photos that are one picture, by their places in the sequence that was searched."""

    first: int  # below `second`
    second: int
    kind: Literal["exact", "near", "crop", "mirror"]  # a mirrored crop is "mirror"
    similarity: float  # 1 for equal files, from 0.8 for others


def sign_photo(data: bytes, pixels: np.ndarray, size: tuple[int, int] | None = None) -> PhotoSignature:
    """Summarize a photo for `find_duplicates`.

    Args:
        data: The file's bytes.
        pixels: The same file decoded, shape (height, width, 3), uint8, RGB.
        size: Width and height of the photo, where `pixels` is a smaller picture of it.

    Raises:
        ShapeError: If `pixels` has another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ShapeError(
            "photo-shape",
            "A photo must be an array of shape (height, width, 3), uint8. Got {shape}, {dtype} instead.",
            shape=str(pixels.shape),
            dtype=str(pixels.dtype),
        )
    height, width = pixels.shape[:2]
    # Enlarging by area would draw the pixels as squares, whose edges match nothing.
    shrunk = cv2.resize(pixels, (min(width, SIDE), min(height, SIDE)), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(shrunk, cv2.COLOR_RGB2GRAY)
    thumbnail = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    width, height = size or (width, height)
    return PhotoSignature(hashlib.sha256(data).hexdigest(), thumbnail, height, width)


def find_duplicates(
    signatures: Sequence[PhotoSignature], on_count: Callable[[int, int], None] | None = None
) -> list[DuplicatePair]:
    """Find the photos that are one picture.

    Each photo is laid into every other, whole and mirrored, at the places where a crop may lie, by the correlation of
    their low frequencies. The best of these candidates are aligned in scale, place and slight turn, and the correlation
    of their locally normalized detail decides: it stays low between two shots of one event or two aligned portraits.
    Time grows with the square of the number of photos; memory does not.

    Args:
        signatures: One per photo.
        on_count: Told now and then how many photos have been searched, of how many.

    Returns:
        The pairs, sorted. Of many equal files each is paired with the first only; of many near copies each is paired
        with some others.
    """
    first_of: dict[str, int] = {}
    pairs = []
    for index, signature in enumerate(signatures):
        first = first_of.setdefault(signature.digest, index)
        if first != index:
            pairs.append(DuplicatePair(first, index, "exact", 1.0))
    searched = [index for index in first_of.values() if signatures[index].thumbnail.std() >= MIN_CONTRAST]
    found = _find_near([signatures[index] for index in searched], on_count)
    for (a, b), (kind, similarity) in found.items():
        pairs.append(DuplicatePair(searched[a], searched[b], kind, similarity))
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))


def group_photos(n: int, pairs: Iterable[DuplicatePair]) -> np.ndarray:
    """Number the groups of photos that duplicates join, directly or through others.

    Args:
        n: Number of photos.
        pairs: From `find_duplicates`.

    Returns:
        Shape (n,), int64: the group of each photo, counted from 0 in the order of their first photos.
    """
    parent = list(range(n))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for pair in pairs:
        a, b = sorted((root(pair.first), root(pair.second)))
        parent[b] = a
    _, groups = np.unique([root(index) for index in range(n)], return_inverse=True)
    return groups.astype(np.int64)


_Found = dict[tuple[int, int], tuple[Literal["near", "crop", "mirror"], float]]


def _find_near(signatures: Sequence[PhotoSignature], on_count: Callable[[int, int], None] | None) -> _Found:
    """The near-duplicates among photos whose files all differ, keyed by (lower, higher) place."""
    found: _Found = {}
    n = len(signatures)
    if n < 2:
        return found
    index = CropIndex(np.stack([signature.thumbnail for signature in signatures]))
    sizes = [(signature.height, signature.width) for signature in signatures]

    def search(start: int) -> list[tuple[int, int, Placement, float]]:
        outers = range(start, min(start + _BLOCK, n))
        matches = []
        for outer, candidates in zip(outers, index.candidates(outers), strict=True):
            guesses = [(signatures[inner].thumbnail, sizes[inner], guess) for inner, guess in candidates]
            aligned = align(guesses, signatures[outer].thumbnail, sizes[outer])
            for (inner, _), result in zip(candidates, aligned, strict=True):
                if result is not None and result[1] >= SAME_PICTURE:
                    matches.append((inner, outer, *result))
        return matches

    # Each thread multiplies small matrices; were these split among threads again, waiting would cost more than work.
    with threadpool_limits(1, user_api="blas"):
        starts = range(0, n, _BLOCK)
        for start, matches in zip(starts, work_ahead(search, starts), strict=True):
            for inner, outer, placement, similarity in matches:
                key = (min(inner, outer), max(inner, outer))
                if key not in found or similarity > found[key][1]:
                    found[key] = (_kind(placement), similarity)
            if on_count:
                on_count(min(start + _BLOCK, n), n)
    return found


def _kind(placement: Placement) -> Literal["near", "crop", "mirror"]:
    if placement.mirrored:
        return "mirror"
    edges = (placement.top, placement.left, 1 - placement.top - placement.height, 1 - placement.left - placement.width)
    return "crop" if max(map(abs, edges)) > 0.03 else "near"
