"""Settings by what they are about; whoever needs one kind of them asks for that kind alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from castlist.errors import SettingsError
from castlist.settings.augmentation import Augmentation
from castlist.settings.checking import check

Optimizer = Literal["sgd", "adam", "adamw", "rmsprop"]
Schedule = Literal["constant", "step", "cosine"]
Views = Literal["plain", "mirror", "careful"]
EarlyStopping = Literal["off", "val_loss", "val_accuracy"]
Precision = Literal["auto", "float32", "mixed_bfloat16"]
FrameNetwork = Literal["small", "report"]

DLIB = "dlib"  # names the face network that is in the public domain
RATES: dict[str, float] = {"sgd": 0.02, "adam": 0.001, "adamw": 0.001, "rmsprop": 1e-4}  # the report's (M5, M8)


@dataclass(frozen=True, kw_only=True)
class FaceSettings:
    """What is seen of a photo, and who counts as a stranger."""

    faces: bool = True  # learn from the aligned face in each photo; False: from whole photos, as drawings need
    min_face: int | None = None  # pixels, the side of the smallest face to find; None: a share of the photo
    stranger_rate: float = 0.01  # share of strangers who may be given a name
    network: str | None = None  # a face network of the user's own, an ONNX file, or "dlib"; None: SFace
    views: Views = "plain"  # of a face, averaged: the crop alone, its mirror image too, or ten views

    def __post_init__(self) -> None:
        check(self, "min_face", self.min_face is None or self.min_face >= 12, "12 pixels or more")
        check(self, "stranger_rate", 0 < self.stranger_rate <= 0.5, "above 0 and at most 0.5")


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """Which photos are taken, and on which side each is."""

    pictures_per_person: int | None = None  # at most so many, drawn without replacement; None: all
    validation_share: float = 0.15
    test_share: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        count = self.pictures_per_person
        check(self, "pictures_per_person", count is None or count >= 1, "1 or more")
        check(self, "validation_share", 0 < self.validation_share < 1, "between 0 and 1")
        check(self, "test_share", 0 < self.test_share < 1, "between 0 and 1")
        if self.validation_share + self.test_share >= 1:
            raise SettingsError(
                "shares-too-large",
                "validation_share + test_share must be below 1. Got {validation} + {test} instead.",
                validation=self.validation_share,
                test=self.test_share,
            )
        check(self, "seed", self.seed >= 0, "0 or more")


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """What a model is built of."""

    image_size: int = 96  # pixels; the side of the square that a Keras model sees; `face` has its own
    frames: int = 1  # of cnn-lstm: photos of a person that are seen at once, in order
    frame_network: FrameNetwork = "small"  # of cnn-lstm: what looks at each of them: that of cnn-small, or the report's
    dropouts: tuple[float, ...] | None = None  # in the model's order; None: the model's own
    weights: str | None = None  # of vgg16: ImageNet's weights, a file; "none": from chance; None: Keras loads them
    weights_sha256: str | None = None  # of that file, if it isn't the one that Keras publishes

    def __post_init__(self) -> None:
        check(self, "image_size", 16 <= self.image_size <= 1024, "from 16 to 1024 pixels")
        check(self, "frames", 1 <= self.frames <= 32, "from 1 to 32")
        check(self, "dropouts", all(0 <= rate < 1 for rate in self.dropouts or ()), "rates from 0 to below 1")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained."""

    augmentation: Augmentation = field(default_factory=Augmentation)
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
    label_smoothing: float = 0.1
    balanced: bool = False  # weigh people alike in training, however uneven their folders
    batch_size: int = 32
    epochs: int = 30
    tensorboard: bool = False  # write logs for TensorBoard into the run folder
    precision: Precision = "auto"  # auto: mixed_bfloat16 where the processor computes in it, else float32

    def __post_init__(self) -> None:
        check(self, "learning_rate", 0 < self.rate <= 10, "above 0 and at most 10")
        check(self, "momentum", 0 <= self.momentum < 1, "from 0 to below 1")
        check(self, "weight_decay", 0 <= self.weight_decay < 1, "from 0 to below 1")
        check(self, "clip_norm", self.clip_norm >= 0, "0 or more")
        check(self, "decay", self.decay >= 0, "0 or more")
        check(self, "step_epochs", self.step_epochs >= 1, "1 or more")
        check(self, "step_factor", 0 < self.step_factor <= 1, "above 0 and at most 1")
        check(self, "warmup_epochs", self.warmup_epochs >= 0, "0 or more")
        check(self, "patience", self.patience >= 1, "1 or more")
        check(self, "frozen_epochs", self.frozen_epochs >= 0, "0 or more")
        check(self, "thawed_rate", 0 < self.thawed_rate <= 1, "above 0 and at most 1")
        check(self, "label_smoothing", 0 <= self.label_smoothing < 1, "from 0 to below 1")
        check(self, "batch_size", self.batch_size >= 1, "1 or more")
        check(self, "epochs", self.epochs >= 1, "1 or more")

    @property
    def rate(self) -> float:
        """The learning rate that is set, else the optimizer's own."""
        return RATES[self.optimizer] if self.learning_rate is None else self.learning_rate
