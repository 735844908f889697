"""The models that can be learnt, one row each: what is known of them before any is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from castlist.errors import Message, SettingsError


@dataclass(frozen=True)
class ModelKind:
    """A model that can be learnt; its builder is imported when it is built, not before."""

    summary: Message
    builder: str | None = None  # module:function; (image_size, n_people, settings) -> keras.Model
    dropouts: tuple[float, ...] = ()  # its own, from the first to the last
    smallest: int = 0  # pixels; below, its last convolution has nothing left to see
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # settings that belong together, by name
    defaults: Mapping[str, Any] = field(default_factory=dict)  # settings that suit it better than the common ones
    pretrain: str | None = None  # module:function; (model, settings); puts learnt weights into the layer "base"
    weights: str | None = None  # module:function; (settings); where those weights are found, or an error says why not
    takes_whole_photos: bool = True  # where it is asked to
    takes_sequences: bool = False  # several photos of a person at once; it learns from films, too

    @property
    def is_trained(self) -> bool:
        """Whether it is trained in epochs, with Keras; if not, people are added to a network that is finished."""
        return self.builder is not None


MODELS: dict[str, ModelKind] = {
    "face": ModelKind(
        summary=Message("model-face", "the pretrained face network, to which people are added in seconds"),
        takes_whole_photos=False,
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
        takes_sequences=True,
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
