"""What a network is trained on, streamed: batches of photos or sequences, varied anew in each epoch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from castlist.learning.augmentation import augment_photo
from castlist.learning.dataset import Dataset
from castlist.learning.sequences import arrange, read_sequences
from castlist.learning.splits import TRAIN
from castlist.settings import Settings
from castlist.threads import work_ahead

BATCHES_AHEAD = 4  # made while the network computes; bounds the memory


def person_weights(dataset: Dataset) -> np.ndarray:
    """What a training photo of each person counts for, so that people count alike; shape (people,), mean over photos 1.

    A person without a training photo has weight 0.
    """
    counts = np.bincount(dataset.person[dataset.indices(TRAIN)], minlength=len(dataset.people))
    return np.divide(counts.sum() / np.count_nonzero(counts), counts, np.zeros(len(counts)), where=counts > 0).astype(
        np.float32
    )


def make_batches(
    dataset: Dataset, side: int, settings: Settings, epoch: int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Stream one side from disk, a few batches ahead of the network.

    Args:
        dataset: Where the photos are.
        side: TRAIN, VALIDATION or TEST.
        settings: For the batch size, the seed and the augmentation.
        epoch: Shuffles and augments, differently for each epoch and the same for the same one; None does neither.

    Yields:
        Photos or sequences as the model takes them, float32, RGB 0-255, and people, one-hot, shape (k, n_people).
    """
    sequences = arrange(dataset, side, settings, epoch)
    per_step = sequences_per_step(settings)

    def make(start: int) -> tuple[np.ndarray, np.ndarray]:
        rows = sequences[start : start + per_step]
        photos = read_sequences(dataset, rows, settings)
        if epoch is not None:
            flat = photos.reshape(-1, *photos.shape[-3:])
            # The frames of a sequence are varied alike, as a film would be.
            for pixels, first in zip(flat, np.repeat(rows[:, 0], rows.shape[1]).tolist(), strict=True):
                rng = np.random.default_rng((settings.seed, epoch, first))
                pixels[:] = augment_photo(pixels, settings.variation, rng)
        return photos.astype(np.float32), np.eye(len(dataset.people), dtype=np.float32)[dataset.person[rows[:, 0]]]

    yield from work_ahead(make, range(0, len(sequences), per_step), ahead=BATCHES_AHEAD)


def sequences_per_step(settings: Settings) -> int:
    """How many sequences, or single photos, make up the photos of a step."""
    return max(settings.batch_size // settings.frames, 1)
