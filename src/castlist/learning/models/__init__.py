"""The models that can be learnt: one row each, one builder each, all with one signature."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from castlist.errors import Message, SettingsError, needs_extra, reason_of
from castlist.settings import Settings

if TYPE_CHECKING:
    import keras

# Set before the first import of Keras: our models are written and measured on TensorFlow, and its start-up notes say
# nothing that a user could act on.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@dataclass(frozen=True)
class ModelKind:
    """A model that can be learnt; its builder is imported when it is built, not before."""

    summary: Message
    builder: str  # module:function; (image_size, n_people, settings) -> keras.Model
    dropouts: tuple[float, ...] = ()  # its own, from the first to the last
    smallest: int = 0  # pixels; below, its last convolution has nothing left to see
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # settings that belong together, by name
    defaults: Mapping[str, Any] = field(default_factory=dict)  # settings that suit it better than the common ones
    pretrain: str | None = None  # module:function; (model, settings); puts learnt weights into the layer "base"
    weights: str | None = None  # module:function; (settings); where those weights are found, or an error says why not


MODELS: dict[str, ModelKind] = {
    "face": ModelKind(
        summary=Message(
            "model-face", "the pretrained face network with a head learnt in seconds; Keras only to fine-tune it"
        ),
        builder="castlist.learning.models.face:build_face",
        presets={
            # Small steps: the network knows faces already, and a few hundred photos teach it more noise than truth.
            "fine-tune": {
                "fine_tune": True,
                "optimizer": "adam",
                "learning_rate": 1e-4,
                "epochs": 4,
            },
        },
    ),
    "cnn-small": ModelKind(
        summary=Message(
            "model-cnn-small", "a small network for aligned faces, trained from scratch on gradients by direction"
        ),
        builder="castlist.learning.models.cnn_small:build_cnn_small",
        dropouts=(0.5,),
        smallest=48,
        defaults={"batch_size": 64, "learning_rate": 0.05, "warmup_epochs": 3, "epochs": 60},
    ),
    "cnn": ModelKind(
        summary=Message("model-cnn", "the report's convolutional network, trained from scratch"),
        builder="castlist.learning.models.cnn:build_cnn",
        dropouts=(0.25, 0.5, 0.5, 0.5, 0.5),
        smallest=48,
        # The dropouts of the report's last run, and Adam. With the summary's dropouts and SGD at 0.02, and all varied
        # as the report did, avengers7 stood at 33 % of validation after 14 epochs; with these, at 59 % after 12.
        defaults={
            "dropouts": (0.25, 0.0, 0.0, 0.5, 0.0),
            "optimizer": "adam",
            "learning_rate": 5e-4,
            "epochs": 25,
        },
        presets={
            # The last and best run of the report's diary.
            "report": {
                "faces": False,
                "image_size": 224,
                "dropouts": (0.25, 0.0, 0.0, 0.5, 0.0),
                "optimizer": "sgd",
                "learning_rate": 0.02,
                "clip_norm": 0.0,
                "schedule": "constant",
                "label_smoothing": 0.0,
                "batch_size": 128,
                "epochs": 200,
            },
        },
    ),
    "vgg16": ModelKind(
        summary=Message(
            "model-vgg16",
            "the report's first VGG16: ImageNet's, with a layer for your people; first that layer learns, then all",
        ),
        builder="castlist.learning.models.vgg16:build_vgg16",
        smallest=48,
        defaults={"optimizer": "adam", "learning_rate": 1e-3, "frozen_epochs": 8, "epochs": 16},
        pretrain="castlist.learning.models.vgg16:load_imagenet",
        weights="castlist.learning.models.vgg16:find_imagenet",
    ),
    "vgg16-scratch": ModelKind(
        summary=Message("model-vgg16-scratch", "the report's second VGG16, all of it trained from scratch"),
        builder="castlist.learning.models.vgg16:build_vgg16_scratch",
        dropouts=(0.5, 0.5),
        smallest=48,
        # Thirteen layers without normalization begin to learn late. Of the validation photos of avengers7, SGD at 0.02
        # named 28 % after 13 epochs, Adam at 1e-4 with the dropouts above 19 % after 6, these settings 33 % after 5.
        defaults={"dropouts": (0.25, 0.0), "optimizer": "adam", "learning_rate": 2e-4, "epochs": 25},
    ),
    "cnn-lstm": ModelKind(
        summary=Message(
            "model-cnn-lstm", "the report's network of sequences: films, or several photos of one person at once"
        ),
        builder="castlist.learning.models.cnn_lstm:build_cnn_lstm",
        dropouts=(0.5,),
        smallest=48,
        defaults={"frames": 4, "batch_size": 64, "learning_rate": 0.05, "warmup_epochs": 3, "epochs": 60},
        presets={
            "report": {
                "faces": False,
                "image_size": 224,
                "frames": 1,
                "frame_network": "report",
                "dropouts": (0.25,),
                "optimizer": "adam",
                "learning_rate": 0.01,
                "clip_norm": 0.0,
                "schedule": "constant",
                "label_smoothing": 0.0,
                "batch_size": 128,
                "epochs": 100,
            },
        },
    ),
}


def model_kind(name: str) -> ModelKind:
    """Look a model up by name.

    Raises:
        SettingsError: If there is none of that name.
    """
    if name not in MODELS:
        raise SettingsError(
            "unknown-model", "Unknown model {name!r}. Choose from: {choices}.", name=name, choices=", ".join(MODELS)
        )
    return MODELS[name]


def read_settings(text: str, model: str | None = None) -> Settings:
    """Read settings from TOML text; what it leaves out is as suits the model.

    Args:
        text: As `Settings.to_toml` writes it; may be empty.
        model: The model to learn, whatever the text says.

    Raises:
        SettingsError: If the text is no TOML, a name is unknown, or a value is out of bounds.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            "settings-no-toml", "The settings are not valid TOML: {reason}.", reason=reason_of(error)
        ) from error
    values["model"] = model or values.get("model", Settings.model)
    defaults = dict(model_kind(str(values["model"])).defaults)
    if "optimizer" in values and values["optimizer"] != defaults.get("optimizer", Settings.optimizer):
        defaults.pop("learning_rate", None)  # it suits the model's own optimizer alone
    return Settings.from_dict({**defaults, **values})


