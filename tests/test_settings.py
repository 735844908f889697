"""Settings check themselves and survive TOML."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from castlist.errors import SettingsError
from castlist.settings import Augmentation, Settings, read_settings


def test_the_report_s_defaults() -> None:
    assert Settings(faces=False, model="cnn").variation.amounts == Augmentation().amounts == (12, 0.13, 0.2)


def test_aligned_faces_are_varied_little_unless_asked() -> None:
    assert Settings().variation.amounts == (5, 0.03, 0.05)
    assert Settings(augmentation=Augmentation(zoom=0.4)).variation.amounts == (5, 0.03, 0.4)
    assert not Settings(augmentation=Augmentation(horizontal_flip=False)).variation.horizontal_flip


def test_toml_gives_back_the_same() -> None:
    settings = Settings(dropouts=(0.25, 0, 0, 0.5, 0), augmentation=Augmentation(zoom=0.1), pictures_per_person=50)
    assert read_settings(settings.to_toml()) == settings
    assert read_settings("") == Settings()


def test_a_model_has_defaults_of_its_own_that_a_file_overrides() -> None:
    assert read_settings("", "cnn-small").epochs == read_settings('model = "cnn-small"').epochs == 60
    assert read_settings("image_size = 80", "cnn-small").image_size == 80
    assert read_settings("", "vgg16-scratch").image_size == Settings.image_size


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.02), ("adam", 1e-3), ("adamw", 1e-3), ("rmsprop", 1e-4)])
def test_an_optimizer_has_a_rate_of_its_own_unless_one_is_set(optimizer: Any, rate: float) -> None:
    assert Settings(optimizer=optimizer).rate == rate
    assert Settings(optimizer=optimizer, learning_rate=0.3).rate == 0.3


def test_a_model_s_rate_is_of_its_own_optimizer() -> None:
    assert read_settings("", "cnn-small").rate == 0.05
    assert read_settings('optimizer = "sgd"', "cnn-small").rate == 0.05
    assert read_settings('optimizer = "rmsprop"', "cnn-small").rate == 1e-4
    assert read_settings('optimizer = "rmsprop"\nlearning_rate = 0.05', "cnn-small").rate == 0.05


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 0},
        {"epochs": "ten"},
        {"epochs": 2.5},
        {"epochs": True},
        {"image_size": 8},
        {"test_share": 0.0},
        {"test_share": 0.6, "validation_share": 0.4},
        {"learning_rate": -1},
        {"learning_rate": float("nan")},
        {"optimizer": "magic"},
        {"dropouts": (0.5, 1.0)},
        {"dropouts": 0.5},
        {"dropouts": [[0.5]]},
        {"clip_norm": float("inf")},
        {"clip_norm": 10**400},
        {"epochs": 10**5000},
        {"faces": 10**5000},
        {"epochs": np.float64(3)},
        {"faces": np.int64(1)},
        {"pictures_per_person": 0},
        {"augmentation": 3},
        {"augmentation": {"rotation": 500}},
        {"augmentation": {"spin": 5}},
        {"nonsense": 1},
    ],
)
def test_bad_values_are_refused_with_what_they_were(values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"must be|Unknown setting"):
        Settings.from_dict(values)


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        ({"epochs": np.int64(3), "seed": np.array(2**40)}, {"epochs": 3, "seed": 2**40}),
        ({"learning_rate": np.float32(0.5), "clip_norm": Fraction(1, 2)}, {"learning_rate": 0.5, "clip_norm": 0.5}),
        ({"dropouts": np.array([0.25, 0.5])}, {"dropouts": (0.25, 0.5)}),
        ({"dropouts": [np.float64(0.25)]}, {"dropouts": (0.25,)}),
        ({"faces": np.True_, "network": Path("a.onnx")}, {"faces": True, "network": "a.onnx"}),
        ({"augmentation": Augmentation(rotation=np.float16(5))}, {"augmentation": Augmentation(rotation=5.0)}),
    ],
)
def test_what_means_the_same_is_taken_as_it(values: dict[str, Any], meant: dict[str, Any]) -> None:
    settings = Settings(**values)
    assert settings == Settings(**meant)
    assert {type(getattr(settings, name)) for name in meant} == {type(value) for value in meant.values()}
    assert read_settings(settings.to_toml()) == settings
    assert json.loads(json.dumps(settings.to_dict())) == json.loads(json.dumps(Settings(**meant).to_dict()))


def test_text_that_is_no_toml() -> None:
    for text in ("epochs: 3", "epochs = " + "[" * 100_000, "epochs = " + "9" * 5000):
        with pytest.raises(SettingsError, match="not valid TOML"):
            read_settings(text)
