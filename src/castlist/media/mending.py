"""Photos that other programs show and a strict decoder refuses, though nothing of the picture is missing."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

from castlist.media.limits import MAX_MARKERS, drawn_out

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
BLANKS, MOST_BLANKS = b"\xef\xbb\xbf \t\r\n\0", 1024  # the mark of UTF-8 among them
SHOWN = (b"tRNS", b"eXIf")  # extras that change how the picture is shown
TEXTS = (b"zTXt", b"iTXt", b"tEXt")  # which may do so, too
MOST_EXTRAS = 1 << 20  # bytes that extras may hold together, unpacked
SMALL = 1000  # bytes of a piece; programs write larger ones, but for a few
_FRAMES = (0xC0, 0xC1, 0xC2)  # markers of a JPG behind which its size stands
_HEIGHT = b"\xff\xdc\0\4"  # what begins the height behind its pixels
_EXTRA = 0x20  # the bit by which the name of an extra differs from that of what every reader needs
# Of a JPG's pixels, that hang on what is missing of the file. Of small photos cut by 8 bytes 0.1 to 1.1 % do, cut by a
# tenth 8 to 37 %.
MISSING = 0.02
LARGE = 1_000_000  # pixels of a JPG from which a block, which is 8 wide and high, is small enough to be counted as one


def without_blanks(data: bytes) -> bytes:
    """A JPG or PNG without blank lines, which a web server's program put before it; anything else as it is."""
    begin = data[:MOST_BLANKS].lstrip(BLANKS)
    is_photo = begin.startswith((PNG, JPEG + b"\xff"))
    return data[min(len(data), MOST_BLANKS) - len(begin) :] if is_photo else data


def with_height(data: bytes) -> bytes:
    """A JPG that tells its height behind its pixels, as scanners do that don't know it before, with it before them."""
    at = len(JPEG)
    for _ in range(MAX_MARKERS if data.startswith(JPEG) else 0):
        if data[at : at + 1] != b"\xff" or at + 7 > len(data):
            break
        if data[at + 1] in _FRAMES:
            told = data.rfind(_HEIGHT) + len(_HEIGHT)
            is_behind = data[at + 5 : at + 7] == b"\0\0" and told > at
            return data[: at + 5] + data[told : told + 2] + data[at + 7 :] if is_behind else data
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data


def without_extras(data: bytes) -> bytes:
    """A PNG without what its picture doesn't need: profiles and the like, and whatever else is large or damaged.

    Raises:
        PhotoError: If it has so many pieces of next to nothing that reading it would take minutes.
    """
    kept, at, room, small = [PNG], len(PNG), MOST_EXTRAS, 0
    is_changed = False
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        small += length < SMALL
        if small > MAX_MARKERS:
            raise drawn_out()
        chunk, kind = data[at : at + 12 + length], data[at + 4 : at + 8]
        at += 12 + length
        if kind[0] & _EXTRA:
            size = _unpacked(chunk[8:-4], room) if kind in TEXTS else length
            is_whole = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
            if kind not in SHOWN + TEXTS or size > room or not is_whole:
                is_changed = True
                continue
            room -= size
        kept.append(chunk)
    return b"".join([*kept, data[at:]]) if is_changed else data


def _unpacked(chunk: bytes, room: int) -> int:
    """How much an extra holds once unpacked, or anything more than there is room for."""
    name, _, rest = chunk.partition(b"\0")
    if len(rest) > room:
        return len(rest)
    # The packed part begins one byte behind the name, in an international text two names later.
    starts = [i for i in range(min(len(rest), 200)) if rest[i : i + 1] == b"\x78"]
    for start in starts:
        try:
            return len(zlib.decompressobj().decompress(rest[start:], room + 1)) + len(name)
        except zlib.error:
            continue
    return len(chunk)


def completed_jpeg(data: bytes) -> Image.Image | None:
    """A JPG whose last bytes are missing, open; None if a part of the picture is missing with them.

    The file is brought to its end twice, at once and after noise. Pixels that are the same both times don't hang on
    what is missing; where the decoder had nothing at all, it leaves the gray in the middle.
    """
    data = data.rstrip(b"\xff")
    image = _ended(data)
    scale = 8 if image.width * image.height > LARGE else 1
    if "progressive" in image.info:
        if not _has_all_scans(data):
            return None
        scale = 1  # its last scans tell of less than a block
    more = image.width * image.height // 4 + 1000  # bytes, for more of the picture than may be missing
    noise = np.random.default_rng(0).integers(0, 255, more, np.uint8)  # no marker's byte
    pixels, other = (_decoded(_ended(data + end), scale) for end in (b"", noise.tobytes()))
    missing = (pixels != other).any(axis=2) | (pixels == 128).all(axis=2)
    return image if missing.mean() <= MISSING else None


def _ended(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data + b"\xff\xd9"), formats=("JPEG",))


def _decoded(image: Image.Image, scale: int) -> np.ndarray:
    image.draft("RGB", (max(image.width // scale, 1), max(image.height // scale, 1)))
    return np.asarray(image.convert("RGB"))


def _has_all_scans(data: bytes) -> bool:
    """Whether a progressive JPG, coarse first, goes as far as to the last bit of each coefficient of each color."""
    exact: dict[int, set[int]] = {}
    at = len(JPEG)
    while 0 <= at < len(data) - 4:
        marker = data[at + 1]
        if data[at] == 0xFF and 0xC0 <= marker <= 0xFE and not 0xD0 <= marker <= 0xD7:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            if marker == 0xDA:  # a scan: its colors, its first and last coefficient, how many bits it leaves open
                header = data[at + 4 : at + 2 + length]
                first, last, bits = header[-3:]
                for color in header[1:-3:2]:
                    exact.setdefault(color, set()).update(range(first, last + 1) if not bits & 15 else ())
            at += 2 + length
        else:  # what a scan holds
            at = data.find(b"\xff", at + 1)
    return bool(exact) and all(len(coefficients) == 64 for coefficients in exact.values())
