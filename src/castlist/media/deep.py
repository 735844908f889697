"""Files whose samples Pillow refuses, misreads or takes long over: read by OpenCV, and written anew with 8 bits."""

from __future__ import annotations

import cv2
import numpy as np

from castlist.silence import silence_opencv


def in_8_bits(data: bytes, *, white_is_zero: bool = False, top: float | None = None) -> bytes | None:
    """A file's first picture, upright, as a PPM file.

    Args:
        data: The file; its samples may be floats or integers, of 8 to 64 bits.
        white_is_zero: How its grey values are meant.
        top: What white is, if the file says so.

    Returns:
        The other file; None if OpenCV can't read this one either.
    """
    with silence_opencv():
        values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        return None
    height, width = values.shape[:2]
    values = values.reshape(height, width, -1)
    colors, alpha = values[..., :3], values[..., 3:4]
    if values.dtype == np.uint8 and top == 255 and not alpha.size and not white_is_zero:
        return _ppm(np.broadcast_to(colors, (height, width, 3)))
    bgr = np.empty((height, width, 3), np.uint8)
    top, opaque = top or _top(colors), _top(alpha) if alpha.size else 1.0
    for row in range(height):  # one at a time: as floats, all would take a multiple of the file's room
        shares = np.clip(np.nan_to_num(colors[row] / top), 0, 1)
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
    """What white is: the most that an integer can be; of floats their maximum tells which range they have."""
    if np.issubdtype(values.dtype, np.integer):
        return float(np.iinfo(values.dtype).max)
    top = float(np.nanmax(values))
    return 1.0 if top <= 1 else max(top, 255.0)
