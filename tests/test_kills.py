"""Killed anywhere, a change of a run is made or not made, and repeated it comes to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import castlist
from kill_points import NOBODY, PEOPLE
from small_runs import ONE_THREAD

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
WITHOUT, WITH = [*PEOPLE[:2]], [*PEOPLE, "Dora"]


def kill(action: str, home: Path, *more: str) -> list[dict[str, Any]]:
    """What `kill_points.py` told, after each kill."""
    script = Path(__file__).with_name("kill_points.py")
    paths = (str(Path(castlist.__file__).parents[1]), str(script.parent))
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "XDG_CACHE_HOME": str(home / "cache"),
        **ONE_THREAD,
    }
    done = subprocess.run(
        [sys.executable, str(script), action, str(home), *more], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_forgets(kills: list[dict[str, Any]]) -> None:
    for one in kills:
        between = one["between"]
        assert between["people"] in ([*PEOPLE], WITHOUT) and between["agree"]
        # Either the same again finishes it, or it was finished: then nobody of the name is there.
        is_finished = between["people"] == WITHOUT and not between["leaving"]
        assert one["again"] == (NOBODY if is_finished else 0)
        assert one["after"] == {"people": WITHOUT, "photos": 16, "agree": True, "leaving": 0}
        assert one["told"] == one["left"] == []


def check_enrolments(kills: list[dict[str, Any]]) -> None:
    for one in kills:
        assert one["between"]["people"] in ([*PEOPLE], WITH) and one["between"]["agree"]
        assert one["again"] == 0
        assert one["after"] == {"people": WITH, "photos": 25, "agree": True, "leaving": 0}
        assert one["left"] == []


def test_a_forget_is_killed_before_every_change_of_the_disk(tmp_path: Path) -> None:
    kills = kill("forget", tmp_path)
    assert sum(one["killed"] for one in kills) > 30
    states = {(tuple(one["between"]["people"]), one["between"]["leaving"]) for one in kills if one["killed"]}
    assert len(states) >= 2, "no kill fell between the steps"
    check_forgets(kills)


def test_an_enrolment_is_killed_before_every_change_of_the_disk(tmp_path: Path) -> None:
    kills = kill("enrol", tmp_path)
    assert sum(one["killed"] for one in kills) > 15
    assert {len(one["between"]["people"]) for one in kills} == {3, 4}
    check_enrolments(kills)


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("undo", (WITH, 25), ([*PEOPLE], 24)),
        ("rename", ([*PEOPLE], 24), ([*PEOPLE[:2], "Bea"], 24)),
        ("merge", ([*PEOPLE], 24), ([*PEOPLE[:2]], 24)),
        ("forget-photo", ([*PEOPLE], 24), ([*PEOPLE], 23)),
        ("refresh", ([*PEOPLE], 24), ([*PEOPLE], 23)),
    ],
)
def test_any_change_of_people_is_killed_before_every_change_of_the_disk(
    tmp_path: Path, action: str, before: tuple[list[str], int], after: tuple[list[str], int]
) -> None:
    kills = kill(action, tmp_path)
    assert sum(one["killed"] for one in kills) > 15
    states = [(one["between"]["people"], one["between"]["photos"]) for one in kills]
    assert before in states and after in states
    for one, state in zip(kills, states, strict=True):
        assert state in (before, after) and one["between"]["agree"]
        assert one["again"] == (0 if state == before else NOBODY)
        assert (one["after"]["people"], one["after"]["photos"]) == after and one["after"]["agree"]
        assert one["left"] == []


@pytest.mark.slow
def test_a_forget_is_killed_at_twenty_random_moments(tmp_path: Path) -> None:
    kills = kill("forget", tmp_path, "20")
    assert len(kills) == 20
    check_forgets(kills)


@pytest.mark.slow
def test_an_enrolment_is_killed_at_twenty_random_moments(tmp_path: Path) -> None:
    kills = kill("enrol", tmp_path, "20")
    assert len(kills) == 20
    check_enrolments(kills)
