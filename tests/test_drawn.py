"""The drawn cast: the same pictures every time, different people, files that appear whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from castlist.drawn import HEROES, draw_cast, draw_group, draw_hero
from castlist.errors import SettingsError
from castlist.media import find_cast, read_photo


def test_seven_heroes_with_names_of_any_script() -> None:
    assert len(set(HEROES)) == 7
    assert any(not name.isascii() for name in HEROES)
    assert any(" " in name for name in HEROES)


@pytest.mark.parametrize("size", [16, 64, 131])
def test_pictures_are_square_rgb(size: int) -> None:
    picture = draw_hero(HEROES[0], 3, size=size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 20


def test_a_picture_depends_on_nothing_but_its_arguments() -> None:
    alone = draw_hero("Juna", 5, size=64, seed=2)
    for name in HEROES:
        draw_hero(name, 1, size=32)
    np.testing.assert_array_equal(draw_hero("Juna", 5, size=64, seed=2), alone)


def test_name_index_and_seed_each_change_the_picture() -> None:
    pictures = [draw_hero(n, i, size=48, seed=s) for n in HEROES for i in (0, 1) for s in (0, 1)]
    assert len({hashlib.sha256(p.tobytes()).digest() for p in pictures}) == len(pictures)


def test_every_choice_is_drawn_without_failing() -> None:
    # Small and many: every hairstyle, hat, garment, mood and place comes up.
    for name in HEROES:
        for index in range(24):
            draw_hero(name, index, size=16, seed=7)


def test_sizes_show_the_same_scene() -> None:
    small, large = (draw_hero("Wilmet", 4, size=size).astype(float) for size in (64, 128))
    shrunk = large.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 6  # two different pictures differ by 50 or so


def test_unseen_pictures_are_nearest_to_their_own_hero() -> None:
    # Far above chance by shapes in the middle of the picture alone: color is taken out.
    def shapes(index: range) -> np.ndarray:
        pictures = np.stack([[draw_hero(name, i, size=32) for i in index] for name in HEROES]).astype(float)
        gray = pictures.mean(axis=-1)[:, :, 4:28, 6:26]
        gray = gray.reshape(len(HEROES), len(index), -1)
        gray -= gray.mean(axis=-1, keepdims=True)
        unit: np.ndarray = gray / np.linalg.norm(gray, axis=-1, keepdims=True)
        return unit

    people = shapes(range(20)).mean(axis=1)
    unseen = shapes(range(20, 30))
    nearest = np.einsum("pik,qk->piq", unseen, people).argmax(axis=-1)
    assert (nearest == np.arange(7)[:, None]).mean() > 0.3


def test_draw_cast_writes_a_folder_of_folders(tmp_path: Path) -> None:
    draw_cast(tmp_path / "cast", pictures_per_person=2, size=48)
    cast = find_cast(tmp_path / "cast")
    assert set(cast.people) == set(HEROES)
    assert len(cast.photos) == 14
    assert not list((tmp_path / "cast").rglob("*.part"))
    written = read_photo(tmp_path / "cast" / "小滿" / "小滿-0002.jpg")
    drawn = draw_hero("小滿", 1, size=48)
    assert written.shape == drawn.shape
    assert np.abs(written.astype(int) - drawn).mean() < 8


def test_draw_cast_goes_on_where_an_earlier_one_ended(tmp_path: Path) -> None:
    draw_cast(tmp_path, pictures_per_person=1, size=32, people=["Miro"])
    before = (tmp_path / "Miro" / "Miro-0001.jpg").read_bytes()
    draw_cast(tmp_path, pictures_per_person=2, size=32, people=["Miro"], first=1)
    assert sorted(path.name for path in (tmp_path / "Miro").iterdir()) == [f"Miro-000{i}.jpg" for i in (1, 2, 3)]
    draw_cast(tmp_path, pictures_per_person=3, size=32, people=["Miro"])
    assert (tmp_path / "Miro" / "Miro-0001.jpg").read_bytes() == before


def test_a_group_widens_with_its_members() -> None:
    assert draw_group(["Oska"], size=64).shape == (64, 64, 3)
    wide = draw_group(HEROES, size=64)
    assert wide.shape[0] == 64
    assert wide.shape[1] > 200
    np.testing.assert_array_equal(draw_group(HEROES, size=64), wide)


def test_what_cannot_be_drawn_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Unknown hero 'Nobody'\. Choose from: Miro"):
        draw_hero("Nobody", 0)
    with pytest.raises(SettingsError, match=r"size must be 16 to 2048 pixels\. Got 8"):
        draw_hero("Miro", 0, size=8)
    with pytest.raises(SettingsError, match="must not be negative"):
        draw_hero("Miro", -1)
    with pytest.raises(SettingsError, match="must not be negative"):
        draw_hero("Miro", 0, seed=-1)
    with pytest.raises(SettingsError, match="at least one hero"):
        draw_group([])
    with pytest.raises(SettingsError, match="at least 1"):
        draw_cast(tmp_path, pictures_per_person=0)
    with pytest.raises(SettingsError, match="Unknown hero"):
        draw_cast(tmp_path, pictures_per_person=1, size=32, people=["Miro", "Nobody"])
    assert not list(tmp_path.iterdir())  # checked before anything is written
