"""Jobs are watched, stopped, killed and lied to; nothing of them is left."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest

import castlist
from castlist.errors import CastlistError, Message
from castlist.jobs import (
    Begun,
    Check,
    Checked,
    Counted,
    Event,
    Failed,
    Fill,
    Filled,
    Forgotten,
    Job,
    Learn,
    Learnt,
    Refresh,
    Refreshed,
    Resume,
    Retrain,
    Searched,
    Stage,
    StopAsked,
    Stopped,
    Stopping,
    Tune,
    process,
    read_event,
    worker,
    write_event,
)
from castlist.jobs.works import read_work, write_work
from castlist.learning import Progress, Trial
from castlist.people import Receipt, Renewal
from castlist.run import Epoch, Run, open_run, read_history
from castlist.settings import Settings
from castlist.testing import make_run
from conftest import SMALL, save_noise
from works import Deaf, Dying, Endless, Many, Noisy

EPOCH = Epoch(epoch=1, seconds=2.5, learning_rate=0.01, loss=1.25, accuracy=0.5, val_loss=1.5, val_accuracy=0.25)
STEP = Progress(
    epoch=1, epochs=2, step=3, steps=4, loss=1.0, accuracy=0.5, finished=EPOCH, frozen=False, seconds_left=7.5
)


@pytest.fixture(autouse=True)
def findable(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let child processes find castlist and the works of the tests, and have a cache folder of their own."""
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join((str(Path(castlist.__file__).parents[1]), str(Path(__file__).parent)))
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def wait_for(holds: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def first_stage(job: Job) -> str:
    return next(event.what for event in job.events() if isinstance(event, Stage))


# Events and works as lines


@pytest.mark.parametrize(
    "event",
    [
        Stage("Photos"),
        Counted(3, 0),
        Begun(Path("runs/哥 \udcff"), {"copy": 2}),
        STEP,
        Trial(3, Path("a"), None),
        Stopping(),
        Stopped(),
        Learnt(Path("a"), None, 0.5),
        Forgotten("Zoë\n", (Message("one", "one"), Message("two", "{n} of {m}", {"n": 2, "m": 3})), ()),
        Failed(Message("x", "{a} of {b}", {"a": 1, "b": Message("y", "{c!r}", {"c": "哥"})})),
    ],
)
def test_an_event_is_one_line_and_itself_again(event: Event) -> None:
    line = write_event(event)
    assert line.isascii() and line.count(b"\n") == 1
    assert read_event(line) == event


@pytest.mark.parametrize(
    "record",
    [
        {"event": "Counted", "is": {"done": 1}},
        {"event": "Counted", "is": {"done": True, "of": 2}},
        {"event": "Counted", "is": {"done": 1.0, "of": 2}},
        {"event": "Counted", "is": {"done": 1, "of": 2, "more": 3}},
        {"event": "Counted", "is": None},
        {"event": "Counted", "is": {"done": 1, "of": 2}, "more": 1},
        {"event": "Begun", "is": {"run": 5, "found": {}}},
        {"event": "Begun", "is": {"run": "a", "found": {"copy": "2"}}},
        {"event": "Learnt", "is": {"run": "a", "report": None, "accuracy": "1"}},
        {"event": "Failed", "is": {"message": {"code": "x", "text": "{a}", "values": {}}}},
        {"event": "Finished", "is": {}},
        {"event": "Unheard", "is": {}},
        ["Counted"],
        7,
    ],
)
def test_what_is_no_event_is_refused(record: object) -> None:
    with pytest.raises(ValueError):
        read_event(json.dumps(record).encode())


@pytest.mark.parametrize(
    "work",
    [
        Learn(Path("a b"), Settings(model="cnn", faces=False, dropouts=(0.1, 0.2)), Path("runs"), language="zh-TW"),
        Resume(Path("哥"), epochs=3),
        Retrain(Path("a"), "Zoë"),
        Check(Path("a")),
        Tune(Path("a"), {"cnn": SMALL}, Path("s"), trials=3),
    ],
)
def test_a_work_is_one_line_and_itself_again(work: Learn) -> None:
    assert read_work(write_work(work)) == work


# Watching


@pytest.mark.parametrize("work", [None, "learn", Check, Check(5), Resume(Path("a"), "3"), Resume(Path("a"), 1.5)])
def test_what_is_no_work_begins_no_process(work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "start_python", lambda *args, **kwargs: pytest.fail("a process"))
    with pytest.raises(CastlistError, match="can't be begun") as refused:
        Job(work)
    assert refused.value.code == "work-impossible"


def test_numpy_s_numbers_are_a_works_too() -> None:
    assert read_work(write_work(Resume(Path("a"), np.int64(3)))) == Resume(Path("a"), 3)


def test_ten_thousand_events_come_in_order_to_all_who_watch() -> None:
    job = Job(Many(10_000, "哥 Zoë"))
    seen: dict[int, list[Event]] = {}
    watchers = [threading.Thread(target=lambda n=n: seen.update({n: list(job.events(n))})) for n in (0, 1, 500)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join(60)
    expected: list[Event] = [Stage(f"哥 Zoë {i}") for i in range(10_000)]
    expected.append(Checked({"哥 Zoë": 10_000}))
    assert seen == {0: expected, 1: expected[1:], 500: expected[500:]}
    assert list(job.events(9_999)) == expected[9_999:]  # also afterwards
    assert job.end == expected[-1]


def test_what_libraries_print_tears_nothing() -> None:
    assert list(Job(Noisy()).events()) == [*(Stage(str(i)) for i in range(100)), Checked({})]


def test_what_is_printed_before_the_work_begins_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('hello', end='', flush=True)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ["PYTHONPATH"])))
    assert list(Job(Many(2, "a")).events()) == [Stage("a 0"), Stage("a 1"), Checked({"a": 2})]


