"""The photos of a cast, and frames of its films, decoded in parallel; of faces, the person's own found in each."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import numpy as np

from castlist.duplicates import PhotoSignature, sign_photo
from castlist.embeddings import choose_faces, face_network
from castlist.errors import PhotoError
from castlist.faces import DEFAULT_TEMPLATE, NO_FACE, Face, find_faces, is_cut_off
from castlist.media import Film, Moment, Photo, is_film, read_file, read_photo, resize_photo, time_taken
from castlist.settings import Settings
from castlist.threads import OnCount, work_ahead

CHUNK = 64  # photos decoded ahead; bounds the memory
FRAMES_A_SECOND = 4  # of a film; neighboring frames say nearly the same
FRAMES = 64  # of a film, at most

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Still:
    """What is kept of a photo, or of a frame of a film, whatever is cut out of it."""

    signature: PhotoSignature
    frame: int | None  # of a film
    taken: Moment | None


@dataclass(frozen=True, eq=False)
class Row:
    """What the file keeps of one photo."""

    pixels: np.ndarray  # (size, size, 3), uint8, RGB
    still: Still
    embedding: np.ndarray | None = None  # (128,), float32
    poor: bool = False  # a face that may look like nobody of the cast though it is


@dataclass(frozen=True, eq=False)
class _Seen:
    """The faces of a photo, or of a frame of a film."""

    still: Still
    faces: list[Face]
    shape: tuple[int, ...]  # of its pixels


def read_rows(
    photos: list[Photo], settings: Settings, on_count: OnCount | None
) -> Iterator[tuple[Photo, Row | PhotoError]]:
    """What the file keeps of each photo, or why it is refused; a film has a row for each of its frames."""
    decode = _decode_faces if settings.faces else _decode_whole
    return decode(photos, settings, on_count)


def image_size_of(settings: Settings) -> int:
    """The side of the kept pictures, in pixels."""
    return settings.image_size if settings.kind.is_trained else DEFAULT_TEMPLATE.size


def _read_stills(path: Path, settings: Settings) -> Iterator[tuple[Still, np.ndarray]]:
    """A photo, or frames of a film, decoded one after the other."""
    if settings.takes_sequences and is_film(path):
        film = Film.open(path)
        logger.debug("film %s: %d frames", path, film.n_frames)
        step = max(round(film.rate / FRAMES_A_SECOND), math.ceil(film.n_frames / FRAMES), 1)
        frame = None
        for frame in itertools.islice(film.frames(), 0, step * FRAMES, step):
            yield Still(sign_photo(frame.pixels.tobytes(), frame.pixels), frame.index, None), frame.pixels
        if frame is None:
            raise PhotoError("film-no-picture", "a film without a single picture that can be read")
        return
    data = read_file(path)
    pixels = read_photo(data)
    yield Still(sign_photo(data, pixels), None, time_taken(data)), pixels


def _decode_whole(
    photos: list[Photo], settings: Settings, on_count: OnCount | None
) -> Iterator[tuple[Photo, Row | PhotoError]]:
    def decode(photo: Photo) -> list[Row] | PhotoError:
        try:
            stills = _read_stills(photo.path, settings)
            return [Row(resize_photo(pixels, settings.image_size), still) for still, pixels in stills]
        except PhotoError as error:
            return error

    for photo, result in _in_parallel(decode, photos, on_count):
        for row in [result] if isinstance(result, PhotoError) else result:
            yield photo, row


def _decode_faces(
    photos: list[Photo], settings: Settings, on_count: OnCount | None
) -> Iterator[tuple[Photo, Row | PhotoError]]:
    """One face per photo: of several, the one that agrees with the person's other photos."""
    network = face_network(settings)
    size = image_size_of(settings)

    def decode(photo: Photo) -> list[_Seen] | PhotoError:
        try:
            seen = [
                _Seen(still, find_faces(pixels, min_face=settings.min_face, template=network.template), pixels.shape)
                for still, pixels in _read_stills(photo.path, settings)
            ]
        except PhotoError as error:
            return error
        return [one for one in seen if one.faces] or PhotoError(NO_FACE.code, NO_FACE.text)

    for _, group in groupby(_in_parallel(decode, photos, on_count), key=lambda item: item[0].person):
        readable: list[tuple[Photo, _Seen]] = []
        for photo, result in group:
            if isinstance(result, PhotoError):
                yield photo, result
            else:
                readable += [(photo, one) for one in result]
        faces = [seen.faces for _, seen in readable]
        crops = [face.pixels for found in faces for face in found]
        if not crops:
            continue
        vectors = network.embed(np.stack(crops), views=settings.views)
        split = np.split(vectors, np.cumsum([len(found) for found in faces])[:-1])
        for (photo, seen), mine, index in zip(readable, split, choose_faces(faces, split), strict=True):
            assert index is not None, "each of these photos has a face"
            face = seen.faces[index]
            poor = face.quality.problem is not None or is_cut_off(face.landmarks, *seen.shape[:2])
            yield photo, Row(resize_photo(face.pixels, size), seen.still, mine[index], poor)


T = TypeVar("T")


def _in_parallel(
    decode: Callable[[Photo], T], photos: list[Photo], on_count: OnCount | None
) -> Iterator[tuple[Photo, T]]:
    for done, pair in enumerate(zip(photos, work_ahead(decode, photos, ahead=CHUNK), strict=True), start=1):
        yield pair
        if on_count:
            on_count(done, len(photos))
