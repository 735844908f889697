"""Workers make the same archive as one process, whoever of them dies, hangs or is stopped."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

import castlist
from castlist.archive import Archive, ArchiveFolder, Filled, fill_archive, planning
from castlist.archive.listing import File
from castlist.archive.planning import Content, Unit
from castlist.archive.workers import Post, drive, driving
from castlist.archive.workers.orders import News, Order, name_of
from castlist.archive.workers.station import Station
from castlist.errors import CastlistError, Message
from castlist.testing import level_of, make_run, save_picture, tell_faces
from finders import WORST, Death, die, hang, kill, kill_once

SOURCE = Path(castlist.__file__).parent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run, and a folder of twelve pictures; units of four; children find the tests' finders."""
    monkeypatch.setattr(planning, "UNIT", 4)
    monkeypatch.setattr(driving, "PAUSE", 0.01)
    tests, source = Path(__file__).parent, Path(__file__).parents[1] / "src"
    monkeypatch.setenv("PYTHONPATH", f"{source}{os.pathsep}{tests}")
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "run", ("Ann", "Bo"))
    for i in range(12):
        save_picture(tmp_path / "photos" / f"{i:02}.png", [level_of(i % 3, i % 8), level_of(10 + i)])
    return tmp_path


def make(home: Path, out: str = "archive", **wishes: Any) -> Filled:
    return fill_archive(home / "photos", home / "run", home / out, **{"finder": tell_faces, **wishes})


def shards(home: Path, out: str = "archive") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home / out / "units").iterdir()}


def reasons(home: Path, out: str = "archive") -> dict[str, str | None]:
    folder = ArchiveFolder(home / out)
    rows = [row for unit in folder.units() for row in folder.read(unit)[0].to_pylist()]
    assert len({(row["photo"], row["face"]) for row in rows}) == len(rows), "a face is there twice"
    return {row["photo"]: row["reason"] for row in rows if row["face"] is None}


# Real processes


def test_processes_write_the_same_bytes(home: Path) -> None:
    counted: list[tuple[int, int]] = []
    make(home, "alone")
    assert make(home, workers=2, on_count=lambda *count: counted.append(count)) == Filled(12, 0, 0, True)
    assert shards(home) == shards(home, "alone")
    assert counted[-1] == (12, 12) and [done for done, _ in counted] == sorted(done for done, _ in counted)
    left = {path.name for path in (home / "archive").iterdir() if not path.name.endswith(".lock")}
    assert left == {"archive.json", "units"}


def test_a_worker_that_was_killed_costs_no_row(home: Path) -> None:
    save_picture(home / "photos" / "05.png", [WORST])
    make(home, "alone")
    assert make(home, workers=1, finder=kill_once).is_whole
    assert shards(home) == shards(home, "alone") and not reasons(home)


@pytest.mark.slow
@pytest.mark.parametrize("finder", [kill, hang])
def test_what_kills_or_stops_processes_is_set_aside(
    home: Path, finder: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "PATIENCE", 2.0)
    save_picture(home / "photos" / "05.png", [WORST])
    assert make(home, workers=2, finder=finder).is_whole
    assert reasons(home) == {"05.png": "photo-set-aside"}
    assert Archive(home / "archive").counts().photos == 12


def test_a_killed_driver_leaves_nobody_and_the_next_goes_on(home: Path) -> None:
    driver = subprocess.Popen([sys.executable, "-P", "-c", DRIVER, str(home)], stdout=subprocess.PIPE)
    assert driver.stdout and driver.stdout.readline()
    children = children_of(driver.pid)
    driver.kill()
    driver.wait()
    driver.stdout.close()
    assert len(children) == 2
    until(lambda: not any(map(is_alive, children)))
    make(home)
    make(home, "alone")
    assert shards(home) == shards(home, "alone")
    assert not list((home / "archive").glob(".ticket-*"))


DRIVER = """
import sys
from pathlib import Path
from castlist.archive import fill_archive, planning
from castlist.testing import tell_faces
planning.UNIT = 4
home = Path(sys.argv[1])
begun = lambda done, total: done and print("begun", flush=True)
fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces, workers=2, on_count=begun)
"""


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(word) for word in found.stdout.split()]


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except OSError:
        return False


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# The driver alone, with workers in this process


class Here:
    """A worker in this process that is gone once a finder has raised Death; or hangs, if it is told to."""

    def __init__(self, post: Post, hangs: bool) -> None:
        self.station, self.hangs = Station(msgspec.json.encode(post)), hangs
        self.told: bytes | None = self.station.news()
        self.is_ended = False

    def news(self) -> News | None:
        if self.told is None:
            raise EOFError
        return msgspec.json.decode(self.told, type=News)

    def give(self, order: Order) -> None:
        try:
            self.told = self.station.carry_out(msgspec.json.encode(order))
        except Death:
            self.told = msgspec.json.encode(News(0, 0)) if self.hangs else None

    def end(self) -> None:
        self.is_ended = True


