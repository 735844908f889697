"""A run folder is changed as one, by one at a time; readers get one generation."""

from __future__ import annotations

import dataclasses
import errno
import json
import logging
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from castlist.errors import CastlistError, RunError
from castlist.run import Run, RunFolder, lock, open_run, stage
from castlist.run.inventory import STAGE
from castlist.run.lock import hold
from castlist.run.stage import Stage
from test_run import make_run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = make_run(tmp_path / "runs" / "one")
    (made.path / "metrics.json").write_text("old")
    return made


def commit_and_die(run: Run) -> None:
    """A change that was decided on by somebody who was killed before making it."""
    stage = Stage(run.path)
    stage.write("metrics.json", b"new")
    stage.remove("report.html")
    stage.write("run.json", dataclasses.replace(run, people=("Dora",), generation=1).to_bytes())
    stage.commit()


def test_a_change_is_of_all_files_or_none(run: Run) -> None:
    folder = RunFolder(run.path)
    stamp = folder.stamp()
    with folder.change() as change:
        assert change.run == run
        assert change.read("metrics.json") == b"old"
        change.write("metrics.json", b"new")
        change.write("predictions.csv", b"answers")
        change.run = dataclasses.replace(run, complete=True)
        assert (run.path / "metrics.json").read_text() == "old"
        assert open_run(run.path) == run and folder.stamp() == stamp
    assert open_run(run.path) == change.run == dataclasses.replace(run, complete=True, generation=1)
    assert (run.path / "metrics.json").read_text() == "new"
    assert folder.stamp() != stamp
    with pytest.raises(ZeroDivisionError), folder.change() as change:
        change.write("metrics.json", b"newest")
        change.remove("predictions.csv")
        raise ZeroDivisionError
    assert (run.path / "metrics.json").read_text() == "new"
    assert sorted(path.name for path in run.path.iterdir()) == [".lock", "metrics.json", "predictions.csv", "run.json"]
    with folder.change() as change:
        change.remove("predictions.csv")
        change.remove("figures")
    assert not (run.path / "predictions.csv").exists()
    assert open_run(run.path).generation == 2


def test_the_last_word_about_a_file_counts(run: Run) -> None:
    with RunFolder(run.path).change() as change:
        change.remove("metrics.json")
        change.write("metrics.json", b"new")
        if os.name == "posix":
            assert stat.S_IMODE((run.path / ".change").stat().st_mode) == 0o700
    assert (run.path / "metrics.json").read_text() == "new"


def test_the_record_comes_last_and_what_was_decided_waits_for_its_place(run: Run) -> None:
    (run.path / "predictions.csv").mkdir()  # in the way
    with pytest.raises(RunError, match="can't be changed"), RunFolder(run.path).change() as change:
        change.write("predictions.csv", b"answers")
        change.run = dataclasses.replace(run, complete=True)
    assert open_run(run.path) == run
    (run.path / "predictions.csv").rmdir()
    with RunFolder(run.path).alone():
        assert open_run(run.path).generation == run.generation + 1
    assert (run.path / "predictions.csv").read_bytes() == b"answers"


def test_a_change_for_which_there_is_no_room_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes, *, private: bool) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(stage, "place_bytes", full)
    with pytest.raises(RunError, match="can't be changed"), RunFolder(run.path).change() as change:
        change.write("metrics.json", b"new")
    assert not (run.path / STAGE).exists()


def test_what_was_to_be_removed_and_is_written_after_all_outlives_a_kill(run: Run) -> None:
    stage = Stage(run.path)
    stage.remove("predictions.csv")
    stage.write("predictions.csv", b"answers")
    stage.commit()
    (run.path / ".change" / "0").replace(run.path / "predictions.csv")  # as far as whoever was killed came
    with RunFolder(run.path).alone():
        assert (run.path / "predictions.csv").read_bytes() == b"answers"


