"""Photos as pixels: the one decoder of the whole package."""

from __future__ import annotations

import datetime
import functools
import io
import os
import re
import stat
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from castlist.errors import Message, PhotoError, reason_of
from castlist.media import mending, tiff

# Chosen by content, never by the file's name. Formats outside this list can run old, little-tested decoders.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "AVIF", "PPM")
WHITE_IS_ZERO = 0  # how a TIFF file's grey values are meant
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
MAX_PIXELS = 150_000_000  # above every phone and camera of today but a few; 450 MB once decoded

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

_header_lock = threading.Lock()  # `warnings.catch_warnings` is not safe among threads


@dataclass(frozen=True)
class Moment:
    """When a camera took a photo."""

    seconds: float  # of the camera's own clock
    camera: str  # make, model and size of its pictures


def read_photo(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Decode one photo of any supported format, upright, as RGB.

    JPG, PNG, HEIC, WEBP, BMP, GIF (first frame), TIFF, AVIF and PPM, told apart by their content; of a camera raw file
    the largest picture that the camera put into it. EXIF orientation is applied, transparency is laid onto white, and
    palette, CMYK, grey, 16-bit and float pixels become 8-bit RGB.

    Args:
        source: A file, or the bytes of one.

    Returns:
        Shape (height, width, 3), uint8, RGB.

    Raises:
        PhotoError: If the file can't be read; the message is the reason, without the path.
    """
    data = source if isinstance(source, bytes) else read_file(source)
    if not data:
        raise PhotoError("photo-empty", "the file is empty")
    try:
        return _decode(_picture(data))
    except UnidentifiedImageError:
        raise _unknown_format(data) from None
    except Image.DecompressionBombError:
        raise PhotoError(
            "photo-bomb", "more than the limit of {limit:.0f} million pixels", limit=MAX_PIXELS / 1e6
        ) from None
    except (PhotoError, MemoryError):  # too little memory is no fault of the photo
        raise
    except Exception as error:  # decoders of damaged files raise nearly anything
        reason = str(error).strip() or type(error).__name__
        raise PhotoError("photo-damaged", "damaged or cut short ({reason})", reason=reason) from error


def _picture(data: bytes) -> tiff.Picture:
    """The part of a file that is the photo."""
    if data.startswith(mending.PNG):
        return tiff.Picture(mending.without_extras(data))
    if data.startswith(tiff.HEADERS):
        return tiff.find_picture(data)
    return tiff.Picture(data)


def _decode(picture: tiff.Picture) -> np.ndarray:
    with _open_header(picture.data) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:  # before decoding: a small file must not fill the memory
            raise too_large(width, height)
        try:
            rgb = _to_rgb(image)
        except OSError:
            completed = mending.completed_jpeg(picture.data) if image.format in ("JPEG", "MPO") else None
            if completed is None:
                raise
            rgb = _to_rgb(completed)
        return np.asarray(_upright(rgb, image, picture.orientation))


def too_large(width: float, height: float) -> PhotoError:
    """The refusal of a photo or a film of so many pixels."""
    return PhotoError(
        "photo-too-large",
        "{width:.0f} x {height:.0f} is more than the limit of {limit:.0f} million pixels",
        width=width,
        height=height,
        limit=MAX_PIXELS / 1e6,
    )


def time_taken(data: bytes) -> Moment | None:
    """When a camera took a photo, from its EXIF block; None if it doesn't say."""
    try:
        exif, size = _exif_and_size(data)
        details = exif.get_ifd(ExifTags.IFD.Exif)
        camera = (exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model), sorted(size))
        clock = datetime.datetime.strptime(str(details[ExifTags.Base.DateTimeOriginal]), "%Y:%m:%d %H:%M:%S")
        part = str(details.get(ExifTags.Base.SubsecTimeOriginal)).strip("\x00 ")
        seconds = clock.replace(tzinfo=datetime.UTC).timestamp()
        return Moment(seconds + float(f"0.{part}") if part.isdecimal() else seconds, repr(camera))
    except Exception:  # an EXIF block may hold anything
        return None


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