class HereAll:
    """Such workers."""

    place = "here"

    def __init__(self, post: Post, count: int = 2, hangs: bool = False) -> None:
        self.post, self.count, self.hangs = post, count, hangs
        self.started: list[Here] = []

    def start(self) -> Here:
        self.started.append(Here(self.post, self.hangs))
        return self.started[-1]

    def close(self) -> None:
        assert all(one.is_ended for one in self.started)


@pytest.fixture
def hire(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[HereAll]]:
    """Have such workers in the place of processes; gives where they are put down."""

    def hire(**wishes: Any) -> list[HereAll]:
        hired: list[HereAll] = []

        def crew(post: Post, count: int) -> HereAll:
            hired.append(HereAll(post, count, **wishes))
            return hired[-1]

        monkeypatch.setattr("castlist.archive.filling.Processes", crew)
        monkeypatch.setattr("castlist.archive.workers.station.set_threads", lambda count: None)
        return hired

    return hire


@pytest.mark.parametrize("hangs", [False, True])
def test_a_photo_is_set_aside_after_three_tries(
    home: Path, hire: Callable[..., list[HereAll]], hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "PATIENCE", 0.05)
    hired, told = hire(hangs=hangs), []
    for k, name in enumerate(("05.png", "06.png", "11.png")):
        save_picture(home / "photos" / name, [WORST, level_of(9 + k)])
    (home / "photos" / "12.png").write_bytes((home / "photos" / "11.png").read_bytes())  # a copy
    assert make(home, workers=2, finder=die, tell=told.append).is_whole
    assert reasons(home) == dict.fromkeys(["05.png", "06.png", "11.png", "12.png"], "photo-set-aside")
    assert [message.code for message in told] == ["photo-told-aside"] * 3
    # Two units were lost three times, and each of three photos; besides, there is whoever did the rest.
    assert len(hired[0].started) - (2 * 3 + 3 * 3) in (1, 2)
    assert make(home, finder=die) == Filled(0, 0, 0, True)
    os.utime(home / "photos" / "05.png", (1e9, 1e9))
    save_picture(home / "photos" / "05.png", [level_of(0)])
    assert make(home).looked == 1
    assert "05.png" not in reasons(home)


def test_a_unit_that_ends_workers_though_no_photo_does_is_told(
    home: Path, hire: Callable[..., list[HereAll]], monkeypatch: pytest.MonkeyPatch
) -> None:
    hire()
    monkeypatch.setattr(ArchiveFolder, "write", raise_death)
    with pytest.raises(CastlistError, match=r"Unit 1 of the work, with '00\.png', ends its workers"):
        make(home, workers=1)


def raise_death(*args: object) -> None:
    raise Death


def test_what_a_worker_tells_is_raised_after_three_tries(
    home: Path, hire: Callable[..., list[HereAll]], monkeypatch: pytest.MonkeyPatch
) -> None:
    hired, tries = hire(), []
    write = ArchiveFolder.write

    def refuse(folder: ArchiveFolder, unit: int, *args: Any) -> None:
        tries.append(unit)
        if tries.count(unit) < 3 or unit == 2:
            raise CastlistError("disk-full", "No space, {path!r}.", path="x")
        write(folder, unit, *args)

    monkeypatch.setattr(ArchiveFolder, "write", refuse)
    with pytest.raises(CastlistError, match="A worker in here can't go on: No space, 'x'"):
        make(home, workers=1)
    assert tries.count(2) == 3 and ArchiveFolder(home / "archive").units() == [1]
    assert all(one.is_ended for one in hired[0].started)


def test_told_to_stop_finished_units_stay(home: Path, hire: Callable[..., list[HereAll]]) -> None:
    hire()
    assert not make(home, workers=1, stop=lambda: bool(ArchiveFolder(home / "archive").units())).is_whole
    assert 0 < len(ArchiveFolder(home / "archive").units()) < 3
    assert make(home, workers=1).is_whole
    assert not reasons(home)


class Shy:
    """A worker that a cluster has no place for yet."""

    is_ended = False

    def news(self) -> News | None:
        return None

    def give(self, order: Order) -> None:
        raise AssertionError

    def end(self) -> None:
        self.is_ended = True


def test_a_cluster_that_becomes_smaller_keeps_who_works() -> None:
    class Quick(Shy):
        told = News(0, 0)

        def news(self) -> News:
            return self.told

        def give(self, order: Order) -> None:
            self.told = News(1, 1, is_done=True)

    class Shrinking:
        place = ""

        def __init__(self) -> None:
            self.started: list[Shy] = []

        @property
        def count(self) -> int:
            return 3 if len(self.started) < 3 else 1

        def start(self) -> Shy:
            self.started.append(Quick() if not self.started else Shy())
            return self.started[-1]

        def close(self) -> None: ...

    units = [Unit(i, (Content((File(f"{i}.png", 1, 1),)),)) for i in range(5)]
    crew = Shrinking()
    assert drive(1, units, crew)
    assert all(one.is_ended for one in crew.started)


