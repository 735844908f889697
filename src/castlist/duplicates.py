"""Photos that are one picture: copied, resized, recompressed, recolored, mirrored, cropped or written on."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from castlist.errors import ShapeError

SIDE = 96  # of a thumbnail, in pixels
SAME_PICTURE = 0.8  # similarity from which two photos are one picture
CANDIDATES = 12  # photos compared closely with each photo

# Where a crop may lie along one axis: its length as a share of the photo, and the largest step between two places.
_ROUGH_CROPS = ((1.0, 1.0), (0.85, 0.15), (0.7, 0.15), (0.58, 0.14))
_FINE_CROPS = ((1.0, 1.0), (0.9, 0.1), (0.8, 0.067), (0.7, 0.06), (0.6, 0.067))
_MAX_STRETCH = 1.35  # of a crop's height against its width
_ROUGH_SHARE, _MIN_ROUGH = 0.03, 64  # of the photos, how many the rough crops let through
_BLOCK = 16  # photos searched at once; bounds the memory
_MIN_ALIKE = 0.3  # correlation of detail from which a candidate is worth aligning
_MIN_FITTING = 0.45  # similarity of rough copies from which exact ones are compared
_MIN_CONTRAST = 3.0  # grey levels; below it there is nothing to compare


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


@dataclass(frozen=True)
class _Placement:
    """Where the whole of one photo lies in another; lengths are shares of the other photo's height and width."""

    top: float
    left: float
    height: float
    width: float
    mirrored: bool


def sign_photo(data: bytes, pixels: np.ndarray) -> PhotoSignature:
    """Summarize a photo for `find_duplicates`.

    Args:
        data: The file's bytes.
        pixels: The same file decoded, shape (height, width, 3), uint8, RGB.

    Raises:
        ShapeError: If `pixels` has another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ShapeError(
            f"A photo must be an array of shape (height, width, 3), uint8. Got {pixels.shape}, {pixels.dtype} instead."
        )
    height, width = pixels.shape[:2]
    # Enlarging by area would draw the pixels as squares, whose edges match nothing.
    shrunk = cv2.resize(pixels, (min(width, SIDE), min(height, SIDE)), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(shrunk, cv2.COLOR_RGB2GRAY)
    thumbnail = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return PhotoSignature(hashlib.sha256(data).hexdigest(), thumbnail, height, width)


def find_duplicates(signatures: Sequence[PhotoSignature]) -> list[DuplicatePair]:
    """Find the photos that are one picture.

    Each photo is laid into every other, whole and mirrored, at the places where a crop may lie, by the correlation of
    their low frequencies. The best of these candidates are aligned in scale, place and slight turn, and the correlation
    of their locally normalized detail decides: it stays low between two shots of one event or two aligned portraits.
    Time grows with the square of the number of photos; memory does not.

    Args:
        signatures: One per photo.

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
    searched = [index for index in first_of.values() if signatures[index].thumbnail.std() >= _MIN_CONTRAST]
    found = _find_near([signatures[index] for index in searched])
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


def _find_near(signatures: Sequence[PhotoSignature]) -> _Found:
    """The near-duplicates among photos whose files all differ, keyed by (lower, higher) place."""
    found: _Found = {}
    if len(signatures) < 2:
        return found
    index = _Index(np.stack([signature.thumbnail for signature in signatures]))

    def search(start: int) -> list[tuple[int, int, _Placement, float]]:
        matches = []
        for inner, outer, guess in index.candidates(start, min(start + _BLOCK, len(signatures))):
            aligned = _align(signatures[inner], signatures[outer], guess)
            if aligned is not None and aligned[1] >= SAME_PICTURE:
                matches.append((inner, outer, *aligned))
        return matches

    # Each thread multiplies small matrices; were these split among threads again, waiting would cost more than work.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        for matches in pool.map(search, range(0, len(signatures), _BLOCK)):
            for inner, outer, placement, similarity in matches:
                key = (min(inner, outer), max(inner, outer))
                if key not in found or similarity > found[key][1]:
                    found[key] = (_kind(placement), similarity)
    return found


def _kind(placement: _Placement) -> Literal["near", "crop", "mirror"]:
    if placement.mirrored:
        return "mirror"
    edges = (placement.top, placement.left, 1 - placement.top - placement.height, 1 - placement.left - placement.width)
    return "crop" if max(map(abs, edges)) > 0.03 else "near"


