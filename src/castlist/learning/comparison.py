"""Runs beside each other: what was set otherwise, how good each is, and whether the difference is more than chance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from castlist.languages import Speak
from castlist.learning.evaluation import Evaluation
from castlist.run import Run, read_history


@dataclass(frozen=True)
class Duel:
    """Two runs asked the same test photos."""

    photos: int  # on the test sides of both, under the same name
    both: int  # named rightly by both
    only_first: int
    only_second: int
    p_value: float  # McNemar's exact test, two-sided: how likely a difference as large is by chance alone
    gains: tuple[tuple[str, int], ...]  # person, photos that the second names rightly more; largest first


def changed_settings(runs: Sequence[Run]) -> dict[str, tuple[Any, ...]]:
    """The settings in which runs differ, with the value of each run; tables flattened, as in "augmentation.zoom"."""
    flat = [flatten(run.settings.to_dict()) for run in runs]
    return {
        name: tuple(values[name] for values in flat)
        for name in flat[0]
        if any(values[name] != flat[0][name] for values in flat[1:])
    }


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings without tables in them, as "table.name"."""
    rows: dict[str, Any] = {}
    for name, value in values.items():
        rows |= flatten(value, f"{name}.") if isinstance(value, dict) else {prefix + name: value}
    return rows


def compare_answers(first: Evaluation, second: Evaluation) -> Duel:
    """Compare two runs' answers on the test photos that they share.

    Photos are the same if their paths below their roots are, and they lie in the same person's folder.

    Source: McNemar 1947; of the photos that one run names rightly and the other doesn't, each has half by chance.
    """
    right = [dict(zip(run.files, (run.predicted == run.truth).tolist(), strict=True)) for run in (first, second)]
    person = {file: first.people[truth] for file, truth in zip(first.files, first.truth, strict=True)}
    shared = [
        file for file, truth in zip(second.files, second.truth, strict=True) if person.get(file) == second.people[truth]
    ]
    table = np.array([[right[0][file], right[1][file]] for file in shared], bool).reshape(-1, 2)
    only_first, only_second = (int(np.sum(table[:, i] & ~table[:, 1 - i])) for i in (0, 1))
    differing = only_first + only_second
    gains: dict[str, int] = {}
    for file, (a, b) in zip(shared, table.tolist(), strict=True):
        gains[person[file]] = gains.get(person[file], 0) + b - a
    return Duel(
        photos=len(shared),
        both=int(table.all(axis=1).sum()),
        only_first=only_first,
        only_second=only_second,
        p_value=_by_chance(min(only_first, only_second), differing),
        gains=tuple(sorted(((name, gain) for name, gain in gains.items() if gain), key=lambda row: -abs(row[1]))),
    )


def comparison_rows(
    runs: Sequence[Run], evaluations: Sequence[Evaluation], translate: Speak
) -> Iterator[tuple[str, list[str]]]:
    """Runs beside each other: a name and a cell for each run, of every figure and every setting that differs."""
    yield translate("run"), [run.path.name for run in runs]
    yield translate("accuracy"), [share_with_interval(one, translate) for one in evaluations]
    if any(map(read_history, runs)):
        yield translate("loss"), [f"{one.loss:.3f}" for one in evaluations]
    yield translate("unknown"), [f"{one.unknown_share:.1%}" for one in evaluations]
    yield translate("test photos"), [str(len(one.files)) for one in evaluations]
    yield translate("seconds"), ["-" if run.seconds is None else f"{run.seconds:.0f}" for run in runs]
    for name, values in changed_settings(runs).items():
        yield name, [str(value) for value in values]


def describe_duel(first: str, second: str, duel: Duel, translate: Speak) -> Iterator[str]:
    """How the answers of two runs, by their names, on the same test photos differ; then a sentence per person."""
    if not duel.photos:
        yield translate("{a} and {b} share no test photo: they can't be compared photo by photo.", a=first, b=second)
        return
    beyond = translate("more than what chance gives") if duel.p_value < 0.05 else translate("within what chance gives")
    yield translate(
        "Of {photos} test {photos:photo|photos} that both have, {both} right by both, {first} by {a} alone, {second} "
        "by {b} alone; McNemar's test: p = {p}, {beyond}.",
        photos=duel.photos,
        both=duel.both,
        first=duel.only_first,
        second=duel.only_second,
        a=first,
        b=second,
        p=f"{duel.p_value:.2g}",
        beyond=beyond,
    )
    for person, gain in duel.gains:
        better, worse = (second, first) if gain > 0 else (first, second)
        yield translate(
            "{person}: {count} more by {better} than by {worse}",
            person=person,
            count=abs(gain),
            better=better,
            worse=worse,
        )


def share_with_interval(evaluation: Evaluation, translate: Speak) -> str:
    """The share of right answers, with its interval of 95 %."""
    low, high = evaluation.accuracy_interval
    return translate("{share:.1%} ({low:.1%} to {high:.1%})", share=evaluation.accuracy, low=low, high=high)


def _by_chance(fewer: int, n: int) -> float:
    """How probably of n photos, each with half by chance, so few or fewer fall to either run."""
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n)
