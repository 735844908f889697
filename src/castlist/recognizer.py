"""A run names photos: the learnt network on new pictures, without Keras."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.errors import PhotoError, RunError
from castlist.faces import Box
from castlist.network import Network
from castlist.photos import read_photo, resize_photo
from castlist.run import Run, open_run

BATCH = 32  # photos decoded and named together; bounds the memory


@dataclass(frozen=True)
class NamedFace:
    """One answer: who it is, how probable that is, and who else it might be."""

    name: str
    probability: float  # of the name, 0 to 1
    others: tuple[tuple[str, float], ...]  # the next most probable people, in order
    box: Box | None = None  # where the face is; None: the whole photo


@dataclass(frozen=True)
class NamedPhoto:
    """A photo and the answers for it, or why there are none."""

    path: Path
    faces: tuple[NamedFace, ...]
    problem: str | None = None  # why the file can't be read as a photo


class Recognizer:
    """Names people in photos with a finished run; may be shared by threads."""

    def __init__(self, run: Run, network: Network) -> None:
        self.run = run
        self._network = network

    @classmethod
    def load(cls, path: Path) -> Recognizer:
        """Open a run folder for naming.

        Raises:
            RunError: If the folder is no run, is broken, or its training isn't finished.
        """
        run = open_run(path)
        if not run.complete:
            raise RunError(f"The training of {str(path)!r} isn't finished. Finish it: castlist resume {str(path)!r}.")
        return cls(run, Network(run.network_path))

    def name_pixels(self, photos: Sequence[np.ndarray]) -> list[tuple[NamedFace, ...]]:
        """Name the people in decoded photos.

        Args:
            photos: n arrays of shape (height, width, 3), uint8, RGB, upright.

        Returns:
            For each photo its answers; the whole photo counts as one face.
        """
        if not photos:
            return []
        squares = np.stack([resize_photo(pixels, self._network.image_size) for pixels in photos])
        return [(self._answer(row),) for row in self._network.probabilities(squares)]

    def name_photos(self, paths: Sequence[Path]) -> Iterator[NamedPhoto]:
        """Name the people in photo files, in order; a file that can't be read is an answer with its problem."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(paths), BATCH):
                some = paths[start : start + BATCH]
                decoded = list(pool.map(_read_small, some, [self._network.image_size] * len(some)))
                answers = iter(self.name_pixels([pixels for pixels in decoded if isinstance(pixels, np.ndarray)]))
                for path, pixels in zip(some, decoded, strict=True):
                    if isinstance(pixels, PhotoError):
                        yield NamedPhoto(path, (), problem=str(pixels))
                    else:
                        yield NamedPhoto(path, next(answers))

    def _answer(self, row: np.ndarray) -> NamedFace:
        order = np.argsort(-row, kind="stable")
        ranked = [(self.run.people[i], float(row[i])) for i in order]
        (name, probability), *others = ranked
        return NamedFace(name, probability, tuple(others))


def _read_small(path: Path, size: int) -> np.ndarray | PhotoError:
    """Decode in the pool and keep only what the network sees: thirty-two full photos would fill the memory."""
    try:
        return resize_photo(read_photo(path), size)
    except PhotoError as error:
        return error
