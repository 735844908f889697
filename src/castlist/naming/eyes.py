"""From photos to what is seen of them: decoding, finding and embedding overlap, a bounded number of photos ahead."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from castlist.embeddings import FaceNetwork
from castlist.errors import CastlistError, Message, PhotoError, RunError, ShapeError, log_unforeseen
from castlist.faces import MIN_FACE, RELATIVE_MIN_FACE, Box, Face, Finder, Quality, find_faces, find_photo_faces
from castlist.media import OpenPhoto, open_photo, read_file, resize_photo
from castlist.naming.seeing import Seen
from castlist.paths import as_several, as_text
from castlist.threads import Hands, OnCount, Stop, work_ahead

# A file, the bytes of one, pixels (height, width, 3), uint8; or why there is none.
Photo = str | os.PathLike[str] | bytes | np.ndarray | PhotoError

BATCH = 32  # photos in one record: they are named together
AHEAD = 16  # photos looked at before the first of them is asked for; their faces are kept, not their pixels
CROPS = 8  # embedded in one piece of work


@dataclass(frozen=True, eq=False)
class Sight:
    """What one photo shows, before its faces are embedded."""

    path: Path | None
    digest: str = ""
    size: tuple[int, int] = (0, 0)
    faces: Sequence[Face] = ()
    problem: Message | None = None


class Eyes(Protocol):
    """Turns photos into records of what was seen, as a run sees; may be shared by threads."""

    def see(
        self,
        photos: Iterable[Photo],
        *,
        thorough: bool = False,
        on_count: OnCount | None = None,
        stop: Stop | None = None,
        n_threads: int | None = None,
    ) -> Iterator[Seen]:
        """Look at photos, in order.

        Args:
            photos: Taken one by one, as far as the look-ahead goes and no further.
            thorough: Look for faces half as large, too: for hiding them.
            on_count: Told how many photos have been looked at, of how many (0: `photos` doesn't say).
            stop: Asked before each photo; then the stream ends with what has been seen so far.
            n_threads: How many threads work at the same time, at most; by default those of the pool.

        Yields:
            Records of a batch of photos each. Whatever goes wrong in one photo is told in its place.
        """
        ...

    def find(self, photo: OpenPhoto | np.ndarray, *, thorough: bool = False) -> list[Face] | np.ndarray:
        """What the run's networks are given of a photo, or of pixels (height, width, 3), uint8, RGB, upright."""
        ...


@dataclass(frozen=True)
class FaceEyes:
    """The eyes of a run that knows faces."""

    network: FaceNetwork
    min_face: float | None = None
    views: str = "plain"
    side: int = 0  # of the squares that a trained network reads; 0: there is none
    finder: Finder = find_faces

    @property
    def digest(self) -> str:
        """Whoever has the same makes embeddings that can be compared; "": a network that has no content."""
        return self.network.digest and f"{self.network.digest}/{self.views}"

    def need_own(self, seen: Seen) -> None:
        """Make sure that these eyes, or the same, made a record.

        Raises:
            RunError: If others did.
        """
        if seen.eyes and self.digest and seen.eyes != self.digest:
            raise RunError(
                "seen-by-others",
                "These photos were looked at with another face network than the run has by now. Look at them again.",
            )

    def see(
        self,
        photos: Iterable[Photo],
        *,
        thorough: bool = False,
        on_count: OnCount | None = None,
        stop: Stop | None = None,
        n_threads: int | None = None,
    ) -> Iterator[Seen]:
        """Look at photos, as `Eyes.see` says."""
        hands = Hands(n_threads)

        def look(photo: Photo) -> Sight:
            return _look_at(photo, lambda shown: self.find(shown, thorough=thorough))

        def begin(looks: Sequence[Sight]) -> list[Future[np.ndarray]]:
            crops = self._crops(looks)
            # One pass even of no crop: it tells how long an embedding is.
            return [hands.submit(self._embed, crops[i : i + CROPS]) for i in range(0, max(len(crops), 1), CROPS)]

        # A batch is embedded while the photos after it are looked at, so that no thread idles.
        waiting: deque[tuple[Sequence[Sight], list[Future[np.ndarray]]]] = deque()
        for looks in _batches(hands, look, photos, on_count, stop):
            if n_threads is None and len(looks) < BATCH:  # the last: there is nothing else to do meanwhile
                break
            waiting.append((looks, begin(looks)))
            if len(waiting) > 1:
                yield self._record(*waiting.popleft())
        else:
            looks = []
        for some, embedded in waiting:
            yield self._record(some, embedded)
        if looks:
            yield self.keep(looks)

    def find(self, photo: OpenPhoto | np.ndarray, *, thorough: bool = False) -> list[Face]:
        """The faces of a photo, or of pixels (height, width, 3), uint8, RGB, largest first."""
        # A minimum that was set for naming is no reason to leave small faces open.
        half = max(MIN_FACE, RELATIVE_MIN_FACE / 2 * min(_size(photo)))
        min_face = half if thorough else self.min_face
        return find_photo_faces(photo, min_face=min_face, template=self.network.template, finder=self.finder)

    def keep(self, looks: Sequence[Sight], known: Sequence[np.ndarray | None] = ()) -> Seen:
        """Embed faces that were found already, and make the record of their photos.

        Args:
            looks: What the photos show.
            known: The embedding of each face, as these eyes make it, or None; by default none of them.
        """
        crops, embeddings = self._crops(looks), list(known)
        new = [i for i, embedding in enumerate(known) if embedding is None]
        if len(new) == len(known):
            return self._assemble(looks, self._embed(crops))
        if new:
            for i, embedding in zip(new, self._embed(crops[new]), strict=True):
                embeddings[i] = embedding
        return self._assemble(looks, np.array(embeddings, np.float32))

    def _embed(self, crops: np.ndarray) -> np.ndarray:
        return self.network.embed(crops, views=self.views)

    def _record(self, looks: Sequence[Sight], embedded: Sequence[Future[np.ndarray]]) -> Seen:
        return self._assemble(looks, np.concatenate([one.result() for one in embedded]))

    def _assemble(self, looks: Sequence[Sight], embeddings: np.ndarray) -> Seen:
        faces = [face for one in looks for face in one.faces]
        squares = [resize_photo(face.pixels, self.side) for face in faces] if self.side else []
        qualities = [(face.quality.eye_distance, face.quality.sharpness, face.quality.yaw) for face in faces]
        return _record_of(
            looks,
            photo=np.repeat(np.arange(len(looks)), [len(one.faces) for one in looks]),
            boxes=np.array([_edges(face.box) for face in faces], np.float32).reshape(-1, 4),
            landmarks=np.array([face.landmarks for face in faces], np.float32).reshape(-1, 5, 2),
            confidences=np.array([face.confidence for face in faces], np.float32),
            qualities=np.array(qualities, np.float32).reshape(-1, 3),
            embeddings=embeddings,
            eyes=self.digest,
            squares=np.array(squares, np.uint8).reshape(len(faces), self.side, self.side, 3),
        )

    def _crops(self, looks: Sequence[Sight]) -> np.ndarray:
        size = self.network.template.size
        return np.array([face.pixels for one in looks for face in one.faces], np.uint8).reshape(-1, size, size, 3)


@dataclass(frozen=True)
class WholeEyes:
    """The eyes of a run on whole photos: they see each photo as small as its network does."""

    side: int

    def see(
        self,
        photos: Iterable[Photo],
        *,
        thorough: bool = False,
        on_count: OnCount | None = None,
        stop: Stop | None = None,
        n_threads: int | None = None,
    ) -> Iterator[Seen]:
        """Look at photos, as `Eyes.see` says; being thorough shows nothing more."""

        def look(photo: Photo) -> Sight:
            return _look_at(photo, lambda shown: [self._whole(shown)])

        for looks in _batches(Hands(n_threads), look, photos, on_count, stop):
            faces = [face for one in looks for face in one.faces]
            yield _record_of(
                looks,
                photo=np.flatnonzero([bool(one.faces) for one in looks]),
                boxes=np.array([_edges(face.box) for face in faces], np.float32).reshape(-1, 4),
                squares=np.array([face.pixels for face in faces], np.uint8).reshape(-1, self.side, self.side, 3),
            )

    def find(self, photo: OpenPhoto | np.ndarray, *, thorough: bool = False) -> np.ndarray:
        """The whole of a photo, or of pixels (height, width, 3), uint8, RGB, as a square."""
        return resize_photo(photo.decode().pixels if isinstance(photo, OpenPhoto) else photo, self.side)

    def _whole(self, photo: OpenPhoto | np.ndarray) -> Face:
        """The photo itself, where other eyes have a face."""
        width, height = _size(photo)
        nowhere = np.zeros((5, 2), np.float32)
        return Face(self.find(photo), Box(0, 0, width, height), nowhere, 1.0, Quality(0, 0, 0))


def _batches(
    hands: Hands, look: Callable[[Photo], Sight], photos: Iterable[Photo], on_count: OnCount | None, stop: Stop | None
) -> Iterator[list[Sight]]:
    """Look at photos, and give the looks of some at a time."""
    photos = as_several(photos)
    total = len(photos) if isinstance(photos, Sized) else 0
    going_on = itertools.takewhile(lambda _: stop is None or not stop(), photos)
    looks: list[Sight] = []
    for done, one in enumerate(work_ahead(look, going_on, ahead=AHEAD, hands=hands), start=1):
        looks.append(one)
        if on_count:
            on_count(done, total)
        if len(looks) == BATCH:
            yield looks
            looks = []
    if looks:
        yield looks


def _look_at(photo: Photo, find: Callable[[OpenPhoto | np.ndarray], Sequence[Face]]) -> Sight:
    path = Path(as_text(photo)) if isinstance(photo, str | os.PathLike) else None
    digest = ""
    try:
        shown: OpenPhoto | np.ndarray
        if isinstance(photo, PhotoError):
            raise photo
        if isinstance(photo, np.ndarray):
            shown = _checked(photo)
            # The shape is a part of what the pixels show.
            digest = _digest(repr(shown.shape).encode(), np.ascontiguousarray(shown).data)
        else:
            data = photo if isinstance(photo, bytes) else read_file(photo)
            digest = _digest(data)
            shown = open_photo(data)
        return Sight(path, digest, _size(shown), find(shown))
    except (PhotoError, ShapeError) as error:
        return Sight(path, digest, problem=error.message)
    except (MemoryError, CastlistError):  # of the machine, or of what is installed; the next photo would end so, too
        raise
    except Exception as error:  # a bug in a decoder or detector must not stop the other nine thousand photos
        log_unforeseen(error)
        reason = f"{type(error).__name__}: {error}"
        return Sight(
            path, digest, problem=Message("photo-unforeseen", "can't be looked at ({reason})", {"reason": reason})
        )


def _size(photo: OpenPhoto | np.ndarray) -> tuple[int, int]:
    """Width and height."""
    return photo.size if isinstance(photo, OpenPhoto) else (photo.shape[1], photo.shape[0])


def _checked(pixels: np.ndarray) -> np.ndarray:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ShapeError(
            "pixels-shape",
            "A photo must be (height, width, 3), uint8. Got {shape}, {dtype} instead.",
            shape=str(pixels.shape),
            dtype=str(pixels.dtype),
        )
    return pixels


def _digest(*parts: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def _record_of(looks: Sequence[Sight], *, eyes: str = "", **faces: np.ndarray) -> Seen:
    return Seen.of_photos(
        len(looks),
        paths=[one.path for one in looks],
        digests=[one.digest for one in looks],
        sizes=[one.size for one in looks],
        problems=[one.problem for one in looks],
        eyes=eyes,
        **faces,
    )
