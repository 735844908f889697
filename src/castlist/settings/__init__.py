"""What can be set: by what it is about, and by model."""

from castlist.settings.augmentation import Augmentation
from castlist.settings.kinds import MODELS, ModelKind, model_kind
from castlist.settings.parts import DLIB, RATES, FaceSettings, ModelSettings, SplitSettings, TrainingSettings
from castlist.settings.settings import Settings, read_settings, with_preset

__all__ = [
    "DLIB",
    "MODELS",
    "RATES",
    "Augmentation",
    "FaceSettings",
    "ModelKind",
    "ModelSettings",
    "Settings",
    "SplitSettings",
    "TrainingSettings",
    "model_kind",
    "read_settings",
    "with_preset",
]
