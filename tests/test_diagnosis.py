"""The five cases, on curves of real trainings and on curves whose slopes are known."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")

from castlist.languages import LANGUAGES, translator
from castlist.learning.diagnosis import describe_diagnosis, describe_end, diagnose
from castlist.learning.optimization import learning_rate_at
from castlist.run import Epoch
from castlist.settings import Settings

MANY = 1000  # photos to validate with


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
    found = diagnose(curves(train, validation), MANY)
    assert found is not None
    assert found.case == case
    assert (found.first_epoch, found.last_epoch) == (11, 20)


@pytest.mark.parametrize(
    ("train", "validation", "case"),
    [(0.5, 0.6, "learning"), (0.5, 1.0, "overfitting"), (0.01, 0.6, "overfitting"), (0.01, 1.6, "overfitting")],
)
def test_where_the_training_photos_are_learnt(train: float, validation: float, case: str) -> None:
    """With nowhere to fall, their loss is not at rest; what was learnt by heart, more epochs don't mend."""
    history = [dataclasses.replace(row, loss=train, accuracy=0.99) for row in curves(1.0, validation)]
    found = diagnose(history, MANY)
    assert found is not None
    assert found.case == case


def test_a_first_epoch_that_went_wild_makes_nothing_learnt() -> None:
    """Adam at 0.1 on the drawn cast: from the second epoch on at chance, 1.95 of seven people."""
    history = [dataclasses.replace(row, loss=22.8 if row.epoch == 1 else 1.95 * row.loss) for row in curves(1.0, 1.0)]
    found = diagnose(history, MANY)
    assert found is not None
    assert found.case == "stalled"


def test_noise_and_single_epochs_decide_nothing() -> None:
    history = curves(0.3, 0.5)
    history[-1] = dataclasses.replace(history[-1], loss=9.0, val_loss=9.0)
    found = diagnose(history, MANY)
    assert found is not None
    assert found.case == "learning"
    loud = [diagnose(curves(1.0, 1.0, noise=0.3, seed=seed), MANY) for seed in range(40)]
    # Two slopes, each taken for one by chance in one of ten.
    assert sum(found is not None and found.case == "stalled" for found in loud) >= 28


def test_a_few_epochs_tell_nothing() -> None:
    assert diagnose(curves(0.3, 0.5, epochs=7), MANY) is None


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
    found = diagnose(history, MANY)
    assert found is not None
    assert found.case == case
    assert found.first_epoch == (31 if schedule == "cosine" else 21)


def test_of_few_photos_only_that_is_told_which_all_of_the_curves_show() -> None:
    """Of 56 photos: while the loss fell from 1.99 to 1.05 on training, it rose from 1.39 to 2.32 on validation."""
    train, validation = np.linspace(1.99, 1.05, 30), np.linspace(1.39, 2.32, 30)
    train[15:] = 1.05 + 0.02 * (-1.0) ** np.arange(15)  # in the end it rested, while the other fell a little
    validation[15:] = np.linspace(2.6, 2.32, 15)
    rows = [
        dataclasses.replace(row, loss=a, val_loss=b)
        for row, a, b in zip(curves(1.0, 1.0, epochs=30), train, validation, strict=True)
    ]
    cases = {n: found.case for n in (8, MANY) if (found := diagnose(rows, n))}
    assert cases == {8: "overfitting", MANY: "data"}
    found = diagnose(curves(1.0, 0.5), 8)
    assert found is not None and found.case == "few"
    assert "too few photos" in describe_diagnosis(found, translator("en"))[0]


def test_every_case_is_told_in_every_language() -> None:
    texts = set()
    for language in LANGUAGES:
        for train, validation in ((0.3, 0.5), (0.3, 1.0), (1.0, 0.5), (1.0, 1.0), (1.6, 1.6)):
            found = diagnose(curves(train, validation), MANY)
            assert found is not None
            texts.add(describe_diagnosis(found, translator(language)))
    assert len(texts) == 5 * len(LANGUAGES)


# Of real trainings, three of each trouble: python benchmarks/curves.py > tests/curves.json
REAL = json.loads((Path(__file__).parent / "curves.json").read_text("utf-8"))


@pytest.mark.parametrize("trouble", list(REAL))
def test_real_trainings(trouble: str) -> None:
    """Two of three at least: each is a training anew, and one may lie on the limit."""
    told = []
    for curve in REAL[trouble]["curves"]:
        rows = [dict(zip(curve, values, strict=True)) for values in zip(*curve.values(), strict=True)]
        history = [Epoch(epoch=i, seconds=1, val_accuracy=0.5, **row) for i, row in enumerate(rows, start=1)]
        found = diagnose(history, MANY)
        assert found is not None
        told.append(found.case)
    assert told.count(REAL[trouble]["case"]) >= 2, told


def test_the_real_trainings_are_of_every_case() -> None:
    assert {one["case"] for one in REAL.values()} == {"learning", "overfitting", "data", "stalled", "wrong"}


@pytest.mark.parametrize(("watched", "best"), [("val_loss", 2), ("val_accuracy", 3)])
def test_a_training_that_stopped_early_says_why(watched: str, best: int) -> None:
    losses, accuracies = [3, 1, 2, 2, 2], [0.1, 0.2, 0.9, 0.5, 0.5]
    history = [
        Epoch(epoch=i, seconds=1, learning_rate=1, loss=1, accuracy=1, val_loss=loss, val_accuracy=accuracy)
        for i, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True), start=1)
    ]
    settings = Settings(model="cnn", epochs=9, early_stopping=watched, patience=2)
    said = describe_end(history, settings, translator("en"))
    assert said == (
        f"Stopped early, after epoch 5 of 9: {watched} was best in epoch {best}, and no better in the "
        f"{5 - best} epochs since."
    )
    for other in ({"patience": 4}, {"early_stopping": "off"}, {"epochs": 5}):
        assert describe_end(history, dataclasses.replace(settings, **other), translator("en")) is None
