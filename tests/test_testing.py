"""What castlist gives to others' tests does what it says, and keeps out of the user's cache."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from castlist.caches import cache_folder
from castlist.children import start_python
from castlist.embeddings import FaceNetwork
from castlist.errors import CastlistError
from castlist.media import read_photo
from castlist.naming import Recognizer
from castlist.testing import LOOKS, PEOPLE, draw_picture, embedding_of, level_of, make_run, save_picture, tell_faces


def test_a_picture_says_who_is_in_it(tmp_path: Path) -> None:
    levels = [level_of(0), level_of(PEOPLE - 1, look=LOOKS - 1), level_of(3, look=2)]
    pixels = read_photo(save_picture(tmp_path / "new" / "a.png", levels))
    assert [face.pixels[0, 0, 0] for face in tell_faces(pixels)] == levels
    assert tell_faces(draw_picture([])) == tell_faces(pixels[:50]) == []
    with pytest.raises(IndexError):
        level_of(PEOPLE)


def test_the_run_names_its_people_and_nobody_else(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", ("Ann", "Bo", "Cy"))
    if os.name == "posix":  # as of any run
        assert {stat.S_IMODE(path.stat().st_mode) for path in run.path.iterdir()} == {0o600}
        assert stat.S_IMODE(run.path.stat().st_mode) == 0o700
    recognizer = Recognizer.load(run.path, finder=tell_faces)
    asked = [level_of(person, look) for person in range(6) for look in (0, 7)]
    (faces,) = recognizer.name_pixels([draw_picture(asked)], repeat=True)
    assert [face.name for face in faces] == ["Ann"] * 2 + ["Bo"] * 2 + ["Cy"] * 2 + ["unknown"] * 6
    crop = tell_faces(draw_picture([level_of(9)]))[0].pixels
    embedded = FaceNetwork.load(run.face_network_path).embed(crop[None])[0]
    np.testing.assert_allclose(embedded, embedding_of(level_of(9)), atol=1e-6)


def test_pythons_that_castlist_starts_use_the_chosen_cache(own_cache: Path) -> None:
    child = start_python("from castlist.caches import cache_folder; print(cache_folder())", stdout=subprocess.PIPE)
    told, _ = child.communicate()
    assert told.decode().strip() == str(cache_folder()) == str(own_cache)


@pytest.mark.parametrize(
    "call",
    [
        lambda folder: level_of(PEOPLE),
        lambda folder: level_of(-1),
        lambda folder: level_of(0, 8),
        lambda folder: level_of("Ann"),
        lambda folder: draw_picture([256]),
        lambda folder: save_picture(folder / "a.png", [-1]),
        lambda folder: make_run(folder / "run", []),
        lambda folder: make_run(folder / "run", [str(number) for number in range(PEOPLE + 1)]),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(tmp_path: Path, call: Callable[[Path], object]) -> None:
    with pytest.raises(CastlistError, match="must be"):
        call(tmp_path)
    assert not list(tmp_path.iterdir())
