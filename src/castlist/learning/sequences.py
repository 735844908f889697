"""Photos of one person, put in order for a model that sees several at once; for every other model, each by itself."""

from __future__ import annotations

import numpy as np

from castlist.learning.dataset import Dataset
from castlist.learning.takes import ALONE
from castlist.settings import Settings


def arrange(dataset: Dataset, side: int, settings: Settings, epoch: int | None = None) -> np.ndarray:
    """Which photos of a side are seen together.

    A film or a burst gives sequences of its own photos, one after the other in time. A person's other photos of the
    side are drawn into sequences, each photo once; what is short of the last one is drawn from the person's photos of
    this side again. No sequence holds photos of two people or of two sides.

    Args:
        dataset: Where the photos are.
        side: TRAIN, VALIDATION or TEST.
        settings: For the frames and the seed.
        epoch: Draws and shuffles, differently for each epoch and the same for the same one; None: always the same
            sequences, by person.

    Returns:
        Rows of the data set, shape (n, settings.frames), int64; n doesn't depend on the epoch.
    """
    rows, n_frames = dataset.indices(side), settings.frames
    rng = np.random.default_rng(settings.seed if epoch is None else (settings.seed, epoch))
    if n_frames > 1:
        people = [rows[dataset.person[rows] == person] for person in np.unique(dataset.person[rows])]
        sequences = [one for mine in people for one in _sequences_of(mine, dataset.take[mine], n_frames, epoch, rng)]
        rows = np.reshape(sequences, (-1, n_frames))
    if epoch is not None:
        rng.shuffle(rows)
    return rows.reshape(-1, n_frames)


def read_sequences(dataset: Dataset, rows: np.ndarray, settings: Settings) -> np.ndarray:
    """Read photos as the model takes them.

    Args:
        dataset: Where the photos are.
        rows: Shape (n, settings.frames), as `arrange` gives them.
        settings: For the model.

    Returns:
        Shape (n, frames, image_size, image_size, 3), uint8, RGB; of a model of single photos without the second axis.
    """
    photos = dataset.read(rows.ravel())
    return photos.reshape(*rows.shape, *photos.shape[1:]) if settings.takes_sequences else photos


def _sequences_of(
    mine: np.ndarray, take: np.ndarray, n_frames: int, epoch: int | None, rng: np.random.Generator
) -> list[np.ndarray]:
    """The sequences of one person's rows on one side."""
    sequences: list[np.ndarray] = []
    loose = []
    for number in np.unique(take):
        some = mine[take == number]
        if number == ALONE or len(some) < n_frames:
            loose.append(some)
            continue
        n = len(some) // n_frames
        start = 0 if epoch is None else int(rng.integers(len(some) - n * n_frames + 1))
        sequences += list(some[start : start + n * n_frames].reshape(n, n_frames))
    if loose:
        drawn = rng.permutation(np.concatenate(loose))
        missing = -len(drawn) % n_frames
        again = np.resize(rng.permutation(mine), missing)
        sequences += list(np.concatenate([drawn, again]).reshape(-1, n_frames))
    return sequences
