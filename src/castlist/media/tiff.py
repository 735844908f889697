"""TIFF files of several pictures, camera raw files among them: which of the pictures is the photo."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PIL import Image

from castlist.errors import PhotoError
from castlist.media.deep import in_8_bits
from castlist.media.limits import check_header, check_pixels

HEADERS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two of BigTIFF
MOST_PAGES = 200  # of a file, so that one that leads in circles ends
LARGE = 1000  # pixels of the longer side from which a preview is a photo, whatever the sensor has
SHARE = 0.25  # of the sensor's longer side from which it is one

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIPS, ORIENTATION, STRIP_BYTES, PLANES, SUB_PAGES, SAMPLES, JPEG, JPEG_BYTES = 273, 274, 279, 284, 330, 339, 513, 514
DNG_VERSION, CANON_SLICES, EXTRA = 50706, 50752, 338
_WANTED = {SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, ORIENTATION, STRIP_BYTES}
_WANTED |= {PLANES, SUB_PAGES, SAMPLES, JPEG, JPEG_BYTES, DNG_VERSION, CANON_SLICES}
_MOST_VALUES = 64  # of a tag; the strips of a large page are many, and one of them is enough to know

_SENSOR = (32803, 34892)  # photometric: color filter array, linear raw
_RAW_COMPRESSIONS = (34713, 32767, 32769, 32770, 65535)  # Nikon, Sony, packed, Samsung, Pentax
_REDUCED, _MASK = 1, 4  # bits of the kind of page
_WHITE_IS_ZERO = 0  # photometric
_SIGNED, _FLOAT = 2, 3  # samples
_APART = 2  # planes: a color after the other
_UNKNOWN = 65000  # a tag of nobody's
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}  # TIFF's types


@dataclass(frozen=True)
class Picture:
    """What is to be decoded of a file."""

    data: bytes  # a file by itself
    orientation: int | None = None  # as EXIF counts, where the picture itself says nothing


@dataclass(frozen=True)
class _Page:
    """One directory of a TIFF file, with the tags that tell pictures apart."""

    at: int
    tags: dict[int, tuple[int, ...]]

    def value(self, tag: int, default: int = 0) -> int:
        return (self.tags.get(tag) or (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        return self.value(WIDTH), self.value(HEIGHT)

    @property
    def is_sensor(self) -> bool:
        return (
            self.value(PHOTOMETRIC) in _SENSOR
            or self.value(COMPRESSION) in _RAW_COMPRESSIONS
            or CANON_SLICES in self.tags
        )

    @property
    def is_white_zero(self) -> bool:
        return self.value(PHOTOMETRIC, 1) == _WHITE_IS_ZERO

    @property
    def is_deep(self) -> bool:
        """Whether Pillow refuses its samples, or takes them for others."""
        bits = self.value(BITS)
        is_odd = self.is_white_zero or self.value(PLANES) == _APART
        return self.value(SAMPLES) in (_SIGNED, _FLOAT) or bits > 16 or (bits == 16 and is_odd)

    @property
    def is_readable(self) -> bool:
        """Whether OpenCV reads such samples: it mixes up colors that lie apart."""
        return self.value(PLANES) != _APART and self.value(BITS) >= 16

    @property
    def is_half(self) -> bool:
        """Whether its samples are floats of 16 bits."""
        return self.value(BITS) == 16 and self.value(SAMPLES) == _FLOAT


def find_picture(data: bytes, most: int, *, anew: bool = True) -> Picture:
    """Find the photo in a TIFF file: not its thumbnail, and of a camera raw file the largest picture inside.

    Args:
        data: The file, beginning with one of HEADERS.
        most: Pixels that a picture may have which is written anew.
        anew: Whether it is.

    Raises:
        PhotoError: If it is a camera raw file that holds nothing but a small preview, or can't be written anew.
    """
    pages = list(_pages(data))
    if not pages:
        return Picture(data)
    orientation = pages[0].value(ORIENTATION) or None
    if data[8:10] == b"CR" or any(page.is_sensor or DNG_VERSION in page.tags for page in pages):
        return Picture(_largest_preview(data, pages), orientation)
    whole = [page for page in pages if not page.value(SUBFILE) & (_REDUCED | _MASK) and all(page.size)] or pages
    chosen = whole[0]
    for page in whole[1:]:
        if _is_larger_copy(page.size, chosen.size):
            chosen = page
    data = data if chosen is pages[0] else _beginning_at(data, chosen.at)
    if chosen.is_deep:
        check_pixels(*chosen.size, most)
        if not anew:
            return Picture(data, orientation)
        if not chosen.is_readable:
            raise unread()
        half = chosen.is_half
        copy = in_8_bits(
            _without_kind(data, chosen.at) if half else data, white_is_zero=chosen.is_white_zero, halves=half
        )
        if copy is None:
            raise unread()
        return Picture(copy)
    return Picture(data, orientation)


def orientation_of(data: bytes) -> int | None:
    """How the first picture of a TIFF file is turned, or of one that only begins otherwise."""
    return next((page.value(ORIENTATION) or None for page in _pages(data)), None)


def unread_raw() -> PhotoError:
    """The refusal of a camera raw file."""
    return PhotoError("photo-raw", "a camera raw file without a large picture inside; save it as JPG")


def unread() -> PhotoError:
    """The refusal of a file that is no camera's."""
    return PhotoError("photo-tiff", "a TIFF that is damaged or of a kind that can't be read; save it as JPG")


