"""What goes into a log: what was done and how much of it; whose photos they are is nobody's business."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import castlist
from castlist.checks import check_photos
from castlist.drawn import HEROES, draw_cast
from castlist.errors import CastlistError
from castlist.media import find_photos
from castlist.people import enrol, forget
from castlist.settings import Settings


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


def test_without_a_decision_nothing_is_shown() -> None:
    package = logging.getLogger("castlist")
    assert any(isinstance(one, logging.NullHandler) for one in package.handlers)
    assert package.level == logging.NOTSET
