"""Photos that are one picture: copied, resized, recompressed, recolored, mirrored, cropped or written on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from castlist.errors import ShapeError

SIDE = 96  # of a thumbnail, in pixels
SAME_PICTURE = 0.8  # similarity from which two photos are one picture
CANDIDATES = 12  # photos compared closely with each photo

# Where a crop may lie along one axis: its length as a share of the photo, and the largest step between two places.
_CROPS = ((1.0, 1.0), (0.9, 0.1), (0.8, 0.067), (0.7, 0.06), (0.6, 0.067))
_MAX_STRETCH = 1.35  # of a crop's height against its width
_FREQUENCIES = 8  # of the cosine transform, per axis
_MIN_ALIKE = 0.3  # correlation of detail from which a candidate is worth aligning
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
    thumbnails = np.stack([signature.thumbnail for signature in signatures])
    grid = _CropGrid()
    wholes = grid.describe_wholes(thumbnails)

    def search(start: int) -> list[tuple[int, int, _Placement, float]]:
        matches = []
        for inner, outer, placement in grid.candidates(wholes, thumbnails[start : start + 32], start):
            aligned = _align(signatures[inner], signatures[outer], placement)
            if aligned is not None and aligned[1] >= SAME_PICTURE:
                matches.append((inner, outer, *aligned))
        return matches

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for matches in pool.map(search, range(0, len(signatures), 32)):
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
    """The places where a crop of a photo may lie, and descriptors of what lies there.

    A descriptor is the low frequencies of the cosine transform, without the mean, of unit length. It is kept in two
    halves, symmetric and antisymmetric in x, of shape (n, ...): mirroring a photo only negates the second.
    """

    def __init__(self) -> None:
        places = [
            (length, offset)
            for length, step in _CROPS
            for offset in np.linspace(0, 1 - length, 1 + round((1 - length) / step) if length < 1 else 1)
        ]
        self.boxes = [
            (top, left, height, width)
            for height, top in places
            for width, left in places
            if max(height / width, width / height) <= _MAX_STRETCH
        ]
        index = {place: i for i, place in enumerate(places)}
        self._rows = [index[height, top] for top, _, height, _ in self.boxes]
        self._columns = [index[width, left] for _, left, _, width in self.boxes]
        self._basis = np.stack([_cosines(*place) for place in places])
        # Queries are the photo and its middle: the edges may be written on, or lie outside the other photo.
        self.query_boxes = ((0.0, 0.0, 1.0, 1.0), (0.125, 0.125, 0.75, 0.75))
        self._query_basis = np.stack([_cosines(1.0, 0.0), _cosines(0.75, 0.125)])

    def describe_wholes(self, thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        blocks = [
            _describe(thumbnails[start : start + 256], self._query_basis, [0, 1], [0, 1])
            for start in range(0, len(thumbnails), 256)
        ]
        return np.concatenate([block[0] for block in blocks]), np.concatenate([block[1] for block in blocks])

    def candidates(
        self, wholes: tuple[np.ndarray, np.ndarray], thumbnails: np.ndarray, start: int
    ) -> list[tuple[int, int, _Placement]]:
        """For each of a few photos, those that look most like one of its crops: (inner, outer, where)."""
        n, n_queries = wholes[0].shape[:2]
        even, odd = (half.reshape(n * n_queries, -1) for half in wholes)
        crops = _describe(thumbnails, self._basis, self._rows, self._columns)
        crop_even, crop_odd = (half.reshape(-1, half.shape[-1]) for half in crops)
        best = np.empty((n * n_queries, len(thumbnails)), np.float32)
        for i in range(0, len(best), 64):  # as many as stay in the processor's cache
            alike = np.abs(odd[i : i + 64] @ crop_odd.T)
            alike += even[i : i + 64] @ crop_even.T
            best[i : i + 64] = alike.reshape(len(alike), len(thumbnails), -1).max(axis=2)
        best = best.reshape(n, n_queries, -1)
        found = []
        for j in range(len(thumbnails)):
            scores = best[:, :, j].max(axis=1)
            scores[start + j] = -1.0
            k = min(CANDIDATES, n - 1)
            for inner in np.argpartition(-scores, k - 1)[:k]:
                query = int(best[inner, :, j].argmax())
                same = crops[0][j] @ wholes[0][inner, query]
                turned = crops[1][j] @ wholes[1][inner, query]
                box = int((same + np.abs(turned)).argmax())
                placement = self._place(box, query, mirrored=bool(turned[box] < 0))
                found.append((int(inner), start + j, placement))
        return found

    def _place(self, box: int, query: int, *, mirrored: bool) -> _Placement:
        top, left, height, width = self.boxes[box]
        query_top, query_left, query_height, query_width = self.query_boxes[query]
        height, width = height / query_height, width / query_width
        return _Placement(top - query_top * height, left - query_left * width, height, width, mirrored)


def _cosines(length: float, offset: float) -> np.ndarray:
    """The first cosines over a part of an axis, as weights of the pixels: shape (8, 96), float32."""
    edges = np.clip((np.arange(SIDE + 1) / SIDE - offset) / length, 0, 1)
    k = np.arange(1, _FREQUENCIES)[:, None]
    integral = np.concatenate([edges[None], np.sin(np.pi * k * edges) / (np.pi * k) * np.sqrt(2)])
    return np.diff(integral, axis=1).astype(np.float32)


def _describe(
    thumbnails: np.ndarray, basis: np.ndarray, rows: Sequence[int], columns: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Describe the boxes rows[i] x columns[i] of each photo: two halves, shape (n, boxes, 32) and (n, boxes, 32)."""
    n, places = len(thumbnails), len(basis)
    flat = basis.reshape(-1, SIDE)
    cosines = flat @ thumbnails.astype(np.float32) @ flat.T
    cosines = cosines.reshape(n, places, _FREQUENCIES, places, _FREQUENCIES).transpose(0, 1, 3, 2, 4)[:, rows, columns]
    order = np.arange(_FREQUENCIES)
    # Photos hold most of their energy in the lowest frequencies; the square root shares it out more evenly.
    cosines *= np.sqrt(np.hypot(order[:, None], order)).astype(np.float32)
    cosines /= np.maximum(np.linalg.norm(cosines, axis=(-2, -1), keepdims=True), 1.0)
    even, odd = cosines[..., 0::2], cosines[..., 1::2]
    return even.reshape(*even.shape[:2], -1), odd.reshape(*odd.shape[:2], -1)