def _largest_preview(data: bytes, pages: list[_Page]) -> bytes:
    sensor = max((max(page.size) for page in pages if page.is_sensor), default=0)
    previews = (preview for page in pages for preview in _previews(data, page))
    return largest_of(previews, min(LARGE, SHARE * (sensor or LARGE / SHARE)))


def largest_of(previews: Iterable[bytes], least: float) -> bytes:
    """The largest of a camera raw file's previews.

    Args:
        previews: JPG or TIFF files, and perhaps what is none.
        least: Pixels that its longer side must have.

    Raises:
        PhotoError: If there is none so large.
    """
    best, largest = b"", (0, 0)
    for preview in previews:
        try:
            check_header(preview)
            with Image.open(io.BytesIO(preview), formats=("JPEG", "TIFF")) as image:
                size = image.size
        except Exception:  # a lossless JPEG of the sensor, or nothing at all
            continue
        if size[0] * size[1] > largest[0] * largest[1]:
            best, largest = preview, size
    if max(largest) < least:
        raise unread_raw()
    return best


def _previews(data: bytes, page: _Page) -> Iterator[bytes]:
    if JPEG in page.tags:
        yield data[page.value(JPEG) : page.value(JPEG) + page.value(JPEG_BYTES)]
    if page.is_sensor or not all(page.size):
        return
    strip = data[page.value(STRIPS) : page.value(STRIPS) + page.value(STRIP_BYTES)]
    if len(page.tags.get(STRIPS, ())) == 1 and strip.startswith(b"\xff\xd8"):
        yield strip
    elif page.value(BITS) == 8:
        yield _beginning_at(data, page.at)


def _is_larger_copy(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether a page shows what the other may be the preview of; pages of a scan are about as large as each other."""
    (width, height), (small_width, small_height) = size, other
    return width >= 2 * small_width and abs(width * small_height - small_width * height) < 0.02 * width * small_height


def _beginning_at(data: bytes, at: int) -> bytes:
    """The same file with another page as its first."""
    order = "<" if data[:2] == b"II" else ">"
    if _is_big(data):
        return data[:8] + struct.pack(order + "Q", at) + data[16:]
    return data[:4] + struct.pack(order + "I", at) + data[8:]


def _without_kind(data: bytes, at: int) -> bytes:
    """The same file of which a page doesn't say what its samples are: readers take them for integers."""
    order = "<" if data[:2] == b"II" else ">"
    first, step = (8, 20) if _is_big(data) else (2, 12)
    told, unknown = (struct.pack(order + "H", tag) for tag in (SAMPLES, _UNKNOWN))
    entry = next(entry for entry in range(at + first, len(data), step) if data[entry : entry + 2] == told)
    return data[:entry] + unknown + data[entry + 2 :]


def _is_big(data: bytes) -> bool:
    return data[2:4] in (b"+\0", b"\0+")


def _pages(data: bytes) -> Iterator[_Page]:
    """All pages, those below others after them; as far as the file is intact."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = _is_big(data)
    place = "Q" if is_big else "I"
    seen: set[int] = set()
    try:
        waiting = list(struct.unpack_from(order + place, data, 8 if is_big else 4))
        while waiting and len(seen) < MOST_PAGES:
            at = waiting.pop(0)
            if not at or at in seen:
                continue
            seen.add(at)
            try:
                page, following = _read_page(data, at, order, is_big)
            except struct.error:  # beyond the file's end
                continue
            yield page
            waiting = [following, *waiting, *page.tags.get(SUB_PAGES, ())]
    except struct.error:
        return


def _read_page(data: bytes, at: int, order: str, is_big: bool) -> tuple[_Page, int]:
    count_form, place, entry = ("Q", "Q", 20) if is_big else ("H", "I", 12)
    count = struct.unpack_from(order + count_form, data, at)[0]
    first = at + struct.calcsize(count_form)
    width = struct.calcsize(place)
    tags: dict[int, tuple[int, ...]] = {}
    for i in range(min(count, 4096)):
        tag, kind, n = struct.unpack_from(order + "HH" + place, data, first + entry * i)
        if tag not in _WANTED or kind not in _INTEGERS:
            continue
        inside = first + entry * i + 4 + width
        where = (
            inside
            if n * struct.calcsize(_INTEGERS[kind]) <= width
            else struct.unpack_from(order + place, data, inside)[0]
        )
        tags[tag] = struct.unpack_from(f"{order}{min(n, _MOST_VALUES)}{_INTEGERS[kind]}", data, where)
    end = first + entry * count
    following = struct.unpack_from(order + place, data, end)[0] if end + width <= len(data) else 0
    return _Page(at, tags), following
