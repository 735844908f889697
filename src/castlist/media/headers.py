"""What a photo's file says before it is decoded: its format, its size, how it is turned, when it was taken."""

from __future__ import annotations

import contextlib
import datetime
import functools
import io
import mmap
import re
import threading
import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import ExifTags, Image

from castlist.media import bitmaps, mending, netpbm, raw, tiff
from castlist.media.containers import Crop, says_turned, shown_part, with_brand_first
from castlist.media.limits import MAX_PIXELS, check_header, check_pixels

# Chosen by content, never by the file's name. Formats outside this list can run old, little-tested decoders.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "AVIF", "PPM")
# The dates of an EXIF block and how they are written, by the part that they are in; None: the outermost.
_DATE, _PART, _ZONE = r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", r"\d{1,9}", r"[+-]\d\d:\d\d"
_DATES: dict[ExifTags.IFD | None, dict[int, str]] = {
    None: {ExifTags.Base.DateTime: _DATE},
    ExifTags.IFD.Exif: {
        ExifTags.Base.DateTimeOriginal: _DATE,
        ExifTags.Base.DateTimeDigitized: _DATE,
        ExifTags.Base.SubsecTimeOriginal: _PART,
        ExifTags.Base.OffsetTime: _ZONE,
        ExifTags.Base.OffsetTimeOriginal: _ZONE,
    },
}

_COLORS, _RGB = slice(16, 20), b"RGB "  # where a profile says of which colors it is
_SHOWN = "shown"  # in what is kept about an AVIF: which part of it is
_TURNED = "turned"  # in what is kept about a HEIC: whether its container turns it

_header_lock = threading.Lock()  # `warnings.catch_warnings` is not safe among threads


@dataclass(frozen=True)
class Moment:
    """When a camera took a photo."""

    seconds: float  # of the camera's own clock
    camera: str  # make, model and size of its pictures


@dataclass(frozen=True)
class Taking:
    """How and when a photo was taken, as far as its EXIF block says."""

    orientation: int | None = None  # as EXIF counts, 1 to 8; of the stored picture
    clock: datetime.datetime | None = None  # what the camera's own clock showed; no zone
    zone: str | None = None  # of that clock, such as "+02:00"


def picture_of(data: bytes, most: int = MAX_PIXELS, *, anew: bool = True) -> tiff.Picture:
    """The part of a file that is the photo.

    Args:
        data: The file.
        most: Pixels that a picture may have which is written anew, since Pillow can't read it, or takes minutes.
        anew: Whether it is; else nothing is decoded.

    Raises:
        PhotoError: If it is known to have more than `most` pixels, or holds no photo; the message is the reason.
    """
    data = mending.without_blanks(data)
    if data.startswith(mending.PNG):
        return tiff.Picture(mending.without_extras(data))
    if data.startswith(tiff.HEADERS):
        return tiff.find_picture(data, most, anew=anew)
    if raw.is_raw(data):
        return raw.find_picture(data)
    if netpbm.is_netpbm(data):
        return tiff.Picture(netpbm.written_anew(data, most) if anew else data)
    if bitmaps.is_packed(data) and anew:
        return tiff.Picture(bitmaps.written_anew(data, most))
    return tiff.Picture(mending.with_height(with_brand_first(data)))


def open_sized(data: bytes, file: BinaryIO | None = None, most: int = MAX_PIXELS) -> Image.Image:
    """Open a file with Pillow, which reads no more of it than tells its size.

    Args:
        data: All of it, or its beginning.
        file: All of it, open, where `data` isn't.
        most: Pixels that it may have.

    Raises:
        PhotoError: If it has more, or to read its header would take minutes; the message is the reason.
    """
    if file is None:
        check_header(data)
    elif data:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            check_header(whole)
    with _header_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of large sizes and of damaged EXIF; both are handled here
        # AVIF before HEIC: both may begin with the same brand, and only one of the two finds what it decodes.
        formats = (*FORMATS, _know_heic()) if data[4:8] == b"ftyp" else FORMATS
        image = Image.open(file or io.BytesIO(data), formats=formats)
    check_pixels(*image.size, most)
    return image


def open_header(data: bytes, file: BinaryIO | None = None) -> Image.Image:
    """Open a file with Pillow, which reads its pixels only later, unless its EXIF block may stand behind them.

    Args:
        data: All of it, or its beginning.
        file: All of it, open, where `data` isn't.

    Raises:
        PhotoError: As of `open_sized`.
    """
    image = open_sized(data, file)
    if image.format == "PNG":
        # Here, since others wait for the lock; what is wrong is said by whoever decodes it.
        with contextlib.suppress(Exception):
            image.load()
    with _header_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image.getexif()  # parsed once and kept, so that its warnings stay here
        except Exception:  # an EXIF block in ruins doesn't make the photo unreadable
            image.info.pop("exif", None)
        if turn := image.info.pop("original_orientation", None):
            image.getexif()[ExifTags.Base.Orientation] = turn
            image.info[_TURNED] = says_turned(data)
    if image.format == "AVIF":
        if file is not None:
            file.seek(0)
        image.info[_SHOWN] = shown_part(data if file is None else file.read())
    return image


