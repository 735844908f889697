"""Photos in the container of MP4, HEIC and AVIF: what their boxes say, beside what the decoders find out."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from castlist.errors import PhotoError

HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")
LOST = 4096  # zero bytes at the end of what was packed; packers write no such row, interrupted copies do
_MOST_BRANDS = 64


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
    packed = (data[max(start, end - LOST) : end] for kind, start, end in _boxes(data) if kind == b"mdat")
    if any(len(last) == LOST and not any(last) for last in packed):
        raise PhotoError("photo-unwritten", "cut short: its end was never written")
    return data if data[8:12] == brand else data[:8] + brand + data[12:]


def says_turned(data: bytes) -> bool:
    """Whether a HEIC's container turns its pictures, as it should; some encoders leave that to the EXIF block."""
    at = data.find(b"ipco")
    properties = data[max(at, 0) : at - 4 + int.from_bytes(data[max(at - 4, 0) : max(at, 0)], "big")]
    return b"irot" in properties or b"imir" in properties


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The outermost boxes, as far as the file is intact: kind, begin and end of what they hold."""
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,), head = struct.unpack_from(">Q", data, at + 8), 16
        end = at + length if length else len(data)
        if end < at + head:
            return
        yield kind, at + head, min(end, len(data))
        at = end