def _align(inner: PhotoSignature, outer: PhotoSignature, guess: _Placement) -> tuple[_Placement, float] | None:
    """Lay one photo exactly into another; the place and the similarity, or None where they are plainly different."""
    small = np.ascontiguousarray(inner.thumbnail[:, ::-1]) if guess.mirrored else inner.thumbnail
    coarse = _shift(small, outer.thumbnail, guess, SIDE // 2)
    if coarse is None:
        return None
    # Compare only detail that both photos can hold: a tiny copy is a blurred one.
    detail = min(
        1.0,
        outer.height / SIDE,
        outer.width / SIDE,
        inner.height / (coarse.height * SIDE),
        inner.width / (coarse.width * SIDE),
    )
    side = max(32, round(SIDE * detail))
    height, width = max(8, round(coarse.height * side)), max(8, round(coarse.width * side))
    template = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
    scene = cv2.resize(outer.thumbnail, (side, side), interpolation=cv2.INTER_AREA)
    warp = np.array([[1, 0, coarse.left * side], [0, 1, coarse.top * side]], np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)
    try:
        _, warp = cv2.findTransformECC(_detail(template), _detail(scene), warp, cv2.MOTION_AFFINE, stop, None, 5)
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
    return placement, _similarity(_detail(template), _detail(laid), inside > 0)


def _shift(small: np.ndarray, large: np.ndarray, guess: _Placement, side: int) -> _Placement | None:
    """Improve a rough place by trying three sizes at all places near it."""
    margin, border = side // 12, side // 2
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
    return values / np.sqrt(cv2.GaussianBlur(values * values, (0, 0), 3.0) + _MIN_CONTRAST**2)


def _similarity(a: np.ndarray, b: np.ndarray, inside: np.ndarray) -> float:
    """Correlate two aligned photos where they overlap.

    The mean of the correlation of all pixels, which a changed expression lowers, and of the median over 4 x 4 blocks,
    which bears a line of text.
    """
    if inside.mean() < 0.5:
        return 0.0
    blocks = []
    for rows in np.array_split(np.arange(a.shape[0]), 4):
        for columns in np.array_split(np.arange(a.shape[1]), 4):
            block = np.ix_(rows, columns)
            if inside[block].mean() > 0.6 and a[block].std() + b[block].std() > 0.2:
                blocks.append(_correlation(a[block], b[block]))
    if len(blocks) < 6:
        return 0.0
    return (_correlation(a[inside], b[inside]) + float(np.median(blocks))) / 2


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))
