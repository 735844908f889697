"""Several processes and threads enrol and forget on one run: nobody is lost, nobody comes back, nothing is torn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import castlist
from many_hands import PEOPLE, PROCESSES, THREADS, is_torn, name_of, read
from small_runs import ONE_THREAD, make_small_run


def race(home: Path, seconds: float) -> Counter[str]:
    """Let all hands work on one run; gives what they counted."""
    path = make_small_run(home / "runs" / "one", PEOPLE).path
    script = Path(__file__).with_name("many_hands.py")
    places = (str(Path(castlist.__file__).parents[1]), str(script.parent))
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(places),
        "XDG_CACHE_HOME": str(home / "cache"),
        **ONE_THREAD,
    }
    running = [
        subprocess.Popen(
            [sys.executable, str(script), str(path), str(process), str(seconds)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for process in range(PROCESSES)
    ]
    told = [json.loads(process.communicate()[0]) for process in running]
    assert [error for one in told for error in one["errors"]] == []
    run, gallery = read(path)
    assert not is_torn(run, gallery)
    there = {
        name_of(process, thread)
        for process in range(PROCESSES)
        for thread in range(THREADS)
        if told[process]["in"][thread]
    }
    assert set(run.people) == {*PEOPLE, *there}
    counts: Counter[str] = Counter()
    for one in told:
        counts.update(one["counts"])
    assert run.generation >= counts["changes"]
    return counts


@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_many_hands_on_one_run(tmp_path: Path, seconds: float) -> None:
    counts = race(tmp_path, seconds)
    assert counts["changes"] >= PROCESSES * THREADS
    assert (counts["torn"], counts["lost"], counts["back"]) == (0, 0, 0)
