"""Runs beside each other: what was changed, and McNemar's test on the photos that they share."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from castlist.learning.comparison import changed_settings, compare_answers
from castlist.learning.evaluation import Evaluation, score_answers
from castlist.run import Run
from castlist.settings import Augmentation, Settings


def answers(files: list[str], right: list[bool]) -> Evaluation:
    people = ("ann", "bob")
    truth = np.array([people.index(file.split("/")[0]) for file in files])
    predicted = np.where(right, truth, 1 - truth)
    return score_answers(people, files, truth, predicted, np.hstack([np.eye(2)[predicted], np.zeros((len(files), 1))]))


def test_only_settings_that_differ_are_told(tmp_path: Path) -> None:
    first = Run(
        path=tmp_path, people=("a",), settings=Settings(), photos_root="", photos_fingerprint="", sides={}, groups={}
    )
    changed = dataclasses.replace(Settings(), epochs=3, augmentation=Augmentation(zoom=0.1))
    second = dataclasses.replace(first, settings=changed)
    assert changed_settings([first, second]) == {"augmentation.zoom": (None, 0.1), "epochs": (30, 3)}
    assert changed_settings([first, first]) == {}


def test_a_duel_counts_shared_photos_only() -> None:
    files = [f"ann/{i}.jpg" for i in range(6)] + [f"bob/{i}.jpg" for i in range(6)]
    first = answers(files, [True] * 4 + [False] * 8)
    second = answers([*files[2:], "bob/new.jpg"], [True] * 11)
    duel = compare_answers(first, second)
    assert (duel.photos, duel.both, duel.only_first, duel.only_second) == (10, 2, 0, 8)
    assert duel.p_value == pytest.approx(2 / 2**8)  # eight of eight one way, either way
    assert duel.gains == (("bob", 6), ("ann", 2))


def test_a_photo_under_another_name_is_not_the_same() -> None:
    first, second = answers(["ann/1.jpg"], [True]), answers(["ann/1.jpg"], [False])
    moved = dataclasses.replace(second, truth=np.array([1]))
    assert compare_answers(first, moved).photos == 0
    assert compare_answers(first, moved).p_value == 1.0
