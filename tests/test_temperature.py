"""A temperature makes probabilities as frequent as they say, and can't be had for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.learning.temperature import fit_temperature


def answers(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_what_probabilities_were_made_with_is_found(temperature: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (3000, 5))
    people = rng.multinomial(1, answers(logits))
    assert fit_temperature(answers(logits * temperature), people) == pytest.approx(temperature, rel=0.1)


def test_few_photos_named_rightly_are_no_reason_to_be_certain() -> None:
    """Of each of eight photos the network says 60 %, rightly; certain it may be of no more than there are."""
    probabilities = np.where(np.eye(4), 0.6, 0.4 / 3)[[0, 1, 2, 3] * 2]
    temperature = fit_temperature(probabilities, np.eye(4)[[0, 1, 2, 3] * 2])
    calibrated = answers(np.log(probabilities) / temperature).max(axis=1)
    np.testing.assert_allclose(calibrated, (8 + 1 / 4) / 9, atol=1e-3)


def test_a_network_that_gives_nothing_for_the_rest_can_be_doubted() -> None:
    people = np.eye(3)[[0, 1, 2, 0]]
    wrong = np.eye(3, dtype=np.float32)[[0, 1, 2, 1]]
    assert 1 < fit_temperature(wrong, people) <= 10
