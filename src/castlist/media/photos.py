"""Photos as pixels: the one decoder of the whole package."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, JpegImagePlugin, TiffImagePlugin, UnidentifiedImageError

from castlist.arguments import checked
from castlist.errors import Message, PhotoError, reason_of
from castlist.files import need_regular
from castlist.media import mending, tiff
from castlist.media.containers import AVIF_BRANDS, still_brand, without_crop
from castlist.media.headers import open_header, open_sized, orientation_of, part_of, picture_of, turns_itself
from castlist.media.limits import MAX_PIXELS, check_bytes, check_pixels, check_scans
from castlist.media.orientation import LEFT_LAST, LYING, TOP_LAST

# How files begin: of formats that are read, and of some that aren't.
_OWN = (mending.PNG, mending.JPEG + b"\xff", b"GIF8")
_OTHERS = {
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"8BPS": "PSD (Photoshop)",
    b"gimp xcf": "XCF (GIMP)",
    b"%PDF-": "PDF",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"#?RADIANCE": "HDR (Radiance)",
    b"\0\0\1\0": "ICO",
    b"<svg": "SVG",
}


@dataclass(frozen=True, eq=False)
class Decoded:
    """A photo's pixels, or a smaller picture of it, and how that lies in the photo."""

    pixels: np.ndarray  # (height, width, 3), uint8, RGB, upright
    scale: int = 1  # pixels of the photo in one of these, each way
    corner: tuple[int, int] = (0, 0)  # of the first pixel, in the photo; the last may reach beyond the photo, too

    def to_photo(self, points: np.ndarray) -> np.ndarray:
        """Points of the picture, x and y, in pixels of the photo."""
        return points * self.scale + np.asarray(self.corner)

    def from_photo(self, points: np.ndarray) -> np.ndarray:
        """Points of the photo, x and y, in pixels of the picture."""
        return (points - np.asarray(self.corner)) / self.scale


class OpenPhoto:
    """A photo of which the header was read, and which is decoded as small as it is wanted; not for several threads.

    A JPG can be decoded at a half or a quarter of its size, in a third or a seventh of the time; other formats can't.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._decoded: dict[int, Decoded] = {}
        with _refusing(data):
            self._picture = picture_of(data)
            image = open_header(self._picture.data)
            width, height = image.size
            check_scans(self._picture.data)
        self._header: Image.Image | None = image
        self._shrinks = isinstance(image, JpegImagePlugin.JpegImageFile)
        if self._shrinks:
            lies = orientation_of(image, self._picture.orientation) in LYING
            self.size = (height, width) if lies else (width, height)
        else:
            height, width, _ = self.decode().pixels.shape
            self.size = (width, height)

    def decode(self, scale: int = 1) -> Decoded:
        """Decode the photo; what was decoded once is kept.

        Args:
            scale: 1, 2, 4 or 8: how much smaller each way the picture may be.

        Raises:
            PhotoError: If it can't be read; the message is the reason, without the path.
        """
        scale = scale if self._shrinks else 1
        if scale not in self._decoded:
            with _refusing(self._data):
                # Pillow decodes what it opened once; the first header is there already.
                image, self._header = self._header or open_header(self._picture.data), None
                decoded = _decode(image, self._picture, scale)
            self._shrinks = self._shrinks and decoded.scale == scale
            scale = decoded.scale
            self._decoded[scale] = decoded
        return self._decoded[scale]


def open_photo(source: str | os.PathLike[str] | bytes) -> OpenPhoto:
    """Read a photo's header, as `read_photo` reads all of it.

    Raises:
        PhotoError: If the file can't be read; the message is the reason, without the path.
    """
    data = source if isinstance(source, bytes) else read_file(source)
    if not data:
        raise PhotoError("photo-empty", "the file is empty")
    return OpenPhoto(data)


@checked
def read_photo(source: str | os.PathLike[str] | bytes) -> np.ndarray:
    """Decode one photo of any supported format, upright, as RGB.

    JPG, PNG, HEIC, WEBP, BMP, GIF (first frame), TIFF, AVIF, PPM and PAM, told apart by their content; of a camera raw
    file the largest picture that the camera put into it. EXIF orientation is applied, transparency is laid onto white,
    and palette, CMYK, grey, 16-bit and float pixels become 8-bit RGB.

    Args:
        source: A file, or the bytes of one.

    Returns:
        Shape (height, width, 3), uint8, RGB.

    Raises:
        PhotoError: If the file can't be read; the message is the reason, without the path.
    """
    return open_photo(source).decode().pixels


@contextlib.contextmanager
def _refusing(data: bytes) -> Iterator[None]:
    """Say in one way why a photo can't be read."""
    try:
        yield
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


