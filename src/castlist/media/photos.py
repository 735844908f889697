"""Photos as pixels: the one decoder of the whole package."""

from __future__ import annotations

import datetime
import io
import os
import stat
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from castlist.errors import Message, PhotoError, reason_of

# Chosen by content, never by the file's name. Formats outside this list can run old, little-tested decoders.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "AVIF", "PPM")
MAX_PIXELS = 150_000_000  # above every phone and camera of today but a few; 450 MB once decoded

_header_lock = threading.Lock()  # `warnings.catch_warnings` is not safe among threads


@dataclass(frozen=True)
class Moment:
    """When a camera took a photo."""

    seconds: float  # of the camera's own clock
    camera: str  # make, model and size of its pictures


def read_photo(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Decode one photo of any supported format, upright, as RGB.

    JPG, PNG, WEBP, BMP, GIF (first frame), TIFF, AVIF and PPM, told apart by their content. EXIF orientation is
    applied, transparency is laid onto white, and palette, CMYK, grey, 16-bit and float pixels become 8-bit RGB.

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
        with _open_header(data) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:  # before decoding: a small file must not fill the memory
                raise too_large(width, height)
            return np.asarray(_upright(_to_rgb(image), image))
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
        with _open_header(data) as image:
            exif = image.getexif()
            details = exif.get_ifd(ExifTags.IFD.Exif)
            camera = (exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model), sorted(image.size))
        clock = datetime.datetime.strptime(str(details[ExifTags.Base.DateTimeOriginal]), "%Y:%m:%d %H:%M:%S")
        part = str(details.get(ExifTags.Base.SubsecTimeOriginal)).strip("\x00 ")
        seconds = clock.replace(tzinfo=datetime.UTC).timestamp()
        return Moment(seconds + float(f"0.{part}") if part.isdecimal() else seconds, repr(camera))
    except Exception:  # an EXIF block may hold anything
        return None


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
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        try:
            image.getexif()  # parsed once and kept, so that its warnings stay here
        except Exception:  # an EXIF block in ruins doesn't make the photo unreadable
            image.info.pop("exif", None)
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_to_8_bit(np.asarray(image))).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGB", rgba.size, "white")
        # Not by alpha_composite, which holds Python's lock: a window would stand still for a large picture.
        paper.paste(rgba, mask=rgba)
        return paper
    return image.convert("RGB")


def _to_8_bit(values: np.ndarray) -> np.ndarray:
    """Scale grey values of 16 bits, or floats whose range is told by their maximum, to 0-255."""
    if np.issubdtype(values.dtype, np.floating):
        top = float(np.nanmax(values))
        scale = 255.0 if top <= 1.0 else 1.0 if top <= 255.0 else 255.0 / top
    else:
        scale = 255.0 / 65535.0
    return np.clip(np.nan_to_num(values) * scale, 0, 255).astype(np.uint8)


def _upright(rgb: Image.Image, source: Image.Image) -> Image.Image:
    if rgb is not source:  # conversions keep the pixels and may lose the EXIF block
        orientation = source.getexif().get(0x0112)
        if orientation not in range(2, 9):
            return rgb
        rgb.getexif()[0x0112] = orientation
    return ImageOps.exif_transpose(rgb)


def _unopened(reason: Message | str) -> PhotoError:
    return PhotoError("photo-unopened", "can't be opened ({reason})", reason=reason)


def _unknown_format(data: bytes) -> PhotoError:
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1"):
        return PhotoError("photo-heic", "a HEIC photo, which castlist doesn't read; save it as JPG")
    if data[4:8] == b"ftyp" or data[:4] == b"\x1aE\xdf\xa3" or (data[:4] == b"RIFF" and data[8:12] == b"AVI "):
        return PhotoError("photo-is-film", "a film, not a photo")
    return PhotoError("photo-format", "not a photo of a known format")