def _exif_and_size(data: bytes) -> tuple[Image.Exif, tuple[int, int]]:
    with _open_header(_picture(data).data) as image:
        exif, size = image.getexif(), image.size
    if data.startswith(tiff.HEADERS):  # the whole file is an EXIF block, whichever of its pictures is the photo
        exif = Image.Exif()
        exif.load(data)
    return exif, size


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a file's bytes; a pipe or a device is refused, since reading it would never end.

    Raises:
        PhotoError: If it can't be read; the message is the reason, without the path.
    """
    if not isinstance(path, str | os.PathLike):
        raise PhotoError("photo-no-path", "not a path but {kind}", kind=type(path).__name__)
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise PhotoError("photo-no-file", "not a regular file")
        return Path(path).read_bytes()
    except OSError as error:
        raise _unopened(reason_of(error)) from error
    except ValueError:  # what Python says of a name with a zero byte
        raise _unopened("No such file or directory") from None


def resize_photo(pixels: np.ndarray, size: int) -> np.ndarray:
    """Resize a photo to a square, as learning and naming both do it.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        size: Side of the square in pixels; the aspect ratio is not kept, as in the report.

    Returns:
        Shape (size, size, 3), uint8, RGB.
    """
    shrinks = pixels.shape[0] > size or pixels.shape[1] > size
    return cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def _open_header(data: bytes) -> Image.Image:
    with _header_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of large sizes and of damaged EXIF; both are handled here
        # AVIF before HEIC: both may begin with the same brand, and only one of the two finds what it decodes.
        formats = (*FORMATS, _know_heic()) if data[4:8] == b"ftyp" else FORMATS
        image = Image.open(io.BytesIO(data), formats=formats)
        try:
            image.getexif()  # parsed once and kept, so that its warnings stay here
        except Exception:  # an EXIF block in ruins doesn't make the photo unreadable
            image.info.pop("exif", None)
        if (turn := image.info.get("original_orientation")) and not _says_turns(data):
            image.getexif()[0x0112] = turn
        return image


@functools.cache
def _know_heic() -> str:
    """Have Pillow read HEIC, and give its name for it.

    The decoder turns pictures as the container says, and takes the orientation out of the EXIF block, so that nobody
    turns them again.
    """
    import pi_heif  # late: most folders hold none

    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return pi_heif.HeifImageFile.format


def _says_turns(data: bytes) -> bool:
    """Whether a HEIC's container turns its pictures, as it should; some encoders leave that to the EXIF block."""
    at = data.find(b"ipco")
    properties = data[max(at, 0) : at - 4 + int.from_bytes(data[max(at - 4, 0) : max(at, 0)], "big")]
    return b"irot" in properties or b"imir" in properties


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_to_8_bit(np.asarray(image), image)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGB", rgba.size, "white")
        # Not by alpha_composite, which holds Python's lock: a window would stand still for a large picture.
        paper.paste(rgba, mask=rgba)
        return paper
    return image.convert("RGB")


def _to_8_bit(values: np.ndarray, image: Image.Image) -> np.ndarray:
    """Scale grey values of 16 bits, or floats whose range is told by their maximum, to 0-255."""
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    if np.issubdtype(values.dtype, np.floating):
        top = float(np.nanmax(values))
        scale = 255.0 if top <= 1.0 else 1.0 if top <= 255.0 else 255.0 / top
    else:
        scale = 255.0 / (4095.0 if tags.get(tiff.BITS) == (12,) else 65535.0)
    grey = np.clip(np.nan_to_num(values) * scale, 0, 255).astype(np.uint8)
    # Pillow turns 1 and 8 bits itself, and leaves these.
    return 255 - grey if tags.get(tiff.PHOTOMETRIC) == WHITE_IS_ZERO else grey


def _upright(rgb: Image.Image, source: Image.Image, orientation: int | None) -> Image.Image:
    """Turn a picture as its file says, or the file that it lay in."""
    own = source.getexif().get(0x0112, orientation)
    if rgb is not source or own == orientation:  # conversions keep the pixels and may lose the EXIF block
        if own not in range(2, 9):
            return rgb
        rgb.getexif()[0x0112] = own
    return ImageOps.exif_transpose(rgb)


def _unopened(reason: Message | str) -> PhotoError:
    return PhotoError("photo-unopened", "can't be opened ({reason})", reason=reason)


def _unknown_format(data: bytes) -> PhotoError:
    if tiff.is_raw(data):
        return tiff.unread_raw()
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        return PhotoError("photo-heic", "a HEIC photo that is damaged, cut short, or of a kind that can't be read")
    if data[4:8] == b"ftyp" or data[:4] == b"\x1aE\xdf\xa3" or (data[:4] == b"RIFF" and data[8:12] == b"AVI "):
        return PhotoError("photo-is-film", "a film, not a photo")
    return PhotoError("photo-format", "not a photo of a known format")
