"""Photos in the container of MP4, HEIC and AVIF: what their boxes say, beside what the decoders find out."""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Iterator

from castlist.errors import PhotoError

HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")
LOST = 4096  # zero bytes at the end of what was packed; packers write no such row, interrupted copies do
_MOST_BRANDS = 64
_MARGIN = 64  # pixels each way that pi-heif has a picture hold beside those that are shown
_CROP = struct.Struct(">4IiIiI")  # width, height, and how far its middle is from the picture's

Span = tuple[int, int]  # from, and up to
Crop = tuple[int, int, int, int]  # left, top, right, bottom


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


def without_crop(data: bytes) -> tuple[bytes, Crop] | None:
    """A HEIC that shows all that it holds, and which part it showed; None where decoders crop it themselves."""
    crop, size = None, (0, 0)
    with contextlib.suppress(ArithmeticError, IndexError, KeyError, ValueError, struct.error):  # no such container
        for kind, at in _properties(data):
            width, height = size
            if kind == b"ispe":
                size = struct.unpack_from(">II", data, at + 12)
            elif kind == b"clap":
                crop = _crop_at(data, at, size)
                across, down = crop[2] - crop[0], crop[3] - crop[1]
                if width * height <= (across + _MARGIN) * (down + _MARGIN):
                    return None
                whole = _CROP.pack(width, 1, height, 1, 0, 1, 0, 1)
                data = data[: at + 8] + whole + data[at + 8 + len(whole) :]
            elif crop and kind == b"irot":
                for _ in range(data[at + 8] & 3):
                    crop = (crop[1], size[0] - crop[2], crop[3], size[0] - crop[0])
                    size = size[::-1]
            elif crop and kind == b"imir":
                is_sideways = data[at + 8] & 1
                left, top, right, bottom = crop
                crop = (
                    (width - right, top, width - left, bottom)
                    if is_sideways
                    else (left, height - bottom, right, height - top)
                )
    return None if crop is None else (data, crop)


def shown_part(data: bytes) -> Crop | None:
    """Which part an AVIF shows of what it holds, before it is turned: Pillow decodes all. None where it is all."""
    size = (0, 0)
    with contextlib.suppress(ArithmeticError, IndexError, KeyError, ValueError, struct.error):  # no such container
        for kind, at in _properties(data):
            if kind == b"ispe":
                size = struct.unpack_from(">II", data, at + 12)
            elif kind == b"clap":
                left, top, right, bottom = crop = _crop_at(data, at, size)
                return crop if 0 <= left < right <= size[0] and 0 <= top < bottom <= size[1] else None
    return None


def _crop_at(data: bytes, at: int, size: tuple[int, int]) -> Crop:
    """What a box says is shown of a picture of some width and height.

    Raises:
        ValueError: If that is more than there is, or nothing.
    """
    width, height = size
    values = _CROP.unpack_from(data, at + 8)
    across, down, right, low = (top / under for top, under in zip(values[::2], values[1::2], strict=True))
    if not (1 <= across <= width and 1 <= down <= height):
        raise ValueError
    left, top = math.floor(right + (width - across) / 2), math.floor(low + (height - down) / 2)
    return left, top, left + round(across), top + round(down)


def _properties(data: bytes) -> Iterator[tuple[bytes, int]]:
    """What is said of a container's first picture, in order: of which kind, and where its box begins.

    Raises:
        IndexError, KeyError, ValueError: If the container is damaged, or of an unknown kind.
    """
    start, end = dict(boxes(data, (0, len(data))))[b"meta"]
    meta = dict(boxes(data, (start + 12, end)))
    start, end = meta[b"pitm"]
    wanted = int.from_bytes(data[start + 12 : end], "big")
    start, end = meta[b"iprp"]
    told = dict(boxes(data, (start + 8, end)))
    start, end = told[b"ipco"]
    every = [(kind, at) for kind, (at, _) in boxes(data, (start + 8, end))]
    at, end = told[b"ipma"]
    of_item, of_index = 4 if data[at + 8] else 2, 2 if data[at + 11] & 1 else 1
    at += 16
    while at < end:
        item, count = int.from_bytes(data[at : at + of_item], "big"), data[at + of_item]
        at += of_item + 1
        for place in range(at, at + count * of_index, of_index) if item == wanted else ():
            number = int.from_bytes(data[place : place + of_index], "big") & (0x7FFF if of_index == 2 else 0x7F)
            if number:
                yield every[number - 1]
        at += count * of_index


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
