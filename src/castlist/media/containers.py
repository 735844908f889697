"""Photos in the container of MP4, HEIC and AVIF: what their boxes say, beside what the decoders find out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from castlist.errors import PhotoError

HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")
LOST = 4096  # zero bytes at the end of what was packed; packers write no such row, interrupted copies do
_MOST_BRANDS = 64

Span = tuple[int, int]  # from, and up to


def still_brand(head: bytes) -> bytes | None:
    """By which of its brands a file is a photo, HEIC or AVIF; None where by none, as films are.

    Args:
        head: The file, or its first bytes. Its first brand may be one that says less, such as "miaf".
    """
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), 16 + 4 * _MOST_BRANDS)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    return next((brand for brand in brands if brand in HEIC_BRANDS + AVIF_BRANDS), None)


def with_brand_first(data: bytes) -> bytes:
    """A HEIC or AVIF with the brand first by which decoders know it.

    Raises:
        PhotoError: If its end was never written: decoders leave out the parts of a picture that aren't there.
    """
    brand = still_brand(data)
    if brand is None:
        return data
    with contextlib.suppress(ValueError):  # the boxes before are looked at, as far as the file is intact
        for kind, (start, end) in boxes(data, (0, len(data))):
            last = data[max(start, end - LOST) : end]
            if kind == b"mdat" and len(last) == LOST and not any(last):
                raise PhotoError("photo-unwritten", "cut short: its end was never written")
    return data if data[8:12] == brand else data[:8] + brand + data[12:]


def says_turned(data: bytes) -> bool:
    """Whether a HEIC's container turns its pictures, as it should; some encoders leave that to the EXIF block."""
    at = data.find(b"ipco")
    properties = data[max(at, 0) : at - 4 + int.from_bytes(data[max(at - 4, 0) : max(at, 0)], "big")]
    return b"irot" in properties or b"imir" in properties


def boxes(data: bytes, within: Span) -> Iterator[tuple[bytes, Span]]:
    """The boxes in a part of a file, one behind the other: of which kind, and where they stand, their heads included.

    Raises:
        ValueError: If one is larger than the part.
    """
    at, end = within
    while at < end:
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 0:
            size = end - at
        elif size == 1 and (size := int.from_bytes(data[at + 8 : at + 16], "big")) < 16:
            raise ValueError
        if size < 8 or at + size > end:
            raise ValueError
        yield data[at + 4 : at + 8], (at, at + size)
        at += size
