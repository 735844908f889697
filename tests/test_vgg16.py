"""VGG16 with ImageNet's weights: where they come from, and its two phases."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import h5py
import numpy as np
import pytest

pytest.importorskip("keras")
import keras

from castlist.errors import SettingsError, WeightsError
from castlist.learning.dataset import load_dataset
from castlist.learning.models import build_model, pretrain, vgg16
from castlist.learning.sessions import learn
from castlist.learning.starting import start_run
from castlist.learning.training import Progress, train
from castlist.media import find_cast
from castlist.run import read_history
from castlist.settings import Settings, read_settings


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in Keras's own format, of another origin."""
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("weights") / "vgg16.weights.h5"
    keras.applications.VGG16(include_top=False, weights=None, input_shape=(48, 48, 3)).save_weights(path)
    return path


def test_vgg16_is_the_report_s() -> None:
    model = build_model(224, 7, Settings(model="vgg16"))
    assert model.count_params() == 14_890_311
    assert model.get_layer("base").count_params() == 14_714_688


def test_preprocessing_is_keras_s_own() -> None:
    model = build_model(48, 3, Settings(model="vgg16"))
    photos = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3)).astype(np.float32)
    prepared = keras.applications.vgg16.preprocess_input(photos.copy())
    features = model.get_layer("base").predict_on_batch(prepared)
    expected = keras.Sequential([keras.layers.Flatten(), model.get_layer("people")]).predict_on_batch(features)
    np.testing.assert_allclose(model.predict_on_batch(photos), expected, atol=1e-5)


def test_weights_of_a_file_that_is_vouched_for_are_loaded(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(model="vgg16", weights=str(weights))
    first, second = (build_model(48, 3, settings).get_layer("base") for _ in range(2))
    model = build_model(48, 3, settings)
    with pytest.raises(WeightsError, match=r"SHA-256 .* It must be Keras's .*notop.h5"):
        pretrain(model, settings)
    vouched = dataclasses.replace(settings, weights_sha256=hashlib.sha256(weights.read_bytes()).hexdigest())
    pretrain(model, vouched)
    first.load_weights(weights)
    for loaded, expected in zip(model.get_layer("base").get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, expected)
    assert not np.array_equal(second.get_weights()[0], first.get_weights()[0])

    monkeypatch.setattr(vgg16, "MD5", hashlib.md5(weights.read_bytes(), usedforsecurity=False).hexdigest())
    pretrain(model, settings)


def test_wrong_files_are_one_sentence(tmp_path: Path) -> None:
    model = build_model(48, 3, Settings(model="vgg16"))
    with pytest.raises(WeightsError, match="can't be read"):
        pretrain(model, Settings(model="vgg16", weights=str(tmp_path / "missing.h5")))
    nonsense = tmp_path / "nonsense.h5"
    nonsense.write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="weights_sha256 is 00"):
        pretrain(model, Settings(model="vgg16", weights=str(nonsense), weights_sha256="00"))
    digest = hashlib.sha256(b"nonsense").hexdigest()
    with pytest.raises(WeightsError, match="can't be read as the weights of VGG16"):
        pretrain(model, Settings(model="vgg16", weights=str(nonsense), weights_sha256=digest))


def test_without_a_network_the_sentence_says_where_to_get_the_file(
    drawn_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*words: str, **options: str) -> str:
        raise OSError("URL fetch failure")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    settings = Settings(model="vgg16", faces=False, image_size=48)
    with pytest.raises(WeightsError, match=r"Get https://.*notop\.h5 .* --weights none"):
        pretrain(build_model(48, 3, settings), settings)
    told: list[int] = []
    with pytest.raises(WeightsError, match="--weights none"):  # before any photo is read
        learn(drawn_photos, settings, runs=tmp_path, on_count=lambda done, total: told.append(done))
    assert not told and not list(tmp_path.iterdir())


@pytest.mark.slow
def test_first_the_head_learns_then_all_of_it(drawn_photos: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(
        read_settings("", "vgg16"),
        faces=False,
        image_size=48,
        weights="none",
        epochs=3,
        frozen_epochs=2,
        warmup_epochs=0,
        precision="float32",
        schedule="constant",
    )
    dataset = load_dataset(find_cast(drawn_photos), settings, path=tmp_path / "data.h5")
    bases, frozen = [], []
    run = start_run(dataset, settings, tmp_path / "run", drawn_photos)

    def keep_base() -> None:
        with h5py.File(run.state_path) as file:
            bases.append(file["0"][()])  # the first convolution, as the last finished epoch left it

    def watch(now: Progress) -> None:
        if now.finished:
            frozen.append(now.frozen)
        elif now.epoch == len(bases) + 2:
            keep_base()

    done = train(dataset, run, on_progress=watch)
    keep_base()
    np.testing.assert_array_equal(bases[0], bases[1])
    assert not np.array_equal(bases[1], bases[2])
    assert frozen == [True, True, False]
    rates = [row.learning_rate for row in read_history(done)]
    assert rates[2] == pytest.approx(rates[1] * settings.thawed_rate, rel=1e-3)


def test_other_models_have_no_base() -> None:
    with pytest.raises(SettingsError, match="no base to freeze"):
        build_model(48, 3, Settings(model="cnn", frozen_epochs=2))
