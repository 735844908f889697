"""Five points of a face, found by regression trees: the corners of both eyes, and below the nose.

Crops that meet them besides the detector's landmarks lie steadier: dlib's face network was trained on crops like these.

Source: Kazemi and Sullivan 2014; dlib's `shape_predictor`, whose trees for five points (CC0) the package
face-recognition-models ships. The points must equal dlib's own.
"""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from castlist.caches import cache_folder
from castlist.faces.networks import PACKAGE, find_package_file, read_checked
from castlist.files import write_bytes

TREES = "models/shape_predictor_5_face_landmarks.dat"
SHA256 = "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
POINTS = 5
NODES, LEAVES = 15, 16  # of each tree


@dataclass(frozen=True, eq=False)
class Trees:
    """Cascades of trees; each asks which of two pixels is brighter, and each leaf moves all points a little.

    Points are complex numbers, x + yi: turned and scaled by one multiplication.
    """

    start: np.ndarray  # (points,), complex64; in a face's box of side 1
    pixels: np.ndarray  # (cascades, 2, trees, NODES + 1), int64; which two pixels are compared; the last node is none
    limits: np.ndarray  # (cascades, trees, NODES + 1), float32; of their difference, 0 to 255
    leaves: np.ndarray  # (cascades, trees * LEAVES, 2 * points), float32; x and y of each point
    anchors: np.ndarray  # (cascades, pixels), int64; the point that each pixel lies beside
    offsets: np.ndarray  # (cascades, pixels), complex64; how far from it

    def find(self, pixels: np.ndarray, box: tuple[int, int, int]) -> np.ndarray:
        """Find the points of an upright face.

        Args:
            pixels: Shape (height, width, 3), uint8.
            box: Left, top, and side of the face in pixels; pixel centers lie at whole numbers.

        Returns:
            Shape (points, 2), float64, x and y.
        """
        left, top, side = box
        bright = _brightness(pixels)
        height, width = bright.shape
        corner = complex(left + 1.5, top + 1.5)  # and one pixel of the border
        centered = self.start - self.start.mean()
        centered = centered / np.vdot(centered, centered)
        shape = self.start
        n_trees = self.limits.shape[1]
        first_leaf, each = LEAVES * np.arange(n_trees), np.ones(n_trees, np.float32)
        for (one, other), limits, leaves, anchors, offsets in zip(
            self.pixels, self.limits, self.leaves, self.anchors, self.offsets, strict=True
        ):
            turn = np.vdot(centered, shape)  # and scale, from the points at the start, by least squares
            places = (offsets * turn + shape.take(anchors)) * side + corner
            x, y = (
                np.minimum(np.maximum(part, 0), last)
                for part, last in ((places.real, width - 1), (places.imag, height - 1))
            )
            seen = bright.take(y.astype(np.intp) * width + x.astype(np.intp))
            brighter = seen.take(one) - seen.take(other) > limits
            leaf = _leaf_of_answers().take(np.packbits(brighter).view(np.uint16))
            shape = shape + (each @ leaves.take(first_leaf + leaf, axis=0)).view(np.complex64)
        found = shape.astype(np.complex128) * side + complex(left, top)
        return np.column_stack([found.real, found.imag])


@functools.cache
def _leaf_of_answers() -> np.ndarray:
    """The leaf that a tree's answers lead to, by all its answers as the bits of a number; shape (65536,), int64."""
    answers = np.unpackbits(np.arange(1 << (NODES + 1), dtype=np.uint16).view(np.uint8).reshape(-1, 2), axis=1)
    node = np.zeros(len(answers), np.intp)
    while node[0] < NODES:
        node = 2 * node + 2 - answers[np.arange(len(answers)), node]
    return node - NODES


def _brightness(pixels: np.ndarray) -> np.ndarray:
    """Mean of red, green and blue, rounded down as dlib does, in a border of 0; (height + 2, width + 2), float32."""
    red, green, blue = pixels.astype(np.uint16).transpose(2, 0, 1)
    return np.pad(((red + green + blue) // 3).astype(np.float32), 1)


_LOCK = threading.Lock()


def default_trees() -> Trees:
    """The trees of dlib, from the user's cache; read from their package and kept there first if they aren't yet.

    Raises:
        WeightsError: If the package is missing, or its file is not the one expected.
    """
    with _LOCK:  # so that threads don't all read and write them at the start
        return _load_trees()


@functools.cache
def _load_trees() -> Trees:
    file = cache_folder() / f"dlib-corners-{SHA256[:8]}-2.npz"
    if not file.is_file():
        trees = read_trees(find_package_file("face_recognition_models", TREES, PACKAGE))
        content = io.BytesIO()
        np.savez(content, **{field.name: getattr(trees, field.name) for field in fields(Trees)})
        write_bytes(file, content.getvalue())
    with np.load(file, allow_pickle=False) as arrays:
        return Trees(**{field.name: arrays[field.name] for field in fields(Trees)})


def read_trees(path: Path) -> Trees:
    """Read dlib's file.

    Raises:
        WeightsError: If it is another file.
    """
    integers = _integers(read_checked(path, SHA256, PACKAGE))
    number = integers.__next__

    def real() -> float:
        mantissa = number()
        return mantissa * 2.0 ** number()

    def vector() -> list[float]:
        rows, columns = -number(), -number()
        return [real() for _ in range(rows * columns)]

    number()  # the format's version
    start = vector()
    pixels, limits, leaves = [], [], []
    for _ in range(n_cascades := number()):
        for _ in range(n_trees := number()):
            for _ in range(number()):
                pixels.append((number(), number()))
                limits.append(real())
            leaves.append([vector() for _ in range(number())])
    anchors = [[number() for _ in range(number())] for _ in range(number())]
    offsets = [[(real(), real()) for _ in range(number())] for _ in range(number())]
    none = ((0, 0),) * 2 + ((0, 1),)  # added to each tree, a node for a whole number of bytes
    compared = np.array(pixels, np.int64).reshape(n_cascades, n_trees, NODES, 2)
    return Trees(
        _complex(start),
        np.stack([np.pad(compared[..., i], none) for i in (0, 1)], axis=1),
        np.pad(np.array(limits, np.float32).reshape(n_cascades, n_trees, NODES), none),
        np.array(leaves, np.float32).reshape(n_cascades, n_trees * LEAVES, 2 * POINTS),
        np.array(anchors, np.int64),
        _complex(offsets).reshape(n_cascades, -1),
    )


def _complex(pairs: object) -> np.ndarray:
    """Numbers in pairs, x and y, in one row: (n,), complex64."""
    return np.array(pairs, np.float32).ravel().view(np.complex64)


def _integers(data: bytes) -> Iterator[int]:
    """dlib writes an integer as a byte that tells its length and its sign, and its bytes; a real number as two."""
    position = 0
    while position < len(data):
        end = position + 1 + (data[position] & 0x0F)
        value = int.from_bytes(data[position + 1 : end], "little")
        yield -value if data[position] & 0x80 else value
        position = end
