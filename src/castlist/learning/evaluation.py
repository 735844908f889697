"""How good a run is, on the test side: numbers only, computed from what naming itself would answer."""

from __future__ import annotations

import csv
import json
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from castlist.errors import PhotoError, RunError, reason_of
from castlist.files import read_csv, table_bytes
from castlist.gallery import NOBODY, Answers, Gallery
from castlist.learning.dataset import Dataset
from castlist.learning.sequences import arrange, read_sequences
from castlist.learning.splits import TEST
from castlist.media import UNKNOWN
from castlist.naming import Network, answers_of
from castlist.run import Run

HEADER = ("file", "true", "predicted")  # of predictions.csv; then a column of probabilities per person, and unknown
BATCH = 64  # photos or sequences read at once; bounds the memory
BINS = 10  # of the reliability curve
Z95 = 1.959964  # standard deviations within which 95 % of a normal distribution lies

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PersonScore:
    """How well one person is told from the others."""

    person: str
    photos: int  # of this person on the test side
    precision: float  # share of the photos given this name that are this person's
    recall: float  # share of this person's photos given this name
    f1: float


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers of similar probability: is it as frequent that they are right?"""

    answers: int
    probability: float  # mean of what was claimed
    frequency: float  # share that is right


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A run's answers on its test side, and what they amount to."""

    people: tuple[str, ...]
    files: tuple[str, ...]  # n paths below the photos' root
    truth: np.ndarray  # (n,), int; index into people, by the folder the photo lies in
    predicted: np.ndarray  # (n,), int; index into people, or NOBODY
    probabilities: np.ndarray  # (n, n_people + 1), float; the last is that of "unknown"
    loss: float  # cross-entropy, nats, without label smoothing
    accuracy: float
    accuracy_interval: tuple[float, float]  # 95 %, Wilson's
    top2_accuracy: float  # share of photos whose person is among the first two answers
    unknown_share: float  # share of the cast's photos answered with "unknown"
    confusion: np.ndarray  # (n_people, n_people + 1), int; row: true, column: predicted, the last "unknown"
    reliability: tuple[ReliabilityBin, ...]
    calibration_error: float  # expected: the mean distance between probability and frequency
    persons: tuple[PersonScore, ...]

    @property
    def wrong(self) -> np.ndarray:
        """The rows answered wrongly, the most confident first."""
        rows = np.flatnonzero(self.predicted != self.truth)
        return rows[np.argsort(-self.probabilities[rows].max(axis=1), kind="stable")]


def evaluate(run: Run, gallery: Gallery | None, dataset: Dataset | None) -> Evaluation:
    """Answer for each photo of the test side with what naming will use, and score the answers.

    A model of sequences answers for each sequence, which is called by its first photo. The gallery of a run knows all
    photos; here it is asked as it was before it knew those of the test side.

    Args:
        run: Whose `sides` say which photos are for the test.
        gallery: Of a run on faces: the embeddings of all its photos.
        dataset: Of a run with a Keras model: the photos as the network sees them.

    Raises:
        RunError: If the photos aren't those the run was trained on.
    """
    gate = files = truth = None
    if gallery is not None:
        gate, files, truth = _answer_held_out(run, gallery)
    if dataset is None:
        assert gate is not None and files is not None and truth is not None, "a run has a gallery or a network"
        return score_answers(run.people, files, truth, gate.named, gate.probabilities)
    run.need_photos(dataset.fingerprint)
    network = Network(run.network_path)
    sequences = arrange(dataset, TEST, run.settings)
    batches = [sequences[start : start + BATCH] for start in range(0, len(sequences), BATCH)]
    probabilities = np.concatenate(
        [network.probabilities(read_sequences(dataset, batch, run.settings)) for batch in batches]
    )
    if gate is not None:
        gate = gate.merged(np.searchsorted(dataset.indices(TEST), sequences))
    answers = answers_of(run.people, probabilities, gate)
    firsts = sequences[:, 0]
    files = [dataset.files[row] for row in firsts]
    return score_answers(run.people, files, dataset.person[firsts], answers.named, answers.probabilities)


def _answer_held_out(run: Run, gallery: Gallery) -> tuple[Answers, list[str], np.ndarray]:
    """Answers for the test photos by a gallery that doesn't know them, with their files and people."""
    held_out = frozenset(run.sides["test"])
    tested = np.array([photo in held_out for photo in gallery.photos], bool)
    known = ~tested
    present = np.unique(gallery.person[known])  # somebody all of whose photos are copies of others' may not be there
    smaller = Gallery.fit(
        [gallery.people[index] for index in present],
        gallery.embeddings[known],
        np.searchsorted(present, gallery.person[known]),
        [photo for photo, is_known in zip(gallery.photos, known, strict=True) if is_known],
        stranger_rate=gallery.stranger_rate,
        background=gallery.background,
    )
    answers = smaller.answer(gallery.embeddings[tested])
    columns = np.append(present, len(gallery.people))
    probabilities = np.zeros((len(answers), len(gallery.people) + 1), np.float32)
    probabilities[:, columns] = answers.probabilities
    gains = np.full((len(answers), len(gallery.people)), -np.inf, np.float32)
    gains[:, present] = answers.gains
    named = np.where(answers.named == NOBODY, NOBODY, present[answers.named])
    files = [photo for photo, is_tested in zip(gallery.photos, tested, strict=True) if is_tested]
    return Answers(gallery.people, probabilities, gains, named), files, gallery.person[tested]