def dropouts_of(settings: Settings) -> tuple[float, ...]:
    """The dropouts that a model is built with: those of the settings, or its own.

    Raises:
        SettingsError: If the settings have another number of them than the model.
    """
    own = model_kind(settings.model).dropouts
    rates = own if settings.dropouts is None else settings.dropouts
    if rates and not own:
        raise SettingsError(
            "no-dropouts", "The model {model} has no dropouts to set. Leave them out.", model=settings.model
        )
    if len(rates) != len(own):
        raise SettingsError(
            "other-dropouts",
            "The model {model} needs {own} dropout{s}. Got {rates} instead.",
            model=settings.model,
            own=len(own),
            s="s" * (len(own) > 1),
            rates=len(rates),
        )
    return rates


def check_installed(settings: Settings) -> None:
    """Make sure that what a model is learnt with is installed, before anything is begun.

    Raises:
        MissingExtraError: If not.
    """
    extra, modules = ("keras", ("keras", "tensorflow", "tf2onnx")) if settings.needs_keras else ("learn", ())
    with needs_extra(extra, f"Learning the model {settings.model}"):
        for module in (*modules, "h5py", "jinja2", "matplotlib", "sklearn"):
            if importlib.util.find_spec(module) is None:
                raise ImportError(name=module)
    if settings.tensorboard:
        with needs_extra("tensorboard", "Writing logs for TensorBoard"):
            if importlib.util.find_spec("tensorboard") is None:
                raise ImportError(name="tensorboard")


def with_preset(settings: Settings, preset: str) -> Settings:
    """The settings with those of a preset of their model put in.

    Raises:
        SettingsError: If the model has no preset of that name.
    """
    presets = model_kind(settings.model).presets
    if preset not in presets:
        raise SettingsError(
            "unknown-preset",
            "The model {model} has no preset {preset!r}. Choose from: {choices}.",
            model=settings.model,
            preset=preset,
            choices=", ".join(presets) or "none",
        )
    return dataclasses.replace(settings, **presets[preset])


def build_model(image_size: int, n_people: int, settings: Settings) -> keras.Model:
    """Build the model that the settings name, from our code only.

    Args:
        image_size: Pixels; the model takes shape (n, image_size, image_size, 3), RGB 0-255; one of sequences takes
            (n, settings.frames, image_size, image_size, 3).
        n_people: The model gives shape (n, n_people), float32, rows that sum to 1.
        settings: For the model's name, its dropouts and its frames.

    Raises:
        SettingsError: If the model is unknown, the image too small for it, or a setting doesn't fit it.
        MissingExtraError: If Keras is missing.
    """
    kind = _check(image_size, settings)
    model: keras.Model = _find(kind.builder, settings.model)(image_size, n_people, settings)
    return model


def check_model(settings: Settings) -> None:
    """Make sure that a model fits its settings and has the weights that it begins with, before photos are read.

    Raises:
        SettingsError: If a setting doesn't fit the model.
        WeightsError: If the weights are missing or not what they should be.
    """
    kind = _check(settings.image_size, settings)
    if kind.weights:
        _find(kind.weights, settings.model)(settings)


def pretrain(model: keras.Model, settings: Settings) -> None:
    """Put weights learnt elsewhere into a new model that `build_model` gave; nothing for models that begin from chance.

    Raises:
        WeightsError: If they are missing or not what they should be.
    """
    load = model_kind(settings.model).pretrain
    if load:
        _find(load, settings.model)(model, settings)


def _check(image_size: int, settings: Settings) -> ModelKind:
    kind = model_kind(settings.model)
    if image_size < kind.smallest:
        raise SettingsError(
            "image-too-small",
            "The model {model} needs an image_size of {smallest} or more. Got {size} instead.",
            model=settings.model,
            smallest=kind.smallest,
            size=image_size,
        )
    dropouts_of(settings)  # for models without any, too
    if settings.frozen_epochs and not kind.pretrain:
        raise SettingsError(
            "no-base-to-freeze",
            "The model {model} has no base to freeze. Leave frozen_epochs out.",
            model=settings.model,
        )
    return kind


def _find(address: str, model: str) -> Any:
    """The function at module:function, imported now."""
    module, _, function = address.partition(":")
    with needs_extra("keras", f"The model {model}"):
        return getattr(importlib.import_module(module), function)
