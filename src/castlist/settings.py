"""Everything that can be set, with its default, once; kept with each run and readable from TOML."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

import tomli_w

from castlist.errors import SettingsError

Optimizer = Literal["sgd", "adam", "adamw", "rmsprop"]
Schedule = Literal["constant", "step", "cosine"]
Views = Literal["plain", "mirror", "careful"]
EarlyStopping = Literal["off", "val_loss", "val_accuracy"]
Precision = Literal["auto", "float32", "mixed_bfloat16"]
FrameNetwork = Literal["small", "report"]

RATES: dict[str, float] = {"sgd": 0.02, "adam": 0.001, "adamw": 0.001, "rmsprop": 1e-4}  # the report's (M5, M8)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How training photos are varied, each time they are seen; amounts left open are the report's (M7)."""

    rotation: float | None = None  # degrees, at most, either way; open: 12, of faces 5
    shift: float | None = None  # share of the side, at most, both axes, either way; open: 0.13, of faces 0.03
    zoom: float | None = None  # share, at most, in or out; open: 0.2, of faces 0.05
    horizontal_flip: bool = True
    vertical_flip: bool = False

    def __post_init__(self) -> None:
        _check_types(self)
        _check(self, "rotation", 0 <= (self.rotation or 0) <= 180, "from 0 to 180 degrees")
        _check(self, "shift", 0 <= (self.shift or 0) <= 0.5, "from 0 to 0.5")
        _check(self, "zoom", 0 <= (self.zoom or 0) <= 0.9, "from 0 to 0.9")

    @property
    def amounts(self) -> tuple[float, float, float]:
        """Rotation in degrees, shift and zoom as shares."""
        return self._filled(12.0, 0.13, 0.2)

    def for_faces(self) -> Augmentation:
        """Small amounts where they are open: aligned, eyes and mouth lie in their places, in new photos too."""
        rotation, shift, zoom = self._filled(5.0, 0.03, 0.05)
        return dataclasses.replace(self, rotation=rotation, shift=shift, zoom=zoom)

    def _filled(self, rotation: float, shift: float, zoom: float) -> tuple[float, float, float]:
        return (
            rotation if self.rotation is None else self.rotation,
            shift if self.shift is None else self.shift,
            zoom if self.zoom is None else self.zoom,
        )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one training."""

    model: str = "face"
    fine_tune: bool = False  # train the network of `face` too, and keep that if it is better on validation
    faces: bool = True  # learn from the aligned face in each photo; False: from whole photos, as drawings need
    image_size: int = 96  # pixels; the side of the square that a Keras model sees; `face` has its own
    frames: int = 1  # of cnn-lstm: photos of a person that are seen at once, in order
    frame_network: FrameNetwork = "small"  # of cnn-lstm: what looks at each of them: that of cnn-small, or the report's
    min_face: int | None = None  # pixels, the side of the smallest face to find; None: a share of the photo
    stranger_rate: float = 0.01  # share of strangers who may be given a name
    network: str | None = None  # a face network of the user's own, an ONNX file; None: the one that castlist knows
    views: Views = "mirror"  # of a face, averaged: the mirror image too, or ten views
    pictures_per_person: int | None = None  # at most so many, drawn without replacement; None: all
    validation_share: float = 0.15
    test_share: float = 0.15
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    dropouts: tuple[float, ...] | None = None  # in the model's order; None: the model's own
    optimizer: Optimizer = "sgd"
    learning_rate: float | None = None  # None: the optimizer's own, of RATES
    momentum: float = 0.9  # of SGD
    nesterov: bool = True  # of SGD
    weight_decay: float = 0.004  # of AdamW
    clip_norm: float = 1.0  # the gradient's largest norm over all weights; 0: any
    decay: float = 1e-6  # the rate is divided by 1 + decay * steps
    schedule: Schedule = "cosine"
    step_epochs: int = 12  # `step` multiplies the rate by step_factor after each so many epochs (M10)
    step_factor: float = 0.5
    warmup_epochs: int = 1  # `cosine` rises from 0 for so many epochs, then falls to 0
    early_stopping: EarlyStopping = "off"  # what must not stay without a new best for `patience` epochs (M11)
    patience: int = 20
    frozen_epochs: int = 0  # of vgg16: for so many epochs the pretrained base stays as it is
    thawed_rate: float = 0.01  # of vgg16: the learning rate afterwards, as a share
    weights: str | None = None  # of vgg16: ImageNet's weights, a file; "none": from chance; None: Keras loads them
    weights_sha256: str | None = None  # of that file, if it isn't the one that Keras publishes
    label_smoothing: float = 0.1
    balanced: bool = False  # weigh people alike in training, however uneven their folders
    batch_size: int = 32
    epochs: int = 30
    tensorboard: bool = False  # write logs for TensorBoard into the run folder
    precision: Precision = "auto"  # auto: mixed_bfloat16 where the processor computes in it, else float32

    def __post_init__(self) -> None:
        _check_types(self)
        _check(self, "image_size", 16 <= self.image_size <= 1024, "from 16 to 1024 pixels")
        _check(self, "min_face", self.min_face is None or self.min_face >= 12, "12 pixels or more")
        _check(self, "stranger_rate", 0 < self.stranger_rate <= 0.5, "above 0 and at most 0.5")
        if self.model == "face" and not self.faces:
            raise SettingsError(
                "face-needs-faces",
                "The model face learns from faces. For whole photos choose another, such as cnn.",
            )
        _check(self, "frames", 1 <= self.frames <= 32, "from 1 to 32")
        if self.frames > 1 and not self.takes_sequences:
            raise SettingsError(
                "no-frames", "The model {model} sees one photo at a time. Leave frames out.", model=self.model
            )
        if self.fine_tune and self.model != "face":
            raise SettingsError(
                "no-fine-tuning",
                "Only the model face can be fine-tuned; {model} is trained from scratch anyway.",
                model=self.model,
            )
        if self.tensorboard and not self.needs_keras:
            raise SettingsError(
                "tensorboard-without-epochs",
                "TensorBoard shows epochs, and the model face is not trained in epochs. Leave it out.",
            )
        if self.fine_tune and self.network:
            raise SettingsError(
                "own-network-only",
                "Only castlist's own face network can be fine-tuned. Leave out the other network.",
            )
        count = self.pictures_per_person
        _check(self, "pictures_per_person", count is None or count >= 1, "1 or more")
        _check(self, "validation_share", 0 < self.validation_share < 1, "between 0 and 1")
        _check(self, "test_share", 0 < self.test_share < 1, "between 0 and 1")
        if self.validation_share + self.test_share >= 1:
            raise SettingsError(
                "shares-too-large",
                "validation_share + test_share must be below 1. Got {validation} + {test} instead.",
                validation=self.validation_share,
                test=self.test_share,
            )
        _check(self, "seed", self.seed >= 0, "0 or more")
        _check(self, "dropouts", all(0 <= rate < 1 for rate in self.dropouts or ()), "rates from 0 to below 1")
        _check(self, "learning_rate", 0 < self.rate <= 10, "above 0 and at most 10")
        _check(self, "momentum", 0 <= self.momentum < 1, "from 0 to below 1")
        _check(self, "weight_decay", 0 <= self.weight_decay < 1, "from 0 to below 1")
        _check(self, "clip_norm", self.clip_norm >= 0, "0 or more")
        _check(self, "decay", self.decay >= 0, "0 or more")
        _check(self, "step_epochs", self.step_epochs >= 1, "1 or more")
        _check(self, "step_factor", 0 < self.step_factor <= 1, "above 0 and at most 1")
        _check(self, "warmup_epochs", self.warmup_epochs >= 0, "0 or more")
        _check(self, "patience", self.patience >= 1, "1 or more")
        _check(self, "frozen_epochs", self.frozen_epochs >= 0, "0 or more")
        _check(self, "thawed_rate", 0 < self.thawed_rate <= 1, "above 0 and at most 1")
        _check(self, "label_smoothing", 0 <= self.label_smoothing < 1, "from 0 to below 1")
        _check(self, "batch_size", self.batch_size >= 1, "1 or more")
        _check(self, "epochs", self.epochs >= 1, "1 or more")

    @property
    def rate(self) -> float:
        """The learning rate that is set, else the optimizer's own."""
        return RATES[self.optimizer] if self.learning_rate is None else self.learning_rate

    @property
    def variation(self) -> Augmentation:
        """How training photos are varied, by what they are: faces or whole photos."""
        return self.augmentation.for_faces() if self.faces else self.augmentation

    @property
    def filled(self) -> Settings:
        """The same with numbers where amounts are left open, for the diary."""
        return dataclasses.replace(self, augmentation=self.variation, learning_rate=self.rate)

    @property
    def needs_keras(self) -> bool:
        """Whether a network is trained, not only a gallery made."""
        return self.model != "face" or self.fine_tune

    @property
    def takes_sequences(self) -> bool:
        """Whether the model sees several photos of a person at once, and learns from films too."""
        return self.model == "cnn-lstm"

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON or TOML hold them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Read settings from a dictionary; what is missing keeps its default.

        Raises:
            SettingsError: If a name is unknown or a value out of bounds.
        """
        values = dict(values)
        augmentation = values.pop("augmentation", {})
        if not isinstance(augmentation, dict):
            raise SettingsError(
                "augmentation-no-table",
                "augmentation must be a table of settings. Got {value} instead.",
                value=repr(augmentation),
            )
        if isinstance(values.get("dropouts"), list):
            values["dropouts"] = tuple(values["dropouts"])
        _check_names(cls, values)
        _check_names(Augmentation, augmentation)
        return cls(augmentation=Augmentation(**augmentation), **values)

    def to_toml(self) -> str:
        """The settings as TOML, as `castlist.learning.models.read_settings` reads it; what is None is left out."""
        return tomli_w.dumps(_without_none(self.to_dict()))


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value is not None
    }


def _check(settings: Any, name: str, holds: bool, bounds: str) -> None:
    if not holds:
        raise _out_of_bounds(name, bounds, getattr(settings, name))


def _out_of_bounds(name: str, bounds: str, value: Any) -> SettingsError:
    return SettingsError(
        "setting-out-of-bounds",
        "{name} must be {bounds}. Got {value} instead.",
        name=name,
        bounds=bounds,
        value=repr(value),
    )


def _check_names(cls: type, values: dict[str, Any]) -> None:
    known = {item.name for item in dataclasses.fields(cls)}
    for name in values:
        if name not in known:
            raise SettingsError(
                "unknown-setting",
                "Unknown setting {name!r}. Choose from: {choices}.",
                name=name,
                choices=", ".join(sorted(known)),
            )


def _check_types(settings: Any) -> None:
    for name, hint in typing.get_type_hints(type(settings)).items():
        value = getattr(settings, name)
        if not _fits(value, hint):
            raise _out_of_bounds(name, _describe(hint), value)


def _fits(value: Any, hint: Any) -> bool:
    origin, choices = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return value in choices
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, choice) for choice in choices)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(item, choices[0]) for item in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _describe(hint: Any) -> str:
    origin, choices = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(str, choices))}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_describe(choice) for choice in choices if choice is not type(None)) + " (or left out)"
    if origin is tuple:
        return "a list of numbers"
    names = {float: "a number", int: "a whole number", bool: "true or false", str: "a text", Augmentation: "a table"}
    return names[hint]
