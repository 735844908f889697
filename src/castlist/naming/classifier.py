"""A learnt network as naming runs it: one ONNX file, photos or sequences of photos in, probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from castlist.errors import RunError, ShapeError, WeightsError
from castlist.gallery import NOBODY, Answers
from castlist.inference import open_session


class Network:
    """A network that gives one probability per person for each photo, or sequence; may be shared by threads."""

    def __init__(self, path: Path) -> None:
        """Open an ONNX file.

        Raises:
            RunError: If it can't be opened.
        """
        try:
            self._session = open_session(path)
        except WeightsError as error:
            raise RunError(
                f"The network {str(path)!r} can't be opened ({error}). Train or copy the run again."
            ) from error
        (self._input,) = self._session.get_inputs()
        self._shape: tuple[int, ...] = tuple(self._input.shape[1:])
        self.image_size = self._shape[-2]
        self.frames = self._shape[0] if len(self._shape) == 4 else None  # photos in a sequence; None: takes single ones

    def as_sequence(self, photos: np.ndarray) -> np.ndarray:
        """Photos of one person as what the network of sequences reads: evenly from the first to the last.

        Args:
            photos: Shape (n, image_size, image_size, 3), in order; of fewer than frames, some are taken again.

        Returns:
            Shape (frames, image_size, image_size, 3).
        """
        assert self.frames, "a network of sequences"
        return photos[np.linspace(0, len(photos) - 1, self.frames).round().astype(int)]

    def probabilities(self, photos: np.ndarray, *, batch_size: int = 32) -> np.ndarray:
        """Name the people of photos, as probabilities.

        Args:
            photos: Shape (n, image_size, image_size, 3), uint8, RGB. A network of sequences takes
                (n, frames, image_size, image_size, 3), or photos: then each is all the frames of its sequence.
            batch_size: Photos or sequences per pass; changes memory, not results.

        Returns:
            Shape (n, n_people), float32, rows that sum to 1.

        Raises:
            ShapeError: If `photos` has another shape or type.
        """
        if self.frames and photos.shape[1:] == self._shape[1:]:
            photos = np.broadcast_to(photos[:, None], (len(photos), *self._shape))
        if photos.dtype != np.uint8 or photos.shape[1:] != self._shape:
            shape = ", ".join(map(str, self._shape))
            raise ShapeError(
                f"photos must be uint8 of shape (n, {shape}). Got {photos.dtype} of {photos.shape} instead."
            )
        passes = [
            self._session.run(None, {self._input.name: photos[start : start + batch_size].astype(np.float32)})[0]
            for start in range(0, max(len(photos), 1), batch_size)
        ]
        return np.concatenate(passes)


def answers_of(people: Sequence[str], probabilities: np.ndarray, gate: Answers | None = None) -> Answers:
    """Turn a network's probabilities into answers.

    Args:
        people: Names, in the order of the columns.
        probabilities: Shape (n, n_people), rows that sum to 1.
        gate: What the gallery says of the same faces: whether it is anybody of the cast at all. A network that must
            choose among its people can't tell strangers; without a gate, every answer is a name.
    """
    unknown = np.zeros((len(probabilities), 1), np.float32) if gate is None else gate.probabilities[:, -1:]
    is_stranger = np.zeros(len(probabilities), bool) if gate is None else gate.named == NOBODY
    return Answers(
        people=tuple(people),
        probabilities=np.hstack([probabilities * (1 - unknown), unknown]),
        gains=np.where(is_stranger[:, None], -1, probabilities),
        named=np.where(is_stranger, NOBODY, probabilities.argmax(axis=1)),
    )
