"""Evidence lies where the answer came from."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from castlist.embeddings import FaceNetwork
from castlist.errors import PhotoError
from castlist.explanation import Explainer, draw_explanations
from castlist.faces import Box, Face, Quality
from castlist.gallery import Gallery
from castlist.naming import Recognizer
from castlist.run import Run
from castlist.settings import Settings
from castlist.testing import save_picture
from small_runs import BACKGROUND, PHOTOS, TABLE

PEOPLE = ("Ann", "Beatrix")
FIRST, SECOND = TABLE[0], TABLE[PHOTOS]


@pytest.mark.keras
def test_grad_cam_beside_the_photo(drawn_run: Path, drawn_photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    recognizer = Recognizer.load(drawn_run)
    explainer = Explainer(recognizer)
    path = min(drawn_photos.glob("*/*.jpg"))
    (one,) = explainer.explain(path)
    (expected,) = next(iter(recognizer.name_photos([path]))).faces
    assert (one.named, one.person) == (expected, expected.name)
    assert one.evidence.shape == one.pixels.shape[:2]
    assert one.evidence.min() >= 0 and one.evidence.max() <= 1
    picture = draw_explanations([one, one])
    assert picture.dtype == np.uint8 and picture.shape[1] == 640 and picture.shape[0] > 640
    (tmp_path / "bad.jpg").write_text("no photo")
    with pytest.raises(PhotoError, match="not a photo"):
        explainer.explain(tmp_path / "bad.jpg")


@pytest.mark.keras
def test_grad_cam_speaks_for_the_person_asked(drawn_run: Path) -> None:
    """Where raising the last features raises the person's logit, and only there: the definition, done by hand."""
    keras = pytest.importorskip("keras")
    from castlist.explanation import GradCam
    from castlist.learning.models import build_model

    recognizer = Recognizer.load(drawn_run)
    square = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    model = build_model(48, 2, recognizer.run.settings)
    model.load_weights(recognizer.run.weights_path)
    at = max(i for i, layer in enumerate(model.layers) if isinstance(layer, keras.layers.Conv2D))
    features = np.asarray(keras.Model(model.input, model.layers[at].output)(square[None].astype(np.float32)))
    rest = keras.Sequential([keras.Input(features.shape[1:]), *model.layers[at + 1 : -1]])
    moved = features + 1e-2 * np.eye(features.shape[-1], dtype=np.float32)[:, None, None]
    for person in (0, 1):
        found = GradCam(recognizer).evidence(square, person)
        assert found.shape == features.shape[1:3]
        kernel = np.asarray(model.layers[-1].kernel)[:, person]
        gradient = (np.asarray(rest(moved)) @ kernel - np.asarray(rest(features)) @ kernel) / 1e-2
        expected = np.maximum((features[0] * gradient).sum(-1), 0)
        np.testing.assert_allclose(found, expected / max(expected.max(), 1e-9), atol=0.15)


@pytest.mark.keras
@pytest.mark.parametrize("name", ["cnn-small", "vgg16", "vgg16-scratch", "cnn-lstm"])
def test_grad_cam_of_every_model_follows_its_own_path(name: str, tmp_path: Path) -> None:
    """Where the features are cut out and put back, the answer is the model's; each person has evidence of its own."""
    keras = pytest.importorskip("keras")
    from castlist.explanation import GradCam
    from castlist.learning.models import build_model

    settings = Settings(model=name, faces=False, image_size=48, weights="none", frames=3 if name == "cnn-lstm" else 1)
    keras.utils.set_random_seed(0)
    model = build_model(48, 2, settings)
    run = Run(
        path=tmp_path,
        people=("a", "b"),
        settings=settings,
        photos_root="",
        photos_fingerprint="",
        sides={},
        groups={},
    )
    model.save_weights(run.weights_path)
    square = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    frames = settings.frames if settings.takes_sequences else None
    cam = GradCam(SimpleNamespace(run=run, network=SimpleNamespace(image_size=48, frames=frames)))
    evidence = np.stack([cam.evidence(square, person) for person in (0, 1)])
    assert evidence.ndim == 3 and evidence.min() >= 0
    assert evidence.max() == pytest.approx(1)  # of one of them; nothing may speak for the other
    assert np.abs(evidence[0] - evidence[1]).max() > 0.05
    photo = square[None].astype(np.float32)
    if frames:
        photo = np.repeat(photo[None], frames, axis=1)
    _, last = cam._looking(cam._before(photo) if cam._before else photo)
    answer = model.layers[-1](cam._after(last) if cam._after else last)
    np.testing.assert_allclose(answer, model.predict_on_batch(photo), atol=1e-5)


class TopLeftNetwork(FaceNetwork):
    """Sees nothing but one place: a crop with its black square in place is the first person."""

    def embed(self, faces: np.ndarray, *, batch_size: int = 2, views: str = "mirror") -> np.ndarray:
        share = (faces[:, 15:30, 67:82] == 0).mean(axis=(1, 2, 3))
        mixed = [s * FIRST + (1 - s) * SECOND for s in share]
        return np.array([v / np.linalg.norm(v) for v in mixed], np.float32)


def test_occlusion_finds_the_place_that_the_network_looks_at(tmp_path: Path) -> None:
    crop = np.full((112, 112, 3), 120, np.uint8)
    crop[15:30, 67:82] = 0
    gallery = Gallery.fit(
        PEOPLE,
        np.stack([FIRST, SECOND]),
        np.array([0, 1]),
        ["a", "b"],
        background=BACKGROUND,
    )
    run = Run(
        path=tmp_path,
        people=PEOPLE,
        settings=Settings(),
        photos_root="",
        photos_fingerprint="",
        sides={},
        groups={},
    )
    face = Face(crop, Box(0, 0, 112, 112), np.zeros((5, 2)), 1.0, Quality(50, 1, 0))
    found = [face]
    network = TopLeftNetwork(tmp_path / "none")
    recognizer = Recognizer(run, face_network=network, gallery=gallery, finder=lambda pixels, **_: found)
    save_picture(tmp_path / "a.png", [])
    (one,) = Explainer(recognizer).explain(tmp_path / "a.png")
    assert one.person == PEOPLE[0]
    top, left = np.unravel_index(one.evidence.argmax(), one.evidence.shape)
    assert 7 <= top <= 34 and 60 <= left <= 86
    assert one.evidence[75:, :45].max() < 0.05
    found.clear()
    with pytest.raises(PhotoError, match="no face found"):
        Explainer(recognizer).explain(tmp_path / "a.png")