def test_a_child_that_speaks_another_language_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import time
print('{"event": "Counted", "is": {"done": 1, "of": 2}}')
print('{"event": "Counted", "is": "all"}', flush=True)
time.sleep(600)
"""
    monkeypatch.setattr("castlist.jobs.process.CHILD", code)
    job = Job(Many(1, "a"))
    *_, last = job.events()
    assert isinstance(last, Failed) and last.message.code == "job-garbled"
    job._listener.join(10)
    assert job._process.returncode == -signal.SIGKILL


def test_nothing_in_the_current_folder_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json", "numpy", "castlist", "works", "logging", "signal", "optuna", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'a').write('{name} ')")
    monkeypatch.chdir(tmp_path)
    assert list(Job(Many(1, "a")).events())[-1] == Checked({"a": 1})
    assert not (tmp_path / "executed").exists()


def test_only_one_module_starts_pythons() -> None:
    source = Path(castlist.__file__).parent
    starting = [
        str(file.relative_to(source))
        for file in source.rglob("*.py")
        if "sys.executable" in (text := file.read_text("utf-8")) or "multiprocessing" in text
    ]
    assert starting == ["children.py"]


# Ends


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("kill", "job-interrupted", "it was killed, as a system does when memory runs out"),
        ("term", "job-interrupted", "it was ended by signal 15"),
        ("exit", "job-interrupted", "exit code 3"),
        ("foreseen", "run-of-a-test", "The run 'a/哥' is of a test."),
        ("slip", "", "ZeroDivisionError: a slip"),
    ],
)
def test_a_work_that_dies_is_one_event(how: str, code: str, words: str) -> None:
    told = list(Job(Dying(how)).events())
    assert told[0] == Counted(1, 2)
    assert len(told) == 2 and isinstance(told[1], Failed)
    assert told[1].message.code == code or not code
    assert words in str(told[1].error)


def test_a_training_that_is_killed_says_how_to_go_on() -> None:
    job = Job(Deaf(Path("runs/a")))
    os.kill(int(first_stage(job)), signal.SIGKILL)
    *_, last = job.events()
    assert isinstance(last, Failed)
    assert str(last.error).endswith("Go on with it: castlist resume 'runs/a'.")


@pytest.mark.parametrize("keeps", [False, True])
def test_a_work_is_stopped_at_its_next_step(keeps: bool) -> None:
    job = Job(Endless(keeps))
    first_stage(job)
    job.stop()
    job.stop()  # a second wish must not interrupt what is being kept
    told = [event for event in job.events(1) if not isinstance(event, Counted)]
    assert told == ([Stopping(), Stage("keeping"), Checked({"kept": 1})] if keeps else [Stopping(), Stopped()])


def test_what_is_told_too_often_is_told_now_and_then_and_what_ends_always(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(1.0, 0.04)
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    lines = io.BytesIO()
    teller = worker.Teller(lines)
    within = dataclasses.replace(STEP, finished=None)
    every = [*(Counted(i, 9) for i in range(10)), within, STEP, within, STEP, Stage("a"), Stage("b")]
    for event in every:
        teller.tell(event)
    told = [read_event(line) for line in lines.getvalue().splitlines()]
    assert told[:4] == [Counted(done, 9) for done in (0, 3, 6, 9)]
    assert told[4:] == [within, STEP, STEP, Stage("a"), Stage("b")]


def test_a_work_is_asked_to_stop_once_and_not_before_its_epoch_is_kept() -> None:
    lines = io.BytesIO()
    teller = worker.Teller(lines)
    teller.ask()
    teller.tell(STEP)
    with pytest.raises(StopAsked):
        teller.tell(dataclasses.replace(STEP, finished=None))
    teller.tell(Stage("keeping"))
    assert [read_event(line) for line in lines.getvalue().splitlines()] == [STEP, Stopping(), Stage("keeping")]


def test_a_work_that_does_not_hear_is_killed_after_a_while() -> None:
    job = Job(Deaf(), grace=0.3)
    pid = int(first_stage(job))
    job.stop()
    assert list(job.events(1)) == [Stopped()]
    assert not psutil.pid_exists(pid)


def test_a_killed_job_is_over_at_once() -> None:
    job = Job(Deaf())
    pid = int(first_stage(job))
    job.kill()
    assert job.end == Stopped()
    assert not psutil.pid_exists(pid)
    job.kill()  # it may be over already
    job.stop()
    assert list(job.events(1)) == [Stopped()]


@pytest.mark.parametrize("work", ["Endless()", "Deaf()"])
def test_no_child_outlives_its_parent(work: str) -> None:
    code = f"""
