"""People come to a run in a moment and leave it without a trace."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from castlist.embeddings import FaceNetwork
from castlist.errors import CastError, CastlistError, RunError
from castlist.faces import DEFAULT_TEMPLATE, Box, Face, Quality
from castlist.gallery import Background, Gallery
from castlist.gallery.mixture import Mixture
from castlist.learning.dataset import cache
from castlist.naming import FaceEyes, Recognizer
from castlist.people import enrolment
from castlist.people.enrolment import discard_retraining, enrol, forget, refresh, retrain_without
from castlist.run.record import Run, open_run
from castlist.settings import Settings
from conftest import save_noise

PEOPLE = ("Ann", "Beatrix", "王小明")
# The people of `vector`: far apart, their photos close.
BACKGROUND = Background(
    np.zeros(128),
    np.eye(128) * np.sqrt(128 / 0.04),
    np.full(128, 25.0),
    Mixture(np.ones(1), np.zeros((1, 128)), 26 * np.eye(128)[None]),
)


class FakeFaceNetwork(FaceNetwork):
    """Embeds a crop as the vector that its top left pixel names."""

    def embed(self, faces: np.ndarray, *, batch_size: int = 32, views: str = "mirror") -> np.ndarray:
        return np.array([vector(int(face[0, 0, 0])) for face in faces], np.float32).reshape(-1, 128)


def vector(person: int, photo: int = 0) -> np.ndarray:
    """Somebody's embedding: people far apart, photos of one close."""
    value = np.random.default_rng(person).normal(size=128) + 0.2 * np.random.default_rng((person, photo)).normal(
        size=128
    )
    return (value / np.linalg.norm(value)).astype(np.float32)


def face(person: int, left: float = 10) -> Face:
    return Face(
        pixels=np.full((DEFAULT_TEMPLATE.size, DEFAULT_TEMPLATE.size, 3), person, np.uint8),
        box=Box(left, 10, left + 80, 90),
        landmarks=np.zeros((5, 2), np.float32),
        confidence=1.0,
        quality=Quality(eye_distance=40, sharpness=0.3, yaw=0),
    )


