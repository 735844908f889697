"""The window on an archive: its names without a look, and what is said about a face goes into it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import Archive, fill_archive
from castlist.media import UNKNOWN
from castlist.naming import Recognizer
from castlist.testing import level_of, make_run, save_picture, tell_faces
from conftest import wait_for
from test_desktop import press, rows


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of Ann with a stranger, of the stranger, and of a picture that is gone meanwhile; its run is, too."""
    make_run(tmp_path / "run", ("Ann", "Bo"))
    for name, levels in (("ann", [level_of(0), level_of(20)]), ("bo", [level_of(1)]), ("stranger", [level_of(20, 1)])):
        save_picture(tmp_path / "photos" / f"{name}.png", levels)
    fill_archive(tmp_path / "photos", tmp_path / "run", tmp_path / "archive", finder=tell_faces)
    (tmp_path / "photos" / "bo.png").unlink()
    shutil.rmtree(tmp_path / "run")
    return tmp_path / "archive"


def open_archive(window: Any, path: Path) -> None:
    window.open([path])
    wait_for(window, lambda: window.album.is_settled)


def say_name(window: Any, face: str, name: str) -> None:
    faces = window.album.answer.faces
    window.album.choose_face(next(i for i, one in enumerate(faces) if one.name == face))
    window.album.panel.name.insert(0, name)
    window.album.panel.button.invoke()


def names(window: Any) -> list[list[str]]:
    return [sorted(face.name for face in answer.faces) for _, answer in sorted(window.album.answers.items())]


def test_an_archive_is_shown_without_a_look_and_what_is_said_is_decided(window: Any, archive: Path) -> None:
    open_archive(window, archive)
    assert window.album.recognizer is None and names(window) == [["Ann", UNKNOWN], ["Bo"], [UNKNOWN]]
    assert "3 pictures" in window.status.text
    wait_for(window, lambda: len(window.album.view.find_all()) > 1)
    assert rows(window.album.panel.table) == ["Ann", "unknown"]
    say_name(window, UNKNOWN, "Dora")
    wait_for(window, lambda: "this is Dora" in window.status.text)
    assert names(window) == [["Ann", "Dora"], ["Bo"], [UNKNOWN]]
    assert [one.name for one in Archive(archive).decisions] == ["Dora"]
    assert not window.album.panel.name.get()
    press(window, "<Control-z>")
    wait_for(window, lambda: "Taken back" in window.status.text)
    assert Archive(archive).decisions == [] and names(window)[0] == ["Ann", UNKNOWN]
    press(window, "<Control-z>")
    wait_for(window, lambda: "no decision" in window.notice.text)


def test_a_run_that_is_chosen_beside_names_nothing_of_it_anew(window: Any, archive: Path, tmp_path: Path) -> None:
    open_archive(window, archive)
    other = make_run(tmp_path / "other", ("Zoe", "Bo"))
    window.chooser.use(Recognizer.load(other.path, finder=tell_faces))
    assert names(window)[0] == ["Ann", UNKNOWN]
    assert "Zoe" not in window.album.panel.name.cget("values")
    say_name(window, UNKNOWN, "Dora")
    wait_for(window, lambda: "this is Dora" in window.status.text)
    assert len(Archive(archive).decisions) == 1
    window.open([tmp_path / "photos" / "ann.png"])  # which is nothing of the archive's
    wait_for(window, lambda: len(window.album.answers) == 1)
    assert not window.archives.is_open and names(window) == [["Zoe", UNKNOWN]]


def test_contradictions_and_what_is_no_archive_are_told(window: Any, archive: Path, tmp_path: Path) -> None:
    open_archive(window, archive)
    say_name(window, "Ann", "Dora")
    wait_for(window, lambda: "this is Dora" in window.status.text)
    say_name(window, "Dora", "Emil")
    wait_for(window, lambda: "decided as --is Dora, later as --is Emil" in window.notice.text)
    window.open_archive(tmp_path / "photos")
    wait_for(window, lambda: "is not an archive" in window.notice.text)
    assert names(window)[0] == ["Emil", UNKNOWN]
