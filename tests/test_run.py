"""A run folder is read back as it was written, and one that can't be is refused in a sentence."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from castlist.errors import Message, RunError, SettingsError
from castlist.learning import read_evaluation
from castlist.learning.dataset import load_dataset
from castlist.learning.starting import new_run_path, start_run
from castlist.media import find_cast
from castlist.run import (
    Run,
    RunFolder,
    find_runs,
    list_runs,
    listing,
    newest_run,
    open_run,
    read_accuracy,
    read_history,
)
from castlist.run.record import FORMAT
from castlist.settings import Settings, read_settings
from conftest import not_root


def make_run(path: Path, **changes: object) -> Run:
    run = Run(
        path=path,
        people=("Ann", "王小明"),
        settings=Settings(),
        photos_root="photos",
        photos_fingerprint="abc",
        sides={"train": ("Ann/1.jpg",), "validation": ("Ann/2.jpg",), "test": ("王小明/1.jpg",)},
        groups={"train": 1, "validation": 1, "test": 1},
        refused=(("Ann/x.txt", Message("no-photo", "not a photo")),),
    )
    run = dataclasses.replace(run, **changes)
    run.save()
    return run


def test_a_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one")
    assert open_run(run.path) == run
    assert [path.name for path in run.path.iterdir()] == ["run.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "people": 3}', "\x00", "[" * 10**5])
def test_broken_records_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text, "utf-8")
    with pytest.raises(RunError, match="is broken"):
        open_run(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("created", 5),
        ("created", "yesterday"),
        ("people", ["Ann", 7]),
        ("people", ["Ann", "ANN"]),
        ("people", []),
        ("people", ["Ann", "a\x1b[2Jb"]),
        ("people", ["Ann", "..", "a/b"]),
        ("people", ["Ann", "\u202etxt.exe"]),
        ("people", ["Ann", "unknown"]),
        ("sides", {"train": ["Ann/1.jpg"]}),
        ("sides", {"train": ["../secret.jpg"], "validation": [], "test": []}),
        ("sides", {"train": ["/etc/passwd"], "validation": [], "test": []}),
        ("sides", {"train": ["C:/secret.jpg"], "validation": [], "test": []}),
        ("sides", {"train": "Ann", "validation": [], "test": []}),
        ("groups", {"train": 1, "validation": 1}),
        ("groups", {"train": "one", "validation": 1, "test": 1}),
        ("refused", [["Ann/x.txt"]]),
        ("refused", [["../x.txt", "no photo"]]),
        ("refused", [["Ann/x.txt", {"code": "a", "text": "{missing}", "values": {}}]]),
        ("notes", [1]),
        ("versions", []),
        ("complete", "yes"),
        ("best_epoch", 1.5),
        ("temperature", 0),
        ("temperature", "1"),
        ("temperature", float("inf")),
        ("temperature", float("nan")),
        ("seconds", "long"),
        ("generation", None),
        ("leaving", [{"name": "Ann"}]),
        ("leaving", [{"name": "../a", "embeddings": 1, "files": 1}]),
        ("enrolled", [{"name": "..", "files": []}]),
        ("enrolled", [{"name": "Ann", "files": ["../secret.jpg"]}]),
        ("calls", [{"before": "0", "name": "../a", "when": "2026-01-01"}]),
        ("settings", []),
        ("settings", {"model": 3}),
        ("format", "2"),
        ("path", "/elsewhere"),
        ("more", 1),
    ],
)
def test_one_odd_record_is_refused_and_breaks_no_other(tmp_path: Path, key: str, value: object) -> None:
    good, odd = make_run(tmp_path / "good", complete=True), make_run(tmp_path / "odd")
    record = json.loads((odd.path / "run.json").read_text("utf-8"))
    (odd.path / "run.json").write_text(json.dumps({**record, key: value}), "utf-8")
    with pytest.raises(RunError, match=r"odd' is broken"):
        open_run(odd.path)
    runs, broken = find_runs(tmp_path)
    assert runs == [good] and list(broken) == [odd.path]
    assert newest_run(tmp_path) == good


def test_sentences_of_older_castlists_are_read_as_they_are(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one")
    record = json.loads((run.path / "run.json").read_text("utf-8"))
    older = {**record, "format": 1, "notes": ["'Ann' is drawn."], "refused": [["Ann/x.txt", "not a photo"]]}
    del older["generation"], older["leaving"]
    (run.path / "run.json").write_text(json.dumps(older), "utf-8")
    read = open_run(run.path)
    assert [str(note) for note in read.notes] == ["'Ann' is drawn."]
    assert [(file, str(reason)) for file, reason in read.refused] == [("Ann/x.txt", "not a photo")]
    assert (read.generation, read.leaving) == (0, ())


def test_settings_of_older_castlists_are_read(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one")
    record = json.loads((run.path / "run.json").read_text("utf-8"))
    record["settings"]["fine_tune"] = record["tuned"] = True
    (run.path / "run.json").write_text(json.dumps(record), "utf-8")
    assert open_run(run.path) == dataclasses.replace(run, tuned=True)
    assert read_settings("fine_tune = false") == Settings()
    with pytest.raises(SettingsError, match="fine_tune"):
        read_settings("fine_tune = true")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_user_reads_a_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one")
    assert run.path.stat().st_mode & 0o777 == 0o700
    assert (run.path / "run.json").stat().st_mode & 0o777 == 0o600


def test_of_two_trainings_of_one_name_one_begins(tmp_path: Path, drawn_photos: Path) -> None:
    settings = Settings(model="cnn", faces=False, image_size=48)
    dataset = load_dataset(find_cast(drawn_photos), settings)
    path = new_run_path(tmp_path, "same", settings)
    assert new_run_path(tmp_path, "same", settings) == path  # both ask before either has begun
    first = start_run(dataset, settings, path, drawn_photos)
    with pytest.raises(RunError, match="already a run"):
        start_run(dataset, settings, path, drawn_photos)
    assert open_run(path) == first


def test_of_two_trainings_in_one_second_both_begin(tmp_path: Path, drawn_photos: Path) -> None:
    settings = Settings(model="cnn", faces=False, image_size=48)
    dataset = load_dataset(find_cast(drawn_photos), settings)
    path = tmp_path / "cnn-20260101-000000"  # as both were given it
    begun = [start_run(dataset, settings, path, drawn_photos, is_named=False) for _ in range(3)]
    assert [run.path.name for run in begun] == [path.name, f"{path.name}-2", f"{path.name}-3"]
    assert [open_run(run.path) for run in begun] == begun


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        open_run(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="is not a run folder"):
        open_run(tmp_path / "file")


def test_a_later_format_asks_for_an_upgrade(tmp_path: Path) -> None:
    run = make_run(tmp_path / "one")
    record = json.loads((run.path / "run.json").read_text("utf-8")) | {"format": FORMAT + 1}
    (run.path / "run.json").write_text(json.dumps(record), "utf-8")
    with pytest.raises(RunError, match=rf"format {FORMAT + 1}.*Upgrade"):
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


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the system's zone can't be changed here")
def test_a_moment_without_a_zone_is_the_same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "naive", created="2026-01-02T09:00:00", complete=True)
    make_run(tmp_path / "hour before", created="2026-01-02T08:00:00+00:00", complete=True)
    monkeypatch.setenv("TZ", "XXX-8")  # eight hours before UTC
    time.tzset()
    try:
        assert newest_run(tmp_path).path.name == "naive"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_newest_run_is_the_last_of_all_clocks(tmp_path: Path) -> None:
    make_run(tmp_path / "Taipei", created="2026-01-02T09:00:00+08:00", complete=True)  # one hour of UTC
    make_run(tmp_path / "Los Angeles", created="2026-01-01T18:00:00-08:00", complete=True)  # two hours
    assert newest_run(str(tmp_path)).path.name == "Los Angeles"
    make_run(tmp_path / "summer", created="2026-10-25T02:50:00+02:00", complete=True)
    make_run(tmp_path / "winter", created="2026-10-25T02:10:00+01:00", complete=True)  # twenty minutes later
    assert newest_run(tmp_path).path.name == "winter"


def test_a_newer_run_that_is_broken_is_told(tmp_path: Path) -> None:
    make_run(tmp_path / "old", created="2026-01-01T00:00:00+00:00", complete=True)
    for name, created in (("older", "2025-01-01T00:00:00+00:00"), ("newer", "2026-02-01T00:00:00+00:00")):
        broken = make_run(tmp_path / name, created=created)
        record = json.loads((broken.path / "run.json").read_text("utf-8"))
        (broken.path / "run.json").write_text(json.dumps(record | {"people": 5}), "utf-8")
    make_run(tmp_path / "cut").path.joinpath("run.json").write_text("{")  # written now
    told: list[Message] = []
    assert newest_run(tmp_path, tell=told.append).path.name == "old"
    assert [Path(str(note.values["path"])).name for note in told] == ["cut", "newer"]


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 33)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
@pytest.mark.parametrize("put", [os.mkfifo, _sparse])
def test_a_file_without_an_end_in_a_runs_folder_stops_nobody(tmp_path: Path, put: Callable[[Path], None]) -> None:
    good = make_run(tmp_path / "good", complete=True)
    odd = make_run(tmp_path / "odd")
    for name in ("history.csv", "metrics.json", "predictions.csv"):
        put(odd.path / name)
    assert read_accuracy(odd) is None
    with pytest.raises(RunError, match="The history"):
        read_history(odd)
    with pytest.raises(RunError, match="The answers"):
        read_evaluation(odd)
    (odd.path / "run.json").unlink()
    put(odd.path / "run.json")
    told: list[Message] = []
    assert newest_run(tmp_path, tell=told.append).path == good.path
    assert [note.values["path"] for note in told] == [str(odd.path)]
    with pytest.raises(RunError, match=r"regular file|too large"):
        open_run(odd.path)


@pytest.mark.parametrize("accuracy", ["NaN", "1" * 400, "-1", "[]", "true, true", '{"a": 1}'])
def test_an_accuracy_that_is_none_is_not_told(tmp_path: Path, accuracy: str) -> None:
    run = make_run(tmp_path / "run")
    run.metrics_path.write_text(f'{{"accuracy": {accuracy}}}')
    assert read_accuracy(run) is None


@pytest.fixture
def closed_folder(open_home: Path) -> Iterator[Path]:
    """A folder of folders in which this process may see nothing."""
    home = open_home
    make_run(home / "closed" / "run", complete=True)
    make_run(home / "half" / "good", complete=True)
    for folder in ("closed", "half/run"):
        (home / folder).mkdir(exist_ok=True)
        (home / folder).chmod(0)
    for entry in (home / "half", home / "half" / "good", home / "half" / "good" / "run.json"):
        entry.chmod(0o755)
    with not_root():
        yield home
    for folder in ("closed", "half/run"):
        (home / folder).chmod(0o755)


def test_a_folder_of_runs_that_nobody_may_read_is_one_sentence(closed_folder: Path) -> None:
    with pytest.raises(RunError, match=r"closed' can't be read \(Permission denied\)") as caught:
        list_runs(closed_folder / "closed")
    assert caught.value.code == "runs-unreadable"
    runs, broken = find_runs(closed_folder / "half")  # one run that may not be read hides no other
    assert [run.path.name for run in runs] == ["good"]
    assert {path.name: error.code for path, error in broken.items()} == {"run": "record-unreadable"}
    told: list[Message] = []
    assert newest_run(closed_folder / "half", tell=told.append).path.name == "good"


def test_a_run_that_is_deleted_while_runs_are_listed_is_not_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path / "old", created="2026-01-01T00:00:00+00:00", complete=True)
    make_run(tmp_path / "going")

    def open_late(path: Path) -> Run:
        if path.name == "going":
            shutil.rmtree(path)
        return open_run(path)

    monkeypatch.setattr(listing, "open_run", open_late)
    told: list[Message] = []
    assert newest_run(tmp_path, tell=told.append).path.name == "old"
    assert told == []


def test_names_of_new_runs(tmp_path: Path) -> None:
    assert new_run_path(tmp_path, "my run 1", Settings()) == tmp_path / "my run 1"
    assert new_run_path(tmp_path, None, Settings()).name.startswith("face-20")
    (tmp_path / "taken").mkdir()
    with pytest.raises(RunError, match="already a run"):
        new_run_path(tmp_path, "taken", Settings())
    for name in ("../up", "a/b", "", ".", "..", "a\x00b", "a:b", "\ud800", "a" * 300):
        with pytest.raises(RunError, match="can't be named"):
            new_run_path(tmp_path, name, Settings())


@pytest.mark.skipif(os.name != "posix", reason="here the folder one is in can't be deleted")
def test_where_the_folder_one_is_in_is_gone_there_is_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for path in (".", "..", "a/.."):
        with pytest.raises(RunError, match="is not a run folder"):
            open_run(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_in_the_place_of_a_change_is_thrown_away(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (run.path / ".change").mkdir()
    os.mkfifo(run.path / ".change" / "list.json")
    assert RunFolder(run.path).read(lambda run: run.people) == run.people
    with RunFolder(run.path).alone():
        assert not (run.path / ".change").exists()
