"""Photos in sequences: of one person, of one side, whatever the epoch."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("h5py")

from castlist.checks import quick_check
from castlist.learning.dataset import FRAMES_A_SECOND, Dataset, load_dataset
from castlist.learning.sequences import arrange, read_sequences
from castlist.learning.splits import TEST, TRAIN
from castlist.media import FilmWriter, find_cast, read_still, resize_photo
from castlist.run import SIDES
from castlist.settings import Settings
from conftest import save_noise

RATE = 20.0
SETTINGS = Settings(model="cnn-lstm", faces=False, image_size=48, frames=4)


def write_clip(path: Path, seed: int, n_frames: int) -> None:
    """A pattern that moves to the right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    still = path.with_suffix(".png")
    wide = resize_photo(read_still(save_noise(still, seed, (200, 200))), 256)
    still.unlink()
    with FilmWriter(path, RATE, (128, 96)) as film:
        for i in range(n_frames):
            film.write(np.ascontiguousarray(wide[:96, i : i + 128]))


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann has photos alone, Bo three clips and some photos."""
    cast = tmp_path_factory.mktemp("sequences") / "cast"
    for i in range(22):
        save_noise(cast / "Ann" / f"{i}.png", i)
    for i in range(9):
        save_noise(cast / "Bo" / f"{i}.png", 100 + i)
    for i in range(3):
        write_clip(cast / "Bo" / f"clip{i}.mp4", 200 + i, 60)
    return cast


@pytest.fixture(scope="module")
def dataset(cast: Path) -> Dataset:
    return load_dataset(find_cast(cast), SETTINGS, path=cast.with_name("dataset.h5"))


def test_frames_of_a_film_are_rows_and_stay_on_one_side(dataset: Dataset, cast: Path) -> None:
    for i in range(3):
        rows = [row for row, file in enumerate(dataset.files) if file.startswith(f"Bo/clip{i}.mp4#")]
        assert len(rows) == 60 / RATE * FRAMES_A_SECOND
        assert [dataset.files[row].split("#")[1] for row in rows] == [str(5 * k) for k in range(12)]
        assert len(set(dataset.take[rows])) == len(set(dataset.group[rows])) == len(set(dataset.side[rows])) == 1
        pixels = resize_photo(read_still(cast / dataset.files[rows[3]]), 48)
        np.testing.assert_array_equal(dataset.read(np.array(rows[3:4]))[0], pixels)


def test_frames_of_a_film_are_not_told_as_copies(dataset: Dataset, cast: Path) -> None:
    assert not [finding for finding in quick_check(dataset, cast).findings if finding.kind == "copy"]


def test_a_model_of_single_photos_leaves_films_out(cast: Path, tmp_path: Path) -> None:
    single = Settings(model="cnn", faces=False, image_size=48)
    data = load_dataset(find_cast(cast), single, path=tmp_path / "single.h5")
    assert len(data.files) == 31
    assert {str(refused.reason) for refused in data.refused} == {"a film, not a photo"}


@pytest.mark.parametrize("epoch", [None, 0, 1])
@pytest.mark.parametrize("frames", [1, 4, 8])
def test_a_sequence_is_of_one_person_and_one_side(dataset: Dataset, frames: int, epoch: int | None) -> None:
    settings = dataclasses.replace(SETTINGS, frames=frames)
    for side in range(len(SIDES)):
        sequences = arrange(dataset, side, settings, epoch)
        assert sequences.shape[1] == frames
        assert (dataset.side[sequences] == side).all()
        assert (dataset.person[sequences] == dataset.person[sequences[:, :1]]).all()
        loose = np.flatnonzero((dataset.side == side) & (dataset.take == -1))
        assert set(loose) <= set(sequences.ravel())
        assert len(sequences) == len(arrange(dataset, side, settings))


def test_a_film_s_sequences_are_in_order_of_time(dataset: Dataset) -> None:
    side = int(dataset.side[dataset.take >= 0][0])
    whole = [row for row in arrange(dataset, side, SETTINGS, 5) if dataset.take[row[0]] >= 0 and len(set(row)) == 4]
    assert whole
    for row in whole:
        assert len(set(dataset.take[row])) == 1
        assert (np.diff(row) == 1).all()


def test_epochs_differ_and_repeat(dataset: Dataset) -> None:
    first, again, other = (arrange(dataset, TRAIN, SETTINGS, epoch) for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(arrange(dataset, TEST, SETTINGS), arrange(dataset, TEST, SETTINGS))


def test_single_photos_come_as_they_are(dataset: Dataset) -> None:
    rows = arrange(dataset, TEST, dataclasses.replace(SETTINGS, frames=1))
    np.testing.assert_array_equal(rows[:, 0], dataset.indices(TEST))
    assert read_sequences(dataset, rows, dataclasses.replace(SETTINGS, frames=1)).shape == (len(rows), 1, 48, 48, 3)
    single = Settings(model="cnn", image_size=48)
    assert read_sequences(dataset, rows, single).shape == (len(rows), 48, 48, 3)


def test_the_frames_of_a_sequence_are_varied_alike(dataset: Dataset) -> None:
    pytest.importorskip("keras")
    from castlist.learning.batches import make_batches

    alone = dataset.indices(TRAIN)[0]
    one = dataclasses.replace(dataset, side=np.where(np.arange(len(dataset.side)) == alone, TRAIN, TEST))
    ((frames,),) = [photos for photos, _ in make_batches(one, TRAIN, SETTINGS, epoch=0)]
    assert frames.shape == (4, 48, 48, 3)
    np.testing.assert_array_equal(frames, np.repeat(frames[:1], 4, axis=0))
    assert np.abs(frames[0] - dataset.read(np.array([alone]))[0]).max() > 10