def part_of(image: Image.Image) -> Crop | None:
    """Which part of an AVIF that was opened with `open_header` is shown, before it is turned; None: all."""
    part: Crop | None = image.info.get(_SHOWN)
    return part


def size_of(image: Image.Image) -> tuple[int, int]:
    """Width and height of what is shown of a picture, before it is turned."""
    left, top, right, bottom = part_of(image) or (0, 0, *image.size)
    return right - left, bottom - top


@functools.cache
def _know_heic() -> str:
    """Have Pillow read HEIC, and give its name for it.

    The decoder turns pictures as the container says, and takes the orientation out of the EXIF block; it is put back,
    since others go by it.
    """
    import pi_heif  # late: most folders hold none

    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return pi_heif.HeifImageFile.format


def orientation_of(image: Image.Image, around: int | None) -> int | None:
    """How a picture is turned, as its file says, or the file that it lay in."""
    own: int | None = image.getexif().get(ExifTags.Base.Orientation, around)
    return own


def turns_itself(image: Image.Image) -> bool:
    """Whether Pillow turns a picture upright as it decodes it, and tells its size so: TIFF, and HEIC mostly."""
    return image.info.get(_TURNED, image.format == "TIFF" and ExifTags.Base.Orientation in image.getexif())


def time_taken(data: bytes) -> Moment | None:
    """When a camera took a photo, from its EXIF block; None if it doesn't say."""
    try:
        exif, size = _exif_and_size(data)
        details = exif.get_ifd(ExifTags.IFD.Exif)
        camera = (exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model), sorted(size))
        clock = _clock_of(details)
        part = str(details.get(ExifTags.Base.SubsecTimeOriginal)).strip("\x00 ")
        seconds = clock.replace(tzinfo=datetime.UTC).timestamp()
        return Moment(seconds + float(f"0.{part}") if part.isdecimal() else seconds, repr(camera))
    except Exception:  # an EXIF block may hold anything
        return None


def read_taking(data: bytes) -> Taking:
    """How and when a photo was taken, from its EXIF block; nothing where that says nothing that can be read."""
    orientation, clock, zone = None, None, None
    with contextlib.suppress(Exception):  # an EXIF block may hold anything
        exif, _ = _exif_and_size(data)
        turn = exif.get(ExifTags.Base.Orientation)
        orientation = turn if turn in range(1, 9) else None
        details = exif.get_ifd(ExifTags.IFD.Exif)
        clock = _clock_of(details)
        told = str(details.get(ExifTags.Base.OffsetTimeOriginal)).strip("\x00 ")
        zone = told if re.fullmatch(_ZONE, told) else None
    return Taking(orientation, clock, zone)


def _clock_of(details: dict[int, Any]) -> datetime.datetime:
    return datetime.datetime.strptime(str(details[ExifTags.Base.DateTimeOriginal]), "%Y:%m:%d %H:%M:%S")


def dates_of(data: bytes) -> Image.Exif:
    """An EXIF block with nothing but the dates that a photo's own has, as far as they are dates."""
    dates = Image.Exif()
    try:
        exif, _ = _exif_and_size(data)
        for ifd, kinds in _DATES.items():
            own, kept = (exif, dates) if ifd is None else (exif.get_ifd(ifd), dates.get_ifd(ifd))
            for tag, form in kinds.items():
                if re.fullmatch(form, text := str(own.get(tag)).strip("\x00 ")):
                    kept[tag] = text
    except Exception:  # an EXIF block may hold anything
        return Image.Exif()
    return dates


def profile_of(data: bytes) -> bytes | None:
    """What says which colors a photo's numbers are (ICC), for copies of it; of a PNG nothing: it is left out there."""
    if data.startswith(mending.PNG):
        return None
    with contextlib.suppress(Exception):
        with open_sized(picture_of(data).data) as image:
            profile: bytes = image.info.get("icc_profile", b"")
        # Of a printer's colors or of greys it doesn't hold any more once they are red, green and blue.
        if profile[_COLORS] == _RGB and len(profile) == int.from_bytes(profile[:4], "big") <= mending.MOST_EXTRAS:
            return profile
    return None


def _exif_and_size(data: bytes) -> tuple[Image.Exif, tuple[int, int]]:
    with open_header(picture_of(data).data) as image:
        exif, size = image.getexif(), image.size
    if data.startswith(tiff.HEADERS):  # the whole file is an EXIF block, whichever of its pictures is the photo
        exif = Image.Exif()
        exif.load(data)
    return exif, size
