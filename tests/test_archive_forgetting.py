"""Whoever is forgotten is gone from every byte of an archive, also where the first try was killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import (
    Archive,
    ArchiveFolder,
    copy_photos,
    fill_archive,
    find_in_archive,
    planning,
    save_sheet,
)
from castlist.archive.elsewhere import mark, tell_marked
from castlist.errors import CastlistError, Message
from castlist.people import forget
from castlist.run import open_run
from castlist.testing import embedding_of, level_of, make_run, save_picture, tell_faces
from dying import DYING
from test_cli import run as castlist

AGAIN = ("forget", "archive")
LEVELS = [level_of(1, look) for look in range(3)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of three units in which Beatrix is named, decided, and the second best."""
    monkeypatch.setattr(planning, "UNIT", 2)
    make_run(tmp_path / "run", ("Ann", "Beatrix", "Cy"))
    for i, level in enumerate([*LEVELS, level_of(0), level_of(20), level_of(21)]):
        save_picture(tmp_path / "photos" / f"{i}.png", [level, level_of(2, i)])
    make(tmp_path)
    archive = Archive(tmp_path / "archive")
    archive.decide("is", archive.spot("4.png", face=1), name="Beatrix")
    archive.decide("is-not", archive.spot("3.png", face=1), name="Beatrix")
    archive.undo()
    archive.decide("is", archive.spot("2.png", face=1), name="Ann")
    (archive.folder.index).mkdir()
    (archive.folder.index / "vectors").write_bytes(b"Beatrix")
    (tmp_path / "photos" / "1.png").unlink()
    make(tmp_path)
    return tmp_path


def make(home: Path) -> None:
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)


def check_forgotten(home: Path) -> None:
    """Nothing tells of Beatrix, and all else is there."""
    for path in (home / "archive").rglob("*"):
        assert path.is_dir() or b"Beatrix" not in path.read_bytes(), path
    folder = ArchiveFolder(home / "archive")
    rows = [row for unit in folder.units() for row in folder.read(unit)[0].to_pylist()]
    kept = np.array([row["embedding"] for row in rows if row["embedding"]])
    beatrix = np.stack([embedding_of(level) for level in (*LEVELS[:2], level_of(20))])
    assert (kept @ beatrix.T).max() < 0.999
    assert (kept @ embedding_of(LEVELS[2])).max() > 0.999  # decided to be Ann
    assert len(rows) == 12 and len(kept) == 9
    forgotten = [row for row in rows if row["reason"] == "archive-forgotten"]
    assert [(row["photo"], row["landmarks"], row["gone"]) for row in forgotten] == [
        ("0.png", None, False),
        ("1.png", None, True),
        ("4.png", None, False),
    ]
    assert not (home / "archive" / "index").exists()
    assert len(find_in_archive(Archive(home / "archive"), "Cy")) == 5
    assert [one.name for one in Archive(home / "archive").decisions] == ["Ann"]


def test_a_person_is_gone_from_every_byte(home: Path) -> None:
    receipt = forget(home / "run", "Beatrix", archive=home / "archive")
    assert "3 faces" in str(receipt.removed[-1]) and "2 decisions" in str(receipt.removed[-1])
    check_forgotten(home)
    make(home)  # nor does the next look bring anybody back
    check_forgotten(home)
    with pytest.raises(CastlistError, match="nobody called 'Beatrix'"):
        forget(home / "run", "Beatrix", archive=home / "archive")


def test_whoever_is_only_the_second_best_of_others_is_gone_too(tmp_path: Path) -> None:
    make_run(tmp_path / "run", ("Ann", "Bo", "Cy"))
    save_picture(tmp_path / "photos" / "stranger.png", [level_of(20)])
    make(tmp_path)

    def best() -> set[str]:
        (row,) = ArchiveFolder(tmp_path / "archive").read(1)[0].to_pylist()
        return {one["name"] for one in row["best"]}

    before = best()
    assert "Cy" in before and len(before) > 2
    forget(tmp_path / "run", "Cy", archive=tmp_path / "archive")
    assert best() == before - {"Cy"}


def write_elsewhere(home: Path) -> None:
    """A sheet and copies that show Beatrix, in part by another name, and some that don't."""
    archive = Archive(home / "archive")
    beatrix, cy = find_in_archive(archive, "Beatrix"), find_in_archive(archive, "Cy")
    save_sheet(archive.folder, beatrix, home / "out.png")
    save_sheet(archive.folder, [face for face in cy if face.path.stem == "3"], home / "cy.png")
    assert copy_photos(archive.folder, cy, home / "copies") == (5, 0)
    assert copy_photos(archive.folder, cy[:1], home / "copies") == (0, 1)


def check_named(remaining: Sequence[Message], home: Path) -> None:
    told = [str(one) for one in remaining if one.code in ("sheet-remains", "copy-remains")]
    copies = [f"The copy '{home / 'copies' / stem}.png'." for stem in ("0", "4")]
    assert told == [f"The contact sheet '{home / 'out.png'}'.", *copies]
    left = (home / "archive" / "elsewhere.jsonl").read_text()
    assert "cy.png" in left and "out.png" not in left and "copies" in left  # with those that others are in
    assert Archive(home / "archive").spot("0.png", face=2).photo not in left


