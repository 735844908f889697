"""Films in an archive: a row a track with its times, named by the same looks again and again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")
pytest.importorskip("av", reason="films need castlist[films]")

from castlist.archive import Archive, ArchiveFolder, fill_archive, find_in_archive, group_unnamed, name_groups
from castlist.errors import CastlistError, MissingExtraError
from castlist.faces import Face, Template
from castlist.media import FilmWriter
from castlist.naming.films import following
from castlist.people import forget, rename, teach
from castlist.testing import TILE, draw_picture, level_of, make_face, make_run, save_picture, tell_faces


def find_tiles(pixels: np.ndarray, min_face: float, template: Template) -> list[Face]:
    """The faces of a drawn frame, whose greys a film has changed a little."""
    levels = [round(float(pixels[:, left : left + TILE].mean())) for left in range(0, pixels.shape[1], TILE)]
    return [make_face(level, left=i * TILE, template=template) for i, level in enumerate(levels) if level]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run, a photo, and a film with a copy: Ann, and after a second a stranger beside her."""
    monkeypatch.setattr(following, "find_upright", find_tiles)
    make_run(tmp_path / "run", ("Bo", "Ann"))
    save_picture(tmp_path / "photos" / "bo.png", [level_of(0)])
    with FilmWriter(tmp_path / "photos" / "film.mp4", 25, (2 * TILE, TILE)) as film:
        for frame in range(50):
            picture = draw_picture([level_of(1, 4), level_of(20, 4)])
            picture[:, TILE:] *= frame >= 25
            film.write(picture)
    shutil.copy(tmp_path / "photos" / "film.mp4", tmp_path / "photos" / "copy.mp4")
    make(tmp_path)
    return tmp_path


def make(home: Path, **wishes: Any) -> int:
    return fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces, **wishes).looked


def tracks(home: Path) -> list[tuple[str, str, float, float]]:
    faces = [face for face in Archive(home / "archive").faces() if face.start is not None and face.end is not None]
    return [(face.path.name, face.name, round(face.start, 1), round(face.end, 1)) for face in faces]


# What comes into half of the picture begins another scene.
FILM = (("Ann", 0.0, 1.0), ("Ann", 1.0, 2.0), ("unknown", 1.0, 2.0))
SHOWN = [(name, *track) for name in ("copy.mp4", "film.mp4") for track in FILM]


def test_a_row_a_track(home: Path) -> None:
    assert tracks(home) == SHOWN
    (face,) = find_in_archive(Archive(home / "archive"), "Bo")
    assert face.start is None
    table, _ = ArchiveFolder(home / "archive").read(1)
    looks = table.filter(table["face"].is_valid())["looks"].to_pylist()
    assert looks[0] is None and all(1 < len(some) <= 6 and len(some[0]) == 16 for some in looks[1:])


def test_tracks_are_named_anew_without_a_look(home: Path) -> None:
    before = [face.probability for face in Archive(home / "archive").faces()]
    for wishes in ({"stranger_rate": 0.02}, {"together": True}, {}):
        assert make(home, **wishes) == 0
        assert tracks(home) == SHOWN
    assert [face.probability for face in Archive(home / "archive").faces()] == before
    rename(home / "run", "Ann", "Anna")
    assert make(home) == 0
    assert {name for _, name, *_ in tracks(home)} == {"Anna", "unknown"}
    archive = Archive(home / "archive")
    archive.decide("is", archive.spot("film.mp4", face=1), name="Anna")  # who may come again
    archive.decide("is", archive.spot("film.mp4", face=3), name="Dora")
    assert [name for _, name, *_ in tracks(home)] == ["Anna", "Anna", "Dora"] * 2
    archive.decide("is", archive.spot("film.mp4", face=2), name="Emil")  # whose box is that of face 1
    assert [name for _, name, *_ in tracks(home)] == ["Anna", "Emil", "Dora"] * 2
    with pytest.raises(CastlistError, match=r"1 at 10,10 from 0\.0 s, 2 at 10,10 from 1\.0 s"):
        archive.spot("film.mp4")


def test_tracks_are_grouped_and_named_as_groups(home: Path) -> None:
    save_picture(home / "photos" / "stranger.png", [level_of(20, 5)])
    make(home)
    (group,) = group_unnamed(home / "archive")
    shown = [(face.path.name, face.start and round(face.start)) for face in group.faces]
    assert shown == [("copy.mp4", 1), ("film.mp4", 1), ("stranger.png", None)]
    name_groups(home / "archive", {1: "Dora"})
    assert [name for _, name, *_ in tracks(home)] == ["Ann", "Ann", "Dora"] * 2
    assert teach(home / "run", home / "archive").added == {"Dora": 2}
    archive = Archive(home / "archive")
    archive.undo()
    archive.decide("different", archive.spot("film.mp4", face=3), other=archive.spot("stranger.png"))
    assert [group.number for group in group_unnamed(home / "archive")] == [None, None]


def test_a_track_is_forgotten_with_its_looks(home: Path) -> None:
    forget(home / "run", "Ann", archive=home / "archive")
    table, _ = ArchiveFolder(home / "archive").read(1)
    gone = [row for row in table.to_pylist() if row["reason"] == "archive-forgotten"]
    assert [row["photo"] for row in gone] == ["copy.mp4", "copy.mp4", "film.mp4", "film.mp4"]
    assert all(row["looks"] is row["embedding"] is None for row in gone)


def test_a_film_waits_for_what_reads_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(home / "archive")
    with monkeypatch.context() as patch:
        patch.setattr(following.Film, "open", refuse)
        assert make(home) == 2
        assert Archive(home / "archive").counts().failed == 2
    assert make(home) == 1
    assert tracks(home) == SHOWN


def refuse(path: Path) -> None:
    raise MissingExtraError("needs-extra", "Films need PyAV.")


def test_told_to_stop_in_a_film_it_is_looked_at_again(home: Path) -> None:
    shutil.rmtree(home / "archive")
    asked = iter([False] * 20)
    assert make(home, stop=lambda: next(asked, True)) == 2
    assert not ArchiveFolder(home / "archive").units()
    assert make(home) == 2
    assert tracks(home) == SHOWN
