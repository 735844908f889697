"""Whether one photo shows the same picture as another, told by laying it there exactly."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from castlist.duplicates.candidates import SIDE, Placement

MIN_CONTRAST = 3.0  # grey levels; below it there is nothing to compare

_ROUGH = SIDE // 2  # the first alignment is made on smaller thumbnails, in pixels
_BORDER, _MARGIN = _ROUGH // 4, _ROUGH // 12  # how far a photo may lie outside the other, and from its guessed place
_SIZES = ((1.0, 1.0), (0.95, 0.95), (1.05, 1.05), (1.07, 0.93), (0.93, 1.07))  # tried, against the guessed size
_MIN_ALIKE = 0.45  # correlation of detail from which a candidate is worth aligning
_MIN_FITTING = 0.55  # similarity of smaller thumbnails from which the full ones are aligned

Size = tuple[int, int]  # height and width of a photo in pixels


def align(
    guesses: Iterable[tuple[np.ndarray, Size, Placement]], outer: np.ndarray, outer_size: Size
) -> list[tuple[Placement, float] | None]:
    """Lay some photos exactly into another one.

    Args:
        guesses: Each photo's thumbnail, shape (96, 96), uint8; its size; and where it may lie.
        outer: The other photo's thumbnail.
        outer_size: Height and width of the other photo in pixels.

    Returns:
        For each its place and similarity, -1 to 1; None where the pictures plainly differ.
    """
    scene = _detail(cv2.resize(outer, (_ROUGH, _ROUGH), interpolation=cv2.INTER_AREA))
    padded = cv2.copyMakeBorder(scene, _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_CONSTANT, value=0)
    return [_align_one(inner, size, guess, outer, outer_size, padded) for inner, size, guess in guesses]


def _align_one(
    inner: np.ndarray, size: Size, guess: Placement, outer: np.ndarray, outer_size: Size, padded: np.ndarray
) -> tuple[Placement, float] | None:
    if guess.mirrored:
        inner = np.ascontiguousarray(inner[:, ::-1])
    placement = _shift(inner, padded, guess)
    if placement is None:
        return None
    rough = _fit(inner, outer, placement, _ROUGH)
    if rough is None or rough[1] < _MIN_FITTING:
        return None
    placement, _ = rough
    # Compare only detail that both photos can hold: a tiny copy is a blurred one.
    detail = min(SIDE, *outer_size, size[0] / placement.height, size[1] / placement.width)
    return _fit(inner, outer, placement, round(max(SIDE // 3, detail)))


def _shift(small: np.ndarray, padded: np.ndarray, guess: Placement) -> Placement | None:
    """Improve a rough place by trying a few sizes at all places near it; None if the detail agrees at none."""
    best, placement = _MIN_ALIKE, None
    for taller, wider in _SIZES:
        height, width = round(guess.height * taller * _ROUGH), round(guess.width * wider * _ROUGH)
        template = _detail(cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA))
        top = _BORDER - _MARGIN + round((guess.top + guess.height / 2) * _ROUGH - height / 2)
        left = _BORDER - _MARGIN + round((guess.left + guess.width / 2) * _ROUGH - width / 2)
        top, left = max(top, 0), max(left, 0)
        region = padded[top : top + height + 2 * _MARGIN, left : left + width + 2 * _MARGIN]
        if region.shape[0] < height or region.shape[1] < width:
            continue
        _, alike, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(region, template, cv2.TM_CCOEFF_NORMED))
        if alike > best:
            best = alike
            place = ((top + y - _BORDER) / _ROUGH, (left + x - _BORDER) / _ROUGH, height / _ROUGH, width / _ROUGH)
            placement = Placement(*place, guess.mirrored)
    return placement


def _fit(small: np.ndarray, large: np.ndarray, guess: Placement, side: int) -> tuple[Placement, float] | None:
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
    placement = Placement(
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


def _detail(grey: np.ndarray) -> np.ndarray:
    """Remove light and contrast, which copies change: what is left is each pixel against its surroundings."""
    values = grey.astype(np.float32)
    values -= cv2.GaussianBlur(values, (0, 0), 3.0)
    spread = np.sqrt(cv2.GaussianBlur(values * values, (0, 0), 3.0) + MIN_CONTRAST**2)
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
    return np.asarray((ab - a * b) / np.sqrt(np.maximum((aa - a * a) * (bb - b * b), 1e-6)))
