"""BMP files whose rows are packed as runs, which Pillow unpacks run by run in Python: read by OpenCV instead."""

from __future__ import annotations

import struct

from castlist.errors import PhotoError
from castlist.media.deep import in_8_bits
from castlist.media.limits import check_pixels

_HEADER = struct.Struct("<2s12xIiiHHI")  # mark, size of what follows, width, height, planes, bits, compression
_RUNS = (1, 2)  # compressions: of pixels of 8 bits, and of 4


def is_packed(data: bytes) -> bool:
    """Whether this is such a file, by its first bytes."""
    if not data.startswith(b"BM") or len(data) < _HEADER.size:
        return False
    _, size, *_, compression = _HEADER.unpack_from(data)
    return size >= _HEADER.size and compression in _RUNS


def written_anew(data: bytes, most: int) -> bytes:
    """The picture of such a file as Pillow reads it at once.

    Args:
        data: The file.
        most: Pixels that it may have.

    Raises:
        PhotoError: If it has more, or can't be read; the message is the reason.
    """
    _, _, width, height, *_ = _HEADER.unpack_from(data)
    check_pixels(abs(width), abs(height), most)
    copy = in_8_bits(data, top=255)
    if copy is None:
        raise PhotoError("photo-damaged", "damaged or cut short ({reason})", reason="its rows can't be read")
    return copy
