"""Folders of photos: who is in the cast, and the one decoder of the whole package."""

from __future__ import annotations

import datetime
import glob
import io
import os
import stat
import threading
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from castlist.errors import CastError, PhotoError, reason_of

# Chosen by content, never by the file's name. Formats outside this list can run old, little-tested decoders.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "AVIF", "PPM")
UNKNOWN = "unknown"  # the answer for strangers; nobody may be called so
ALL = "all"  # whoever it is, where faces are to be hidden; nobody may be called so either
MAX_PIXELS = 150_000_000  # above every phone and camera of today but a few; 450 MB once decoded

_UNFIT = frozenset("/\\\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # for a person's name
_header_lock = threading.Lock()  # `warnings.catch_warnings` is not safe among threads


@dataclass(frozen=True)
class Photo:
    """A file that lies in a person's folder; whether it decodes is not known yet."""

    path: Path
    person: str


@dataclass(frozen=True)
class RefusedPhoto:
    """A file that was left out, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Moment:
    """When a camera took a photo."""

    seconds: float  # of the camera's own clock
    camera: str  # make, model and size of its pictures


@dataclass(frozen=True)
class Cast:
    """The people of a folder of folders, in order, and the files in their folders."""

    root: Path
    people: tuple[str, ...]  # sorted by code point, whatever the file system's order
    photos: tuple[Photo, ...]  # sorted by person, then path
    notes: tuple[str, ...] = field(default=())  # what was passed over, a sentence each


def read_photo(source: Path | bytes) -> np.ndarray:
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
        raise PhotoError("the file is empty")
    try:
        with _open_header(data) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:  # before decoding: a small file must not fill the memory
                raise PhotoError(f"{width} x {height} is more than the limit of {MAX_PIXELS / 1e6:.0f} million pixels")
            return np.asarray(_upright(_to_rgb(image), image))
    except UnidentifiedImageError:
        raise PhotoError(_why_unknown(data)) from None
    except Image.DecompressionBombError:
        raise PhotoError(f"more than the limit of {MAX_PIXELS / 1e6:.0f} million pixels") from None
    except PhotoError:
        raise
    except Exception as error:  # decoders of damaged files raise nearly anything
        raise PhotoError(f"damaged or cut short ({str(error).strip() or type(error).__name__})") from error


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


def read_file(path: Path) -> bytes:
    """Read a file's bytes; a pipe or a device is refused, since reading it would never end.

    Raises:
        PhotoError: If it can't be read; the message is the reason, without the path.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise PhotoError("not a regular file")
        return path.read_bytes()
    except OSError as error:
        raise PhotoError(f"can't be opened ({reason_of(error)})") from error


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


def find_cast(root: Path) -> Cast:
    """Read a folder of folders as a cast: one folder per person, its name the person's name.

    Folders inside a person's folder belong to that person. Hidden files and links that lead back into a folder already
    seen are passed over in silence; files beside the people's folders and empty folders are passed over with a note.

    Raises:
        CastError: If `root` is no folder, holds no person, or somebody in it can't be called so.
    """
    if not root.is_dir():
        raise CastError(f"{str(root)!r} is not a folder. Give the folder that holds one folder of photos per person.")
    notes: list[str] = []
    photos: list[Photo] = []
    people: list[str] = []
    strays = 0
    for entry in sorted(_entries(root), key=lambda entry: entry.name):
        if not entry.is_dir():
            strays += 1
            continue
        person = entry.name
        check_person(person, people)
        files = sorted(_files_below(Path(entry.path)))
        if not files:
            notes.append(f"The folder {person!r} holds no photo and was left out.")
            continue
        people.append(person)
        photos += [Photo(path=path, person=person) for path in files]
    if strays:
        notes.append(
            f"{strays} file{'s' * (strays > 1)} beside the people's folders belong to nobody and were left out."
        )
    if not photos and strays:
        raise CastError(
            f"There is no person in {str(root)!r}. It holds files but no folder of photos; put each person's photos "
            "into a folder of that name."
        )
    if not photos:
        raise CastError(f"There is no person in {str(root)!r}. Put each person's photos into a folder of that name.")
    return Cast(root=root, people=tuple(sorted(people)), photos=tuple(photos), notes=tuple(notes))


def check_person(name: str, others: Iterable[str] = ()) -> None:
    """Check that somebody can be called so: as a folder can, not UNKNOWN, and unlike the others.

    Raises:
        CastError: If not.
    """
    key = unicodedata.normalize("NFKC", name).casefold()
    if key in (UNKNOWN, ALL):
        raise CastError(f"Nobody can be called {name!r}: castlist itself uses the word. Choose another name.")
    if not name.strip() or name.startswith(".") or any(map(_is_unfit, name)):
        raise CastError(f"Nobody can be called {name!r}. Choose a name that a folder can have.")
    for other in others:
        if other != name and unicodedata.normalize("NFKC", other).casefold() == key:
            raise CastError(f"{other!r} and {name!r} differ only by case or Unicode form. Choose one of the two.")


def _is_unfit(char: str) -> bool:
    """Whether a name can't hold it: parts of a path, what steers a terminal or turns the text, halves of characters."""
    return char in _UNFIT or unicodedata.category(char) in ("Cc", "Cs")


def find_photos(inputs: Iterable[str | Path]) -> list[Path]:
    """List the files that files, folders (with all below them) and glob patterns stand for, each once, in order.

    Raises:
        CastError: If an input stands for nothing.
    """
    found: dict[Path, None] = {}
    for text in map(str, inputs):
        path = Path(text)
        if path.is_dir():
            matches = sorted(_files_below(path))
        elif path.exists():
            matches = [path]
        else:
            matches = sorted(Path(match) for match in glob.glob(text, recursive=True) if Path(match).is_file())
        if not matches and path.is_dir():
            raise CastError(f"{text!r} holds no photo.")
        if not matches:
            raise CastError(f"{text!r} is neither a file, a folder, nor a pattern that matches any.")
        found.update(dict.fromkeys(matches))
    return list(found)


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


def _why_unknown(data: bytes) -> str:
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1"):
        return "a HEIC photo, which castlist doesn't read; save it as JPG"
    if data[4:8] == b"ftyp" or data[:4] == b"\x1aE\xdf\xa3" or (data[:4] == b"RIFF" and data[8:12] == b"AVI "):
        return "a film, not a photo"
    return "not a photo of a known format"


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, hidden things and broken links left out."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name in ("Thumbs.db", "desktop.ini", "__MACOSX"):
                continue
            if entry.is_dir() or entry.is_file():
                yield entry


def _files_below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    real = folder.resolve()
    if real in above:  # a link that leads back to a folder it lies in
        return
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _files_below(Path(entry.path), above | {real})
        else:
            yield Path(entry.path)
