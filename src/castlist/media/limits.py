"""How large a picture may be, so that a small file doesn't fill the memory or take minutes."""

from __future__ import annotations

import mmap
import re

from castlist.errors import PhotoError

MAX_SCANS = 100  # of a JPG; programs make twenty at most, and each is a walk over all of its pixels
MAX_PIXELS = 150_000_000  # above every phone and camera of today but a few; 450 MB once decoded
MAX_BYTES = 8 * MAX_PIXELS  # of a file: what so many pixels take as they are, of 16 bits and with opacity
MAX_MARKERS = 100_000  # before a JPG's pixels, and bytes of no meaning between them: each is a step in Python
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_ALONE = re.compile(rb"\xff[\x01\xd0-\xd9]")  # markers without a length behind them
_PIXELS = b"\xff\xda"  # the marker behind which they begin
_SCAN = _PIXELS + b"\x00"  # how one begins, and nothing within one


def check_bytes(size: int) -> None:
    """Make sure that a file isn't larger than any photo that could be decoded.

    Raises:
        PhotoError: If it is; the message is the reason.
    """
    if size > MAX_BYTES:
        raise PhotoError(
            "photo-file-large", "a file of {size:.1f} GB, as no photo is that could be decoded", size=size / 1e9
        )


def check_pixels(width: float, height: float, most: int = MAX_PIXELS) -> None:
    """Make sure that a photo or a film isn't too large to be decoded.

    Raises:
        PhotoError: If it is; the message is the reason.
    """
    if width * height > most:
        raise PhotoError(
            "photo-too-large",
            "{width:.0f} x {height:.0f} is more than the limit of {limit:.0f} million pixels",
            width=width,
            height=height,
            limit=most / 1e6,
        )


def check_scans(data: bytes) -> None:
    """Make sure that a JPG doesn't come in so many passes that decoding a small file takes minutes.

    Raises:
        PhotoError: If it does; the message is the reason.
    """
    count = data.count(_SCAN) if data.startswith(b"\xff\xd8") else 0
    if count > MAX_SCANS:
        raise PhotoError("photo-scans", "it comes in {count} passes, as no program makes them", count=count)


def check_header(data: bytes | mmap.mmap) -> None:
    """Make sure that what stands before a JPG's pixels isn't drawn out so that reading it takes minutes.

    Raises:
        PhotoError: If it is; the message is the reason.
    """
    at, left = 2, MAX_MARKERS
    while data[:2] == b"\xff\xd8" and at < len(data):
        marker = _MARKER.search(data, at, at + left)
        left -= 1 + (marker.start() if marker else min(at + left, len(data))) - at
        if left < 0:
            raise drawn_out()
        if marker is None or marker[0] == _PIXELS:
            return
        at = marker.end()
        if not _ALONE.match(marker[0]):
            at += max(int.from_bytes(data[at : at + 2], "big"), 2)


def drawn_out() -> PhotoError:
    """That there is too much to be read before, or between, a photo's pixels."""
    return PhotoError("photo-header", "so much stands before its pixels as no program writes")
