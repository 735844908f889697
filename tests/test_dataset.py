"""The data set is decoded once, kept in one file, and made anew when it must be."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from castlist.errors import CastError
from castlist.learning.dataset import Dataset, cache, load_dataset
from castlist.learning.splits import TEST
from castlist.media import find_cast, read_photo, resize_photo
from castlist.settings import Settings
from conftest import SMALL, save_noise


def make_cast(root: Path, counts: dict[str, int]) -> Path:
    for p, (person, count) in enumerate(counts.items()):
        for i in range(count):
            save_noise(root / person / f"{i}.png", 1000 * p + i)
    return root


def load(root: Path, settings: Settings = SMALL, **options: object) -> Dataset:
    return load_dataset(find_cast(root), settings, path=root.parent / "dataset.h5", **options)


def test_rows_are_the_photos_resized(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"b": 6, "a": 8})
    data = load(root)
    assert data.people == ("a", "b")
    assert data.files[0] == "a/0.png"
    assert [data.people[i] for i in data.person] == [file.split("/")[0] for file in data.files]
    pixels = data.read(np.array([9, 3]))
    np.testing.assert_array_equal(pixels[1], resize_photo(read_photo(root / data.files[3]), 48))
    np.testing.assert_array_equal(pixels[0], resize_photo(read_photo(root / data.files[9]), 48))


def test_the_file_holds_what_it_says(tmp_path: Path) -> None:
    data = load(make_cast(tmp_path / "cast", {"a": 6, "b": 6}))
    with h5py.File(data.path) as file:
        assert file["images"].dtype == np.uint8
        assert file["images"].shape == (12, 48, 48, 3)
        assert {"person", "file", "side", "group"} < set(file)
        assert file.attrs["people"] == '["a", "b"]'
        assert file.attrs["fingerprint"] == data.fingerprint


def test_it_is_made_once_and_anew_when_something_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    made = []
    fill = cache.fill
    monkeypatch.setattr(cache, "fill", lambda *args: (made.append(1), fill(*args)))
    first = load(root)
    load(root)
    assert len(made) == 1
    save_noise(root / "a" / "new.png", 77)
    assert load(root).fingerprint != first.fingerprint
    save_noise(root / "a" / "new.png", 78, size=(50, 30))
    load(root)
    load(root, Settings(model="cnn", faces=False, image_size=64))
    load(root, Settings(model="cnn", faces=False, image_size=64, seed=1))
    assert len(made) == 5
    (tmp_path / "dataset.h5").write_bytes(b"damaged")
    load(root)
    assert len(made) == 6
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["dataset.h5"]


def test_the_fingerprint_follows_the_photos_not_the_place(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    first = load(root)
    moved = shutil.copytree(root, tmp_path / "elsewhere" / "cast")
    assert load(moved).fingerprint == first.fingerprint


def test_unreadable_photos_are_listed_and_left_out(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    (root / "a" / "notes.txt").write_text("nothing to see")
    (root / "a" / "0.png").write_bytes((root / "a" / "0.png").read_bytes()[:200])
    (root / "c").mkdir()
    (root / "c" / "empty.jpg").touch()
    data = load(root)
    assert len(data.files) == 11
    assert {photo.path.name: photo.reason.split(" (")[0] for photo in data.refused} == {
        "0.png": "damaged or cut short",
        "notes.txt": "not a photo of a known format",
        "empty.jpg": "the file is empty",
    }
    assert data.people == ("a", "b")
    assert any("No photo of 'c'" in note for note in data.notes)


def test_copies_and_crops_stay_on_one_side(tmp_path: Path, drawn_photos: Path) -> None:
    root = shutil.copytree(drawn_photos, tmp_path / "cast")
    for path in sorted(root.glob("*/*"))[::2]:
        image = Image.open(path)
        image.resize((50, 50)).save(path.with_name(f"small-{path.stem}.jpg"), quality=60)
        shutil.copy(path, path.with_name(f"copy-{path.name}"))
    data = load(root)
    for i, file in enumerate(data.files):
        name = Path(file).name
        if name.startswith(("small-", "copy-")):
            stem = Path(file).stem.removeprefix("small-").removeprefix("copy-")
            original = next(k for k, other in enumerate(data.files) if Path(other).stem == stem)
            assert data.group[i] == data.group[original]
            assert data.side[i] == data.side[original]


def test_pictures_per_person_draws_without_replacement(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 20, "b": 9})
    settings = Settings(model="cnn", faces=False, image_size=48, pictures_per_person=8)
    data = load(root, settings)
    assert len(set(data.files)) == len(data.files) == 16
    assert load(root, settings).files == data.files
    make_cast(root, {"a": 0, "c": 5})  # another person changes nobody's draw
    assert [file for file in load(root, settings).files if file[0] != "c"] == list(data.files)
    assert load(root, dataclasses.replace(settings, seed=1)).files != data.files


def test_casts_that_can_t_be_learnt(tmp_path: Path) -> None:
    with pytest.raises(CastError, match="at least 2 people"):
        load(make_cast(tmp_path / "one" / "cast", {"a": 6}))
    with pytest.raises(CastError, match="too few different photos"):
        load(make_cast(tmp_path / "two" / "cast", {"a": 1, "b": 1}))


def test_one_photo_in_two_folders_is_noted(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    shutil.copy(root / "a" / "0.png", root / "b" / "same.png")
    data = load(root)
    assert any("1 photo lies" in note for note in data.notes)


def test_someone_with_one_photo_is_noted_as_not_tested(tmp_path: Path) -> None:
    data = load(make_cast(tmp_path / "cast", {"a": 9, "b": 1}))
    assert not (data.side[data.person == 1] == TEST).any()
    assert any("'b' has too few" in note for note in data.notes)


def test_a_folder_that_can_t_be_written_is_one_sentence(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    (tmp_path / "file").touch()
    with pytest.raises(CastError, match="can't be written"):
        load_dataset(find_cast(root), SMALL, path=tmp_path / "file" / "dataset.h5")


def test_counts_are_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    load(make_cast(tmp_path / "cast", {"a": 40, "b": 40}), on_count=lambda *count: told.append(count))
    assert told == [(64, 80), (80, 80)]


def test_a_file_made_anew_from_other_photos_is_not_read_as_the_first(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    first = load(root, dataclasses.replace(SMALL, pictures_per_person=5))
    load(root)
    with pytest.raises(CastError, match=r"dataset.h5' was made anew from other photos"):
        first.read(np.array([0]))
