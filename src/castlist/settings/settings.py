"""Everything that can be set, with its default, once; kept with each run and readable from TOML."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from typing import Any

import tomli_w

from castlist.arguments import checked
from castlist.errors import SettingsError, reason_of
from castlist.settings.augmentation import Augmentation
from castlist.settings.checking import check_names, check_types
from castlist.settings.kinds import ModelKind, model_kind
from castlist.settings.parts import FaceSettings, ModelSettings, SplitSettings, TrainingSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings, ModelSettings, SplitSettings, FaceSettings):
    """The settings of one training."""

    model: str = "face"

    def __post_init__(self) -> None:
        check_types(self)
        for part in (FaceSettings, SplitSettings, ModelSettings, TrainingSettings):
            part.__post_init__(self)
        kind = self.kind
        if not self.faces and not kind.takes_whole_photos:
            raise SettingsError(
                "model-needs-faces",
                "The model {model} learns from faces. For whole photos choose another, such as cnn.",
                model=self.model,
            )
        if self.frames > 1 and not kind.takes_sequences:
            raise SettingsError(
                "no-frames", "The model {model} sees one photo at a time. Leave frames out.", model=self.model
            )
        if self.tensorboard and not self.needs_keras:
            raise SettingsError(
                "tensorboard-without-epochs",
                "TensorBoard shows epochs, and the model {model} is not trained in epochs. Leave it out.",
                model=self.model,
            )

    @property
    def kind(self) -> ModelKind:
        """What is known of the model."""
        return model_kind(self.model)

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
        return self.kind.is_trained

    @property
    def takes_sequences(self) -> bool:
        """Whether the model sees several photos of a person at once, and learns from films too."""
        return self.kind.takes_sequences

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON or TOML hold them."""
        return dataclasses.asdict(self)

    @classmethod
    @checked
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
        if values.get("fine_tune") is False:  # as files of before have it
            del values["fine_tune"]
        check_names(cls, values)
        check_names(Augmentation, augmentation)
        return cls(augmentation=Augmentation(**augmentation), **values)

    def to_toml(self) -> str:
        """The settings as TOML, as `read_settings` reads it; what is None is left out."""
        return tomli_w.dumps(_without_none(self.to_dict()))


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value is not None
    }


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
    except (ValueError, RecursionError) as error:  # also of a number of thousands of digits
        raise SettingsError(
            "settings-no-toml", "The settings are not valid TOML: {reason}.", reason=reason_of(error)
        ) from error
    values["model"] = model or values.get("model", Settings.model)
    defaults = dict(model_kind(str(values["model"])).defaults)
    if "optimizer" in values and values["optimizer"] != defaults.get("optimizer", Settings.optimizer):
        defaults.pop("learning_rate", None)  # it suits the model's own optimizer alone
    return Settings.from_dict({**defaults, **values})


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