def test_the_receipt_names_sheets_and_copies_one_by_one(home: Path) -> None:
    write_elsewhere(home)
    assert (home / "archive" / "elsewhere.jsonl").stat().st_mode & 0o077 == 0
    check_named(forget(home / "run", "Beatrix", archive=home / "archive").remaining, home)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
@pytest.mark.parametrize("moment", [pytest.param(26, marks=pytest.mark.slow), 34])
def test_a_repeat_of_a_killed_forget_names_them_all(home: Path, own_cache: Path, moment: int) -> None:
    write_elsewhere(home)
    child = subprocess.run([sys.executable, "-P", "-c", DYING + FORGETTING, str(home), str(moment)], check=False)
    assert child.returncode == -signal.SIGKILL
    told: list[Message] = []
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces, tell=told.append)
    check_named(told, home)
    check_forgotten(home)


def test_a_path_that_bears_the_name_in_another_form_is_named_and_forgotten(home: Path) -> None:
    archive = Archive(home / "archive")
    archive.decide("is", archive.spot("4.png", face=1), name="Zo\u00eb")
    sheet = home / "Zoe\u0308.png"  # as some systems write it
    save_sheet(archive.folder, [face for face in find_in_archive(archive, "Cy") if face.path.stem == "3"], sheet)
    remaining = forget(home / "run", "Zo\u00eb", archive=home / "archive").remaining
    assert [one.values["path"] for one in remaining if one.code == "sheet-remains"] == [str(sheet)]
    assert not (home / "archive" / "elsewhere.jsonl").read_bytes()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(("of_copies", "of_copy"), [(0o000, 0o644), (0o444, 0o644), (0o755, 0o000)])
def test_what_nobody_may_look_at_is_named(home: Path, of_copies: int, of_copy: int) -> None:
    write_elsewhere(home)
    archive = Archive(home / "archive")
    folder = archive.folder
    mark(folder, {face.digest for face in find_in_archive(archive, "Beatrix")}, "Beatrix")
    for path in (folder.path, home, *home.parents):
        path.chmod(path.stat().st_mode | 0o055)
    (folder.path / "elsewhere.jsonl").chmod(0o644)
    for copy in (home / "copies").iterdir():
        copy.chmod(of_copy)
    (home / "copies").chmod(of_copies)
    os.seteuid(65534)
    try:
        told = [one.code for one in tell_marked(folder)]
    finally:
        os.seteuid(0)
    assert told == ["sheet-remains", *(["copies-away"] if of_copy else ["copy-remains"] * 5)]


def test_sheets_that_are_gone_are_not_named(home: Path) -> None:
    write_elsewhere(home)
    (home / "out.png").unlink()
    shutil.rmtree(home / "copies")
    codes = {one.code for one in forget(home / "run", "Beatrix", archive=home / "archive").remaining}
    assert not codes & {"sheet-remains", "copy-remains", "copies-away"}


def test_a_run_that_refuses_leaves_the_archive(home: Path) -> None:
    before = ArchiveFolder(home / "archive").record()
    for name in ("Ann", "Cy"):
        forget(home / "run", name)
    with pytest.raises(CastlistError, match="only person"):
        forget(home / "run", "Beatrix", archive=home / "archive")
    assert ArchiveFolder(home / "archive").record() == before
    assert find_in_archive(Archive(home / "archive"), "Beatrix")


def test_where_no_archive_is_nobody_is_forgotten(home: Path) -> None:
    with pytest.raises(CastlistError, match="is not an archive"):
        forget(home / "run", "Beatrix", archive=home / "typo")
    assert not (home / "typo").exists()
    assert "Beatrix" in open_run(home / "run").people


FORGETTING = """
from castlist.people import forget
import castlist.archive.forgetting, castlist.people.forgetting
die_before(int(sys.argv[2]), "replace", "fsync", "unlink", "rmdir")
forget(sys.argv[1] + "/run", "Beatrix", archive=sys.argv[1] + "/archive")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
@pytest.mark.parametrize(
    ("moment", "again"),
    [
        *((2, "forget"), (18, "archive"), (24, "forget")),
        *(pytest.param(moment, again, marks=pytest.mark.slow) for moment in (8, 21, 27, 30) for again in AGAIN),
    ],
)
def test_killed_half_way_it_is_finished(home: Path, own_cache: Path, moment: int, again: str) -> None:
    child = subprocess.run([sys.executable, "-P", "-c", DYING + FORGETTING, str(home), str(moment)], check=False)
    assert child.returncode == -signal.SIGKILL
    is_forgotten_by_the_run = b"Beatrix" not in (home / "run" / "run.json").read_bytes()
    if again == "forget" or not is_forgotten_by_the_run:
        forget(home / "run", "Beatrix", archive=home / "archive")
    else:
        make(home)
    check_forgotten(home)


def test_the_verb(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("forget", home / "run", "Beatrix", "--archive", home / "archive")
    assert castlist(monkeypatch, *words, "--retrain") == 2
    assert castlist(monkeypatch, *words) == 0
    assert "From the archive" in capsys.readouterr().out
    check_forgotten(home)
