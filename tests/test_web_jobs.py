"""The works of a house: begun by any process, run by one, told to all."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("fastapi")

import castlist
from castlist.errors import Message
from castlist.jobs import Checked, Counted, Event, Failed, Retrain, Stage, Stopped, Work, write_event
from castlist.web.foreman import AT_ONCE, Foreman
from castlist.web.jobs import JobBook
from works import Endless, Many


@pytest.fixture(autouse=True)
def children_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    places = (Path(castlist.__file__).parents[1], Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, places)))


def wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_over(book: JobBook, job: str) -> bool:
    return book.note(job).is_over


def last(book: JobBook, job: str) -> Event | None:
    return book.note(job).last


def begin_next(book: JobBook, work: Work) -> str:
    time.sleep(0.002)  # a work's id tells of whole milliseconds, and works are done in the order of these
    return book.begin(work)


def test_a_work_is_done_and_told_in_order(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    job = JobBook(tmp_path / "jobs").begin(Many(3, "words"), key="a key")
    assert book.note(job).told == 0
    with Foreman(JobBook(tmp_path / "other")):  # of another house
        assert book.waiting() == [job]
    book = JobBook(tmp_path / "jobs")
    time.sleep(0.002)
    opened = time.time()
    asked = begin_next(book, Many(3, "words"))
    with Foreman(book, opened=opened):
        # Begun before the house was open: it isn't known whether somebody did some of it.
        assert isinstance(last(book, job), Failed)
        job = asked
        wait(lambda: book.note(job).is_over)
    assert book.events(job) == [Stage("words 0"), Stage("words 1"), Stage("words 2"), Checked({"words": 3})]
    assert (book.folder / f"{job}.jsonl").stat().st_mode & 0o777 == 0o600
    lines, place = book.told(job)
    assert len(lines) == 4 and book.told(job, place) == ([], place)


def test_works_wait_for_each_other_and_stop_when_asked(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    with Foreman(book):
        jobs = [begin_next(book, Endless(keeps=i == 0)) for i in range(AT_ONCE + 1)]
        wait(lambda: sum(isinstance(last(book, job), Counted) for job in jobs) == AT_ONCE)
        assert book.note(jobs[-1]).told == 0
        for job in reversed(jobs):
            book.stop(job)
            wait(functools.partial(is_over, book, job))
    assert last(book, jobs[0]) == Checked({"kept": 1}) and last(book, jobs[-1]) == Stopped()


def test_works_on_one_archive_are_done_one_after_the_other(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    with Foreman(book):
        first, second, stopped = (begin_next(book, Endless(archive=tmp_path / "album")) for _ in range(3))
        other = book.begin(Endless(archive=tmp_path / "another"))
        wait(lambda: all(isinstance(last(book, job), Counted) for job in (first, other)))
        book.stop(stopped)
        wait(lambda: is_over(book, stopped))
        assert last(book, stopped) == Stopped() and book.waiting() == [second]
        book.stop(first)
        wait(lambda: isinstance(last(book, second), Counted))
        assert is_over(book, first)


def test_what_a_house_leaves_is_interrupted_not_stopped(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    with Foreman(book):
        job = book.begin(Endless())
        wait(lambda: isinstance(last(book, job), Counted))
    assert isinstance(last(book, job), Counted)
    with Foreman(book):
        end = last(book, job)
    assert isinstance(end, Failed) and end.message.code == "job-interrupted"


def test_whoever_was_forgotten_is_in_no_work_of_before(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    job = book.begin(Retrain(tmp_path / "run", "Ann"), key="a key")
    (book.folder / f"{job}.jsonl").write_bytes(write_event(Stopped()))
    with Foreman(book):
        assert not book.notes()
    assert not [path for path in book.folder.iterdir() if path.name != ".lock"]


def test_what_another_castlist_told_costs_nothing_else(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    known = book.begin(Many(1, "x"), key="a key")
    (book.folder / f"{known}.jsonl").write_bytes(write_event(Checked({"x": 1})))
    check = b'{"work": "castlist.jobs.works:Check", "is": {}}\n'
    begun = b'{"event": "Begun", "is": {"newer": 1}}\n'
    others = [(b"", b""), (b"[1]", b"\xff\n"), (check, b'{"event": [], "is": {}}\n'), (check, begun), (check, None)]
    others += [(check, begun + write_event(Counted(1, 2)))]
    for i, (work, told) in enumerate(others):
        (book.folder / f"176414400000{i}-0f1e2d3c.work").write_bytes(work)
        if told is not None:
            (book.folder / f"176414400000{i}-0f1e2d3c.jsonl").write_bytes(told)
    assert len(book.notes()) == len(others) + 1
    with Foreman(book):
        assert isinstance(last(book, known), Checked)
        assert all(note.is_over for note in book.notes())
        assert book.begin(Many(1, "x"), key="a key") == known
    with Foreman(book):
        assert [note.id for note in book.notes()] == [known]


def test_no_work_tells_of_whoever_is_forgotten(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    names = {"Zoë": Failed(Message("x", "{name} has no photos.", {"name": "Zoë"})), "Bo": Stopped()}
    jobs = {name: book.begin(Retrain(tmp_path / "run", name), key=name) for name in names}
    for name, end in names.items():
        (book.folder / f"{jobs[name]}.jsonl").write_bytes(write_event(end))
    running = book.begin(Retrain(tmp_path / "run", "Zoë"))
    (book.folder / "1764144000000-0f1e2d3c.jsonl").write_bytes(b"of one that was killed as it forgot")
    book.forget("is")  # a word of castlist's own in every line, and of no text
    assert len(book.notes()) == 3
    book.forget("Zoë")
    assert {note.id for note in book.notes()} == {jobs["Bo"], running}
    left = [path for path in book.folder.iterdir() if running not in path.name]
    assert not any(rb"Zo\u00eb" in path.read_bytes() for path in left)
    assert {path.suffix for path in left} == {".work", ".jsonl", ".key", ""} and len(left) == 4
    assert book.begin(Retrain(tmp_path / "run", "Zoë"), key="Zoë") != jobs["Zoë"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_an_end_that_found_no_room_is_told_once_there_is_some(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    with Foreman(book):
        job = book.begin(Endless())
        wait(lambda: isinstance(last(book, job), Counted))
        told = book.folder / f"{job}.jsonl"
        before = told.read_bytes()
        told.unlink()
        told.symlink_to("/dev/full")
        book.stop(job)
        wait(lambda: not (book.folder / f"{job}.stop").exists())
        time.sleep(0.5)
        told.unlink()
        told.write_bytes(before)
        wait(lambda: book.note(job).is_over)
    assert last(book, job) == Stopped()


def test_a_work_that_nobody_knows_fails_alone(tmp_path: Path) -> None:
    book = JobBook(tmp_path / "jobs")
    with Foreman(book):
        unknown = "1764144000000-0f1e2d3c"
        (book.folder / f"{unknown}.work").write_bytes(b'{"work": "castlist.nowhere:None", "is": {}}\n')
        other = book.begin(Many(1, "x"))
        wait(lambda: book.note(unknown).is_over and book.note(other).is_over)
    assert isinstance(last(book, other), Checked)
