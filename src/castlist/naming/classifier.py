"""A learnt network as naming runs it: one ONNX file, photos or sequences of photos in, probabilities out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from castlist.errors import RunError, ShapeError, WeightsError
from castlist.gallery import NOBODY, Answers
from castlist.inference import open_session


class Network:
    """A network that gives one probability per person for each photo, or sequence; may be shared by threads."""

    def __init__(self, path: str | os.PathLike[str], *, n_people: int | None = None) -> None:
        """Open an ONNX file.

        Args:
            path: The file.
            n_people: How many it must tell apart; None takes any number.

        Raises:
            RunError: If it can't be opened, or takes or gives something else than naming knows.
        """
        self._path = Path(path)
        self._session = _open(self._path)
        shape = [tuple(entry.shape) for entry in self._session.get_inputs()]
        answer = self._session.get_outputs()[0].shape
        sides = shape[0][1:] if len(shape) == 1 else ()
        # Exporters call a free axis by a name: then nothing says how large photos must be.
        if not all(isinstance(side, int) and side > 0 for side in sides) or not _is_photo(sides):
            raise RunError(
                "network-input",
                "The network {path!r} must read square photos, or sequences of them, of one size. It reads {shape} "
                "instead. Train or copy the run again.",
                path=str(path),
                shape=", ".join(map(str, shape)),
            )
        if len(answer) != 2 or not isinstance(answer[1], int) or answer[1] != (n_people or answer[1]):
            raise RunError(
                "network-output",
                "The network {path!r} must tell {people} people apart. It gives {shape} instead. Train or copy the run "
                "again.",
                path=str(path),
                people=n_people or "its",
                shape=str(tuple(answer)),
            )
        self._input = self._session.get_inputs()[0].name
        self._shape: tuple[int, ...] = sides
        self.image_size = sides[-2]
        self.frames = sides[0] if len(sides) == 4 else None  # photos in a sequence; None: takes single ones

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
            raise ShapeError(
                "network-photos",
                "photos must be uint8 of shape (n, {shape}). Got {dtype} of {got} instead.",
                shape=", ".join(map(str, self._shape)),
                dtype=str(photos.dtype),
                got=str(photos.shape),
            )
        passes = [
            self._session.run(None, {self._input: photos[start : start + batch_size].astype(np.float32)})[0]
            for start in range(0, max(len(photos), 1), batch_size)
        ]
        answers = np.concatenate(passes)
        if not np.isfinite(answers).all():
            raise RunError(
                "network-no-numbers",
                "The network {path!r} is damaged: what it gives is no number.",
                path=str(self._path),
            )
        return answers


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


def _is_photo(sides: Sequence[int]) -> bool:
    return len(sides) in (3, 4) and sides[-1] == 3 and sides[-2] == sides[-3]


def _open(path: Path) -> Any:
    try:
        return open_session(path)
    except WeightsError as error:
        if error.code == "runtime-unusable":  # for any run
            raise
        raise RunError(
            "network-unopened",
            "The network {path!r} can't be opened ({reason}). Train or copy the run again.",
            path=str(path),
            reason=error.message,
        ) from error
