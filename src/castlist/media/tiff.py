"""TIFF files of several pictures, camera raw files among them: which of the pictures is the photo."""

from __future__ import annotations

import io
import struct
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
from PIL import Image

from castlist.errors import PhotoError
from castlist.media.deep import read_samples, to_ppm
from castlist.media.limits import check_header, check_pixels

HEADERS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two of BigTIFF
MOST_PAGES = 200  # of a file, so that one that leads in circles ends
LARGE = 1000  # pixels of the longer side from which a preview is a photo, whatever the sensor has
SHARE = 0.25  # of the sensor's longer side from which it is one

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIPS, ORIENTATION, STRIP_BYTES, PLANES, SUB_PAGES, SAMPLES, JPEG, JPEG_BYTES = 273, 274, 279, 284, 330, 339, 513, 514
DNG_VERSION, CANON_SLICES, EXTRA, PER_PIXEL, PREDICTOR, TILE_WIDTH = 50706, 50752, 338, 277, 317, 322
TILES, TILE_BYTES = 324, 325
_WANTED = {SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, ORIENTATION, STRIP_BYTES}
_WANTED |= {PLANES, SUB_PAGES, SAMPLES, JPEG, JPEG_BYTES, DNG_VERSION, CANON_SLICES, EXTRA, PER_PIXEL}
# What tells how samples are stored; the other two: in which order bits are, and the height of strips and of tiles.
_STORED = {WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, STRIP_BYTES, PREDICTOR, TILE_WIDTH, TILES, TILE_BYTES}
_STORED |= {SAMPLES, EXTRA, 266, 278, 323}
_PIECES = (STRIPS, STRIP_BYTES, TILES, TILE_BYTES)
_MOST_VALUES = 64  # of a tag; the strips of a large page are many, and one of them is enough to know
_MOST_PIECES = 1 << 20  # strips or tiles

_SENSOR = (32803, 34892)  # photometric: color filter array, linear raw
_RAW_COMPRESSIONS = (34713, 32767, 32769, 32770, 65535)  # Nikon, Sony, packed, Samsung, Pentax
_REDUCED, _MASK = 1, 4  # bits of the kind of page
_WHITE_IS_ZERO = 0  # photometric
_N_COLORS = {_WHITE_IS_ZERO: 1, 1: 1, 2: 3}  # of photometrics that OpenCV leaves as they are
_PREMULTIPLIED, _OPACITY = 1, 2  # extra samples
_DIFFERENCES = 2  # predictor
_SIGNED, _FLOAT = 2, 3  # samples
_APART = 2  # planes: a color after the other
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}  # TIFF's types

_Tags: TypeAlias = dict[int, tuple[int, ...]]  # of each tag its values


@dataclass(frozen=True)
class Picture:
    """What is to be decoded of a file."""

    data: bytes  # a file by itself
    orientation: int | None = None  # as EXIF counts, where the picture itself says nothing


@dataclass(frozen=True)
class _Page:
    """One directory of a TIFF file, with the tags that tell pictures apart."""

    at: int
    tags: _Tags

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
        bits, count = self.value(BITS), self.value(PER_PIXEL, 1)
        is_apart = self.value(PLANES) == _APART
        is_odd = self.is_white_zero or is_apart or count == 2
        is_mixed_up = is_apart and self.n_colors and (count == 2 or self.value(EXTRA) == _PREMULTIPLIED)
        return self.value(SAMPLES) in (_SIGNED, _FLOAT) or bits > 16 or (bits == 16 and is_odd) or bool(is_mixed_up)

    @property
    def n_colors(self) -> int:
        """How many of its samples are colors; 0 where OpenCV would take them for others."""
        return _N_COLORS.get(self.value(PHOTOMETRIC), 0)

    @property
    def has_opacity(self) -> bool:
        """Whether the sample behind the colors is opacity."""
        return self.value(EXTRA) in (_PREMULTIPLIED, _OPACITY)

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
        samples = _read_samples(data, chosen)
        if samples is None:
            raise unread()
        is_premultiplied = chosen.value(EXTRA) == _PREMULTIPLIED
        return Picture(to_ppm(samples, white_is_zero=chosen.is_white_zero, premultiplied=is_premultiplied), orientation)
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


def _beginning_at(data: bytes, at: int, behind: bytes = b"") -> bytes:
    """The same file, and what is put behind it, with another page as its first."""
    order, _, place = _form_of(data)
    first = 8 if place == "Q" else 4
    rest = memoryview(data)[first + struct.calcsize(place) :]
    return b"".join([data[:first], struct.pack(order + place, at), rest, behind])