def _decode(image: Image.Image, picture: tiff.Picture, scale: int) -> Decoded:
    with image:
        whole = image.size
        orientation = None if turns_itself(image) else orientation_of(image, picture.orientation)
        if scale > 1 and not image.draft("", (max(whole[0] // scale, 1), max(whole[1] // scale, 1))):
            scale = 1
        try:
            rgb = _to_rgb(image)
            if part := part_of(image):
                rgb = rgb.crop(part)
        except RuntimeError:
            uncropped = without_crop(picture.data)
            if uncropped is None:
                raise
            rgb = _to_rgb(open_header(uncropped[0])).crop(uncropped[1])
        except OSError:
            completed = mending.completed_jpeg(picture.data) if image.format in ("JPEG", "MPO") else None
            if completed is None:
                raise
            rgb, scale = _to_rgb(completed), 1
        corner = _corner(whole, rgb.size, scale, orientation) if scale > 1 else (0, 0)
        return Decoded(np.asarray(_upright(rgb, orientation)), scale, corner)


def _corner(whole: tuple[int, int], small: tuple[int, int], scale: int, orientation: int | None) -> tuple[int, int]:
    """Where a smaller picture, turned upright, begins in the photo; both sizes are those before turning.

    Of its last pixels of a row or column, a part may lie beyond the photo, and turning may bring them to the front.
    """
    beyond = [photo - scale * side for photo, side in zip(whole, small, strict=True)]
    if orientation in LYING:
        beyond.reverse()
    return beyond[0] * (orientation in LEFT_LAST), beyond[1] * (orientation in TOP_LAST)


def check_size(data: bytes, most: int, *, most_whole: int) -> None:
    """Make sure that a photo has no more pixels than somebody bears, before it is decoded.

    Args:
        data: The file.
        most: Pixels that it may have.
        most_whole: The same of all but JPG, which are never decoded smaller.

    Raises:
        PhotoError: If it has more, or its header can't be read; the message is the reason.
    """
    with _refusing(data), open_sized(picture_of(data, most, anew=False).data, most=most) as image:
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            check_pixels(*image.size, most_whole)


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a file's bytes; a pipe or a device is refused, since reading it would never end, and what fills the memory.

    Raises:
        PhotoError: If it can't be read; the message is the reason, without the path.
    """
    if not isinstance(path, str | os.PathLike):
        raise PhotoError("photo-no-path", "not a path but {kind}", kind=type(path).__name__)
    try:
        check_bytes(need_regular(Path(path)))
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


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return Image.fromarray(_to_8_bit(np.asarray(image), image)).convert("RGB")
    if isinstance(image, TiffImagePlugin.TiffImageFile) and tiff.EXTRA not in image.tag_v2:
        return image.convert("RGB")  # Pillow takes a fourth sample for opacity, which the file doesn't say
    if not {"A", "a"}.isdisjoint(image.getbands()) or "transparency" in image.info:
        rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        paper = Image.new("RGB", rgba.size, "white")
        # Not by alpha_composite, which holds Python's lock: a window would stand still for a large picture.
        paper.paste(rgba, mask=rgba)
        return paper
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it


def _to_8_bit(values: np.ndarray, image: Image.Image) -> np.ndarray:
    """Scale grey values of 12 or 16 bits to 0-255."""
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    scale = 255.0 / (4095.0 if tags.get(tiff.BITS) == (12,) else 65535.0)
    scaled = np.empty(values.shape, np.uint8)
    for row, grey in zip(scaled, values, strict=True):  # as floats, all would take eight times the room
        row[:] = np.clip(grey * scale, 0, 255)
    return scaled


def _upright(rgb: Image.Image, orientation: int | None) -> Image.Image:
    if orientation not in range(2, 9):
        return rgb
    rgb.getexif()[ExifTags.Base.Orientation] = orientation  # conversions may lose the EXIF block
    return ImageOps.exif_transpose(rgb)


def _unopened(reason: Message | str) -> PhotoError:
    return PhotoError("photo-unopened", "can't be opened ({reason})", reason=reason)


def _unknown_format(data: bytes) -> PhotoError:
    if brand := still_brand(data):
        kind = "AVIF" if brand in AVIF_BRANDS else "HEIC"
        return PhotoError(
            "photo-heic", "a photo in {format} that is damaged, cut short, or of a kind that can't be read", format=kind
        )
    if data.startswith(tiff.HEADERS):
        return tiff.unread()
    if data[4:8] == b"ftyp" or data[:4] == b"\x1aE\xdf\xa3" or (data[:4] == b"RIFF" and data[8:12] == b"AVI "):
        return PhotoError("photo-is-film", "a film, not a photo")
    if data.startswith(_OWN):
        return PhotoError("photo-headless", "damaged at its beginning")
    if other := next((name for head, name in _OTHERS.items() if data.startswith(head)), None):
        return PhotoError("photo-other", "{format} isn't read; save it as JPG", format=other)
    return PhotoError("photo-format", "not a photo of a known format")
