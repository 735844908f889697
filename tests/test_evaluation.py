"""Numbers that can be checked by hand, and the files they are kept in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from castlist.errors import RunError
from castlist.learning.evaluation import NOBODY, Evaluation, evaluation_files, read_evaluation, score_answers
from test_run import make_run

PEOPLE = ("Ann", "file", "王小明")  # one bears the name of a column


def example() -> Evaluation:
    truth = np.array([0, 0, 0, 1, 1, 2])
    probabilities = np.array(
        [
            [0.8, 0.1, 0.1, 0.0],
            [0.6, 0.3, 0.1, 0.0],
            [0.1, 0.7, 0.2, 0.0],
            [0.1, 0.7, 0.1, 0.1],
            [0.1, 0.8, 0.1, 0.0],
            [0.1, 0.05, 0.05, 0.8],
        ]
    )
    predicted = np.array([0, 0, 1, 1, 1, NOBODY])
    return score_answers(PEOPLE, [f"{PEOPLE[t]}/{i}.jpg" for i, t in enumerate(truth)], truth, predicted, probabilities)


def test_scores() -> None:
    scored = example()
    assert scored.accuracy == pytest.approx(4 / 6)
    assert scored.top2_accuracy == pytest.approx(4 / 6)
    assert scored.loss == pytest.approx(-np.log([0.8, 0.6, 0.1, 0.7, 0.8, 0.05]).mean())
    np.testing.assert_array_equal(scored.confusion, [[2, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]])
    ann, file, ming = scored.persons
    assert (ann.photos, ann.precision, ann.recall) == (3, 1, pytest.approx(2 / 3))
    assert (file.precision, file.recall, file.f1) == (pytest.approx(2 / 3), 1, pytest.approx(0.8))
    assert (ming.precision, ming.recall, ming.f1) == (0, 0, 0)
    assert scored.unknown_share == pytest.approx(1 / 6)
    assert scored.wrong.tolist() == [5, 2]  # the most confident first


def test_the_interval_is_wilson_s() -> None:
    low, high = example().accuracy_interval
    n, p, z = 6, 4 / 6, 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    assert (low, high) == (pytest.approx(middle - half), pytest.approx(middle + half))


def test_a_certain_and_wrong_answer_has_a_finite_loss() -> None:
    scored = score_answers(("a", "b"), ["a/1"], np.array([0]), np.array([1]), np.array([[0, 1, 0]], np.float32))
    assert np.isfinite(scored.loss)


def test_answers_are_read_back(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", people=PEOPLE)
    for name, data in evaluation_files(example(), run).items():
        (run.path / name).write_bytes(data)
    again = read_evaluation(run)
    assert again.files == example().files
    np.testing.assert_allclose(again.probabilities, example().probabilities, rtol=1e-5)
    record = json.loads((run.path / "metrics.json").read_text("utf-8"))
    assert record["accuracy"] == pytest.approx(4 / 6)
    assert record["persons"]["王小明"]["photos"] == 1


def test_missing_and_broken_answers_are_one_sentence(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", people=PEOPLE)
    with pytest.raises(RunError, match="has not been evaluated"):
        read_evaluation(run)
    for text in ("", "file,true,predicted\n", "file,true,predicted,Ann,file,王小明,unknown\na,Ann,Ann,x,1,1,0\n"):
        (run.path / "predictions.csv").write_text(text, "utf-8")
        with pytest.raises(RunError, match="can't be read"):
            read_evaluation(run)


def test_reliability_and_its_error() -> None:
    probabilities = np.array([[0.95, 0.05, 0]] * 10 + [[0.65, 0.35, 0]] * 10)
    truth = np.array([0] * 9 + [1] + [0] * 4 + [1] * 6)
    scored = score_answers(("a", "b"), ["x"] * 20, truth, np.zeros(20, int), probabilities)
    assert [(one.answers, one.frequency) for one in scored.reliability] == [(10, 0.4), (10, 0.9)]
    assert scored.calibration_error == pytest.approx((0.05 + 0.25) / 2)
