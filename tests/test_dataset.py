"""The data set is decoded once, kept in one file, and made anew when it must be."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from PIL import Image

from castlist.caches import cache_folder
from castlist.errors import CastError
from castlist.learning.dataset import Dataset, cache, contents, delete_datasets_of, filling, load_dataset
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


def test_content_decides_whatever_the_file_system_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    photo = save_noise(root / "a" / "0.bmp", 50)  # of the same size, whatever it shows
    first = load(root)
    for seed, put_right in ((51, shutil.copy2), (52, lambda new, old: old.write_bytes(new.read_bytes()))):
        before = photo.stat()
        new = save_noise(tmp_path / "new.bmp", seed)
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
        put_right(new, photo)
        os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (photo.stat().st_size, photo.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        data = load(root)
        row = data.files.index("a/0.bmp")
        np.testing.assert_array_equal(data.read(np.array([row]))[0], resize_photo(read_photo(photo), 48))
        assert data.fingerprint != first.fingerprint
    made = []
    monkeypatch.setattr(cache, "fill", lambda *args: made.append(1))
    photo.touch()
    assert load(root).fingerprint == data.fingerprint, "a newer time is nothing new"
    assert not made


@pytest.mark.skipif(os.name != "posix", reason="elsewhere files are read each time")
def test_what_was_not_touched_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = find_cast(make_cast(tmp_path / "cast", {"a": 2, "b": 2}))
    assert all(one.touched is None for one in contents.look_into(cast, {}).values()), "just now is too near to tell"
    monkeypatch.setattr(contents, "SETTLED", 0)
    known = contents.look_into(cast, {})
    monkeypatch.setattr(contents.hashlib, "file_digest", lambda *args: pytest.fail("read again"))
    assert contents.look_into(cast, known) == known
    cast.photos[0].path.unlink()
    assert contents.look_into(cast, known)["a/0.png"].digest == "No such file or directory"


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
    assert {photo.path.name: str(photo.reason).split(" (")[0] for photo in data.refused} == {
        "0.png": "damaged or cut short",
        "notes.txt": "not a photo of a known format",
        "empty.jpg": "the file is empty",
    }
    assert data.people == ("a", "b")
    assert any("No photo of 'c'" in str(note) for note in data.notes)


def test_copies_and_crops_stay_on_one_side(tmp_path: Path, drawn_photos: Path) -> None:
    root = shutil.copytree(drawn_photos, tmp_path / "cast")
    for path in sorted(root.glob("*/*"))[::2]:
        image = Image.open(path)
        image.resize((50, 50)).save(path.with_name(f"small-{path.stem}.jpg"), quality=60)
        shutil.copy(path, path.with_name(f"copy-{path.name}"))
    data = load(root)
    assert sum(Path(file).name.startswith(("small-", "copy-")) for file in data.files) == 24
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


def test_people_in_the_only_folder_are_pointed_to(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "2019", {"family/Ann": 3, "family/Bo": 3})
    with pytest.raises(CastError, match=r"Got 1 in .*If those are the people's, give '.*family'\.$"):
        load(root)


def test_one_photo_in_two_folders_is_noted(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    shutil.copy(root / "a" / "0.png", root / "b" / "same.png")
    data = load(root)
    assert any("1 photo lies" in str(note) for note in data.notes)


def test_someone_with_one_photo_is_noted_as_not_tested(tmp_path: Path) -> None:
    data = load(make_cast(tmp_path / "cast", {"a": 9, "b": 1}))
    assert not (data.side[data.person == 1] == TEST).any()
    assert any("'b' has too few" in str(note) for note in data.notes)


def test_a_folder_that_can_t_be_written_is_one_sentence(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    (tmp_path / "file").touch()
    with pytest.raises(CastError, match="can't be written"):
        load_dataset(find_cast(root), SMALL, path=tmp_path / "file" / "dataset.h5")


def test_counts_are_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    load(make_cast(tmp_path / "cast", {"a": 40, "b": 40}), on_count=lambda *count: told.append(count))
    assert told == [(done, 80) for done in range(1, 81)]


def test_who_loaded_a_file_reads_on_when_it_is_made_anew(tmp_path: Path) -> None:
    root = make_cast(tmp_path / "cast", {"a": 6, "b": 6})
    first = load(root, dataclasses.replace(SMALL, pictures_per_person=5))
    before = first.read(np.arange(10))
    save_noise(root / "a" / "0.png", 99)
    second = load(root)
    np.testing.assert_array_equal(first.read(np.arange(10)), before)
    assert len(second.files) == 12


@pytest.fixture
def kept(own_cache: Path) -> Path:
    """The folder of data sets."""
    return cache_folder("datasets")


def keep(root: Path, counts: dict[str, int]) -> Dataset:
    return load_dataset(find_cast(make_cast(root, counts)), SMALL)


def test_only_data_sets_of_somebody_of_exactly_this_name_are_deleted(tmp_path: Path, kept: Path) -> None:
    annabel, ann, twin = (
        keep(tmp_path / name, people).path
        for name, people in (
            ("one", {"Annabel": 6, "Joann": 6}),
            ("two", {"Ann": 6, "Bo": 6}),
            ("three", {"Ann": 6, "Cy": 6}),
        )
    )
    with h5py.File(annabel, "r+") as file:
        file["images"][0, 0, 0, :] = tuple(b"nn/")  # by chance among the pixels
        file["images"][0, 0, 1, :] = tuple(b"Ann")
        file["images"][0, 0, 2, :] = tuple(b"/  ")
    assert b"Ann/" in annabel.read_bytes()
    deleted = delete_datasets_of("Ann".__eq__)
    assert {one.path for one in deleted} == {ann, twin}
    assert list(kept.iterdir()) == [annabel]
    assert delete_datasets_of("Ann".__eq__) == []


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are POSIX's")
def test_what_is_no_file_among_the_data_sets_ends_no_forget(tmp_path: Path, kept: Path) -> None:
    path = keep(tmp_path / "one", {"Ann": 6, "Bo": 6}).path
    os.mkfifo(kept / "a.h5")
    (kept / "b.h5").mkdir()
    (kept / "c.part").symlink_to("c.part")
    (kept / "d.h5").symlink_to(tmp_path / "nowhere")
    assert [one.path for one in delete_datasets_of("Ann".__eq__)] == [path]
    assert sorted(one.name for one in kept.iterdir()) == ["a.h5", "b.h5", "c.part", "d.h5"]


def test_who_is_among_the_refused_alone_is_found_too(tmp_path: Path, kept: Path) -> None:
    root = make_cast(tmp_path / "cast", {"Ann": 6, "Bo": 6})
    (root / "Cy").mkdir()
    (root / "Cy" / "empty.jpg").touch()
    load_dataset(find_cast(root), SMALL)
    assert len(delete_datasets_of("Cy".__eq__)) == 1


def test_a_training_reads_on_from_a_data_set_that_is_deleted(tmp_path: Path, kept: Path) -> None:
    data = keep(tmp_path / "cast", {"Ann": 6, "Bo": 6})
    before = data.read(np.arange(12))
    (deleted,) = delete_datasets_of("Ann".__eq__)
    assert deleted.in_use
    assert not list(kept.iterdir())
    np.testing.assert_array_equal(data.read(np.arange(12)), before)
    again = keep(tmp_path / "cast", {"Ann": 6, "Bo": 6})
    np.testing.assert_array_equal(again.read(np.arange(12)), before)
    path = again.path
    del again
    (deleted,) = delete_datasets_of("Ann".__eq__)
    assert (deleted.path, deleted.in_use) == (path, False)


def test_who_is_forgotten_while_a_data_set_is_made_is_in_none_that_is_kept(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted = []
    fill = cache.fill

    def forgotten_meanwhile(*args: object) -> None:
        assert delete_datasets_of("Nobody".__eq__) == []
        deleted.extend(delete_datasets_of("Ann".__eq__))
        fill(*args)

    monkeypatch.setattr(cache, "fill", forgotten_meanwhile)
    data = keep(tmp_path / "cast", {"Ann": 6, "Bo": 6})
    assert [one.in_use for one in deleted] == [True]
    assert not list(kept.iterdir())
    assert data.read(np.arange(12)).shape == (12, 48, 48, 3)


def test_what_a_killed_process_left_and_what_is_damaged_goes(tmp_path: Path, kept: Path) -> None:
    make_cast(tmp_path / "cast", {"Ann": 6, "Bo": 6})
    script = f"""
