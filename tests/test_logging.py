"""What goes into a log: what was done and how much of it; whose photos they are is nobody's business."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
import pytest

import castlist
from castlist.checks import check_photos
from castlist.drawn import HEROES, draw_cast
from castlist.errors import CastlistError, unforeseen
from castlist.faces import Face
from castlist.media import find_photos
from castlist.naming import Recognizer
from castlist.people import enrol, forget
from castlist.settings import Settings
from castlist.testing import draw_picture, make_run


def test_no_name_and_no_file_above_debug(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("h5py")
    caplog.set_level(logging.DEBUG, logger="castlist")
    cast, more = tmp_path / "cast", tmp_path / "more"
    draw_cast(cast, pictures_per_person=4, size=160, people=HEROES[:2])
    draw_cast(more, pictures_per_person=2, size=160, people=HEROES[2:3])
    (cast / HEROES[0] / "unreadable.jpg").write_bytes(b"no photo")
    run, _ = castlist.learn(cast, Settings(), runs=tmp_path / "runs", name="unspoken")
    castlist.Recognizer.load(run.path).name_photos(find_photos([str(cast)]))
    enrol(run.path, HEROES[2], find_photos([str(more)]))
    forget(run.path, HEROES[2])
    check_photos(cast)
    with pytest.raises(CastlistError):
        castlist.open_run(cast)

    secrets = {*HEROES, "unreadable", "unspoken", str(tmp_path)}
    told: dict[int, list[str]] = {level: [] for level in (logging.DEBUG, logging.INFO)}
    for record in caplog.records:
        told[min(max(record.levelno, logging.DEBUG), logging.INFO)].append(record.getMessage())
    assert [line for line in told[logging.INFO] if any(secret in line for secret in secrets)] == []
    # That the search above can find something: paths are told, to who asks for them.
    assert any("unreadable" in line for line in told[logging.DEBUG])
    assert any("data set filled" in line for line in told[logging.INFO])


def test_what_nobody_foresaw_is_logged_without_what_it_says(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail(pixels: np.ndarray, **_: object) -> list[Face]:
        raise KeyError("Ann")

    run = make_run(tmp_path / "run", ("Ann", "Bo"))
    caplog.set_level(logging.INFO, logger="castlist")
    (seen,) = Recognizer.load(run.path, finder=fail).eyes.see([draw_picture([1])])
    assert str(seen.problems[0]) == "can't be looked at (KeyError: 'Ann')"
    try:
        int("Ann")
    except ValueError as error:
        assert "Ann" in str(unforeseen(error))
    assert [line for line in caplog.text.splitlines() if "ERROR" in line] and "Ann" not in caplog.text
    assert caplog.messages[-2:] == ["unforeseen: KeyError", "unforeseen: ValueError"]

    caplog.set_level(logging.DEBUG, logger="castlist")  # who asks for more gets where it happened, too
    unforeseen(raised := ZeroDivisionError("Ann"))
    assert caplog.records[-1].exc_info == (type(raised), raised, None)


def test_no_traceback_is_logged_above_debug() -> None:
    files = Path(castlist.__file__).parent.rglob("*.py")
    loud = [path.name for path in files if re.search(r"logger\.exception|stack_info", path.read_text("utf-8"))]
    assert loud == []


def test_without_a_decision_nothing_is_shown() -> None:
    package = logging.getLogger("castlist")
    assert any(isinstance(one, logging.NullHandler) for one in package.handlers)
    assert package.level == logging.NOTSET
