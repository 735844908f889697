"""One set of checks that every builder passes, and the tables that the report prints."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")
import keras

from castlist.errors import SettingsError
from castlist.learning import sessions as learning
from castlist.learning.conversion import write_onnx
from castlist.learning.models import build_model
from castlist.learning.optimization import build_optimizer
from castlist.learning.sessions import learn
from castlist.naming.classifier import Network
from castlist.naming.recognizer import Recognizer
from castlist.settings import MODELS, Settings, with_preset
from conftest import PHOTOS

# The large ones take minutes: what needs them is with the slow tests; the small ones are built alike.
BY_SIZE = [
    pytest.param(name, marks=pytest.mark.slow if name in ("cnn", "vgg16", "vgg16-scratch") else ())
    for name, kind in MODELS.items()
    if kind.is_trained
]

# Row by row as the report's summary prints them: layer, output shape, parameters.
REPORT_CNN = [
    ("Conv2D", (224, 224, 16), 448),
    ("Conv2D", (222, 222, 32), 4_640),
    ("MaxPooling2D", (111, 111, 32), 0),
    ("BatchNormalization", (111, 111, 32), 128),
    ("Dropout", (111, 111, 32), 0),
    ("Conv2D", (111, 111, 64), 18_496),
    ("MaxPooling2D", (55, 55, 64), 0),
    ("BatchNormalization", (55, 55, 64), 256),
    ("Dropout", (55, 55, 64), 0),
    ("Conv2D", (55, 55, 256), 147_712),
    ("Conv2D", (53, 53, 256), 590_080),
    ("MaxPooling2D", (26, 26, 256), 0),
    ("BatchNormalization", (26, 26, 256), 1_024),
    ("Dropout", (26, 26, 256), 0),
    ("Conv2D", (26, 26, 512), 1_180_160),
    ("Conv2D", (24, 24, 512), 2_359_808),
    ("MaxPooling2D", (12, 12, 512), 0),
    ("BatchNormalization", (12, 12, 512), 2_048),
    ("Dropout", (12, 12, 512), 0),
    ("Flatten", (73_728,), 0),
    ("Dense", (1_024,), 75_498_496),
    ("Dropout", (1_024,), 0),
    ("Dense", (7,), 7_175),
]

REPORT_VGG16 = [
    ("Conv2D", (224, 224, 64), 1_792),
    ("Conv2D", (224, 224, 64), 36_928),
    ("MaxPooling2D", (112, 112, 64), 0),
    ("BatchNormalization", (112, 112, 64), 256),
    ("Conv2D", (112, 112, 128), 73_856),
    ("Conv2D", (112, 112, 128), 147_584),
    ("MaxPooling2D", (56, 56, 128), 0),
    ("Conv2D", (56, 56, 256), 295_168),
    ("Conv2D", (56, 56, 256), 590_080),
    ("Conv2D", (56, 56, 256), 590_080),
    ("MaxPooling2D", (28, 28, 256), 0),
    ("Conv2D", (28, 28, 512), 1_180_160),
    ("Conv2D", (28, 28, 512), 2_359_808),
    ("Conv2D", (28, 28, 512), 2_359_808),
    ("MaxPooling2D", (14, 14, 512), 0),
    ("Conv2D", (14, 14, 512), 2_359_808),
    ("Conv2D", (14, 14, 512), 2_359_808),
    ("Conv2D", (14, 14, 512), 2_359_808),
    ("MaxPooling2D", (7, 7, 512), 0),
    ("Flatten", (25_088,), 0),
    ("Dense", (1_024,), 25_691_136),
    ("Dropout", (1_024,), 0),
    ("Dense", (1_024,), 1_049_600),
    ("Dropout", (1_024,), 0),
    ("Dense", (7,), 7_175),
]


@pytest.fixture(params=[name for name, kind in MODELS.items() if kind.is_trained])
def settings(request: pytest.FixtureRequest) -> Settings:
    frames = 3 if request.param == "cnn-lstm" else 1
    return Settings(model=request.param, image_size=48, frames=frames, optimizer="adam", learning_rate=1e-3)


@pytest.fixture
def photos(settings: Settings) -> np.ndarray:
    """Six photos, or sequences, of three people who differ by brightness."""
    rng = np.random.default_rng(0)
    shape = (settings.frames, settings.image_size, settings.image_size, 3)
    levels = np.repeat([30, 120, 210], 2)[:, None, None, None, None]
    photos = np.clip(levels + rng.normal(0, 20, (6, *shape)), 0, 255).astype(np.uint8)
    return photos if settings.takes_sequences else photos[:, 0]


PEOPLE = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], 2)]


def test_shapes_and_rows_that_sum_to_1(settings: Settings, photos: np.ndarray) -> None:
    model = build_model(settings.image_size, 3, settings)
    probabilities = model.predict_on_batch(photos.astype(np.float32))
    assert probabilities.shape == (6, 3)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("settings", BY_SIZE, indirect=True)
def test_training_steps_lower_the_loss(settings: Settings, photos: np.ndarray) -> None:
    keras.utils.set_random_seed(0)
    model = build_model(settings.image_size, 3, settings)
    model.compile(build_optimizer(settings), "categorical_crossentropy")
    losses = [float(model.train_on_batch(photos.astype(np.float32), PEOPLE)) for _ in range(12)]
    assert np.mean(losses[-3:]) < 0.7 * np.mean(losses[:3])


@pytest.mark.parametrize("settings", BY_SIZE, indirect=True)
def test_saved_weights_load_into_the_same_answers(settings: Settings, photos: np.ndarray, tmp_path: Path) -> None:
    first, second = build_model(settings.image_size, 3, settings), build_model(settings.image_size, 3, settings)
    first.save_weights(tmp_path / "m.weights.h5")
    before = second.predict_on_batch(photos.astype(np.float32))
    second.load_weights(tmp_path / "m.weights.h5")
    after = second.predict_on_batch(photos.astype(np.float32))
    expected = first.predict_on_batch(photos.astype(np.float32))
    np.testing.assert_allclose(after, expected, atol=1e-6)
    assert np.abs(before - expected).max() > 1e-4


@pytest.mark.parametrize("settings", BY_SIZE, indirect=True)
def test_onnx_agrees_with_keras(settings: Settings, photos: np.ndarray, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    model = build_model(settings.image_size, 3, settings)
    model.compile(build_optimizer(settings), "categorical_crossentropy")
    model.train_on_batch(photos.astype(np.float32), PEOPLE)
    expected = model.predict_on_batch(photos.astype(np.float32))
    write_onnx(model, tmp_path / "m.onnx")
    np.testing.assert_allclose(Network(tmp_path / "m.onnx").probabilities(photos), expected, atol=1e-4)


@pytest.mark.parametrize("settings", BY_SIZE, indirect=True)
def test_bfloat16_agrees_with_float32(settings: Settings, photos: np.ndarray) -> None:
    keras.utils.set_random_seed(0)
    model = build_model(settings.image_size, 3, settings)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = build_model(settings.image_size, 3, settings)
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(model.get_weights())
    batch = photos.astype(np.float32)
    np.testing.assert_allclose(half.predict_on_batch(batch), model.predict_on_batch(batch), atol=0.05)


@pytest.fixture(scope="module")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photos each of two people, in one place, so that each size is decoded once for all models."""
    folder = tmp_path_factory.mktemp("photos") / "cast"
    for person in ("mark_ruffalo", "tom_holland"):
        (folder / person).mkdir(parents=True)
        for photo in sorted((PHOTOS / "avengers7" / person).iterdir())[:120:20]:
            shutil.copy(photo, folder / person)
    return folder


