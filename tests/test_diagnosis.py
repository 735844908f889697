"""The five cases, on curves of real trainings and on curves whose slopes are known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")
pytest.importorskip("keras")

from castlist.diagnosis import describe, diagnose
from castlist.drawn import draw_cast
from castlist.languages import LANGUAGES, translator
from castlist.run import Epoch, read_history
from castlist.settings import Augmentation, Settings
from castlist.training import learning_rate_at


def curves(train: float, validation: float, *, epochs: int = 20, noise: float = 0.01, seed: int = 0) -> list[Epoch]:
    """Losses that go from 1 to these, with some noise."""
    rng = np.random.default_rng(seed)
    losses = [np.linspace(1, end, epochs) + rng.normal(0, noise, epochs) for end in (train, validation)]
    return [
        Epoch(epoch=i, seconds=1, learning_rate=0.01, loss=a, accuracy=0.5, val_loss=b, val_accuracy=0.5)
        for i, (a, b) in enumerate(zip(*losses, strict=True), start=1)
    ]


@pytest.mark.parametrize(
    ("train", "validation", "case"),
    [
        (0.3, 0.5, "learning"),
        (0.3, 1.0, "overfitting"),
        (0.3, 1.6, "overfitting"),
        (1.0, 0.5, "data"),
        (1.0, 1.0, "stalled"),
        (1.0, 1.6, "overfitting"),
        (1.6, 1.6, "wrong"),
        (1.6, 0.5, "wrong"),
    ],
)
def test_slopes(train: float, validation: float, case: str) -> None:
    found = diagnose(curves(train, validation))
    assert found is not None
    assert found.case == case
    assert (found.first_epoch, found.last_epoch) == (11, 20)


@pytest.mark.parametrize(("validation", "case"), [(0.5, "learning"), (1.0, "overfitting"), (1.6, "overfitting")])
def test_a_training_loss_that_has_nowhere_to_fall_is_not_at_rest(validation: float, case: str) -> None:
    history = [
        dataclasses.replace(row, loss=0.01 if row.epoch > 3 else 1.0) for row in curves(1.0, validation, epochs=20)
    ]
    found = diagnose(history)
    assert found is not None
    assert found.case == case


def test_noise_and_single_epochs_decide_nothing() -> None:
    history = curves(0.3, 0.5)
    history[-1] = dataclasses.replace(history[-1], loss=9.0, val_loss=9.0)
    found = diagnose(history)
    assert found is not None
    assert found.case == "learning"
    loud = [diagnose(curves(1.0, 1.0, noise=0.3, seed=seed)) for seed in range(40)]
    # Two slopes, each taken for one by chance in one of ten.
    assert sum(found is not None and found.case == "stalled" for found in loud) >= 28


def test_a_few_epochs_tell_nothing() -> None:
    assert diagnose(curves(0.3, 0.5, epochs=7)) is None


# The report's CNN on seven actors' aligned faces, Adam, cosine from 0.0005 over 40 epochs: losses of the last 20.
TRAIN = "850 801 776 736 728 716 690 696 671 658 646 628 614 603 601 600 602 600 608 600"
VALIDATION = "1059 1008 953 901 864 828 796 828 802 767 783 798 792 775 792 784 782 782 785 780"


@pytest.mark.parametrize(("schedule", "case"), [("cosine", "overfitting"), ("constant", "learning")])
def test_what_fell_before_a_schedule_ended_is_past(schedule: str, case: str) -> None:
    history = [dataclasses.replace(row, learning_rate=0.0005) for row in curves(0.85, 1.06)]
    settings = Settings(schedule=schedule, learning_rate=0.0005, epochs=40)
    for epoch, (train, validation) in enumerate(zip(TRAIN.split(), VALIDATION.split(), strict=True), start=21):
        rate = learning_rate_at(32 * epoch - 1, 32, settings)
        losses = {"loss": int(train) / 1000, "val_loss": int(validation) / 1000}
        history.append(dataclasses.replace(history[0], epoch=epoch, learning_rate=rate, **losses))
    found = diagnose(history)
    assert found is not None
    assert found.case == case
    assert found.first_epoch == (31 if schedule == "cosine" else 21)


def test_every_case_is_told_in_every_language() -> None:
    texts = set()
    for language in LANGUAGES:
        for train, validation in ((0.3, 0.5), (0.3, 1.0), (1.0, 0.5), (1.0, 1.0), (1.6, 1.6)):
            found = diagnose(curves(train, validation))
            assert found is not None
            texts.add(describe(found, translator(language)))
    assert len(texts) == 5 * len(LANGUAGES)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("case", "changes"),
    [
        ("learning", {"learning_rate": 0.002, "epochs": 10}),
        # Nothing held back: no dropout, no variation, few photos, many epochs.
        (
            "overfitting",
            {
                "learning_rate": 0.01,
                "epochs": 14,
                "pictures_per_person": 12,
                "augmentation": Augmentation(rotation=0, shift=0, zoom=0, horizontal_flip=False),
            },
        ),
    ],
)
def test_real_trainings(case: str, changes: dict[str, object], tmp_path: Path) -> None:
    from castlist.learning import learn

    draw_cast(tmp_path / "cast", pictures_per_person=24, size=48)
    settings = Settings(
        model="cnn", faces=False, image_size=48, dropouts=(0.0,) * 5, schedule="constant", label_smoothing=0.0
    )
    run, _ = learn(tmp_path / "cast", dataclasses.replace(settings, **changes), runs=tmp_path)
    found = diagnose(read_history(run))
    assert found is not None
    assert found.case == case, [(row.loss, row.val_loss) for row in read_history(run)]