def _read_samples(data: bytes, page: _Page) -> np.ndarray | None:
    """A page's samples as `to_ppm` takes them, not turned; None where OpenCV can't read them."""
    if not page.n_colors or (page.value(BITS) < 16 and page.value(SAMPLES) in (_SIGNED, _FLOAT)):
        return None
    try:
        tags = _read_page(data, page.at, _STORED, _MOST_PIECES)[0].tags
    except struct.error:
        return None
    if page.is_half:
        del tags[SAMPLES]  # OpenCV takes them for integers then
    count, n_colors = page.value(PER_PIXEL, 1), page.n_colors
    n_wanted = n_colors + page.has_opacity
    if page.value(PLANES) != _APART and count != 2:
        samples = read_samples(_with_page(data, tags | {PER_PIXEL: (count,)}))
    else:
        read = _read_apart(data, tags, count) if page.value(PLANES) == _APART else _read_pairs(data, tags)
        planes = [plane for plane in islice(read, n_wanted) if plane is not None]
        is_whole = len(planes) == n_wanted
        samples = np.dstack([*planes[:n_colors][::-1], *planes[n_colors:]]) if is_whole else None
    if samples is None:
        return None
    return (samples.view(np.float16) if page.is_half else samples)[..., :n_wanted]


def _read_apart(data: bytes, tags: _Tags, count: int) -> Iterator[np.ndarray | None]:
    """The planes of a page whose samples of a kind lie together."""
    for i in range(count):
        own = {
            tag: values[i * len(values) // count : (i + 1) * len(values) // count] if tag in _PIECES else values[:1]
            for tag, values in tags.items()
        }
        yield read_samples(_with_page(data, own | {PHOTOMETRIC: (1,)}))


def _read_pairs(data: bytes, tags: _Tags) -> Iterator[np.ndarray | None]:
    """The planes of a page of two samples each, read as one that is twice as wide."""
    one = {tag: values if tag in _PIECES else values[:1] for tag, values in tags.items()}
    wide = {tag: (2 * one[tag][0],) for tag in (WIDTH, TILE_WIDTH) if one.get(tag)}
    is_difference = one.pop(PREDICTOR, (1,))[0] == _DIFFERENCES
    samples = read_samples(_with_page(data, one | wide | {PHOTOMETRIC: (1,)}))
    if samples is None:
        return
    pairs = samples.reshape(len(samples), -1, 2)
    step = (one.get(TILE_WIDTH) or one[WIDTH])[0]
    for left in range(0, pairs.shape[1] if is_difference else 0, step):
        part = pairs[:, left : left + step]
        np.cumsum(part, axis=1, dtype=pairs.dtype, out=part)
    yield from (pairs[..., 0], pairs[..., 1])


def _with_page(data: bytes, tags: _Tags) -> bytes:
    """The same file with another page as its first, one that says no more than this."""
    order, count_form, place = _form_of(data)
    kind, entry = (16, "HHQQ") if place == "Q" else (4, "HHII")
    at = len(data) + len(data) % 2
    end = at + struct.calcsize(order + count_form) + len(tags) * struct.calcsize(order + entry)
    end += struct.calcsize(order + place)
    head, behind = struct.pack(order + count_form, len(tags)), b""
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}{place}", *values)
        value = values[0] if len(values) == 1 else end + len(behind)
        head += struct.pack(order + entry, tag, kind, len(values), value)
        behind += packed if len(values) > 1 else b""
    page = head + struct.pack(order + place, 0) + behind
    return _beginning_at(data, at, bytes(at - len(data)) + page)


def _form_of(data: bytes) -> tuple[str, str, str]:
    """How numbers stand in a file, as `struct` says it: their order, how many tags a page has, and places."""
    order = "<" if data[:2] == b"II" else ">"
    return (order, "Q", "Q") if data[2:4] in (b"+\0", b"\0+") else (order, "H", "I")


def _pages(data: bytes) -> Iterator[_Page]:
    """All pages, those below others after them; as far as the file is intact."""
    order, _, place = _form_of(data)
    seen: set[int] = set()
    try:
        waiting = list(struct.unpack_from(order + place, data, 8 if place == "Q" else 4))
        while waiting and len(seen) < MOST_PAGES:
            at = waiting.pop(0)
            if not at or at in seen:
                continue
            seen.add(at)
            try:
                page, following = _read_page(data, at, _WANTED, _MOST_VALUES)
            except struct.error:  # beyond the file's end
                continue
            yield page
            waiting = [following, *waiting, *page.tags.get(SUB_PAGES, ())]
    except struct.error:
        return


def _read_page(data: bytes, at: int, wanted: Container[int], most: int) -> tuple[_Page, int]:
    """A page, with as many values of each tag that is wanted as are looked at; and where the next one is."""
    order, count_form, place = _form_of(data)
    entry = 20 if place == "Q" else 12
    count = struct.unpack_from(order + count_form, data, at)[0]
    first = at + struct.calcsize(count_form)
    width = struct.calcsize(place)
    tags: _Tags = {}
    for i in range(min(count, 4096)):
        tag, kind, n = struct.unpack_from(order + "HH" + place, data, first + entry * i)
        if tag not in wanted or kind not in _INTEGERS:
            continue
        inside = first + entry * i + 4 + width
        where = (
            inside
            if n * struct.calcsize(_INTEGERS[kind]) <= width
            else struct.unpack_from(order + place, data, inside)[0]
        )
        tags[tag] = struct.unpack_from(f"{order}{min(n, most)}{_INTEGERS[kind]}", data, where)
    end = first + entry * count
    following = struct.unpack_from(order + place, data, end)[0] if end + width <= len(data) else 0
    return _Page(at, tags), following
