"""The models that can be learnt: one row each, one builder each, all with one signature."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from castlist.errors import SettingsError, needs_extra
from castlist.quiet import without_notes
from castlist.settings import ModelKind, Settings, model_kind

if TYPE_CHECKING:
    import keras


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
            "The model {model} needs {own} {own:dropout|dropouts}. Got {rates} instead.",
            model=settings.model,
            own=len(own),
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
        for module in (*modules, "h5py", "jinja2", "matplotlib"):
            if importlib.util.find_spec(module) is None:
                raise ImportError(name=module)
    if settings.tensorboard:
        with needs_extra("tensorboard", "Writing logs for TensorBoard"):
            if importlib.util.find_spec("tensorboard") is None:
                raise ImportError(name="tensorboard")


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
    builder = _check(image_size, settings).builder
    assert builder is not None, "models without epochs aren't built"
    model: keras.Model = _find(builder, settings.model)(image_size, n_people, settings)
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
    with needs_extra("keras", f"The model {model}"), without_notes():
        return getattr(importlib.import_module(module), function)
