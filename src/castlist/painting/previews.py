"""Photos and faces as small JPEGs, made anew from their pixels: nothing of the file itself is in them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from castlist.errors import PhotoError
from castlist.faces import Box
from castlist.media import Decoded, OpenPhoto, frame_file, is_film, open_photo, read_file, read_still

AROUND = 0.4  # of a face's width and height, shown around it
QUALITY = 82


def preview_photo(path: Path, side: int, *, digest: str) -> bytes:
    """A photo, or the first frame of a film, as a JPEG at most `side` pixels wide and high.

    Args:
        path: The file.
        side: Pixels.
        digest: Of the content that is meant.

    Raises:
        PhotoError: If it can't be read, or holds something else by now.
    """
    if is_film(path):
        return _encode(_shrunk(read_still(path.with_name(frame_file(path.name, 0))), side))
    photo = _open(path, digest)
    return _encode(_shrunk(photo.decode(_scale(max(photo.size), side)).pixels, side))


def preview_pixels(pixels: np.ndarray, side: int) -> bytes:
    """Pixels, shape (height, width, 3), uint8, RGB, as such a JPEG."""
    return _encode(_shrunk(pixels, side))


def preview_face(path: Path, box: Box, side: int, *, digest: str) -> bytes:
    """A face of a photo with a little around it, as far as the photo reaches, as a square JPEG of so many pixels.

    Args:
        path: The file.
        box: Of the face; pixels of the upright photo.
        side: Pixels.
        digest: Of the content that is meant.

    Raises:
        PhotoError: If it can't be read, is a film, or holds something else by now.
    """
    photo = _open(path, digest)
    first, last = _around(box, photo.size)
    return _encode(_square(photo.decode(_scale(float(last[0] - first[0]), side)), first, last, side))


def preview_face_in(pixels: np.ndarray, box: Box, side: int) -> bytes:
    """A face of a picture, shape (height, width, 3), uint8, RGB, as `preview_face` shows it."""
    return _encode(_square(Decoded(pixels), *_around(box, pixels.shape[1::-1]), side))


def _around(box: Box, size: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last corner of what is shown around a face, in a picture of a width and height."""
    shown = min((1 + 2 * AROUND) * max(box.width, box.height), *size)
    middle = np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2])
    first = np.clip(middle - shown / 2, 0, np.array(size) - shown)
    return first, first + shown


def _open(path: Path, digest: str) -> OpenPhoto:
    data = read_file(path)
    if hashlib.sha256(data).hexdigest() != digest:
        raise PhotoError("photo-changed", "the file is another one by now")
    return open_photo(data)


def _scale(size: float, side: int) -> int:
    """How much smaller a picture of a size may be decoded that is shown with so many pixels."""
    return next((scale for scale in (8, 4, 2) if size / scale >= side), 1)


def _square(decoded: Decoded, first: np.ndarray, last: np.ndarray, side: int) -> Image.Image:
    """A square of a picture, of so many pixels."""
    left, top = decoded.from_photo(first).round().astype(int).tolist()
    right, bottom = decoded.from_photo(last).round().astype(int).tolist()
    square = Image.fromarray(decoded.pixels).crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    return square.resize((side, side), Image.Resampling.LANCZOS)


def _shrunk(pixels: np.ndarray, side: int) -> Image.Image:
    picture = Image.fromarray(pixels)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture


def _encode(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