@pytest.mark.skipif(os.name != "posix", reason="links and modes are POSIX's")
def test_a_link_is_removed_and_not_what_it_leads_to_and_the_lock_is_private(run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (run.path / "figures").symlink_to(outside)
    with RunFolder(run.path).change() as change:
        change.remove("figures")
        for touch in (change.remove, lambda name: change.write(name, b"")):
            with pytest.raises(ValueError, match="no file of a run folder"):
                touch("../outside")
    assert outside.is_dir() and not (run.path / "figures").is_symlink()
    assert (run.path / ".lock").stat().st_mode & 0o077 == 0


def test_a_change_that_is_given_up_is_none_before_anything_of_it_is_deleted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(path)

    stage = Stage(run.path)
    stage.write("predictions.csv", b"answers")
    stage.commit()
    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(PermissionError):
        stage.discard()
    assert not Stage(run.path).is_committed


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted as Linux does")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_a_disk_without_locks_is_told_with_what_to_do(run: Run, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    n_open = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patch:
        patch.setattr(lock, "_take", refuse)
        with (
            pytest.raises(CastlistError, match=r"gives no locks.*Copy it to a disk of this machine") as raised,
            RunFolder(run.path).change() as change,
        ):
            change.remove("metrics.json")
        assert (raised.value.code, raised.value.values["path"]) == ("no-locks", str(run.path))
    assert len(list(Path("/proc/self/fd").iterdir())) == n_open
    assert {path.name: path.read_bytes() for path in run.path.iterdir() if path.name != ".lock"} == before
    with RunFolder(run.path).change() as change:
        change.remove("metrics.json")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted as Linux does")
def test_whoever_waits_in_vain_leaves_no_file_open(run: Run) -> None:
    def wait() -> None:
        with pytest.raises(RunError, match="takes too long"), hold(run.path / ".lock", patience=0.1):
            pass

    with hold(run.path / ".lock"):
        before = len(list(Path("/proc/self/fd").iterdir()))
        waiting = threading.Thread(target=wait)
        waiting.start()
        waiting.join()
        assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("full_at", [0, 1, 3])  # a file that waits, the record, the list
def test_a_full_disk_is_one_sentence_and_the_run_is_as_it_was(
    run: Run, full_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, fsync = iter(range(99)), os.fsync

    def fill(file: int) -> None:
        if next(calls) == full_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    monkeypatch.setattr(os, "fsync", fill)
    with (
        pytest.raises(RunError, match=r"can't be changed \(No space left on device\).*make room") as caught,
        RunFolder(run.path).change() as change,
    ):
        change.write("gallery.npz", b"new")
    assert caught.value.code == "run-read-only"
    files = {path.name: path.read_bytes() for path in run.path.iterdir()}
    assert files == {".lock": b"", "metrics.json": b"old", "run.json": run.to_bytes()}


@pytest.mark.skipif(os.name != "posix", reason="only POSIX flushes folders")
def test_a_decision_is_on_disk_before_it_is_made_and_what_was_made_before_it_is_forgotten(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, fsync, replace = [], os.fsync, os.replace

    def flush(file: int) -> None:
        folders = [folder for folder in (run.path, run.path / STAGE) if folder.exists()]
        steps.extend(f"flush {folder.name}" for folder in folders if os.path.samestat(folder.stat(), os.fstat(file)))
        fsync(file)

    def place(source: Path, target: Path) -> None:
        steps.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", place)
    with RunFolder(run.path).change() as change:
        change.write("metrics.json", b"new")
    decided = ["0", "1", "flush .change", "list.json", "flush .change", "flush one"]
    assert steps == [*decided, "metrics.json", "run.json", "flush one"]


def test_a_change_of_nothing_is_none(run: Run) -> None:
    stamp = RunFolder(run.path).stamp()
    with RunFolder(run.path).change():
        pass
    assert RunFolder(run.path).stamp() == stamp


@pytest.mark.parametrize("who", ["a reader", "a changer"])
def test_what_was_decided_is_made_by_whoever_comes(run: Run, who: str) -> None:
    (run.path / "report.html").touch()
    commit_and_die(run)
    if who == "a reader":
        assert RunFolder(run.path).read(lambda newest: newest.people) == ("Dora",)
    else:
        with RunFolder(run.path).change() as change:
            assert change.run.people == ("Dora",)
    assert sorted(path.name for path in run.path.iterdir()) == [".lock", "metrics.json", "run.json"]
    assert (run.path / "metrics.json").read_text() == "new"


def test_what_was_half_made_is_finished(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="castlist")
    commit_and_die(run)
    (run.path / ".change" / "0").replace(run.path / "metrics.json")
    assert RunFolder(run.path).read(lambda newest: newest.people) == ("Dora",)
    assert caplog.messages == ["a change that somebody was killed at is made"]
    assert (run.path / "metrics.json").read_text() == "new"


def test_what_was_not_decided_is_thrown_away(run: Run) -> None:
    stage = Stage(run.path)
    stage.write("metrics.json", b"new")
    assert RunFolder(run.path).read(lambda newest: newest) == run
    with RunFolder(run.path).change():
        assert not (run.path / ".change").exists()
    assert (run.path / "metrics.json").read_text() == "old"


@pytest.mark.parametrize(
    "decided",
    [
        {"write": {"../outside": "0"}, "remove": []},
        {"write": {}, "remove": ["../outside"]},
        {"write": {}, "remove": [".."]},
        {"write": {".lock": "0"}, "remove": []},
        {"write": {"metrics.json": 3}, "remove": []},
        [],
    ],
)
def test_a_list_from_somebody_else_touches_nothing_outside(run: Run, decided: object) -> None:
    outside = run.path.parent / "outside"
    outside.write_text("mine")
    (run.path / ".change").mkdir()
    (run.path / ".change" / "0").write_text("evil")
    (run.path / ".change" / "list.json").write_text(json.dumps(decided))
    assert RunFolder(run.path).read(lambda newest: newest) == run
    assert outside.read_text() == "mine"
    assert (run.path / "metrics.json").read_text() == "old"
    assert not (run.path / ".change").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only systems that have such files")
@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "file for the stage", "link for the stage"])
def test_a_stage_of_another_kind_is_thrown_away(run: Run, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / stage.LIST).write_text('{"write": {}, "remove": ["gallery.npz"]}')
    place = run.path / STAGE
    if kind == "file for the stage":
        place.touch()
    elif kind == "link for the stage":
        place.symlink_to(outside)
    else:
        place.mkdir()
        make = {"pipe": os.mkfifo, "link": lambda list_: list_.symlink_to("/dev/zero"), "folder": os.mkdir}[kind]
        make(place / stage.LIST)
    assert RunFolder(run.path).read(lambda read: read).generation == run.generation
    with RunFolder(run.path).change() as change:
        change.write("gallery.npz", b"1")
    assert (run.path / "gallery.npz").read_bytes() == b"1"
    assert not os.path.lexists(place) and (outside / stage.LIST).exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only systems that have such files")
@pytest.mark.parametrize("kind", ["link to a file", "link to a device", "link to nothing", "pipe", "folder"])
def test_what_is_staged_and_no_file_never_gets_into_the_run(run: Run, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    staged = run.path / STAGE / "0"
    staged.parent.mkdir()
    targets = {"link to a file": outside, "link to a device": Path("/dev/zero"), "link to nothing": tmp_path / "none"}
    if kind in targets:
        staged.symlink_to(targets[kind])
    else:
        os.mkfifo(staged) if kind == "pipe" else staged.mkdir()
    (run.path / STAGE / stage.LIST).write_text('{"write": {"metrics.json": "0"}, "remove": []}')
    RunFolder(run.path).read(lambda newest: newest)
    assert outside.read_text() == (run.path / "metrics.json").read_text().replace("old", "mine")
    assert not (run.path / "metrics.json").is_symlink() and not os.path.lexists(run.path / STAGE)


def test_a_staged_name_stays_in_the_stage(run: Run) -> None:
    outside = run.path.parent / "outside"
    outside.write_text("mine")
    (run.path / ".change").mkdir()
    (run.path / ".change" / "list.json").write_text(
        json.dumps({"write": {"report.html": "../../outside"}, "remove": []})
    )
    RunFolder(run.path).read(lambda newest: newest)
    assert outside.read_text() == "mine" and not (run.path / "report.html").exists()


def test_a_reader_gets_one_generation(run: Run) -> None:
    """Two files that always say the same, changed all the time."""
    stop = threading.Event()
    folder = RunFolder(run.path)

    def change() -> None:
        while not stop.is_set():
            with folder.change() as change:
                change.write("metrics.json", str(change.run.generation + 1).encode())
                change.run = dataclasses.replace(change.run, seconds=float(change.run.generation + 1))

    with folder.change() as first:
        first.write("metrics.json", b"1")
        first.run = dataclasses.replace(first.run, seconds=1.0)
    thread = threading.Thread(target=change)
    thread.start()
    try:
        seen: set[float | None] = set()
        end, reads = time.monotonic() + 30, 0
        while (reads < 150 or len(seen) <= 3) and time.monotonic() < end:  # a busy machine changes slowly
            reads += 1
            seconds, metrics = folder.read(lambda run: (run.seconds, (run.path / "metrics.json").read_text()))
            assert seconds == float(metrics)
            seen.add(seconds)
        assert len(seen) > 3, "nothing was changed meanwhile"
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("folder", ["", "figures", "named"])
def test_whoever_changes_a_run_removes_what_killed_writers_left(run: Run, folder: str) -> None:
    (run.path / folder).mkdir(exist_ok=True)
    part = run.path / folder / ".1-0123456789abcdef.part"
    part.touch()
    with RunFolder(run.path).change():
        assert not part.exists()


def test_a_change_as_long_as_the_one_before_and_of_the_same_moment_is_noticed(run: Run) -> None:
    folder = RunFolder(run.path)
    before, status = folder.stamp(), (run.path / "run.json").stat()
    with folder.change() as change:
        change.run = dataclasses.replace(run, photos_fingerprint=run.photos_fingerprint[::-1] + "x")
    (run.path / "run.json").write_bytes((run.path / "run.json").read_bytes()[: status.st_size])
    os.utime(run.path / "run.json", ns=(status.st_atime_ns, status.st_mtime_ns))  # clocks of file systems are coarse
    assert before is not None and folder.stamp() not in (None, before)
    assert folder.stamp()[1:] == before[1:]


def test_whoever_may_not_write_waits_for_who_is_making_a_change(run: Run) -> None:
    commit_and_die(run)
    lock = run.path / ".lock"
    lock.unlink(missing_ok=True)
    lock.symlink_to("elsewhere")  # nobody can take it, as in a folder that one may only read
    seen: list[Run] = []
    reader = threading.Thread(target=lambda: seen.append(RunFolder(run.path).read(lambda newest: newest)))
    reader.start()
    reader.join(0.2)
    assert reader.is_alive() and not seen
    Stage(run.path).apply()  # as the one who decided on it does
    reader.join(10)
    assert [one.people for one in seen] == [("Dora",)]


@pytest.mark.parametrize("meanwhile", ["changed", "half changed"])
def test_what_changed_while_it_was_read_is_read_again(run: Run, meanwhile: str) -> None:
    seen = []

    def load(newest: Run) -> tuple[tuple[str, ...], str]:
        if not seen and meanwhile == "changed":
            with RunFolder(run.path).change() as change:
                change.write("metrics.json", b"new")
                change.run = dataclasses.replace(change.run, people=("Dora",))
        elif not seen:
            commit_and_die(run)
            (run.path / ".change" / "0").replace(run.path / "metrics.json")
        seen.append((newest.people, (run.path / "metrics.json").read_text()))
        return seen[-1]

    assert RunFolder(run.path).read(load) == (("Dora",), "new")
    assert seen[0] == (run.people, "new"), "nothing was torn on the way"


def test_a_reader_of_a_broken_run_is_told(run: Run) -> None:
    def load(newest: Run) -> None:
        raise RunError("x", "broken")

    with pytest.raises(RunError, match="broken"):
        RunFolder(run.path).read(load)
    with pytest.raises(RunError, match="not a run folder"):
        RunFolder(run.path / "none").read(load)
    with pytest.raises(RunError, match="not a run folder"), RunFolder(run.path / "none").change():
        pass


def test_one_at_a_time(run: Run) -> None:
    """Each of several threads adds one to what it read; none is lost."""

    def add() -> None:
        for _ in range(5):
            with RunFolder(run.path).change() as change:
                change.run = dataclasses.replace(change.run, seconds=(change.run.seconds or 0) + 1)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    newest = open_run(run.path)
    assert (newest.seconds, newest.generation) == (30, 30)


def test_whoever_would_wait_for_itself_is_told(run: Run) -> None:
    with (
        RunFolder(run.path).change(),
        pytest.raises(RuntimeError, match="held by this thread"),
        RunFolder(run.path).change(),
    ):
        pass


def test_a_holder_that_doesn_t_let_go_is_a_sentence(run: Run) -> None:
    held, done = threading.Event(), threading.Event()

    def keep() -> None:
        with hold(run.path / ".lock"):
            held.set()
            done.wait()

    thread = threading.Thread(target=keep)
    thread.start()
    held.wait()
    try:
        with pytest.raises(RunError, match="being changed by another process"), hold(run.path / ".lock", patience=0.1):
            pass
    finally:
        done.set()
        thread.join()


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_killed_holder_leaves_the_lock_open(run: Run) -> None:
    code = (
        "import sys, time, pathlib, castlist.run.lock as lock\n"
        "with lock.hold(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(run.path / ".lock")], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(RunError), hold(run.path / ".lock", patience=0):
        pass
    holder.kill()
    began = time.monotonic()
    with hold(run.path / ".lock", patience=10):
        assert time.monotonic() - began < 5
    holder.communicate()


@pytest.mark.skipif(os.name != "posix", reason="flock is POSIX's")
def test_a_lock_of_a_replaced_folder_is_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opened the lock of a folder that was then exchanged holds the one that is there now."""
    import fcntl

    flock, old = fcntl.flock, run.path.with_name("old")

    def exchange_first(handle: int, how: int) -> None:
        if not old.exists():
            run.path.rename(old)
            run.path.mkdir()
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", exchange_first)
    with hold(run.path / ".lock"):
        assert (run.path / ".lock").exists()
