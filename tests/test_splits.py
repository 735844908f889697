"""The split leaks nothing, keeps its shares, and stays when photos are added elsewhere."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from castlist.learning.splits import TEST, TRAIN, VALIDATION, assign_sides
from castlist.settings import Settings


def digests(*names: str) -> list[str]:
    return [hashlib.sha256(name.encode()).hexdigest() for name in names]


def cast(*counts: int) -> tuple[np.ndarray, list[str]]:
    person = np.repeat(np.arange(len(counts)), counts)
    return person, digests(*(f"{p}-{i}" for p, count in enumerate(counts) for i in range(count)))


def test_every_person_has_the_shares_on_every_side() -> None:
    person, names = cast(100, 40, 20)
    sides = assign_sides(person, np.arange(160), names, Settings())
    for index, count in enumerate((100, 40, 20)):
        mine = sides[person == index]
        assert (mine == TEST).sum() == round(0.15 * count)
        assert (mine == VALIDATION).sum() == round(0.15 * count)


def test_a_group_is_on_one_side_only_even_across_people() -> None:
    person, names = cast(60, 60)
    group = np.random.default_rng(0).integers(0, 40, 120)
    sides = assign_sides(person, group, names, Settings())
    assert {len(set(sides[group == number])) for number in np.unique(group)} == {1}
    assert set(sides) == {TRAIN, VALIDATION, TEST}


def test_photos_added_to_others_change_nothing() -> None:
    person, names = cast(50, 50)
    before = assign_sides(person, np.arange(100), names, Settings())
    more_person = np.concatenate([person, [1] * 30])
    more_names = names + digests(*(f"new-{i}" for i in range(30)))
    after = assign_sides(more_person, np.arange(130), more_names, Settings())
    np.testing.assert_array_equal(before[:50], after[:50])
    assert (before[50:] != after[50:100]).mean() < 0.2  # of the same person, only the borders move


def test_the_order_of_the_photos_changes_nothing() -> None:
    person, names = cast(30, 20)
    order = np.random.default_rng(1).permutation(50)
    shuffled = assign_sides(person[order], order, [names[i] for i in order], Settings())
    np.testing.assert_array_equal(shuffled, assign_sides(person, np.arange(50), names, Settings())[order])


def test_another_seed_is_another_split() -> None:
    person, names = cast(50)
    sides = [assign_sides(person, np.arange(50), names, Settings(seed=seed)) for seed in (0, 1)]
    assert not np.array_equal(*sides)


@pytest.mark.parametrize(("n_groups", "expected"), [(1, {TRAIN}), (2, {TRAIN, TEST}), (3, {TRAIN, VALIDATION, TEST})])
def test_few_photos(n_groups: int, expected: set[int]) -> None:
    person, names = cast(n_groups)
    for shares in (0.15, 0.45):
        settings = Settings(test_share=shares, validation_share=shares)
        assert set(assign_sides(person, np.arange(n_groups), names, settings)) == expected


def test_twenty_copies_go_to_training() -> None:
    person, names = cast(60)
    group = np.concatenate([np.zeros(20, int), np.arange(1, 41)])
    for seed in range(10):
        assert set(assign_sides(person, group, names, Settings(seed=seed))[:20]) == {TRAIN}