import time
from castlist.jobs import Job
from works import Deaf, Endless
print(next(Job({work}).events()).what, flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not psutil.pid_exists(child))


def test_twenty_jobs_leave_nothing() -> None:
    me = psutil.Process()
    before = set(me.children())  # such as the screen of the tests before
    threads, descriptors = threading.active_count(), me.num_fds()
    jobs = []
    for i in range(20):
        job = Job([Many(3, "a"), Dying("kill"), Endless(), Deaf()][i % 4], grace=0.2)
        if i % 4 > 1:
            first_stage(job)
            job.stop()
        jobs.append(job)
    for job in jobs:
        list(job.events())
    wait_for(
        lambda: set(me.children()) <= before and me.num_fds() == descriptors and threading.active_count() == threads, 40
    )


# The works themselves


@pytest.fixture
def endless(tmp_path: Path, drawn_photos: Path) -> Learn:
    pytest.importorskip("keras")
    return Learn(drawn_photos, dataclasses.replace(SMALL, epochs=500), tmp_path / "runs", name="a")


def wait_for_epochs(job: Job, count: int) -> Path:
    begun = next(event for event in job.events() if isinstance(event, Begun))
    next(e for e in job.events() if isinstance(e, Progress) and e.finished and e.finished.epoch == count)
    return begun.run


@pytest.mark.slow
@pytest.mark.keras
def test_a_training_that_was_killed_is_gone_on_with_and_when_stopped_keeps_its_best(endless: Learn) -> None:
    job = Job(endless)
    run = wait_for_epochs(job, 2)
    job.kill()
    assert job.end == Stopped() and not open_run(run).complete
    before = read_history(open_run(run))
    assert before
    job = Job(Resume(run))
    next(event for event in job.events() if isinstance(event, Progress))
    job.stop()
    *_, last = job.events()
    assert isinstance(last, Learnt) and last.run == run and last.report and last.report.exists()
    stopped = open_run(run)
    assert stopped.complete and read_history(stopped)[0] == before[0]
    assert len(before) - 1 <= len(read_history(stopped)) < 500  # an epoch may have been half put on disk


@pytest.mark.keras
def test_a_training_without_an_epoch_has_nothing_to_keep(own_cache: Path, endless: Learn) -> None:
    job = Job(endless)
    next(event for event in job.events() if isinstance(event, Counted))
    job.stop()
    *_, last = job.events()
    assert last == Stopped()


def test_a_folder_is_checked_and_a_wrong_one_is_told_in_a_sentence(drawn_photos: Path, tmp_path: Path) -> None:
    told = list(Job(Check(drawn_photos)).events())
    assert Stage("Photos") in told and Counted(24, 24) in told
    assert isinstance(told[-1], Checked)
    *_, failed = Job(Check(tmp_path / "nowhere 哥")).events()
    assert isinstance(failed, Failed) and "nowhere 哥" in str(failed.error)