class _CropGrid:
    """Places where a crop of a photo may lie, and descriptors of what lies there.

    A descriptor is the low frequencies of the cosine transform, without the mean, of unit length. It is kept in two
    halves, symmetric and antisymmetric in x: mirroring a photo only negates the second.

    Args:
        crops: Along one axis: the length of a crop as a share of the photo, and the step between two places.
        frequencies: Of the cosine transform, per axis; even.
    """

    def __init__(self, crops: Sequence[tuple[float, float]], frequencies: int) -> None:
        places = [
            (length, offset)
            for length, step in crops
            for offset in np.linspace(0, 1 - length, 1 + math.ceil((1 - length) / step - 1e-6))
        ]
        index = {place: i for i, place in enumerate(places)}
        boxes = [
            (row, column)
            for row in places
            for column in places
            if max(row[0] / column[0], column[0] / row[0]) <= _MAX_STRETCH
        ]
        self.boxes = [(row[1], column[1], row[0], column[0]) for row, column in boxes]  # top, left, height, width
        self._rows = [index[row] for row, _ in boxes]
        self._columns = [index[column] for _, column in boxes]
        self._frequencies = frequencies
        self._cosines = np.concatenate([_cosines(length, offset, frequencies) for length, offset in places])
        # Photos hold most of their energy in the lowest frequencies; the square root shares it out more evenly.
        order = np.arange(frequencies)
        self._weights = np.sqrt(np.hypot(order[:, None], order)).ravel().astype(np.float32)

    def describe(self, thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Describe every box of some photos: two halves, each of shape (n, boxes, frequencies^2 / 2), float32."""
        n, k = len(thumbnails), self._frequencies
        # Two large products: many small ones would cost more in threads than in arithmetic.
        across = thumbnails.reshape(-1, SIDE).astype(np.float32) @ self._cosines.T
        turned = np.ascontiguousarray(across.reshape(n, SIDE, -1).transpose(0, 2, 1))
        both = (turned.reshape(-1, SIDE) @ self._cosines.T).reshape(n, -1, k, len(self._cosines) // k, k)
        # The axes are now photo, column, frequency in x, row, frequency in y.
        described = both.transpose(0, 1, 3, 2, 4)[:, self._columns, self._rows].reshape(n, len(self.boxes), -1)
        described *= self._weights
        described /= np.maximum(np.sqrt(np.einsum("nbk,nbk->nb", described, described)), 1.0)[..., None]
        halves = described.reshape(n, len(self.boxes), k // 2, 2, k)
        return halves[:, :, :, 0].reshape(n, len(self.boxes), -1), halves[:, :, :, 1].reshape(n, len(self.boxes), -1)


def _cosines(length: float, offset: float, frequencies: int) -> np.ndarray:
    """The first cosines over a part of an axis, as weights of its pixels: shape (frequencies, 96), float32."""
    edges = np.clip((np.arange(SIDE + 1) / SIDE - offset) / length, 0, 1)
    k = np.arange(1, frequencies)[:, None]
    integral = np.concatenate([edges[None], np.sin(np.pi * k * edges) / (np.pi * k) * np.sqrt(2)])
    return np.diff(integral, axis=1).astype(np.float32)


class _Index:
    """Photos, each described as a whole and by its middle, to be found by what a crop of another photo looks like."""

    # The middle serves where the edges are written on, or lie outside the other photo.
    _QUERIES = ((0.0, 0.0, 1.0, 1.0), (0.125, 0.125, 0.75, 0.75))

    def __init__(self, thumbnails: np.ndarray) -> None:
        self.thumbnails = thumbnails
        self._rough, self._fine = _CropGrid(_ROUGH_CROPS, 6), _CropGrid(_FINE_CROPS, 8)
        self._rough_queries, self._fine_queries = self._describe_queries(6), self._describe_queries(8)

    def _describe_queries(self, frequencies: int) -> tuple[np.ndarray, np.ndarray]:
        """Two halves, each of shape (n, 2, frequencies^2 / 2)."""
        parts = []
        middle = slice(SIDE // 8, SIDE - SIDE // 8)
        whole = _CropGrid(((1.0, 1.0),), frequencies)
        for start in range(0, len(self.thumbnails), 256):
            some = self.thumbnails[start : start + 256]
            middles = np.stack([cv2.resize(photo[middle, middle], (SIDE, SIDE)) for photo in some])
            halves = zip(whole.describe(some), whole.describe(middles), strict=True)
            parts.append([np.concatenate(half, axis=1) for half in halves])
        return np.concatenate([even for even, _ in parts]), np.concatenate([odd for _, odd in parts])

    def candidates(self, start: int, stop: int) -> list[tuple[int, int, _Placement]]:
        """For each photo of a range, the others that look most like one of its crops: (inner, outer, where)."""
        outers = self.thumbnails[start:stop]
        rough = _best_match(self._rough_queries, self._rough.describe(outers))
        rough[np.arange(start, stop), np.arange(stop - start)] = -1.0  # not itself
        n_rough = min(len(rough) - 1, max(_MIN_ROUGH, round(_ROUGH_SHARE * len(rough))))
        even, odd = self._fine.describe(outers)
        found = []
        for j, outer in enumerate(range(start, stop)):
            near = np.argpartition(-rough[:, j], n_rough - 1)[:n_rough]
            turned = self._fine_queries[1][near].reshape(2 * n_rough, -1) @ odd[j].T
            alike = self._fine_queries[0][near].reshape(2 * n_rough, -1) @ even[j].T + np.abs(turned)
            box = alike.argmax(axis=1)
            scores = alike[np.arange(2 * n_rough), box].reshape(n_rough, 2)
            for i in np.argsort(-scores.max(axis=1))[:CANDIDATES]:
                query = int(scores[i].argmax())
                row = 2 * i + query
                mirrored = bool(turned[row, box[row]] < 0)
                found.append((int(near[i]), outer, self._place(self._fine.boxes[box[row]], query, mirrored=mirrored)))
        return found

    def _place(self, box: tuple[float, float, float, float], query: int, *, mirrored: bool) -> _Placement:
        """Where the whole photo lies when its part `query` lies in the box."""
        top, left, height, width = box
        query_top, query_left, query_height, query_width = self._QUERIES[query]
        height, width = height / query_height, width / query_width
        return _Placement(top - query_top * height, left - query_left * width, height, width, mirrored)


def _best_match(queries: tuple[np.ndarray, np.ndarray], crops: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The correlation of each query photo with the likest crop of each other, mirrored or not: shape (n, others)."""
    n, n_queries, _ = queries[0].shape
    others, boxes, _ = crops[0].shape
    even, odd = (half.reshape(n * n_queries, -1) for half in queries)
    crop_even, crop_odd = (half.reshape(others * boxes, -1) for half in crops)
    best = np.empty((n * n_queries, others), np.float32)
    for i in range(0, len(best), 128):  # as many as stay in the processor's cache
        alike = np.abs(odd[i : i + 128] @ crop_odd.T)
        alike += even[i : i + 128] @ crop_even.T
        best[i : i + 128] = alike.reshape(len(alike), others, boxes).max(axis=2)
    return np.asarray(best.reshape(n, n_queries, others).max(axis=1))


def _align(inner: PhotoSignature, outer: PhotoSignature, guess: _Placement) -> tuple[_Placement, float] | None:
    """Lay one photo exactly into another; the place and the similarity, or None where they are plainly different."""
    small = np.ascontiguousarray(inner.thumbnail[:, ::-1]) if guess.mirrored else inner.thumbnail
    large = outer.thumbnail
    placement = _shift(small, large, guess)
    if placement is None:
        return None
    aligned = _fit(small, large, placement, SIDE // 2)
    if aligned is None or aligned[1] < _MIN_FITTING:
        return None
    # Compare only detail that both photos can hold: a tiny copy is a blurred one.
    placement = aligned[0]
    inside = min(inner.height / placement.height, inner.width / placement.width)
    return _fit(small, large, placement, round(max(SIDE // 3, min(SIDE, outer.height, outer.width, inside))))


def _fit(small: np.ndarray, large: np.ndarray, guess: _Placement, side: int) -> tuple[_Placement, float] | None:
    """Align by an affine map (Evangelidis and Psarakis, 2008), the large photo shrunk to `side` pixels."""
    height, width = max(8, round(guess.height * side)), max(8, round(guess.width * side))
    template = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
    scene = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)
    scale = np.array([guess.height * side / height, guess.width * side / width])
    warp = np.array([[scale[1], 0, guess.left * side], [0, scale[0], guess.top * side]], np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1e-3)
    pattern = _detail(template)
    try:
        _, warp = cv2.findTransformECC(pattern, _detail(scene), warp, cv2.MOTION_AFFINE, stop, None, 5)
    except cv2.error:  # it doesn't converge: they have nothing in common
        return None
    if abs(warp[:, :2] - np.eye(2)).max() > 0.2:
        return None
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(scene, warp, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.ones_like(scene), warp, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    placement = _Placement(
        top=float(warp[1, 2]) / side,
        left=float(warp[0, 2]) / side,
        height=float(warp[1, 1]) * height / side,
        width=float(warp[0, 0]) * width / side,
        mirrored=guess.mirrored,
    )
    similarity = _similarity(pattern, _detail(laid), inside)
    # Copies lie straight and share much detail. Tight portraits of one person agree when turned and tiny.
    turn = abs(warp[0, 1]) + abs(warp[1, 0])
    shared = side * min(placement.height, placement.width, 1.0)
    return placement, similarity - 0.5 * float(turn) - 0.1 * min(max((80 - shared) / 40, 0.0), 1.0)


def _shift(small: np.ndarray, large: np.ndarray, guess: _Placement) -> _Placement | None:
    """Improve a rough place by trying a few sizes at all places near it; None if the detail agrees at none."""
    side, margin, border = SIDE // 2, SIDE // 24, SIDE // 4
    scene = _detail(cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA))
    scene = cv2.copyMakeBorder(scene, border, border, border, border, cv2.BORDER_CONSTANT, value=0)
    best, placement = _MIN_ALIKE, None
    for factor in (0.95, 1.0, 1.05):
        height, width = round(guess.height * factor * side), round(guess.width * factor * side)
        template = _detail(cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA))
        top = border - margin + round((guess.top + guess.height / 2) * side - height / 2)
        left = border - margin + round((guess.left + guess.width / 2) * side - width / 2)
        region = scene[max(top, 0) : top + height + 2 * margin, max(left, 0) : left + width + 2 * margin]
        if region.shape[0] < height or region.shape[1] < width:
            continue
        _, alike, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(region, template, cv2.TM_CCOEFF_NORMED))
        if alike > best:
            y, x = y + max(top, 0) - border, x + max(left, 0) - border
            best = alike
            placement = _Placement(y / side, x / side, height / side, width / side, guess.mirrored)
    return placement


def _detail(grey: np.ndarray) -> np.ndarray:
    """Remove light and contrast, which copies change: what is left is each pixel against its surroundings."""
    values = grey.astype(np.float32)
    values -= cv2.GaussianBlur(values, (0, 0), 3.0)
    spread = np.sqrt(cv2.GaussianBlur(values * values, (0, 0), 3.0) + _MIN_CONTRAST**2)
    return np.asarray(values / spread)


def _similarity(a: np.ndarray, b: np.ndarray, inside: np.ndarray) -> float:
    """Correlate two aligned photos where they overlap.

    The mean of the correlation of all pixels, which a changed expression lowers, and of the median over 4 x 4 blocks,
    which bears a line of text.
    """
    height, width = a.shape[0] // 4 * 4, a.shape[1] // 4 * 4
    planes = [np.ones_like(a), a, b, a * a, b * b, a * b]
    blocks = np.stack([(plane * inside)[:height, :width] for plane in planes])
    sums = blocks.reshape(6, 4, height // 4, 4, width // 4).sum(axis=(2, 4)).reshape(6, 16)
    means = sums[1:] / np.maximum(sums[0], 1.0)
    # A block of plain background has nothing to correlate.
    telling = (sums[0] > 0.6 * sums[0].max()) & (means[2] + means[3] > 0.05)
    if inside.mean() < 0.5 or telling.sum() < 6:
        return 0.0
    total = sums.sum(axis=1)
    whole = _correlation(total[1:] / total[0])
    return float(whole + np.median(_correlation(means[:, telling]))) / 2


def _correlation(means: np.ndarray) -> np.ndarray:
    """The correlation of a and b from the means of a, b, a * a, b * b and a * b, shape (5, ...)."""
    a, b, aa, bb, ab = means
    return np.asarray((ab - a * b) / np.sqrt((aa - a * a) * (bb - b * b) + 1e-6))