@pytest.mark.slow
@pytest.mark.photos
@pytest.mark.parametrize("faces", [True, False])
def test_it_trains_on_faces_and_on_whole_photos(
    settings: Settings, faces: bool, two_people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "write_report", lambda *args, **rest: None)  # it has tests of its own
    small = dataclasses.replace(
        settings,
        faces=faces,
        weights="none",
        optimizer="sgd",
        precision="float32",
        epochs=1,
    )
    run, evaluation = learn(two_people, small, runs=tmp_path, name="run")
    assert run.complete and evaluation is not None
    faces_named = next(iter(Recognizer.load(run.path).name_photos([Path(run.photos_root) / run.sides["train"][0]])))
    assert {face.name for face in faces_named.faces} <= {"mark_ruffalo", "tom_holland", "unknown"}


def test_cnn_is_the_report_s_row_by_row() -> None:
    model = build_model(224, 7, Settings(model="cnn"))
    rows = [(type(layer).__name__, layer.output.shape[1:], layer.count_params()) for layer in model.layers]
    assert [row for row in rows if row[0] not in ("InputLayer", "Rescaling")] == REPORT_CNN
    assert model.count_params() == 79_810_471
    assert sum(int(np.prod(weight.shape)) for weight in model.non_trainable_weights) == 1_728
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    assert {layer.activation for layer in convolutions} == {keras.activations.relu}
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [
        0.25,
        0.5,
        0.5,
        0.5,
        0.5,
    ]


