"""How large a picture may be, so that a small file doesn't fill the memory or take minutes."""

from __future__ import annotations

from castlist.errors import PhotoError

MAX_SCANS = 100  # of a JPG; programs make twenty at most, and each is a walk over all of its pixels
MAX_PIXELS = 150_000_000  # above every phone and camera of today but a few; 450 MB once decoded
_SCAN = b"\xff\xda\x00"  # how one begins, and nothing within one


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
