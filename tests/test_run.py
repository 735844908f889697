"""A run folder is read back as it was written, and one that can't be is refused in a sentence."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from castlist.errors import RunError
from castlist.learning.starting import new_run_path
from castlist.run import Run, list_runs, newest_run, open_run
from castlist.settings import Settings


def make_run(path: Path, **changes: object) -> Run:
    run = Run(
        path=path,
        people=("Ann", "王小明"),
        settings=Settings(),
        photos_root="photos",
        photos_fingerprint="abc",
        sides={"train": ("Ann/1.jpg",), "validation": ("Ann/2.jpg",), "test": ("王小明/1.jpg",)},
        groups={"train": 1, "validation": 1, "test": 1},
        refused=(("Ann/x.txt", "not a photo"),),
    )
    run = dataclasses.replace(run, **changes)
    run.save()
    return run


def test_a_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one")
    assert open_run(run.path) == run
    assert [path.name for path in run.path.iterdir()] == ["run.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "people": 3}', "\x00"])
def test_broken_records_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text, "utf-8")
    with pytest.raises(RunError, match="is broken"):
        open_run(tmp_path)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        open_run(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="is not a run folder"):
        open_run(tmp_path / "file")


def test_a_later_format_asks_for_an_upgrade(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one")
    record = json.loads((run.path / "run.json").read_text("utf-8")) | {"format": 99}
    (run.path / "run.json").write_text(json.dumps(record), "utf-8")
    with pytest.raises(RunError, match=r"format 99.*Upgrade"):
        open_run(run.path)


def test_runs_are_listed_oldest_first_and_broken_ones_passed_over(tmp_path: Path) -> None:
    make_run(tmp_path / "b", created="2026-01-02T00:00:00+00:00")
    make_run(tmp_path / "a", created="2026-01-03T00:00:00+00:00")
    make_run(tmp_path / "c", created="2026-01-01T00:00:00+00:00", complete=True)
    (tmp_path / "other").mkdir()
    assert [run.path.name for run in list_runs(tmp_path)] == ["c", "b", "a"]
    assert newest_run(tmp_path).path.name == "c"
    with pytest.raises(RunError, match="no finished run"):
        newest_run(tmp_path / "none")


def test_names_of_new_runs(tmp_path: Path) -> None:
    assert new_run_path(tmp_path, "my run 1", Settings()) == tmp_path / "my run 1"
    assert new_run_path(tmp_path, None, Settings()).name.startswith("face-20")
    (tmp_path / "taken").mkdir()
    with pytest.raises(RunError, match="already a run"):
        new_run_path(tmp_path, "taken", Settings())
    for name in ("../up", "a/b", "", ".", "..", "a\x00b"):
        with pytest.raises(RunError, match="can't be named"):
            new_run_path(tmp_path, name, Settings())