def test_a_search_that_is_stopped_has_its_best_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuning = pytest.importorskip("castlist.learning.tuning")
    trial = Trial(0, tmp_path / "trial-000", 0.5)

    def search(*arguments: object, on_trial: Callable[[Trial], None], **options: object) -> None:
        on_trial(trial)

    told: list[Event] = []

    def tell(event: Event) -> None:
        told.append(event)
        raise StopAsked

    monkeypatch.setattr(tuning, "tune", search)
    work = Tune(tmp_path, {"cnn": SMALL}, tmp_path, trials=3)
    with pytest.raises(StopAsked):  # no trial is in the search's record
        work.do(tell)
    assert told == [trial]
    study = tuning._open(tmp_path)
    study.add_trial(
        tuning.optuna.create_trial(
            value=0.5,
            user_attrs={"run": "trial-000"},
            params={"rate": 1.0},
            distributions={"rate": tuning.optuna.distributions.FloatDistribution(0.1, 10)},
        )
    )
    monkeypatch.setattr(tuning, "open_run", lambda path: SimpleNamespace(settings=SMALL))
    assert work.do(tell) == Searched(1, trial.run, 0.5, tmp_path / "best.toml")


@pytest.mark.parametrize("stopped", [False, True])
def test_a_training_that_is_stopped_is_finished_as_it_stands(
    tmp_path: Path, stopped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "run", ("Ann", "Bo"))
    finished: list[dict[str, object]] = []

    def train(path: Path, *, on_start: Callable[..., None] | None = None, **wishes: object) -> tuple[Run, object]:
        if on_start:
            on_start(open_run(path), None)
            if stopped:
                raise StopAsked
        finished.append({name: wishes[name] for name in ("epochs", "language")})
        return run, SimpleNamespace(accuracy=0.75)

    monkeypatch.setattr("castlist.checks.quick_check", lambda *_: SimpleNamespace(counts={"copy": 2}))
    monkeypatch.setattr("castlist.learning.resume", train)
    told: list[Event] = []
    work = Resume(run.path, 7, "zh-TW")
    if stopped:  # before an epoch: there is nothing to finish
        with pytest.raises(StopAsked):
            work.do(told.append)
        assert not finished
    row = dataclasses.asdict(EPOCH)
    run.history_path.write_text(f"{','.join(row)}\n{','.join(map(str, row.values()))}\n")
    assert work.do(told.append) == Learnt(run.path, None, 0.75)
    assert told[-1] == Begun(run.path, {"copy": 2})
    assert finished == [{"epochs": 1 if stopped else 7, "language": "zh-TW"}]
    (run.path / "report.html").touch()
    assert work.do(told.append) == Learnt(run.path, run.path / "report.html", 0.75)


def test_a_person_is_trained_away_or_the_run_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "run", ("Ann", "Bo"))
    removed, told = (Message("one", "one"),), list[Event]()

    def train(path: Path, name: str, **wishes: object) -> Receipt:
        assert wishes.pop("on_progress") == told.append and wishes.pop("language") == "zh-TW"
        wishes.pop("on_count")(1, 2)
        return Receipt(name, removed, ())

    def stop(path: Path, name: str, **_: object) -> Receipt:
        dataclasses.replace(make_run(path.with_name("run.retrained"), ("Ann", "Bo")), complete=False).save()
        raise StopAsked

    monkeypatch.setattr("castlist.people.retrain_without", train)
    assert Retrain(run.path, "Bo", "zh-TW").do(told.append) == Forgotten("Bo", removed, ())
    assert told == [Counted(1, 2)]
    monkeypatch.setattr("castlist.people.retrain_without", stop)
    with pytest.raises(StopAsked):
        Retrain(run.path, "Bo").do(told.append)
    assert list(tmp_path.iterdir()) == [run.path]


def test_a_run_that_is_refreshed_tells_what_is_lost_and_has_a_new_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def refresh(path: Path, *, on_count: Callable[[int, int], None]) -> Renewal:
        on_count(1, 2)
        return Renewal(SimpleNamespace(), 5, ("a.jpg", "b.jpg"))

    monkeypatch.setattr("castlist.people.refresh", refresh)
    monkeypatch.setattr("castlist.people.renew_report", lambda path, *, language: path / language)
    told: list[Event] = []
    assert Refresh(Path("run"), "zh-TW").do(told.append) == Refreshed(5, 2, Path("run/zh-TW"))
    assert told == [Counted(1, 2)]


def test_an_archive_that_is_stopped_has_what_was_seen(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for i in range(24):  # more than are looked at ahead
        save_noise(tmp_path / "photos" / f"{i}.png", i)
    told: list[Event] = []

    def tell(event: Event) -> None:
        told.append(event)
        if sum(isinstance(one, Counted) for one in told) == 2:
            raise StopAsked

    work = Fill(tmp_path / "photos", make_run(tmp_path / "run", ("Ann", "Bo")).path, tmp_path / "archive")
    assert not work.do(tell).is_whole
    assert told[0] == Stage("photos") and told[1:3] == [Counted(1, 24), Counted(2, 24)] and Counted(24, 24) not in told
    done = work.do(told.append)
    assert isinstance(done, Filled) and done.is_whole and Counted(24, 24) in told
