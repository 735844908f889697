"""Camera raw files whose container isn't TIFF: the large picture that the camera put into them."""

from __future__ import annotations

import re

from castlist.media import tiff
from castlist.media.mending import JPEG

_LIKE_TIFF = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0")  # Olympus, Panasonic
_OTHERS = (b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM")  # Fujifilm, Sigma, Minolta
_CANON, _CANON_TAGS = b"ftypcrx ", b"CMT1"


def is_raw(data: bytes) -> bool:
    """Whether this is such a file, by its first bytes."""
    return data.startswith(_LIKE_TIFF + _OTHERS) or data[4:12] == _CANON


def find_picture(data: bytes) -> tiff.Picture:
    """Find the largest JPG inside, wherever the maker has put it.

    Raises:
        PhotoError: If there is none, or only a small one.
    """
    # Within a JPG these bytes only begin another, such as its thumbnail; elsewhere, what they begin by chance is none.
    jpgs = (data[match.start() :] for match in re.finditer(re.escape(JPEG + b"\xff"), data))
    orientation = None
    if data.startswith(_LIKE_TIFF):
        orientation = tiff.orientation_of(data)
    elif (at := data.find(_CANON_TAGS)) > 0:
        orientation = tiff.orientation_of(data[at + len(_CANON_TAGS) :])
    return tiff.Picture(tiff.largest_of(jpgs, tiff.LARGE), orientation)