import os, signal
from pathlib import Path
from castlist.learning.dataset import cache
from castlist.media import find_cast
from castlist.settings import Settings
cache.fill = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
cache.load_dataset(find_cast(Path({str(tmp_path / "cast")!r})), Settings(model="cnn", faces=False, image_size=48),
                   path=Path({str(kept / "a.h5")!r}))
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == -signal.SIGKILL
    (left,) = kept.iterdir()
    (kept / "b.h5.1.part").touch()
    (kept / "b.h5").write_bytes(b"damaged")
    (kept / "c.h5").touch()
    other = keep(tmp_path / "other", {"Cy": 6, "Di": 6}).path
    assert [one.path for one in delete_datasets_of("Ann".__eq__)] == [left]
    assert list(kept.iterdir()) == [other]


def test_what_cannot_be_deleted_is_one_sentence_and_the_others_go(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted(keep(tmp_path / str(i), {"Ann": 6, "Bo": 6}).path for i in range(3))
    unlink = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self == paths[1]:
            raise PermissionError(13, "refused")
        unlink(self, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(CastError, match=f"{paths[1].name}.*forget again") as refused:
            delete_datasets_of("Ann".__eq__)
    assert refused.value.code == "datasets-not-deleted"
    assert list(kept.iterdir()) == [paths[1]]
    assert [one.path for one in delete_datasets_of("Ann".__eq__)] == [paths[1]]


def test_data_sets_are_for_their_user_alone(tmp_path: Path, own_cache: Path) -> None:
    own_cache.mkdir(mode=0o755)  # as an older castlist made it
    folder = cache_folder("datasets")
    path = load_dataset(find_cast(make_cast(tmp_path / "cast", {"a": 6, "b": 6})), SMALL, path=folder / "a.h5").path
    assert [one.stat().st_mode & 0o777 for one in (folder.parent, folder, path)] == [0o700, 0o700, 0o600]


def test_an_own_network_counts_by_what_it_is_not_by_where_it_lies(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(cache, "fill", lambda *args: (made.append(1), fill_whole(*args)))
    fill_whole = filling.fill
    networks = {"one.onnx": "first", "moved.onnx": "first", "two.onnx": "second"}
    monkeypatch.setattr(cache, "face_network", lambda settings: SimpleNamespace(digest=networks[settings.network]))
    cast = find_cast(make_cast(tmp_path / "cast", {"a": 6, "b": 6}))
    for network in networks:
        load_dataset(cast, dataclasses.replace(SMALL, network=network))
    assert len(made) == 2
