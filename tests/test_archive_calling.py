"""What was decided about somebody goes with the person when the run calls the person otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import Archive, fill_archive, find_in_archive
from castlist.errors import Message
from castlist.people import enrol, forget, list_people, merge, rename, teach
from castlist.testing import level_of, make_run, save_picture, tell_faces


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A run of three, and an archive in which a stranger was decided to be Bo."""
    make_run(tmp_path / "run", ("Ann", "Bo", "Cy"))
    for name, level in (("one", 20), ("two", 21), ("three", 22)):
        save_picture(tmp_path / "photos" / f"{name}.png", [level_of(level)])
    make(tmp_path)
    decide(tmp_path, "one", "Bo")
    return tmp_path


def make(home: Path) -> list[Message]:
    told: list[Message] = []
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces, tell=told.append)
    return told


def decide(home: Path, photo: str, name: str) -> None:
    archive = Archive(home / "archive")
    archive.decide("is", archive.spot(f"{photo}.png"), name=name)


def decided(home: Path) -> list[str | None]:
    return [one.name for one in Archive(home / "archive").decisions]


def test_a_decision_follows_a_rename_and_a_merge_and_stays_taken_back_as_one(home: Path) -> None:
    written = (home / "archive" / "decisions.jsonl").read_bytes()
    rename(home / "run", "Bo", "Robert")
    assert make(home) == []
    assert decided(home) == ["Robert"]
    assert (home / "archive" / "decisions.jsonl").read_bytes().startswith(written)  # only ever added to
    merge(home / "run", "Robert", "Ann")
    make(home)
    assert decided(home) == ["Ann"]
    assert Archive(home / "archive").undo().name == "Ann"
    assert decided(home) == []


def test_a_run_is_taught_by_the_names_that_it_has_now(home: Path) -> None:
    rename(home / "run", "Bo", "Robert")
    assert teach(home / "run", home / "archive").added == {"Robert": 1}
    assert [one.name for one in list_people(home / "run")] == ["Ann", "Robert", "Cy"]
    assert b"Bo" not in (home / "run" / "run.json").read_bytes()


def test_an_archive_that_was_away_hears_of_all_renames_in_their_order(home: Path) -> None:
    decide(home, "two", "Cy")
    rename(home / "run", "Bo", "Robert")
    rename(home / "run", "Cy", "Bo")
    decide(home, "three", "Robert")
    rename(home / "run", "Robert", "Rob")
    rename(home / "run", "Bo", "Bob")
    make(home)
    assert decided(home) == ["Rob", "Bob", "Rob"]
    rename(home / "run", "Ann", "Anna")
    make(home)
    heard = (home / "archive" / "decisions.jsonl").read_bytes()
    make(home)
    assert (home / "archive" / "decisions.jsonl").read_bytes() == heard, "once each"
    assert decided(home) == ["Rob", "Bob", "Rob"]


def test_an_old_name_that_nobody_else_bears_means_whom_it_meant(home: Path) -> None:
    rename(home / "run", "Bo", "Robert")
    decide(home, "two", "Bo")
    assert make(home) == []
    assert decided(home) == ["Robert", "Robert"]


def test_a_name_that_another_person_bears_by_now_is_not_mixed_up(home: Path) -> None:
    rename(home / "run", "Bo", "Robert")
    rename(home / "run", "Cy", "Bo")
    decide(home, "two", "Bo")  # who was Cy
    (doubt,) = make(home)
    assert doubt.code == "decided-by-old-name" and "1 decision about 'Bo'" in str(doubt)
    assert decided(home) == ["Robert", "Bo"]
    decide(home, "three", "Bo")
    assert make(home) == []
    assert decided(home) == ["Robert", "Bo", "Bo"]


def test_a_name_from_before_the_archive_was_made_is_free_again(home: Path) -> None:
    rename(home / "run", "Bo", "Robert")
    shutil.rmtree(home / "archive")
    make(home)
    decide(home, "one", "Bo")
    make(home)
    assert decided(home) == ["Bo"]


def test_another_run_calls_people_as_it_likes_but_a_moved_one_is_heard(home: Path) -> None:
    shutil.copytree(home / "run", home / "other")
    rename(home / "other", "Bo", "Robert")
    teach(home / "other", home / "archive")
    assert decided(home) == ["Bo"]
    shutil.rmtree(home / "run")
    teach(home / "other", home / "archive")
    assert decided(home) == ["Robert"]


def test_whoever_is_forgotten_under_a_new_name_is_forgotten_under_the_old_one(home: Path) -> None:
    rename(home / "run", "Bo", "Robert")
    decide(home, "two", "Ann")
    forget(home / "run", "Robert", archive=home / "archive")
    assert decided(home) == ["Ann"]
    for path in (*(home / "archive").rglob("*"), home / "run" / "run.json"):
        assert path.is_dir() or not any(name in path.read_bytes() for name in (b'"Bo"', b"Robert")), path
    # Nor is what was heard heard again.
    enrol(home / "run", "Bo", [home / "photos" / "three.png"], finder=tell_faces)
    decide(home, "three", "Bo")
    make(home)
    assert decided(home) == ["Ann", "Bo"]


def test_whoever_is_forgotten_takes_nobody_along_whose_new_name_is_not_heard_of_yet(home: Path) -> None:
    save_picture(home / "photos" / "bo.png", [level_of(1)])
    make(home)
    rename(home / "run", "Bo", "Robert")
    forget(home / "run", "Ann", archive=home / "archive")
    make(home)
    assert decided(home) == ["Robert"]
    assert {face.path.name for face in find_in_archive(Archive(home / "archive"), "Robert")} == {"bo.png", "one.png"}


def test_the_forgotten_leave_the_names_of_others_as_they_are_by_now(home: Path) -> None:
    rename(home / "run", "Bo", "Robert")
    rename(home / "run", "Cy", "Bo")
    assert make(home) == [], "nobody decided by a name that means another person by now"
    forget(home / "run", "Bo", archive=home / "archive")
    assert decided(home) == ["Robert"]
    lines = [json.loads(line) for line in (home / "archive" / "decisions.jsonl").read_text().splitlines()]
    assert not any(line.get("name") == "Bo" or line.get("to") == "Bo" for line in lines)
    make(home)
    assert decided(home) == ["Robert"]