def test_who_has_ended_is_given_the_next_at_once() -> None:
    class Counted(Shy):
        asked, told = 0, News(0, 0)

        def news(self) -> News:
            self.asked += 1
            return self.told

        def give(self, order: Order) -> None:
            self.told = News(1, 1, is_done=True)

    class One:
        place, count = "", 1
        worker = Counted()

        def start(self) -> Counted:
            return self.worker

        def close(self) -> None: ...

    assert drive(1, [Unit(i, (Content((File(f"{i}.png", 1, 1),)),)) for i in range(5)], One())
    assert One.worker.asked == 6  # between two looks at all workers, a twentieth of a second passes


def test_workers_that_die_before_they_begin_are_told() -> None:
    class Dead(Shy):
        def news(self) -> News:
            raise EOFError

    class Graves:
        place, count = "", 1

        def start(self) -> Dead:
            return Dead()

        def close(self) -> None: ...

    with pytest.raises(CastlistError, match="Have fewer of them"):
        drive(1, [Unit(1)], Graves())


# Who may write


def test_whoever_s_ticket_is_gone_writes_nothing(home: Path) -> None:
    make(home)
    late, folder = ArchiveFolder(home / "archive"), ArchiveFolder(home / "archive")
    table, about = folder.read(1)
    with folder.alone(), folder.admitting() as ticket:
        late.ticket = ticket
        late.write(1, table, about)
    for _ in range(2):
        with pytest.raises(CastlistError, match=r"had the work .* done has ended"):
            late.write(1, table, about)
    (home / "archive" / ticket).touch()  # as of a driver that was killed
    with folder.alone(), pytest.raises(CastlistError, match="has ended"):
        late.write(1, table, about)


def test_a_worker_takes_no_other_run(home: Path) -> None:
    post = Post(str(home / "archive"), str(home / "photos"), str(home / "run"), "", "", False, None, "", 1)
    post = msgspec.structs.replace(post, finder=name_of(tell_faces))
    news = msgspec.json.decode(Station(msgspec.json.encode(post)).news(), type=News)
    assert news.error and news.error.code == "worker-other-eyes"
    told = Station(msgspec.json.encode(msgspec.structs.replace(post, run="nowhere")))
    assert msgspec.json.decode(told.carry_out(b""), type=News).problem


def test_odd_wishes_are_refused(home: Path) -> None:
    for wishes in ({"workers": 0}, {"workers": 1, "ray": "auto"}):
        with pytest.raises(CastlistError, match="There must be 1 worker or more"):
            make(home, **wishes)
    with pytest.raises(CastlistError, match="function of a module"):
        make(home, workers=1, finder=lambda pixels, **wishes: [])


def test_messages_come_back_as_they_were() -> None:
    message = Message("a-code", "{count} of {path!r}", {"count": 3, "path": "x"})
    error = News(1, 2, problem=message.to_dict()).error
    assert error and error.message == message


# Clusters


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:99999", "auto"])
def test_where_no_cluster_is_that_is_said_soon(home: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")  # of a cluster that was, for "auto"
    with pytest.raises(CastlistError, match=f"There is no Ray cluster at '{address}'"):
        make(home, ray=address)
    assert not list((home / "archive").glob(".ticket-*"))
    assert make(home).is_whole


@pytest.mark.parametrize("address", ["", "local", "head", "ray://127.0.0.1:10001"])
def test_a_cluster_is_never_started_and_joined_by_its_head_only(home: Path, address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(CastlistError, match="such as head:6379"):
        make(home, ray=address)


def test_a_cluster_of_other_versions_is_told_as_that(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    told = "Version mismatch: The cluster was started with:\n    Ray: 2.59.1\n    Python: 3.11.7\n"
    monkeypatch.setattr("castlist.archive.workers.cluster._knock", Mock())
    monkeypatch.setattr(ray, "init", Mock(side_effect=RuntimeError(told)))
    with pytest.raises(CastlistError, match=r"other versions .*Ray: 2\.59\.1 Python"):
        make(home, ray="127.0.0.1:6379")


# Nothing leaves the machine


@pytest.mark.parametrize(("said", "reason"), [(b"", "timed out"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "isn't Ray")])
def test_what_listens_and_is_no_cluster_is_not_waited_for(
    home: Path, said: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr("castlist.archive.workers.cluster.KNOCK", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hand = threading.Thread(target=lambda: held.append(listener.accept()[0]) or held[0].sendall(said))
        held: list[socket.socket] = []
        hand.start()
        with pytest.raises(CastlistError, match=f"no Ray cluster at .*{reason}"):
            make(home, ray=f"127.0.0.1:{listener.getsockname()[1]}")
        hand.join()
        held[0].close()


def test_ray_tells_nobody_that_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    code = "from castlist.archive.workers.cluster import _import_ray; _import_ray()\n"
    code += "from ray._common.usage.usage_lib import usage_stats_enabled; print(usage_stats_enabled())"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"


def test_one_module_each_asks_for_clusters_and_addresses() -> None:
    asking = {
        name: {
            file.relative_to(SOURCE).as_posix()
            for file in SOURCE.rglob("*.py")
            if re.search(rf"^\s*(import|from) {name}\b", file.read_text("utf-8"), re.MULTILINE)
        }
        for name in ("ray", "fsspec", "s3fs")
    }
    assert asking == {"ray": {"archive/workers/cluster.py"}, "fsspec": {"places.py"}, "s3fs": set()}
