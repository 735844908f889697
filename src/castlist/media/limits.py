"""How large a picture may be, so that a small file doesn't fill the memory."""

from __future__ import annotations

from castlist.errors import PhotoError

MAX_PIXELS = 150_000_000  # above every phone and camera of today but a few; 450 MB once decoded


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