def score_answers(
    people: Sequence[str],
    files: Sequence[str],
    truth: np.ndarray,
    predicted: np.ndarray,
    probabilities: np.ndarray,
) -> Evaluation:
    """Score answers.

    Args:
        people: Names, in the order of the columns of `probabilities`.
        files: n photos.
        truth: Shape (n,), int; each photo's person.
        predicted: Shape (n,), int; each photo's answer, NOBODY for unknown.
        probabilities: Shape (n, n_people + 1), rows that sum to 1; the last column is that of unknown.
    """
    right = predicted == truth
    confusion = np.zeros((len(people), len(people) + 1), np.int64)
    np.add.at(confusion, (truth, predicted), 1)  # NOBODY is the last
    first_two = np.argsort(-probabilities[:, :-1], axis=1, kind="stable")[:, :2]
    bins = _reliability(probabilities[np.arange(len(right)), predicted], right)
    clipped = np.clip(probabilities.astype(np.float64), 1e-7, 1)
    return Evaluation(
        people=tuple(people),
        files=tuple(files),
        truth=truth,
        predicted=predicted,
        probabilities=probabilities,
        loss=float(-np.log(clipped[np.arange(len(truth)), truth] / clipped.sum(axis=1)).mean()),
        accuracy=float(right.mean()),
        accuracy_interval=_wilson(int(right.sum()), len(right)),
        top2_accuracy=float((first_two == truth[:, None]).any(axis=1).mean()),
        unknown_share=float((predicted == NOBODY).mean()),
        confusion=confusion,
        reliability=bins,
        calibration_error=sum(one.answers * abs(one.probability - one.frequency) for one in bins) / len(right),
        persons=tuple(_score(name, i, confusion) for i, name in enumerate(people)),
    )


def _score(name: str, person: int, confusion: np.ndarray) -> PersonScore:
    """Shares of nothing are 0."""
    right, photos, named = int(confusion[person, person]), int(confusion[person].sum()), int(confusion[:, person].sum())
    f1 = 2 * right / max(photos + named, 1)
    return PersonScore(name, photos, right / max(named, 1), right / max(photos, 1), f1)


def _wilson(right: int, n: int) -> tuple[float, float]:
    """The interval that holds the share of very many with a probability of 95 %.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    share, weight = right / n, Z95**2 / n
    middle = (share + weight / 2) / (1 + weight)
    half = Z95 / (1 + weight) * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _reliability(probability: np.ndarray, right: np.ndarray) -> tuple[ReliabilityBin, ...]:
    """Answers in bins of equal width, empty ones left out."""
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    return tuple(
        ReliabilityBin(int(mine.sum()), float(probability[mine].mean()), float(right[mine].mean()))
        for mine in (bins == number for number in np.unique(bins))
    )


def evaluation_files(evaluation: Evaluation, run: Run) -> dict[str, bytes]:
    """The answers and the metrics as files of the run folder, by name."""
    names = (*evaluation.people, UNKNOWN)  # so that NOBODY is the last
    answers = table_bytes(
        [*HEADER, *names],
        [
            [file, names[true], names[guess], *(f"{p:.6g}" for p in probabilities)]
            for file, true, guess, probabilities in zip(
                evaluation.files, evaluation.truth, evaluation.predicted, evaluation.probabilities, strict=True
            )
        ],
    )
    record: dict[str, Any] = {
        "test_photos": len(evaluation.files),
        "test_groups": run.groups["test"],
        "loss": evaluation.loss,
        "accuracy": evaluation.accuracy,
        "accuracy_95": evaluation.accuracy_interval,
        "top2_accuracy": evaluation.top2_accuracy,
        "unknown_share": evaluation.unknown_share,
        "calibration_error": evaluation.calibration_error,
        "reliability": [vars(one) for one in evaluation.reliability],
        "persons": {score.person: vars(score) for score in evaluation.persons},
        "confusion": evaluation.confusion.tolist(),
    }
    metrics = json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8")
    logger.info("evaluated: %d test photos, accuracy %.4f", len(evaluation.files), evaluation.accuracy)
    return {run.answers_path.name: answers, run.metrics_path.name: metrics}


def read_evaluation(run: Run) -> Evaluation:
    """Read a run's answers from predictions.csv and score them again.

    Raises:
        RunError: If the file is missing or broken.
    """
    path = run.answers_path
    try:
        header, *rows = read_csv(path)
        if header != [*HEADER, *run.people, UNKNOWN]:
            raise ValueError("its columns are not this run's people")
        index = {UNKNOWN: NOBODY} | {person: i for i, person in enumerate(run.people)}
        truth = np.array([index[row[1]] for row in rows])
        predicted = np.array([index[row[2]] for row in rows])
        probabilities = np.array([row[len(HEADER) :] for row in rows], np.float64)
        return score_answers(run.people, [row[0] for row in rows], truth, predicted, probabilities)
    except FileNotFoundError:
        raise RunError(
            "not-evaluated",
            "The run {path!r} has not been evaluated: it has no predictions.csv.",
            path=str(run.path),
        ) from None
    except (OSError, PhotoError, ValueError, KeyError, IndexError, csv.Error) as error:
        raise RunError(
            "answers-broken",
            "The answers in {path!r} can't be read ({reason}).",
            path=str(path),
            reason=reason_of(error),
        ) from error
