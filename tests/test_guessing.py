"""Faces in general, guessed from a cast alone."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.gallery import NOBODY, Background, Gallery, Knowledge, leaving_out
from castlist.gallery.guessing import guess_background
from castlist.gallery.leaving_out import BELIEVED, LEAST, measure_tail

USED = 60  # directions


def faces(seed: int, n_people: int, photos_each: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of people in general, and whose each is."""
    rng = np.random.default_rng(seed)
    spread = np.linspace(1.5, 0.5, USED)
    people = 1.0 + spread * rng.standard_normal((n_people, USED))
    person = np.repeat(np.arange(n_people), photos_each)
    return people[person] + 0.7 * spread * rng.standard_normal((len(person), USED)), person


def seen_by(network: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    vectors = vectors @ network
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


# The second uses a third of its values.
NETWORKS = {"all": np.eye(USED), "few": np.random.default_rng(0).standard_normal((USED, 3 * USED))}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("known", [3, 30])
def test_seven_people_are_named_and_no_more_strangers_than_asked(network: str, known: int) -> None:
    photos, strangers = 10, seen_by(NETWORKS[network], faces(99, 1500, 1)[0])
    named, right = [], []
    for seed in range(2):
        vectors, person = faces(seed, 7, known + photos)
        vectors = seen_by(NETWORKS[network], vectors)
        asked = np.tile(np.arange(known + photos) >= known, 7)
        ids = ["p"] * (7 * known)
        gallery = Gallery.fit("abcdefg", vectors[~asked], person[~asked], ids, own_background=True)
        named.append((gallery.answer(strangers).named != NOBODY).mean())
        right.append((gallery.answer(vectors[asked]).named == person[asked]).mean())
    assert np.mean(named) < 0.02  # 0.01 is asked
    assert np.mean(right) > 0.95


@pytest.mark.parametrize(
    ("n_people", "photos_each", "figures"),  # of variances between people their sum and the largest; two of the places
    [
        (7, 6, [47.412, 2.5065, 2.6525, 78.185]),
        (7, 40, [50.044, 2.3265, 2.7811, 81.193]),
        (2, 3, [11.586, 2.3172, 14.977, 22.379]),
        (12, 1, [20.429, 1.8571, 5.2256, 33.131]),
        (30, 2, [55.167, 3.2359, 3.1866, 81.006]),
        (3, [1, 4, 9], [26.158, 2.5839, 4.0836, 47.878]),
    ],
)
def test_what_was_measured_with_the_guess_is_still_guessed(
    n_people: int, photos_each: int | list[int], figures: list[float]
) -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(n_people), photos_each)
    spread = np.linspace(1.5, 0.5, 24)
    vectors = 1 + rng.normal(0, spread, (n_people, 24))[person] + rng.normal(0, 0.7, (len(person), 24)) * spread
    background = guess_background(seen_by(np.eye(24), vectors), person)
    placed = background.place(seen_by(np.eye(24), vectors))
    found = [
        background.between.sum(),
        background.between.max(),
        (placed**2).mean(),
        np.trace(background.kinds.covariances[0]),
    ]
    np.testing.assert_allclose(found, figures, rtol=1e-3)


def test_axes_are_the_directions_in_which_the_photos_differ() -> None:
    vectors, person = faces(1, 7, 3)
    assert guess_background(seen_by(NETWORKS["few"], vectors), person).between.shape == (20,)
    vectors, person = faces(1, 100, 6)
    assert guess_background(seen_by(NETWORKS["few"], vectors), person).between.shape == (USED,)


@pytest.mark.parametrize(
    "person", [[0, 0, 1], [0, 0, 0], [0, 1, 2], [0, 0, 1, 1, 2, 2]], ids=["two", "one", "single photos", "copies"]
)
def test_hardly_anything_is_enough_to_guess_from(person: list[int]) -> None:
    vectors = faces(3, 1, 3)[0]
    vectors = seen_by(NETWORKS["all"], np.resize(vectors, (len(person), USED)))
    background = guess_background(vectors, np.array(person))
    assert np.isfinite(background.directions).all()
    assert background.is_in(Background.from_arrays(background.to_arrays()).to_arrays())
    assert (background.strangers[0].std(axis=0) >= 0.9).all()


@pytest.mark.parametrize("n_people", [3, 12])  # of twelve, two are left out in a turn
@pytest.mark.parametrize("is_close", [False, True])
def test_each_of_the_left_out_counts_once_beside_the_guess(
    monkeypatch: pytest.MonkeyPatch, n_people: int, is_close: bool
) -> None:
    def reach(known: Knowledge, _: Background) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        thresholds = np.full(len(known.mean), -np.inf if is_close else np.inf)
        return thresholds, np.zeros(99), np.zeros(99)

    monkeypatch.setattr(leaving_out, "reach_of_strangers", reach)
    vectors, person = faces(5, n_people, 2)
    rarity = -np.log((0.5 if is_close else 99.5) / 100)  # closer than any drawn stranger, or farther
    tail = (BELIEVED + n_people) / (BELIEVED + rarity * n_people)
    assert measure_tail(seen_by(NETWORKS["all"], vectors), person) == pytest.approx(np.clip(tail, LEAST, 1))


def test_people_left_out_in_turn_tell_how_close_strangers_come() -> None:
    vectors, person = faces(5, 12, 2)
    even = seen_by(NETWORKS["all"], vectors)
    assert measure_tail(even, person) > 0.8
    twins = seen_by(NETWORKS["all"], vectors[person // 2 * 4] + 0.5 * faces(6, 12, 2)[0])
    assert measure_tail(twins, person) < 0.5
    assert measure_tail(twins[:4], person[:4]) == 1.0  # of two people nobody can be left out
