"""The verbs about who is in a run, and those that look back, as a user types them."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from pathlib import Path

import pytest
import typer

from castlist.cli.console import pad
from castlist.cli.diary import run_cells
from castlist.faces import Face
from castlist.naming import FaceEyes
from castlist.people import list_people, rename, renew_report
from castlist.run import Run, open_run
from conftest import save_noise
from small_runs import crop, make_small_run
from test_cli import run as castlist

PEOPLE = ("Ann", "王小明", "Beatrix")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_small_run(tmp_path / "runs" / "first", PEOPLE)


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A photo of Ann and a stranger."""
    faces: list[Face] = [crop(0, 1, left=200), crop(7)]
    monkeypatch.setattr(FaceEyes, "find", lambda self, pixels, thorough=False: faces)
    return save_noise(tmp_path / "group.png", 1)


def names(run: Run) -> list[str]:
    return [one.name for one in list_people(run.path)]


def test_the_diary_tells_of_runs_that_it_passes_over(run: Run, monkeypatch, capsys) -> None:
    (run.path.parent / "broken").mkdir()
    (run.path.parent / "broken" / "run.json").write_text("{", "utf-8")
    assert castlist(monkeypatch, "runs", run.path.parent) == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 1 and "face, 3 people" in shown.out
    assert shown.err.startswith("passed over: ") and "broken" in shown.err


def test_people_are_listed_in_columns_that_hold(run: Run, monkeypatch, capsys) -> None:
    assert castlist(monkeypatch, "people", run.path) == 0
    assert capsys.readouterr().out.splitlines() == ["Ann      8 photos", "王小明   8 photos", "Beatrix  8 photos"]
    assert castlist(monkeypatch, "people", run.path, "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[1]) == {"name": "王小明", "photos": 8, "enrolled": 0}
    assert pad(["e\u0301", "小"]) == ["e\u0301 ", "小"]


class _Full(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


def test_who_can_hear_no_notes_has_the_answers_all_the_same(run: Run, monkeypatch, capsys) -> None:
    (run.path.parent / "broken").mkdir()
    (run.path.parent / "broken" / "run.json").write_text("{", "utf-8")
    monkeypatch.setattr(sys, "stderr", _Full())
    assert castlist(monkeypatch, "runs", run.path.parent) == 0
    assert "face, 3 people" in capsys.readouterr().out


def test_people_are_json_wherever_it_goes(run: Run, monkeypatch) -> None:
    rename(run.path, "Ann", "\U0001f469")
    out = io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", out)
    assert castlist(monkeypatch, "people", run.path, "--json") == 0
    assert json.loads(out.buffer.getvalue().splitlines()[0])["name"] == "\U0001f469"


def test_somebody_comes_is_called_otherwise_and_goes(run: Run, group: Path, monkeypatch, capsys) -> None:
    assert castlist(monkeypatch, "enrol", run.path, "Dora", group) == 0
    shown = capsys.readouterr()
    assert "face 1 of 2 from the left, at 10,10" in shown.err
    assert "Dora is enrolled with 1 photo." in shown.out
    assert castlist(monkeypatch, "enrol", run.path, "Dora", group, "--face", 1) == 0
    assert "Nothing was added" in capsys.readouterr().out
    assert castlist(monkeypatch, "enrol", run.path, "Emil", group, "--face", 2) == 0
    shown = capsys.readouterr()
    assert "careful: " in shown.err and "as Ann" in shown.err
    assert f"castlist undo {str(run.path)!r}" in shown.out
    assert castlist(monkeypatch, "undo", run.path) == 0
    assert "Taken back: 1 photo of Emil." in capsys.readouterr().out
    assert castlist(monkeypatch, "rename", run.path, "Dora", "Dorothea") == 0
    assert names(run) == [*PEOPLE, "Dorothea"]
    assert castlist(monkeypatch, "merge", run.path, "Dorothea", "Ann") == 0
    assert castlist(monkeypatch, "forget", run.path, "Beatrix", "--photo", "3.jpg") == 0
    assert [one.photos for one in list_people(run.path)] == [9, 8, 7]
    assert castlist(monkeypatch, "forget", run.path, "Beatrix") == 0
    assert names(run) == [*PEOPLE[:2]]


def refuse(question: str, *, err: bool) -> bool:
    """Answer no."""
    assert "for good?" in question and err
    return False


@pytest.mark.parametrize("words", [("forget", "Ann"), ("merge", "Ann", "Beatrix")])
def test_what_can_t_be_taken_back_is_asked_on_a_terminal(run: Run, monkeypatch, capsys, words: tuple[str, ...]) -> None:
    verb, *people = words
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(typer, "confirm", refuse)
    assert castlist(monkeypatch, verb, run.path, *people) == 1
    assert "Nothing was changed." in capsys.readouterr().err
    assert names(run) == [*PEOPLE]
    assert castlist(monkeypatch, verb, run.path, *people, "--yes") == 0
    assert "Ann" not in names(run)


def test_the_diary_compares_runs_of_the_same_photos(tmp_path: Path, run: Run, monkeypatch, capsys) -> None:
    renew_report(run.path)
    for day, (name, root) in enumerate({"b": "elsewhere", "c": run.photos_root}.items(), start=1):
        made = make_small_run(tmp_path / "runs" / name, PEOPLE)
        settings = dataclasses.replace(made.settings, stranger_rate=0.02)
        dataclasses.replace(made, photos_root=root, settings=settings, created=f"2099-01-0{day}T00:00:00+00:00").save()
        renew_report(made.path)
    assert castlist(monkeypatch, "runs", tmp_path / "runs") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1] for line in lines if not line.startswith(" ")] == ["first", "b", "c"]
    assert [line.strip() for line in lines if line.startswith(" ")] == ["stranger_rate 0.01 -> 0.02"]


def test_comparing_runs_without_epochs_says_that_there_are_no_curves(
    tmp_path: Path, run: Run, monkeypatch, capsys
) -> None:
    other = make_small_run(tmp_path / "runs" / "other", PEOPLE)
    for one in (run, other):
        renew_report(one.path)
    picture = tmp_path / "curves.png"
    assert castlist(monkeypatch, "compare", run.path, other.path, "--picture", picture) == 0
    shown = capsys.readouterr()
    assert "McNemar" in shown.out
    assert "No curves" in shown.err
    assert not picture.exists()


def test_who_wasn_t_tested_has_no_shares(run: Run, group: Path, monkeypatch, capsys) -> None:
    assert castlist(monkeypatch, "enrol", run.path, "Dora", group) == 0
    capsys.readouterr()
    assert castlist(monkeypatch, "report", run.path) == 0
    shown = capsys.readouterr().out
    assert "Dora: not tested" in shown
    assert "loss" not in shown.splitlines()[0]
    assert run_cells(open_run(run.path))[-1].endswith("test photos")
