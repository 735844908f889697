"""Naming answers as evaluation did, streams, and never stops at a bad file."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from castlist.errors import RunError, ShapeError
from castlist.faces import DEFAULT_TEMPLATE, Box, Face, Quality
from castlist.gallery import Answers, Background, Gallery
from castlist.media.photos import find_photos, read_photo
from castlist.naming.classifier import Network
from castlist.naming.recognizer import Recognizer
from castlist.run import open_run


def test_naming_answers_as_the_evaluation_did(drawn_run: Path, drawn_photos: Path) -> None:
    from castlist.learning.evaluation import read_evaluation

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


class FakeNetwork:
    """Of two people; the brighter a photo, or the last of a sequence, the more it is the second."""

    image_size = 8

    def __init__(self, frames: int | None) -> None:
        self.frames = frames

    as_sequence = Network.as_sequence

    def probabilities(self, photos: np.ndarray) -> np.ndarray:
        self.seen = photos
        second = (photos[:, -1] if self.frames else photos).mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - second, second], axis=1).astype(np.float32)


def track(frames: int | None, levels: list[int], margins: list[float]) -> tuple[FakeNetwork, Answers]:
    """Looks of these brightnesses, of which the gallery says how far the first person is above the threshold."""
    faces = [SimpleNamespace(pixels=np.full((150, 150, 3), level, np.uint8)) for level in levels]
    scores = np.stack([margins, [-1.0] * len(margins)], axis=1)
    unknown = np.tile(np.float32([0.5, 0.3, 0.2]), (len(margins), 1))
    named = np.where(scores.max(axis=1) > 0, 0, -1)
    gallery = SimpleNamespace(answer=lambda _: Answers(("a", "b"), unknown, scores, named))
    run = SimpleNamespace(people=("a", "b"), settings=SimpleNamespace(views="mirror"))
    face_network = SimpleNamespace(template=DEFAULT_TEMPLATE, embed=lambda crops, views: crops)
    network = FakeNetwork(frames)
    return network, Recognizer(run, network=network, face_network=face_network, gallery=gallery).answer_track(faces)


def test_a_track_is_read_in_order_by_a_model_of_sequences() -> None:
    network, answers = track(3, [10, 20, 30, 40, 250], [1.0] * 5)
    assert network.seen[:, :, 0, 0, 0].tolist() == [[10, 30, 250]]
    assert answers.named.tolist() == [1]
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1, atol=1e-6)
    network, _ = track(3, [10, 20], [1.0] * 2)
    assert network.seen[:, :, 0, 0, 0].tolist() == [[10, 10, 20]]


def test_a_track_s_answers_are_averaged_by_any_other() -> None:
    network, answers = track(None, [10, 20, 250], [1.0] * 3)
    assert network.seen.shape == (3, 8, 8, 3)
    assert answers.named.tolist() == [0]
    assert answers.probabilities[0, 1] == pytest.approx(0.8 * (10 + 20 + 250) / 3 / 255, rel=1e-4)


def test_a_stranger_s_track_gets_no_name() -> None:
    for frames in (None, 3):
        _, answers = track(frames, [10, 20, 250], [-1.0, -1.0, 0.5])
        assert answers.named.tolist() == [-1]


def test_an_album_is_named_with_its_photos_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos whose pixels say which embedding their two faces have; the second photo can't be read."""
    rng = np.random.default_rng(0)
    background = Background.fit(rng.standard_normal((600, 8)).astype(np.float32), np.repeat(np.arange(200), 3))
    people = 3 * np.eye(8, dtype=np.float32)
    gallery = Gallery.fit(("a", "b"), people[:2], np.arange(2), ("1.jpg", "2.jpg"), background=background)
    settings = SimpleNamespace(views="mirror", model="face")
    network = SimpleNamespace(template=DEFAULT_TEMPLATE, embed=lambda crops, views: people[crops[:, 0, 0, 0]])
    recognizer = Recognizer(
        SimpleNamespace(people=("a", "b"), settings=settings), face_network=network, gallery=gallery
    )

    def look(pixels: np.ndarray, *, thorough: bool = False) -> list[Face]:
        crops = (np.full((150, 150, 3), level, np.uint8) for level in pixels[0, :2, 0])
        box, quality = Box(1, 2, 3, 4), Quality(40, 0.5, 0)
        return [Face(crop, box, np.zeros((5, 2), np.float32), 0.9, quality) for crop in crops]

    monkeypatch.setattr(recognizer, "look", look)
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    Image.fromarray(np.uint8([[[0] * 3, [1] * 3]])).save(paths[0])
    paths[1].write_text("no photo")
    Image.fromarray(np.uint8([[[1] * 3, [1] * 3]])).save(paths[2])
    counts: list[tuple[int, int]] = []
    album = recognizer.name_album(paths, on_count=lambda *count: counts.append(count))
    assert [photo.path for photo in album] == paths
    assert [[face.name for face in photo.faces] for photo in album] == [["a", "b"], [], ["b", "unknown"]]
    assert album[1].problem and not album[0].problem
    assert counts == [(3, 3)]
    assert [face.name for face in recognizer.name_album(paths, repeat=True)[2].faces] == ["b", "b"]
    seen = people[[0, 1, 1, 1]]
    expected = gallery.answer_together(seen).probabilities.max(axis=1)
    named = [face.probability for photo in recognizer.name_album(paths, repeat=True) for face in photo.faces]
    np.testing.assert_allclose(named, expected, rtol=1e-6)
    assert len(recognizer.gallery.photos) == 2
    assert recognizer.name_album([]) == []


def test_only_the_model_face_names_albums(drawn_run: Path) -> None:
    with pytest.raises(RunError, match="of the model cnn: name its photos each for itself"):
        Recognizer.load(drawn_run).name_album([])