def test_cnn_small_sees_gradients_not_levels() -> None:
    model = build_model(64, 3, Settings(model="cnn-small"))
    seen = keras.Model(model.input, model.get_layer("shares").output)
    dark = np.random.default_rng(0).integers(0, 100, (2, 64, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(seen.predict_on_batch(dark + 100), seen.predict_on_batch(dark), atol=1e-3)
    np.testing.assert_allclose(seen.predict_on_batch(2 * dark), seen.predict_on_batch(dark), atol=0.02)
    right = np.broadcast_to(np.arange(64, dtype=np.float32)[:, None], (1, 64, 64, 3))  # brighter to the right
    down = right.transpose(0, 2, 1, 3)
    assert seen.predict_on_batch(right).reshape(-1, 12).mean(axis=0).argmax() == 0
    assert seen.predict_on_batch(down).reshape(-1, 12).mean(axis=0).argmax() == 3  # a quarter turn


def test_vgg16_scratch_is_the_report_s_row_by_row() -> None:
    model = build_model(224, 7, Settings(model="vgg16-scratch"))
    rows = [(type(layer).__name__, layer.output.shape[1:], layer.count_params()) for layer in model.layers]
    assert [row for row in rows if row[0] not in ("InputLayer", "Rescaling")] == REPORT_VGG16
    assert model.count_params() == 41_462_855
    assert sum(int(np.prod(weight.shape)) for weight in model.non_trainable_weights) == 128


def test_the_report_s_last_run_is_a_preset() -> None:
    settings = with_preset(Settings(model="cnn"), "report")
    assert settings.dropouts == (0.25, 0, 0, 0.5, 0)
    assert (settings.optimizer, settings.learning_rate, settings.epochs) == ("sgd", 0.02, 200)
    with pytest.raises(SettingsError, match="no preset 'best'"):
        with_preset(Settings(model="cnn"), "best")


def test_settings_that_don_t_fit_are_refused() -> None:
    with pytest.raises(SettingsError, match="48 or more"):
        build_model(47, 3, Settings(model="cnn"))
    with pytest.raises(SettingsError, match="5 dropouts"):
        build_model(48, 3, Settings(model="cnn", dropouts=(0.5,)))
    with pytest.raises(SettingsError, match="1 dropout"):
        build_model(48, 3, Settings(model="cnn-small", dropouts=(0.5, 0.5)))
    with pytest.raises(SettingsError, match="2 dropouts"):
        build_model(48, 3, Settings(model="vgg16-scratch", dropouts=(0.5,)))
    with pytest.raises(SettingsError, match="Unknown model 'gan'"):
        build_model(48, 3, Settings(model="gan"))
