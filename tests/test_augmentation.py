"""One warp does what five settings ask, and nothing when they ask for nothing."""

from __future__ import annotations

import numpy as np

from castlist.learning.augmentation import augment_photo
from castlist.settings import Augmentation

STILL = Augmentation(rotation=0, shift=0, zoom=0, horizontal_flip=False, vertical_flip=False)


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (33, 33, 3), np.uint8)


def test_nothing_asked_changes_nothing() -> None:
    np.testing.assert_array_equal(augment_photo(picture(), STILL, np.random.default_rng(1)), picture())


def test_flips_are_exact_and_happen_half_of_the_time() -> None:
    flips = Augmentation(rotation=0, shift=0, zoom=0)
    results = [augment_photo(picture(), flips, np.random.default_rng(i)) for i in range(60)]
    flipped = [np.array_equal(result, picture()[:, ::-1]) for result in results]
    same = [np.array_equal(result, picture()) for result in results]
    assert 15 < sum(flipped) < 45
    assert sum(flipped) + sum(same) == 60


def test_the_same_seed_gives_the_same_picture() -> None:
    first, again, other = (augment_photo(picture(), Augmentation(), np.random.default_rng(i)) for i in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_shift_stays_within_its_bound() -> None:
    dot = np.zeros((101, 101, 3), np.uint8)
    dot[50, 50] = 255
    shift = Augmentation(rotation=0, shift=0.1, zoom=0, horizontal_flip=False)
    far = 0.0
    for i in range(50):
        result = augment_photo(dot, shift, np.random.default_rng(i))[..., 0].astype(float)
        y, x = np.mgrid[:101, :101]
        y, x = (result * y).sum() / result.sum(), (result * x).sum() / result.sum()
        far = max(far, abs(y - 50), abs(x - 50))
    assert 8 < far <= 10.2
