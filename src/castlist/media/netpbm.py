"""PBM, PGM and PPM files that Pillow reads number by number, which takes a minute: read by OpenCV instead."""

from __future__ import annotations

import re

from PIL import UnidentifiedImageError

from castlist.errors import PhotoError
from castlist.media.deep import in_8_bits
from castlist.media.limits import check_pixels

LONGEST = 65_536  # bytes of a header with all its comments
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_SIZE = rb"P([1-6])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})"
_HEADER = re.compile(_SIZE + rb"(?:" + _GAP + rb"([1-9]\d{0,4}))?\s")
_PLAIN, _BITS = (b"1", b"2", b"3"), (b"1", b"4")  # kinds whose numbers are written out; and that say no maximum
_AT_ONCE = {(b"4", 1), (b"5", 255), (b"5", 65535), (b"6", 255)}  # kinds and maxima of which Pillow takes all bytes


def is_netpbm(data: bytes) -> bool:
    """Whether this is such a file, by its first bytes."""
    return data[:1] == b"P" and data[1:2].isdigit() and data[1:2] in b"123456"


def written_anew(data: bytes, most: int) -> bytes:
    """A file that Pillow reads at once: the same one, or its picture with 8 bits.

    Args:
        data: The file.
        most: Pixels that a picture may have which is written anew.

    Raises:
        PhotoError: If it has more pixels, or can't be read; the message is the reason.
    """
    header = _HEADER.match(data, 0, LONGEST)
    if header is None:
        raise UnidentifiedImageError
    kind = header[1]
    top = 1 if kind in _BITS else int(header[4] or 0)
    if (kind, top) in _AT_ONCE:
        return data
    check_pixels(int(header[2]), int(header[3]), most)
    if kind in _PLAIN and 0 < top < 256:
        top = 255  # OpenCV brings such to 8 bits itself
    copy = in_8_bits(data + b"\n", top=top) if top else None  # it wants something after the last number
    if copy is None:
        raise PhotoError("photo-damaged", "damaged or cut short ({reason})", reason="its numbers can't be read")
    return copy
