"""Naming answers as evaluation did, streams, and never stops at a bad file."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from castlist.errors import RunError, ShapeError
from castlist.network import Network
from castlist.photos import find_photos, read_photo
from castlist.recognizer import Recognizer
from castlist.run import open_run


def test_naming_answers_as_the_evaluation_did(drawn_run: Path, drawn_photos: Path) -> None:
    from castlist.evaluation import read_evaluation

    evaluation = read_evaluation(open_run(drawn_run))
    answers = list(Recognizer.load(drawn_run).name_photos([drawn_photos / file for file in evaluation.files]))
    for row, photo in zip(evaluation.probabilities, answers, strict=True):
        (face,) = photo.faces
        ranked = dict([(face.name, face.probability), *face.others])
        np.testing.assert_allclose([ranked[person] for person in evaluation.people], row[:-1], atol=1e-4)
        assert face.name == evaluation.people[row.argmax()]


def test_one_bad_photo_stops_nothing(drawn_run: Path, drawn_photos: Path, tmp_path: Path) -> None:
    paths = find_photos([drawn_photos])
    (tmp_path / "bad.jpg").write_text("no photo")
    many = [*paths, tmp_path / "bad.jpg", *paths, tmp_path / "none.jpg"]
    answers = list(Recognizer.load(drawn_run).name_photos(many))
    assert [photo.path for photo in answers] == many
    assert [photo.problem is None for photo in answers] == [path.parent != tmp_path for path in many]
    assert [photo.faces for photo in answers[: len(paths)]] == [photo.faces for photo in answers[len(paths) + 1 : -1]]


def test_pixels_are_named_like_their_file(drawn_run: Path, drawn_photos: Path) -> None:
    recognizer = Recognizer.load(drawn_run)
    path = find_photos([drawn_photos])[0]
    (photo,) = recognizer.name_photos([path])
    assert recognizer.name_pixels([read_photo(path)]) == [photo.faces]
    assert recognizer.name_pixels([]) == []


def test_the_order_of_people_lives_in_the_run(drawn_run: Path, drawn_photos: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(drawn_run, tmp_path / "moved")  # no photo folder beside it, nothing but the run
    path = find_photos([drawn_photos])[0]
    (here,), (there,) = (Recognizer.load(run).name_photos([path]) for run in (drawn_run, moved))
    assert here.faces == there.faces


def test_runs_that_can_t_name(drawn_run: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(drawn_run, tmp_path / "broken")
    (broken / "model.onnx").write_bytes(b"nonsense")
    with pytest.raises(RunError, match="can't be opened"):
        Recognizer.load(broken)
    dataclasses.replace(open_run(broken), complete=False).save()
    with pytest.raises(RunError, match="isn't finished"):
        Recognizer.load(broken)


def test_the_network_refuses_other_shapes(drawn_run: Path) -> None:
    network = Network(drawn_run / "model.onnx")
    for photos in (np.zeros((1, 47, 48, 3), np.uint8), np.zeros((1, 48, 48, 3), np.float32)):
        with pytest.raises(ShapeError, match="must be uint8 of shape"):
            network.probabilities(photos)
    assert network.probabilities(np.zeros((0, 48, 48, 3), np.uint8)).shape == (0, 2)
