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
from castlist.faces import (
    DEFAULT_TEMPLATE,
    NO_FACE,
    Box,
    Face,
    Template,
    decode_to_find,
    find_marked_face,
    find_photo_faces,
    is_cut_off,
)
from castlist.media import Film, Moment, OpenPhoto, Photo, is_film, open_photo, read_file, resize_photo, time_taken
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


def read_rows(
    photos: list[Photo], settings: Settings, on_count: OnCount | None
) -> Iterator[tuple[Photo, Row | PhotoError]]:
    """What the file keeps of each photo, or why it is refused; a film has a row for each of its frames."""
    decode = _decode_faces if settings.faces else _decode_whole
    return decode(photos, settings, on_count)


def image_size_of(settings: Settings) -> int:
    """The side of the kept pictures, in pixels."""
    return settings.image_size if settings.kind.is_trained else DEFAULT_TEMPLATE.size


def _read_stills(path: Path, settings: Settings) -> Iterator[tuple[Still, OpenPhoto | np.ndarray]]:
    """A photo, or the pixels of a film's frames, decoded one after the other."""
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
    photo = open_photo(data)
    shown = decode_to_find(photo, settings.min_face) if settings.faces else photo.decode()
    yield Still(sign_photo(data, shown.pixels, photo.size), None, time_taken(data)), photo


def _whole(photo: OpenPhoto | np.ndarray) -> np.ndarray:
    return photo.decode().pixels if isinstance(photo, OpenPhoto) else photo


def _decode_whole(
    photos: list[Photo], settings: Settings, on_count: OnCount | None
) -> Iterator[tuple[Photo, Row | PhotoError]]:
    def decode(photo: Photo) -> list[Row] | PhotoError:
        try:
            stills = _read_stills(photo.path, settings)
            return [Row(resize_photo(_whole(shown), settings.image_size), still) for still, shown in stills]
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

    def decode(photo: Photo) -> list[tuple[Still, list[Face]]] | PhotoError:
        try:
            seen = [
                (still, _faces_of(photo, shown, settings, network.template))
                for still, shown in _read_stills(photo.path, settings)
            ]
        except PhotoError as error:
            return error
        return [(still, faces) for still, faces in seen if faces] or PhotoError(NO_FACE.code, NO_FACE.text)

    for _, group in groupby(_in_parallel(decode, photos, on_count), key=lambda item: item[0].person):
        readable: list[tuple[Photo, Still, list[Face]]] = []
        for photo, result in group:
            if isinstance(result, PhotoError):
                yield photo, result
            else:
                readable += [(photo, *one) for one in result]
        faces = [found for _, _, found in readable]
        crops = [face.pixels for found in faces for face in found]
        if not crops:
            continue
        vectors = network.embed(np.stack(crops), views=settings.views)
        split = np.split(vectors, np.cumsum([len(found) for found in faces])[:-1])
        for (photo, still, found), mine, index in zip(readable, split, choose_faces(faces, split), strict=True):
            assert index is not None, "each of these photos has a face"
            face, signature = found[index], still.signature
            poor = face.quality.problem is not None or is_cut_off(face.landmarks, signature.height, signature.width)
            yield photo, Row(resize_photo(face.pixels, size), still, mine[index], poor)


def _faces_of(photo: Photo, shown: OpenPhoto | np.ndarray, settings: Settings, template: Template) -> list[Face]:
    """Faces that may be the person's: the one that is marked, or all."""
    if photo.mark and isinstance(shown, OpenPhoto):
        return [find_marked_face(shown, Box(*photo.mark), template=template)]
    return find_photo_faces(shown, min_face=settings.min_face, template=template)


T = TypeVar("T")


def _in_parallel(
    decode: Callable[[Photo], T], photos: list[Photo], on_count: OnCount | None
) -> Iterator[tuple[Photo, T]]:
    for done, pair in enumerate(zip(photos, work_ahead(decode, photos, ahead=CHUNK), strict=True), start=1):
        yield pair
        if on_count:
            on_count(done, len(photos))
