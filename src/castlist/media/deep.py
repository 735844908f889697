"""Files whose samples Pillow refuses, misreads or takes long over: read by OpenCV, and written anew with 8 bits."""

from __future__ import annotations

import cv2
import numpy as np

from castlist.silence import silence_opencv

SOME = 256  # rows and columns of a picture by which its floats are judged


def in_8_bits(data: bytes, *, top: float) -> bytes | None:
    """A file's first picture as a PPM file.

    Args:
        data: The file; its samples are integers.
        top: What white is.

    Returns:
        The other file; None if OpenCV can't read this one either.
    """
    values = read_samples(data)
    return None if values is None else to_ppm(values, top=top)


def read_samples(data: bytes) -> np.ndarray | None:
    """A file's first picture, upright, as `to_ppm` takes it; None if OpenCV can't read it."""
    with silence_opencv():
        values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return None if values is None else values.reshape(*values.shape[:2], -1)


def to_ppm(
    values: np.ndarray, *, white_is_zero: bool = False, top: float | None = None, premultiplied: bool = False
) -> bytes:
    """Samples as a PPM file of 8 bits.

    Args:
        values: Shape (height, width, 1 to 4): grey, or blue, green and red; and perhaps opacity. Integers or floats.
        white_is_zero: How grey values are meant.
        top: What white is, if the file says so.
        premultiplied: Whether the colors are as they are seen on black.
    """
    height, width = values.shape[:2]
    n_colors = values.shape[2] // 3 * 2 + 1
    colors, alpha = values[..., :n_colors], values[..., n_colors:]
    if values.dtype == np.uint8 and top == 255 and not alpha.size and not white_is_zero:
        return _ppm(np.broadcast_to(colors, (height, width, 3)))
    bgr = np.empty((height, width, 3), np.uint8)
    opaque = top or _top(alpha) if alpha.size else 1.0
    top = top or _top(colors)
    for row in range(height):  # one at a time: as floats, all would take a multiple of the file's room
        shares = np.clip(np.nan_to_num(colors[row] / top, posinf=1), 0, 1)
        if white_is_zero:
            shares = 1 - shares
        if alpha.size:
            share = np.clip(alpha[row] / opaque, 0, 1)
            shares = np.minimum(1 - share + shares, 1) if premultiplied else 1 - share * (1 - shares)
        bgr[row] = 255 * shares
    return _ppm(bgr)


def _ppm(bgr: np.ndarray) -> bytes:
    height, width, _ = bgr.shape
    return b"P6 %d %d 255\n" % (width, height) + bgr[..., ::-1].tobytes()


def _top(values: np.ndarray) -> float:
    """What white is: the most that an integer can be; of floats, what three of four are below tells their range.

    Not their maximum: of a range up to 1, lights and the sun may be any number, and infinite.
    """
    if np.issubdtype(values.dtype, np.integer):
        return float(np.iinfo(values.dtype).max)
    height, width = values.shape[:2]
    some = values[:: max(height // SOME, 1), :: max(width // SOME, 1)]
    some = some[np.isfinite(some)].astype(float)
    return 1.0 if not some.size or np.quantile(some, 0.75) <= 1 else max(float(some.max()), 255.0)
