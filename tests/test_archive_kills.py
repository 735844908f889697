"""An archive's work is killed anywhere, and several hands decide at once: nothing is torn, and nothing lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import Archive, fill_archive, find_in_archive, group_unnamed, planning
from castlist.testing import level_of, make_run, save_picture, tell_faces
from small_runs import ONE_THREAD

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")]

WORK = """
import sys
from pathlib import Path
from castlist.archive import Archive, fill_archive, name_groups, planning
from castlist.people import forget
from castlist.testing import tell_faces
home, work = Path(sys.argv[1]), sys.argv[2]
planning.UNIT = 2
print("begun", flush=True)
if work == "archive":
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
elif work == "decide":
    archive = Archive(home / "archive")
    for _ in range(int(sys.argv[3])):
        archive.decide("is-not", archive.spot("0.png", face=1), name="Ann", who=sys.argv[4])
elif work == "groups":
    name_groups(home / "archive", {1: "Dora"})
else:
    forget(home / "run", "Beatrix", archive=home / "archive")
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of four units, with Beatrix in four photos and a group of three; and two new photos."""
    monkeypatch.setattr(planning, "UNIT", 2)
    make_run(tmp_path / "run", ("Ann", "Beatrix", "Cy"))
    for i, level in enumerate([*(level_of(1, look) for look in range(4)), *(level_of(20, look) for look in range(3))]):
        save_picture(tmp_path / "photos" / f"{i}.png", [level])
    make(tmp_path)
    archive = Archive(tmp_path / "archive")
    archive.decide("is-not", archive.spot("0.png"), name="Cy")
    assert [group.number for group in group_unnamed(tmp_path / "archive")] == [1]
    for i in (7, 8):
        save_picture(tmp_path / "photos" / f"{i}.png", [level_of(0, i - 7)])
    return tmp_path


def make(home: Path) -> None:
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)


def begin(home: Path, *words: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", WORK, str(home), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ONE_THREAD,
    )
    assert process.stdout and process.stdout.readline() == "begun\n"
    return process


def kill_in(home: Path, work: str, share: float, whole: float) -> None:
    process = begin(home, work, *((20, "x") if work == "decide" else ()))
    time.sleep(share * whole)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("work", ["archive", "decide", "groups", "forget"])
def test_killed_at_random_moments_a_repeat_comes_to_the_end(home: Path, own_cache: Path, work: str) -> None:
    kept, home = home, home / "again"
    shutil.copytree(kept, home, ignore=shutil.ignore_patterns("again", "own cache"))
    began = time.monotonic()
    begin(home, work, *((20, "x") if work == "decide" else ())).communicate()
    whole = time.monotonic() - began
    rng = random.Random(0)
    for _ in range(5):
        shutil.rmtree(home)
        shutil.copytree(kept, home, ignore=shutil.ignore_patterns("again", "own cache"))
        kill_in(home, work, rng.random(), whole)
        lines = (home / "archive" / "decisions.jsonl").read_text().splitlines(keepends=True)
        whole_lines = [json.loads(line) for line in lines if line.endswith("\n")]
        assert len(list(Archive(home / "archive").faces({"Dora"}))) in (0, 3)  # a group is named as one
        if work in ("archive", "groups"):
            make(home)
            assert len(find_in_archive(Archive(home / "archive"), "Ann")) == 2
        elif work == "decide":
            assert len(Archive(home / "archive").decisions) == len(whole_lines)
        else:
            again = begin(home, work)
            again.communicate()
            # Where the first was done but for its last word, nobody is called so any more.
            names = {face.name for face in Archive(home / "archive").faces()}
            assert names == {"unknown"}
            assert not any(b"Beatrix" in path.read_bytes() for path in (home / "archive").rglob("*") if path.is_file())


def test_two_decide_while_one_forgets_and_nothing_of_others_is_lost(home: Path, own_cache: Path) -> None:
    hands = [begin(home, "decide", 15, who) for who in ("one", "two")]
    hands.append(begin(home, "forget"))
    for hand in hands:
        _, said = hand.communicate()
        assert hand.returncode == 0, said
    decisions = Archive(home / "archive").decisions
    assert [sum(one.who == who for one in decisions) for who in ("one", "two")] == [15, 15]
    assert sum(one.name == "Cy" for one in decisions) == 1
    assert not list(Archive(home / "archive").faces({"Beatrix"}))
