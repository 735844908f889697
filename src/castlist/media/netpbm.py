"""PBM, PGM and PPM files that Pillow reads number by number, which takes a minute: read by OpenCV instead; and PAM."""

from __future__ import annotations

import re

import numpy as np
from PIL import UnidentifiedImageError

from castlist.errors import PhotoError
from castlist.media.deep import in_8_bits, to_ppm
from castlist.media.limits import check_pixels

LONGEST = 65_536  # bytes of a header with all its comments
_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_SIZE = rb"P([1-6])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})"
_HEADER = re.compile(_SIZE + rb"(?:" + _GAP + rb"([1-9]\d{0,4}))?\s")
_PAM = b"P7\n"
_PAM_HEADER = re.compile(_PAM + rb"(?:[^\n]*\n)*?ENDHDR\n")
_PLAIN, _BITS = (b"1", b"2", b"3"), (b"1", b"4")  # kinds whose numbers are written out; and that say no maximum
_AT_ONCE = {(b"4", 1), (b"5", 255), (b"5", 65535), (b"6", 255)}  # kinds and maxima of which Pillow takes all bytes


def is_netpbm(data: bytes) -> bool:
    """Whether this is such a file, by its first bytes."""
    return data.startswith(_PAM) or (data[:1] == b"P" and data[1:2].isdigit() and data[1:2] in b"123456")


def written_anew(data: bytes, most: int) -> bytes:
    """A file that Pillow reads at once: the same one, or its picture with 8 bits.

    Args:
        data: The file.
        most: Pixels that a picture may have which is written anew.

    Raises:
        PhotoError: If it has more pixels, or can't be read; the message is the reason.
    """
    if data.startswith(_PAM):
        return _pam_written_anew(data, most)
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


def _pam_written_anew(data: bytes, most: int) -> bytes:
    """The same of a PAM file, which OpenCV reads with red and blue exchanged."""
    header = _PAM_HEADER.match(data, 0, LONGEST)
    told = dict(re.findall(rb"^(WIDTH|HEIGHT|DEPTH|MAXVAL) (\d{1,9})\s*$", header[0], re.M)) if header else {}
    if header is None or len(told) < 4:
        raise UnidentifiedImageError
    width, height, depth, top = (int(told[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    if not (width and height and 1 <= depth <= 4 and 1 <= top <= 65535):
        raise UnidentifiedImageError
    check_pixels(width, height, most)
    kind = np.dtype(">u2" if top > 255 else "u1")
    if len(data) < header.end() + width * height * depth * kind.itemsize:
        raise PhotoError("photo-damaged", "damaged or cut short ({reason})", reason="its numbers can't be read")
    values = np.frombuffer(data, kind, width * height * depth, header.end()).reshape(height, width, depth)
    return to_ppm(values[..., {1: [0], 2: [0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[depth]], top=top)
