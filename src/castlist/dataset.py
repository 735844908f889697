"""Photos as learning sees them: decoded once, grouped, split without leaks, and kept in one HDF5 file."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import math
import mmap
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import platformdirs

from castlist.duplicates import PhotoSignature, find_duplicates, group_photos, sign_photo
from castlist.embeddings import FaceNetwork, choose_faces, default_network
from castlist.errors import CastError, PhotoError, needs_extra, reason_of
from castlist.faces import DEFAULT_TEMPLATE, Face, find_faces
from castlist.film import Film, frame_file, is_film
from castlist.photos import Cast, Moment, Photo, RefusedPhoto, read_file, read_photo, resize_photo, time_taken
from castlist.settings import Settings
from castlist.splits import SIDES, TEST, TRAIN, VALIDATION, assign_sides, order_key
from castlist.takes import find_takes, join_takes

VERSION = 3  # of the file's layout and of what fills it; a file of another version is made anew
NO_FACE = "no face found"
CHUNK = 64  # photos decoded ahead; bounds the memory
FRAMES_A_SECOND = 4  # of a film; neighboring frames say nearly the same
FRAMES = 64  # of a film, at most

OnCount = Callable[[int, int], None]  # done, of how many


@dataclass(frozen=True, eq=False)
class Dataset:
    """The photos of a cast with the side each is on; pixels stay on disk until they are read.

    Rows are sorted by person, then file.
    """

    path: Path  # the HDF5 file
    people: tuple[str, ...]  # in the order of the indices in `person`
    files: tuple[str, ...]  # n paths below the cast's root, with forward slashes
    person: np.ndarray  # (n,), int64
    side: np.ndarray  # (n,), uint8; TRAIN, VALIDATION or TEST
    group: np.ndarray  # (n,), int64; copies and re-crops of one photo share a number, and so do photos of one take
    take: np.ndarray  # (n,), int64; photos of one film or burst share a number and are in order; others are ALONE
    embeddings: np.ndarray | None  # (n, 128), float32, L2 norm 1; of the faces; None for whole photos
    image_size: int
    refused: tuple[RefusedPhoto, ...]
    notes: tuple[str, ...]
    fingerprint: str  # the same for the same photos and people, wherever the folder lies

    def indices(self, side: int) -> np.ndarray:
        """The rows of one side, shape (k,), int64, ascending."""
        return np.flatnonzero(self.side == side)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Read photos from disk, shape (k, image_size, image_size, 3), uint8, RGB, in the order asked for.

        Raises:
            CastError: If the file has been made anew since, from other photos.
        """
        with needs_extra("learn", "Reading the data set"):
            import h5py
        with h5py.File(self.path, "r") as file:
            if file.attrs["fingerprint"] != self.fingerprint:
                raise CastError(
                    f"The data set {str(self.path)!r} was made anew from other photos, by another castlist. "
                    "Go on when that one has ended."
                )
            images = file["images"]
            pixels = np.empty((len(indices), *images.shape[1:]), np.uint8)
            for row, index in enumerate(indices.tolist()):
                images.read_direct(pixels, np.s_[index], np.s_[row])
        return pixels

    def side_counts(self) -> dict[str, dict[str, int]]:
        """Photos and groups on each side, by the side's name."""
        return {
            name: {
                "photos": int((self.side == side).sum()),
                "groups": len(np.unique(self.group[self.side == side])),
            }
            for side, name in enumerate(SIDES)
        }


def load_dataset(
    cast: Cast, settings: Settings, *, path: Path | None = None, on_count: OnCount | None = None
) -> Dataset:
    """Load a cast's data set, from its HDF5 file if that is still true, else from the photos.

    Args:
        cast: The people and their files.
        settings: For faces or whole photos, the size, the shares, the seed and how many pictures a person.
        path: The HDF5 file; by default one in the user's cache folder that belongs to the cast's folder, to faces or
            whole photos, and the size.
        on_count: Called with photos done and photos in all, while photos are decoded.

    Raises:
        CastError: If fewer than two people have photos to learn from, or a Keras model has none left to validate or
            test with.
        MissingExtraError: If h5py is missing.
    """
    with needs_extra("learn", "Keeping the data set"):
        import h5py
    _need_two(cast.people, cast.root)
    path = path or _default_path(cast, settings)
    stamp = _stamp(cast, settings)
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("stamp") == stamp:
                return _open(path, file, cast.root)
    except (OSError, KeyError, ValueError):
        pass  # missing or damaged: made anew below
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(beside, "w") as file:
            _fill(file, cast, settings, on_count)
            file.attrs["stamp"] = stamp
        beside.replace(path)
    except OSError as error:
        raise CastError(
            f"The data set can't be written to {str(path)!r} ({reason_of(error)}). Free some space there."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    with h5py.File(path, "r") as file:
        return _open(path, file, cast.root)


def face_network(settings: Settings) -> FaceNetwork:
    """The face network that the settings name."""
    return FaceNetwork.load(Path(settings.network)) if settings.network else default_network()


def datasets_folder() -> Path:
    """Where data sets are kept unless a path is given; every file in it can be made anew."""
    return platformdirs.user_cache_path("castlist") / "datasets"


def delete_datasets_of(person: str) -> list[Path]:
    """Delete the kept data sets in which there is a person of this name; they can be made anew. Gives their files."""
    deleted = []
    for path in sorted(datasets_folder().glob("*.h5*")):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            holds = content.find(f"{person}/".encode()) >= 0  # the paths of the photos stand in it as they are
        if holds:
            path.unlink()
            deleted.append(path)
    return deleted


def _default_path(cast: Cast, settings: Settings) -> Path:
    parts = (cast.root.resolve(), settings.faces, settings.network, _side_of(settings), _reads_films(cast, settings))
    return datasets_folder() / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}.h5"


