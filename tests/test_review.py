"""Who is it? Questions follow what is decided, by whomever; what is decided together is undone together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import (
    Archive,
    ArchiveFolder,
    HeldArchive,
    Question,
    call_otherwise,
    fill_archive,
    group_unnamed,
)
from castlist.media import UNKNOWN
from castlist.people import forget, rename, teach
from castlist.testing import level_of, make_run, save_picture, tell_faces

PHOTOS = {  # people by number; 0 and 1 are known, the others aren't
    **{f"{i}.png": [(2, i), (3, i)] for i in range(5)},
    "5.png": [(2, 5), (0, 1)],
    "6.png": [(4, 0)],
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, faces in PHOTOS.items():
        save_picture(tmp_path / "photos" / name, [level_of(*face) for face in faces])
    make_run(tmp_path / "runs" / "run", ("Ann", "Bo"))
    fill(tmp_path)
    group_unnamed(tmp_path / "archive")
    return tmp_path


def fill(home: Path) -> None:
    fill_archive(home / "photos", home / "runs" / "run", home / "archive", finder=tell_faces)


def sizes(questions: list[Question]) -> list[int]:
    return [len(one.faces) for one in questions]


def test_the_largest_group_is_asked_about_first_and_gone_once_it_is_named(home: Path) -> None:
    held, other = HeldArchive(home / "archive"), HeldArchive(home / "archive")
    first, *rest = held.questions()
    assert sizes([first, *rest]) == [6, 5, 1]
    other.questions()
    held.now()[0].decide_all("is", first.spots, name="Dora")
    for one in (held, other):
        assert [question.key for question in one.questions()] == [question.key for question in rest]
    assert other.now()[0].undo().name == "Dora"  # all of them at once
    assert [question.key for question in held.questions()] == [first.key, *(question.key for question in rest)]


def test_an_archive_stays_itself_wherever_the_program_goes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    held = HeldArchive("archive")
    first, *rest = held.questions()
    archive = Archive("archive")
    monkeypatch.chdir("photos")
    archive.decide_all("is", first.spots, name="Dora")
    assert len(held.questions()) == len(rest)
    assert archive.undo().name == "Dora"


def test_questions_that_were_asked_before_are_those_that_are_asked_now(home: Path) -> None:
    held = HeldArchive(home / "archive")
    archive = held.now()[0]
    for kind, name in (("is", "Dora"), ("is-not", "Ann"), ("stranger", None), ("undo", None), ("is", "Eve")):
        last = held.questions()[-1]
        archive.undo() if kind == "undo" else archive.decide_all(kind, last.spots[:3], name=name)
        assert held.questions() == HeldArchive(home / "archive").questions()


def test_the_photos_are_told_without_the_rows_until_those_change(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "photos" / "broken.png").write_bytes(b"no picture")
    fill(home)
    told = HeldArchive(home / "archive").files()
    assert told == tuple(sorted(Archive(home / "archive").files(), key=lambda one: one.name))
    assert [str(one.problem) for one in told if one.problem] == ["not a photo of a known format"]
    with monkeypatch.context() as patched:
        patched.delattr("castlist.archive.reading.Archive")
        assert HeldArchive(home / "archive").files() == told
    (home / "photos" / "broken.png").unlink()
    fill(home)
    assert HeldArchive(home / "archive").files() == told[:-1]


def test_kept_photos_that_are_broken_or_lead_elsewhere_are_none(home: Path) -> None:
    told = HeldArchive(home / "archive").files()
    kept = ArchiveFolder(home / "archive").index / "files.json"
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_bytes(kept.read_bytes().replace(b'"0.png"', b'"../0.png"'))
    assert HeldArchive(home / "archive").files() == told[1:]
    kept.write_bytes(kept.read_bytes()[:-1])
    assert HeldArchive(home / "archive").files() == told


def test_strangers_and_what_is_no_face_are_asked_about_no_more(home: Path) -> None:
    held = HeldArchive(home / "archive")
    largest, second, lone = held.questions()
    held.now()[0].decide_all("stranger", second.spots)
    held.now()[0].decide_all("no-face", lone.spots)
    assert held.questions() == [largest]


def test_whom_faces_are_perhaps_is_not_asked_again_once_it_was_denied(home: Path) -> None:
    held = HeldArchive(home / "archive")
    question = held.questions()[1]
    archive = held.now()[0]
    archive.decide_all("is-not", question.spots, name="Ann")
    assert sizes(held.questions()) == [6, 5, 1]
    assert all(one.perhaps != "Ann" for one in held.questions())


def test_a_person_who_was_taught_is_found_without_a_question(home: Path) -> None:
    held = HeldArchive(home / "archive")
    first = held.questions()[0]
    held.now()[0].decide_all("is", first.spots[:3], name="Dora")
    assert sizes(held.questions()) == [5, 3, 1]
    teach(home / "runs" / "run", home / "archive")
    fill(home)
    assert sizes(held.questions()) == [5, 1]
    assert len(list(held.now()[0].faces({"Dora"}))) == 6


def test_nobody_is_asked_about_whoever_was_forgotten(home: Path) -> None:
    held = HeldArchive(home / "archive")
    first = held.questions()[0]
    held.now()[0].decide_all("is", first.spots, name="Dora")
    teach(home / "runs" / "run", home / "archive")
    forget(home / "runs" / "run", "Dora", archive=home / "archive")
    assert sum(sizes(held.questions())) == 6


def test_a_portrait_is_chosen_undone_and_forgotten_with_the_person(home: Path) -> None:
    archive = Archive(home / "archive")
    (ann,) = archive.faces({"Ann"})
    archive.decide("portrait", ann.spot, name="Ann")
    assert archive.verdicts.portraits == {"Ann": (ann.digest, ann.number)}
    assert list(archive.faces({"Ann"})) == [ann]  # it says nothing of who is who
    archive.undo()
    assert archive.verdicts.portraits == {}
    archive.decide("portrait", ann.spot, name="Ann")
    forget(home / "runs" / "run", "Ann", archive=home / "archive")
    assert b"Ann" not in (home / "archive" / "decisions.jsonl").read_bytes()


def test_somebody_who_is_called_otherwise_is_so_wherever_that_was_decided(home: Path) -> None:
    archive = Archive(home / "archive")
    held = HeldArchive(home / "archive")
    archive.decide_all("is", held.questions()[0].spots, name="Dora")
    assert call_otherwise(archive, "Dora", "Dora Diaz") == 6
    assert {face.name for face in archive.faces()} == {"Ann", "Dora Diaz", UNKNOWN}
    archive.undo()
    assert {face.name for face in archive.faces()} == {"Ann", "Dora", UNKNOWN}


def test_photos_are_told_once_each_also_those_without_a_face(home: Path) -> None:
    save_picture(home / "photos" / "nobody.png", [])
    (home / "photos" / "broken.png").write_bytes(b"no picture")
    fill(home)
    photos = {one.name: one for one in Archive(home / "archive").files()}
    assert photos.keys() == {*PHOTOS, "nobody.png", "broken.png"}
    assert photos["0.png"].size == (200, 100)
    assert [name for name, one in photos.items() if one.problem] == ["broken.png"]


def test_whoever_is_called_otherwise_is_so_in_photos_that_are_away_and_keeps_the_portrait(home: Path) -> None:
    archive = Archive(home / "archive")
    faces = HeldArchive(home / "archive").questions()[0].faces
    archive.decide_all("is", [face.spot for face in faces], name="Dora")
    archive.decide("portrait", faces[1].spot, name="Dora")
    away = faces[0].path.rename(home / "away.png")
    fill(home)
    archive = Archive(home / "archive")
    call_otherwise(archive, "Dora", "Dina")
    call_otherwise(archive, "Dina", "Dina")  # says nothing, so that undo doesn't take nothing back
    call_otherwise(archive, "Nobody", "Ann")
    assert archive.verdicts.portraits.keys() == {"Dina"}
    away.rename(faces[0].path)
    fill(home)
    assert Archive(home / "archive").people() == {"Ann", "Dina", UNKNOWN}
    assert archive.undo().to == "Dina"
    assert Archive(home / "archive").people() == {"Ann", "Dora", UNKNOWN}


def test_whoever_is_forgotten_by_a_new_name_does_not_come_back_by_the_old_one(home: Path) -> None:
    archive = Archive(home / "archive")
    archive.decide_all("is", HeldArchive(home / "archive").questions()[0].spots, name="Dora")
    call_otherwise(archive, "Dora", "Dina")
    forget(home / "runs" / "run", "Dina", archive=home / "archive")
    assert Archive(home / "archive").people() == {"Ann", UNKNOWN}
    assert b"Dora" not in (home / "archive" / "decisions.jsonl").read_bytes()


def test_a_run_is_heard_also_after_somebody_else_was_called_otherwise(home: Path) -> None:
    archive = Archive(home / "archive")
    (ann,) = archive.faces({"Ann"})
    archive.decide("is", ann.spot, name="Ann")
    archive.decide_all("is", HeldArchive(home / "archive").questions()[0].spots, name="Dora")
    rename(home / "runs" / "run", "Ann", "Anna")
    call_otherwise(archive, "Dora", "Dina")  # later than what the archive hasn't heard yet
    fill(home)
    assert Archive(home / "archive").people() == {"Anna", "Dina", UNKNOWN}


def test_whoever_holds_an_archive_follows_photos_that_were_moved(home: Path) -> None:
    held = HeldArchive(home / "archive")
    assert held.now()[0].root == home / "photos"
    (home / "photos").rename(home / "moved")
    fill_archive(home / "moved", home / "runs" / "run", home / "archive", finder=tell_faces)  # no row is another
    assert all(face.path.exists() for face in held.now()[0].faces())


def test_an_index_that_is_no_folder_costs_only_the_groups(home: Path) -> None:
    index = ArchiveFolder(home / "archive").index
    shutil.rmtree(index)
    index.write_bytes(b"")
    assert sizes(HeldArchive(home / "archive").questions()) == [1] * 12
