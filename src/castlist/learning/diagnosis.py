"""What the curves of a training say, and what to try next: the five cases of the report (M14), or too few photos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist
from typing import Literal

import numpy as np

from castlist.errors import fill
from castlist.languages import Translate
from castlist.run import Epoch
from castlist.settings import TrainingSettings

Case = Literal["learning", "overfitting", "data", "stalled", "wrong", "few"]

FEW = 30  # validation photos; of fewer, one that is hard makes the loss what it is
SHORTEST = 8  # epochs; a slope of fewer is mostly noise
PART = 0.5  # of the epochs, the last ones, that are looked at
LATE = 0.25  # the same where the schedule has ended: what fell while the rate was high says nothing of more epochs
ENDED = 0.005  # of the highest learning rate, below which the schedule has ended
LEARNT = 0.98  # of the training photos named rightly, from which on they count as learnt
GAP = 3  # times the training loss of learnt photos: with a validation loss beyond, they are known by heart
MOVES = 0.04  # of the loss, over that part, below which a curve counts as flat


@dataclass(frozen=True)
class Diagnosis:
    """Which case the curves are, and the evidence."""

    case: Case
    first_epoch: int  # of the part that was looked at
    last_epoch: int
    train_change: float  # of the training loss over that part, as a share of its median; negative: it falls
    validation_change: float


def diagnose(history: Sequence[Epoch], n_validation: int) -> Diagnosis | None:
    """Say which of the cases a training is; None if it has too few epochs to tell.

    Whether a loss falls or rises is told from the median of the slopes between all pairs of epochs in the last part of
    the curve, so that a few wild epochs decide nothing, and only if the slope's 90 % interval leaves zero out. Of few
    validation photos only that is told which the whole of the curves shows: that it overfits.

    Args:
        history: The epochs.
        n_validation: Photos on the validation side.

    Source: the report's five cases; the slope of Theil 1950 and Sen 1968.
    """
    if len(history) < SHORTEST:
        return None
    if n_validation < FEW:
        train, validation = _changes(history)
        told: Case = "overfitting" if train < 0 < validation else "few"
        return Diagnosis(told, history[0].epoch, history[-1].epoch, train, validation)
    ended = history[-1].learning_rate < ENDED * max(row.learning_rate for row in history)
    part = history[-max(SHORTEST, round((LATE if ended else PART) * len(history))) :]
    train, validation = _changes(part)
    return Diagnosis(_case_of(part, train, validation), part[0].epoch, part[-1].epoch, train, validation)


def _case_of(part: Sequence[Epoch], train: float, validation: float) -> Case:
    # Whatever could be learnt of the training photos is: however the loss moves so near its floor, it says nothing.
    learnt = np.median([row.accuracy for row in part]) >= LEARNT
    by_heart = learnt and np.median([row.val_loss for row in part]) > GAP * np.median([row.loss for row in part])
    if train > 0 and not learnt:
        return "wrong"
    if train < 0 or learnt:
        return "learning" if validation < 0 and not by_heart else "overfitting"
    # A training loss that lies still while the other rises has nothing left to learn but its own photos.
    return "data" if validation < 0 else "stalled" if validation == 0 else "overfitting"


def describe_end(history: Sequence[Epoch], settings: TrainingSettings, translate: Translate) -> str | None:
    """That a training stopped before its last epoch, and why; None if it didn't."""
    if not is_over(history, settings) or len(history) >= settings.epochs:
        return None
    best = _best(history, settings)
    text = translate(
        "Stopped early, after epoch {last} of {epochs}: {measure} was best in epoch {best}, and no better in the "
        "{patience} {patience:epoch|epochs} since."
    )
    values = {"last": len(history), "epochs": settings.epochs, "measure": settings.early_stopping}
    return fill(text, {**values, "best": best, "patience": len(history) - best})


def is_over(history: Sequence[Epoch], settings: TrainingSettings) -> bool:
    """Whether a training has gone on long enough without getting better."""
    if settings.early_stopping == "off" or not history:
        return False
    return len(history) - _best(history, settings) >= settings.patience


def _best(history: Sequence[Epoch], settings: TrainingSettings) -> int:
    sign = 1 if settings.early_stopping == "val_accuracy" else -1
    return max(history, key=lambda row: sign * getattr(row, settings.early_stopping)).epoch


def _changes(rows: Sequence[Epoch]) -> tuple[float, float]:
    return _change([row.loss for row in rows]), _change([row.val_loss for row in rows])


def _change(losses: Sequence[float]) -> float:
    """How much a loss changes over a part of the curve, as a share of its median; 0 if it is flat."""
    slope, low, high = _slope(losses)
    change = slope * (len(losses) - 1) / max(float(np.median(losses)), 1e-9)
    return float(change) if abs(change) > MOVES and low * high > 0 else 0.0


def _slope(values: Sequence[float]) -> tuple[float, float, float]:
    """The median of the slopes between all pairs of values, a step apart each, and its 90 % interval.

    Source: Sen 1968, "Estimates of the regression coefficient based on Kendall's tau".
    """
    n = len(values)
    slopes = np.sort([(values[b] - values[a]) / (b - a) for a, b in combinations(range(n), 2)])
    _, equal = np.unique(values, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - (equal * (equal - 1) * (2 * equal + 5)).sum()) / 18
    spread = NormalDist().inv_cdf(0.95) * math.sqrt(variance)
    low = max(round((len(slopes) - spread) / 2) - 1, 0)
    high = min(round((len(slopes) + spread) / 2), len(slopes) - 1)
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])


def describe_diagnosis(diagnosis: Diagnosis, translate: Translate) -> tuple[str, str]:
    """The case in one sentence, and what to try in castlist's own options."""
    return {
        "learning": (
            translate("Still learning: the loss falls on training and on validation."),
            translate("Train for more epochs: castlist resume RUN --epochs N."),
        ),
        "overfitting": (
            translate("Overfitting: the loss falls on training, and no longer on validation."),
            translate("Add photos, drop more (dropouts), vary more (augmentation), or stop earlier (early_stopping)."),
        ),
        "data": (
            translate("The data set is wrong: the loss falls on validation, and not on training."),
            translate("Look for wrong names and copies among the photos, and for people whose photos differ in kind."),
        ),
        "stalled": (
            translate("Learning has come to rest: the loss is flat on training and on validation."),
            translate("Too low? Try another learning_rate, a smaller batch_size, or the model face; check the names."),
        ),
        "wrong": (
            translate("The design, the settings or the data are wrong: the loss rises on training."),
            translate("Lower the learning_rate first; then look at the names of the photos, then try another model."),
        ),
        "few": (
            translate("There are too few photos to validate with for the curves to tell what goes wrong."),
            translate("Give each person ten photos or more, or take the model face, which needs few."),
        ),
    }[diagnosis.case]
