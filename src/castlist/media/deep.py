"""Files whose samples Pillow refuses, misreads or takes long over: read by OpenCV, and written anew with 8 bits."""

from __future__ import annotations

import cv2
import numpy as np

from castlist.silence import silence_opencv

SOME = 256  # rows and columns of a picture by which its floats are judged


def in_8_bits(
    data: bytes, *, white_is_zero: bool = False, top: float | None = None, halves: bool = False
) -> bytes | None:
    """A file's first picture, upright, as a PPM file.

    Args:
        data: The file; its samples may be floats or integers, of 8 to 64 bits.
        white_is_zero: How its grey values are meant.
        top: What white is, if the file says so.
        halves: Whether what it calls integers of 16 bits are floats.

    Returns:
        The other file; None if OpenCV can't read this one either.
    """
    with silence_opencv():
        values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        return None
    values = values.reshape(*values.shape[:2], -1)
    return to_ppm(values.view(np.float16) if halves else values, white_is_zero=white_is_zero, top=top)


def to_ppm(values: np.ndarray, *, white_is_zero: bool = False, top: float | None = None) -> bytes:
    """Samples as a PPM file of 8 bits.

    Args:
        values: Shape (height, width, 1, 3 or 4): grey; or blue, green, red and perhaps opacity.
        white_is_zero: As for `in_8_bits`.
        top: As for `in_8_bits`.
    """
    height, width = values.shape[:2]
    colors, alpha = values[..., :3], values[..., 3:4]
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
            shares = 1 - np.clip(alpha[row] / opaque, 0, 1) * (1 - shares)
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