def _side_of(settings: Settings) -> int:
    return DEFAULT_TEMPLATE.size if settings.model == "face" else settings.image_size


def _reads_films(cast: Cast, settings: Settings) -> bool:
    return settings.takes_sequences and any(is_film(photo.path) for photo in cast.photos)


def _stamp(cast: Cast, settings: Settings) -> str:
    """What the file's content depends on: the photos as the file system tells of them, and some settings."""
    digest = hashlib.sha256()
    parts: list[Any] = [VERSION, _side_of(settings), settings.pictures_per_person, settings.faces, settings.network]
    parts += [
        settings.views,
        settings.min_face,
        settings.validation_share,
        settings.test_share,
        settings.seed,
        _reads_films(cast, settings),
        cast.people,
        cast.notes,
    ]
    digest.update(json.dumps(parts).encode())
    for photo in cast.photos:
        status = photo.path.stat()
        digest.update(f"{photo.path.relative_to(cast.root)}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _open(path: Path, file: Any, root: Path) -> Dataset:
    return Dataset(
        path=path,
        people=tuple(json.loads(file.attrs["people"])),
        files=tuple(file["file"].asstr()[()]),
        person=file["person"][()],
        side=file["side"][()],
        group=file["group"][()],
        take=file["take"][()],
        embeddings=file["embedding"][()] if "embedding" in file else None,
        image_size=file["images"].shape[1],
        refused=tuple(RefusedPhoto(path=root / name, reason=why) for name, why in json.loads(file.attrs["refused"])),
        notes=tuple(json.loads(file.attrs["notes"])),
        fingerprint=file.attrs["fingerprint"],
    )


def _fill(file: Any, cast: Cast, settings: Settings, on_count: OnCount | None) -> None:
    size = _side_of(settings)
    # One chunk a photo: shuffled reading touches what it needs and nothing else.
    images = file.create_dataset(
        "images", (0, size, size, 3), "u1", maxshape=(None, size, size, 3), chunks=(1, size, size, 3)
    )
    kept: list[Photo] = []
    files: list[str] = []
    times: list[Moment | None] = []
    signatures: list[PhotoSignature] = []
    embeddings: list[np.ndarray] = []
    refused: list[tuple[str, str]] = []
    decode = _decode_faces if settings.faces else _decode_whole
    for photo, row in decode(_sampled(cast, settings), settings, on_count):
        name = photo.path.relative_to(cast.root).as_posix()
        if isinstance(row, PhotoError):
            refused.append((name, str(row)))
            continue
        images.resize(len(kept) + 1, axis=0)
        images[len(kept)] = row.pixels
        kept.append(photo)
        files.append(name if row.still.frame is None else frame_file(name, row.still.frame))
        times.append(row.still.taken)
        signatures.append(row.still.signature)
        if row.embedding is not None:
            embeddings.append(row.embedding)
    faceless = sum(reason == NO_FACE for _, reason in refused)
    if faceless > len(kept):
        raise CastError(
            f"No face was found in {faceless} of {faceless + len(kept)} photos. For drawings, or to learn from whole "
            "photos, use --whole with a model such as cnn."
        )

    # People nobody can learn from have no place in the order that the network's outputs follow.
    people = tuple(person for person in cast.people if any(photo.person == person for photo in kept))
    notes = list(cast.notes)
    notes += [f"No photo of {name!r} can be read; left out." for name in cast.people if name not in people]
    _need_two(people, cast.root)
    person = np.array([people.index(photo.person) for photo in kept], np.int64)
    take = find_takes([photo.path for photo in kept], person, times)
    group = join_takes(group_photos(len(kept), find_duplicates(signatures)), take)
    side = assign_sides(person, group, [signature.digest for signature in signatures], settings)
    # A gallery needs no validation, and can name people whom nothing is left to test with.
    if settings.needs_keras and not ((side == TEST).any() and (side == VALIDATION).any()):
        raise CastError(
            f"There are too few different photos to keep some for validation and test: {len(np.unique(group))} of "
            f"{len(people)} people. Give at least one person three different photos; ten or more each is a start."
        )
    notes += _split_notes(people, person, side, group)

    fingerprint = hashlib.sha256()
    for name, signature in zip(files, signatures, strict=True):
        fingerprint.update(f"{name}:{signature.digest}\n".encode())
    file["file"] = np.array(files, dtype=object)
    file["person"], file["side"], file["group"], file["take"] = person, side, group, take
    if settings.faces:
        file["embedding"] = np.stack(embeddings)
    file.attrs["people"], file.attrs["refused"], file.attrs["notes"] = map(json.dumps, (people, refused, notes))
    file.attrs["fingerprint"] = fingerprint.hexdigest()


def _need_two(people: tuple[str, ...], root: Path) -> None:
    if len(people) < 2:
        raise CastError(
            f"A cast to learn needs at least 2 people with readable photos. Got {len(people)} in {str(root)!r}."
        )


def _split_notes(people: tuple[str, ...], person: np.ndarray, side: np.ndarray, group: np.ndarray) -> list[str]:
    notes = []
    for index, name in enumerate(people):
        if not (side[person == index] == TEST).any():
            notes.append(f"{name!r} has too few different photos to be tested.")
        if not (side[person == index] == TRAIN).any():
            notes.append(f"{name!r} has no photo to learn from: all of them are copies of other people's photos.")
    shared = sum(len(np.unique(person[group == number])) > 1 for number in np.unique(group))
    if shared:
        notes.append(
            f"{shared} photo{'s lie' if shared > 1 else ' lies'} in two people's folders: one of the names is wrong."
        )
    return notes


def _sampled(cast: Cast, settings: Settings) -> list[Photo]:
    """At most so many photos a person, drawn without replacement; a person's draw doesn't depend on other people."""
    if settings.pictures_per_person is None:
        return list(cast.photos)
    drawn: list[Photo] = []
    for person in cast.people:
        photos = [photo for photo in cast.photos if photo.person == person]
        photos.sort(key=lambda photo: order_key(settings.seed, photo.path.relative_to(cast.root).as_posix()))
        drawn += sorted(photos[: settings.pictures_per_person], key=lambda photo: photo.path)
    return drawn


@dataclass(frozen=True, eq=False)
class _Still:
    """What is kept of a photo, or of a frame of a film, whatever is cut out of it."""

    signature: PhotoSignature
    frame: int | None  # of a film
    taken: Moment | None


@dataclass(frozen=True, eq=False)
class _Row:
    """What the file keeps of one photo."""

    pixels: np.ndarray  # (size, size, 3), uint8, RGB
    still: _Still
    embedding: np.ndarray | None = None  # (128,), float32


def _stills(path: Path, settings: Settings) -> Iterator[tuple[_Still, np.ndarray]]:
    """A photo, or frames of a film, decoded one after the other."""
    if settings.takes_sequences and is_film(path):
        film = Film.open(path)
        step = max(round(film.rate / FRAMES_A_SECOND), math.ceil(film.n_frames / FRAMES), 1)
        frame = None
        for frame in itertools.islice(film.frames(), 0, step * FRAMES, step):
            yield _Still(sign_photo(frame.pixels.tobytes(), frame.pixels), frame.index, None), frame.pixels
        if frame is None:
            raise PhotoError("a film without a single picture that can be read")
        return
    data = read_file(path)
    pixels = read_photo(data)
    yield _Still(sign_photo(data, pixels), None, time_taken(data)), pixels


def _decode_whole(
    photos: list[Photo], settings: Settings, on_count: OnCount | None
) -> Iterator[tuple[Photo, _Row | PhotoError]]:
    def decode(photo: Photo) -> list[_Row] | PhotoError:
        try:
            stills = _stills(photo.path, settings)
            return [_Row(resize_photo(pixels, settings.image_size), still) for still, pixels in stills]
        except PhotoError as error:
            return error

    for photo, result in _in_parallel(decode, photos, on_count):
        for row in [result] if isinstance(result, PhotoError) else result:
            yield photo, row


def _decode_faces(
    photos: list[Photo], settings: Settings, on_count: OnCount | None
) -> Iterator[tuple[Photo, _Row | PhotoError]]:
    """One face per photo: of several, the one that agrees with the person's other photos."""
    network = face_network(settings)
    size = _side_of(settings)

    def decode(photo: Photo) -> list[tuple[_Still, list[Face]]] | PhotoError:
        try:
            seen = [
                (still, find_faces(pixels, min_face=settings.min_face, template=network.template))
                for still, pixels in _stills(photo.path, settings)
            ]
        except PhotoError as error:
            return error
        return [(still, faces) for still, faces in seen if faces] or PhotoError(NO_FACE)

    for _, group in groupby(_in_parallel(decode, photos, on_count), key=lambda item: item[0].person):
        readable: list[tuple[Photo, _Still, list[Face]]] = []
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
            yield photo, _Row(resize_photo(found[index].pixels, size), still, mine[index])


T = TypeVar("T")


def _in_parallel(
    decode: Callable[[Photo], T], photos: list[Photo], on_count: OnCount | None
) -> Iterator[tuple[Photo, T]]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(photos), CHUNK):
            some = photos[start : start + CHUNK]
            yield from zip(some, pool.map(decode, some), strict=True)
            if on_count:
                on_count(start + len(some), len(photos))