@pytest.fixture
def faces_by_file(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[Face]]:
    """Which faces are found in a photo, by the photo's width."""
    found: dict[int, list[Face]] = {}
    monkeypatch.setattr(FaceEyes, "find", lambda self, pixels, thorough=False: found.get(pixels.shape[1], []))
    return found


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A finished run of the model face: three people, eight photos each, two of them for the test."""
    photos = [f"{name}/{i}.jpg" for name in PEOPLE for i in range(8)]
    person = np.repeat(np.arange(3), 8)
    embeddings = np.stack([vector(p, i) for p in range(3) for i in range(8)])
    run = Run(
        path=tmp_path / "runs" / "first",
        people=PEOPLE,
        settings=Settings(),
        photos_root=str(tmp_path / "photos"),
        photos_fingerprint="abc",
        sides={
            "train": tuple(photo for photo in photos if photo[-5] in "012345"),
            "validation": (),
            "test": tuple(photo for photo in photos if photo[-5] in "67"),
        },
        groups={"train": 18, "validation": 0, "test": 6},
        refused=(("Beatrix/blurred.jpg", "no face found"),),
        notes=("'Beatrix' has few photos.", "3 files beside the people's folders belong to nobody."),
        complete=True,
    )
    run.save()
    run.gallery_path.write_bytes(Gallery.fit(PEOPLE, embeddings, person, photos, background=BACKGROUND).to_bytes())
    monkeypatch.setattr(enrolment.Recognizer, "load", classmethod(fake_load))
    return run


def read_gallery(path: Path) -> Gallery:
    return Gallery.from_bytes(path.read_bytes(), path.name)


def fake_load(cls: type[Recognizer], path: Path) -> Recognizer:
    opened = open_run(path)
    return cls(opened, face_network=FakeFaceNetwork(path / "face.onnx"), gallery=read_gallery(opened.gallery_path))


def test_somebody_new_is_named_at_once(run: Run, faces_by_file: dict[int, list[Face]], tmp_path: Path) -> None:
    photos = [save_noise(tmp_path / f"new{i}.png", i, size=(100 + i, 90)) for i in range(3)]
    faces_by_file.update({100: [face(7)], 101: [face(7), face(9, left=200)], 102: []})
    done = enrol(run.path, "Dora", photos)
    assert done.added == tuple(photos[:2])
    assert [(photo.path, str(photo.reason)) for photo in done.refused] == [(photos[2], "no face found")]
    again = Recognizer.load(run.path)
    assert again.run.people == (*PEOPLE, "Dora")
    assert again.run.sides["train"][-2:] == ("Dora/new0.png", "Dora/new1.png")
    (answer,) = again.name_pixels([np.zeros((90, 100, 3), np.uint8)])
    assert answer[0].name == "Dora"


def test_photos_already_known_choose_the_face(run: Run, faces_by_file: dict[int, list[Face]], tmp_path: Path) -> None:
    photo = save_noise(tmp_path / "crowd.png", 1, size=(100, 90))
    faces_by_file[100] = [face(9), face(1, left=200)]  # a stranger, larger in the list, and Beatrix
    enrol(run.path, "Beatrix", [photo])
    gallery = read_gallery(run.gallery_path)
    np.testing.assert_allclose(gallery.embeddings[gallery.photos.index("Beatrix/crowd.png")], vector(1), atol=1e-6)


def test_enrolments_that_can_t_be(run: Run, faces_by_file: dict[int, list[Face]], tmp_path: Path) -> None:
    photo = save_noise(tmp_path / "none.png", 1, size=(100, 90))
    before = (run.path / "run.json").read_bytes(), run.gallery_path.read_bytes()
    with pytest.raises(CastError, match=r"None of the 1 photos shows a face.*no face found"):
        enrol(run.path, "Dora", [photo])
    faces_by_file[100] = [face(7)]
    for name, reason in (
        ("unknown", "Nobody can be called"),
        ("ANN", "differ only by case"),
        ("a/b", "can't be called"),
    ):
        with pytest.raises(CastlistError, match=reason.replace("can't be", "can be")):
            enrol(run.path, name, [photo])
    assert ((run.path / "run.json").read_bytes(), run.gallery_path.read_bytes()) == before


def test_nothing_of_the_forgotten_is_left_in_any_byte(run: Run) -> None:
    refresh(run.path)
    (run.path / "named").mkdir()
    (run.path / "named" / "Beatrix.named.jpg").touch()
    kept = cache.datasets_folder() / "kept.h5"
    with h5py.File(kept, "w") as file:
        file["file"] = np.array(["Ann/1.jpg", "Beatrix/1.jpg"], dtype=object)
    other = cache.datasets_folder() / "other.h5"
    with h5py.File(other, "w") as file:
        file["file"] = np.array(["Ann/1.jpg"], dtype=object)
    gallery = read_gallery(run.gallery_path)
    traces = [b"Beatrix", *(row.tobytes() for row in gallery.embeddings[gallery.person == 1])]
    assert holding(run.path, traces) == set(range(9))

    receipt = forget(run.path, "Beatrix")
    assert holding(run.path, traces) == set()
    refresh(run.path)
    assert holding(run.path, traces) == set()
    assert not kept.exists()
    assert other.exists()
    assert any("8 embeddings" in line for line in receipt.removed)
    assert any("1 kept data set" in line for line in receipt.removed)
    opened = open_run(run.path)
    assert opened.people == ("Ann", "王小明")
    assert opened.notes == ("3 files beside the people's folders belong to nobody.",)
    assert Recognizer.load(run.path).gallery.people == ("Ann", "王小明")
    other.unlink()


def holding(folder: Path, traces: list[bytes]) -> set[int]:
    """Which traces are in any byte of a folder: contents, and names of files."""
    content = [
        path.read_bytes() + str(path.relative_to(folder)).encode() for path in folder.rglob("*") if path.is_file()
    ]
    return {number for number, trace in enumerate(traces) if any(trace in data for data in content)}


def test_the_receipt_says_what_still_exists(run: Run, tmp_path: Path) -> None:
    save_noise(tmp_path / "photos" / "Beatrix" / "1.jpg", 1)
    dataclasses.replace(run, path=tmp_path / "runs" / "second").save()
    receipt = forget(run.path, "Beatrix")
    assert any(str(tmp_path / "photos" / "Beatrix") in line for line in receipt.remaining)
    assert any("second" in line for line in receipt.remaining)


def test_forgetting_that_can_t_be(run: Run) -> None:
    with pytest.raises(RunError, match=r"knows nobody called .Zoe.\. Choose from: Ann, Beatrix"):
        forget(run.path, "Zoe")
    dataclasses.replace(run, settings=Settings(model="cnn")).save()
    with pytest.raises(RunError, match=r"weights of the model cnn have seen .Beatrix..*--retrain"):
        forget(run.path, "Beatrix")


def test_only_an_interrupted_retraining_is_discarded(run: Run) -> None:
    beside = run.path.with_name(f"{run.path.name}.retrained")
    beside.mkdir()
    discard_retraining(run.path)
    assert beside.is_dir()  # no run at all
    shutil.copytree(run.path, beside, dirs_exist_ok=True)
    discard_retraining(run.path)
    assert open_run(beside).complete  # somebody's own
    dataclasses.replace(open_run(beside), complete=False).save()
    discard_retraining(run.path)
    assert not beside.exists()
    assert open_run(run.path).complete


def test_a_keras_run_is_trained_again_without(tmp_path: Path) -> None:
    from castlist.drawn import HEROES, draw_cast
    from castlist.learning.sessions import learn

    photos = tmp_path / "cast"
    draw_cast(photos, pictures_per_person=8, size=48, people=HEROES[:3])
    settings = Settings(model="cnn", faces=False, image_size=48, epochs=1)
    run, _ = learn(photos, settings, runs=tmp_path / "runs", name="three")
    receipt = retrain_without(run.path, HEROES[1])
    again = open_run(run.path)
    assert again.people == tuple(sorted((HEROES[0], HEROES[2])))
    assert again.complete
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["three"]
    assert holding(run.path, [HEROES[1].encode()]) == set()
    assert any("trained anew" in line for line in receipt.removed)
