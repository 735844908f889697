"""Faces that nobody named, by person: what belongs together, what never does, and numbers that stay."""

from __future__ import annotations

import errno
import json
import shlex
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import Archive, ArchivedFace, ArchiveFolder, fill_archive, group_unnamed, name_groups, taking_out
from castlist.archive.clustering import ALONE, Cut, group_faces
from castlist.archive.groups import _at_once
from castlist.embeddings import normalize
from castlist.errors import CastlistError, RunError, SettingsError
from castlist.faces import Box
from castlist.gallery import default_background
from castlist.media import read_photo
from castlist.people import list_people
from castlist.testing import level_of, make_run, save_picture, tell_faces
from test_cli import run


def draw_people(n_people: int, n_photos: int, *, spread: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of invented people as the statistics of faces in general have them, and who each is."""
    background, rng = default_background(), np.random.default_rng(0)
    places = background.strangers[0]
    people = places[rng.choice(len(places), n_people, replace=False)]
    placed = np.repeat(people, n_photos, axis=0)
    placed = placed + rng.normal(0, spread, placed.shape)
    embeddings = normalize(placed @ np.linalg.pinv(background.directions) + background.mean)
    return np.asarray(embeddings, np.float32), np.repeat(np.arange(n_people), n_photos)


def cut_for(embeddings: np.ndarray) -> Cut:
    return Cut.choose(default_background(), len(embeddings))


def members(groups: np.ndarray) -> list[list[int]]:
    return [np.flatnonzero(groups == group).tolist() for group in range(groups.max(initial=ALONE) + 1)]


def turned(*degrees: float) -> np.ndarray:
    """Embeddings of two values at these angles."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_people_are_told_apart_largest_first() -> None:
    embeddings, person = draw_people(20, 6)
    kept = np.arange(120) >= 5  # of the first, one face; of the others, six
    kept[6:8] = False  # of the second, four
    groups = group_faces(embeddings[kept], np.arange(kept.sum()), cut_for(embeddings[kept]))
    person = person[kept]
    assert groups[0] == ALONE
    assert groups[person == 1].tolist() == [18] * 4
    assert sorted(map(len, members(groups))) == [4, *[6] * 18]
    assert all(len(set(person[faces])) == 1 for faces in members(groups))


def test_people_of_many_looks_hang_together() -> None:
    embeddings, person = draw_people(10, 40, spread=2.2)
    cut = cut_for(embeddings)
    groups = group_faces(embeddings, np.arange(400), cut)
    assert all(len(set(person[faces])) == 1 for faces in members(groups))
    plain = group_faces(embeddings, np.arange(400), Cut(cut.cosine))
    assert (groups == ALONE).sum() + len(members(groups)) < (plain == ALONE).sum() + len(members(plain))


def test_the_order_of_faces_does_not_matter() -> None:
    embeddings, _ = draw_people(30, 5, spread=1.0)
    embeddings = np.concatenate([embeddings, embeddings[:3]])  # copies, too
    photo, poor = np.append(np.arange(150) // 2, [90, 91, 92]), np.arange(153) % 7 == 0
    same, different = np.array([[0, 20], [3, 50]]), np.array([[1, 2]])
    cut = cut_for(embeddings)
    groups = group_faces(embeddings, photo, cut, poor=poor, same=same, different=different)
    order = np.random.default_rng(1).permutation(153)
    place = np.argsort(order)
    again = group_faces(
        embeddings[order], photo[order], cut, poor=poor[order], same=place[same], different=place[different]
    )
    assert again.tolist() == groups[order].tolist()
    assert len(members(groups)) > 20


def test_it_is_the_average_that_counts_not_a_bridge() -> None:
    # Each is 25 degrees from the next, but the ends are 75 apart: two pairs, and no chain of all.
    groups = group_faces(turned(0, 25, 51, 76), np.arange(4), Cut(np.cos(np.radians(40))))
    assert members(groups) in ([[0, 1], [2, 3]], [[2, 3], [0, 1]])


def test_two_faces_of_a_photo_are_two_people() -> None:
    embeddings = turned(0, 5, 1)
    assert members(group_faces(embeddings, np.arange(3), Cut(0.9))) == [[0, 1, 2]]
    groups = group_faces(embeddings, np.array([7, 7, 3]), Cut(0.9))
    assert members(groups) == [[0, 2]]
    assert groups[1] == ALONE


def test_what_was_decided_holds() -> None:
    embeddings = turned(0, 1, 2, 90, 180)
    photo = np.arange(5)
    apart = group_faces(embeddings, photo, Cut(0.9), different=np.array([[0, 1], [0, 2]]))
    assert members(apart) == [[1, 2]]
    joined = group_faces(embeddings, photo, Cut(0.9), same=np.array([[0, 4], [3, 4]]), different=np.array([[1, 4]]))
    assert sorted(members(joined)) == [[0, 3, 4], [1, 2]]
    # Somebody who says so may have a mirror or a collage before the eyes.
    assert members(group_faces(embeddings[3:], np.array([0, 0]), Cut(0.9), same=np.array([[0, 1]]))) == [[0, 1]]


def test_poor_faces_join_but_neither_found_nor_bridge() -> None:
    cut = Cut(np.cos(np.radians(20)))
    poor = np.array([False, True, False, True, True])
    groups = group_faces(turned(0, 15, 30, 90, 91), np.arange(5), cut, poor=poor)
    assert groups.tolist() == [0, 0, ALONE, ALONE, ALONE] or groups.tolist() == [ALONE, 0, 0, ALONE, ALONE]
    # Two of one photo: only one of them is the person.
    groups = group_faces(turned(0, 1, 2, 3), np.array([0, 1, 2, 2]), cut, poor=np.array([False, False, True, True]))
    assert groups.tolist() == [0, 0, 0, ALONE]


def test_more_faces_get_a_stricter_cut() -> None:
    cuts = [Cut.choose(default_background(), n).cosine for n in (10, 1000, 20_000)]
    assert cuts == sorted(cuts)
    assert 0.4 < cuts[0] < cuts[1] < cuts[2] - 0.05 < 0.6


@pytest.mark.parametrize("n", [0, 1])
def test_few_faces_are_no_failure(n: int) -> None:
    embeddings = draw_people(1, 1)[0][:n]
    assert group_faces(embeddings, np.arange(n), cut_for(embeddings)).tolist() == [ALONE] * n


def test_two_thousand_faces_take_a_moment() -> None:
    embeddings, person = draw_people(400, 5)
    started = time.process_time()
    groups = group_faces(embeddings, np.arange(2000), cut_for(embeddings))
    assert time.process_time() - started < 5
    pure = [len(set(person[faces])) == 1 for faces in members(groups)]
    assert np.mean(pure) > 0.99
    assert len(pure) == pytest.approx(400, abs=8)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A run of two, and photos: of Ann and a stranger who is in three, of two more strangers."""
    make_run(tmp_path / "run", ("Ann", "Bo"))
    for name, levels in (
        ("ann", [level_of(0, 2), level_of(20, 1)]),
        ("two", [level_of(20, 2), level_of(21)]),
        ("three", [level_of(20, 3)]),
        ("four", [level_of(22, 1)]),
    ):
        save_picture(tmp_path / "photos" / f"{name}.png", levels)
    return make(tmp_path)


def make(home: Path) -> Path:
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
    return home


def shown(home: Path) -> dict[int | None, list[tuple[str, int]]]:
    found: dict[int | None, list[tuple[str, int]]] = {}
    for group in group_unnamed(home / "archive"):
        found.setdefault(group.number, []).extend((face.path.stem, face.number) for face in group.faces)
    return found


STRANGER = [("ann", 2), ("three", 1), ("two", 1)]


def test_an_archives_unnamed_faces_are_grouped_and_numbers_stay(home: Path) -> None:
    assert shown(home) == {1: STRANGER, None: [("four", 1), ("two", 2)]}
    # Of another person there are more now: the largest group is first, and the others keep their numbers.
    for i in range(4):
        save_picture(home / "photos" / f"more{i}.png", [level_of(22, i + 2)])
    make(home)
    found = group_unnamed(home / "archive")
    assert [(group.number, len(group.faces)) for group in found] == [(2, 5), (1, 3), (None, 1)]
    (home / "photos" / "deeper").mkdir()
    (home / "photos" / "three.png").rename(home / "photos" / "deeper" / "three.png")
    make(home)
    assert shown(home)[1] == STRANGER
    kept = home / "archive" / "index" / "groups.json"
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_text(json.dumps({"next": -5, "of": {}}))
    assert sorted(shown(home), key=str) == [1, 2, None]


def test_the_largest_group_is_the_one_that_shows_most_photos_copies_among_them(home: Path) -> None:
    for i in range(4):
        save_picture(home / "photos" / f"more{i}.png", [level_of(22, i + 2)])
    for i in range(3):
        shutil.copy(home / "photos" / "three.png", home / "photos" / f"copy{i}.png")
    make(home)
    assert [(group.number, len(group.faces)) for group in group_unnamed(home / "archive")] == [
        (1, 6),
        (2, 5),
        (None, 1),
    ]


def test_decisions_hold_in_groups(home: Path) -> None:
    archive = Archive(home / "archive")
    one, other, third = archive.spot("ann.png", face=2), archive.spot("two.png", face=1), archive.spot("four.png")
    archive.decide("different", one, other=other)
    archive.decide("same", one, other=third)
    archive.decide("stranger", archive.spot("two.png", face=2))
    groups = shown(home)
    assert None not in groups or ("two", 2) not in groups[None]
    (of_one,) = (faces for faces in groups.values() if ("ann", 2) in faces)
    assert ("four", 1) in of_one
    assert ("two", 1) not in of_one


def test_a_group_is_named_at_once_and_taken_back_at_once(home: Path) -> None:
    before = shown(home)
    (named,) = name_groups(home / "archive", {1: "Dora"})
    assert len(named.faces) == 3
    archive = Archive(home / "archive")
    assert sorted((face.path.stem, face.number) for face in archive.faces({"Dora"})) == STRANGER
    (line,) = (home / "archive" / "decisions.jsonl").read_text().splitlines()  # so that no kill leaves some of it
    assert json.loads(line)["name"] == "Dora"
    assert 1 not in shown(home)
    with pytest.raises(SettingsError, match="no group 1 of unnamed faces"):
        name_groups(home / "archive", {1: "Dora"})
    archive.undo()
    assert shown(home) == before


def test_a_group_named_by_an_older_castlist_is_read_and_taken_back_at_once(home: Path) -> None:
    before = shown(home)
    name_groups(home / "archive", {1: "Dora"})
    path = home / "archive" / "decisions.jsonl"
    line = json.loads(path.read_text())
    spots = [line["face"], *line.pop("more")]
    path.write_text("".join(json.dumps(line | {"face": spot}) + "\n" for spot in spots))
    archive = Archive(home / "archive")
    assert len(list(archive.faces({"Dora"}))) == 3
    archive.undo()
    assert shown(home) == before


def test_conflicts_are_told_beside_groups(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = Archive(home / "archive")
    archive.decide("stranger", archive.spot("four.png"))
    archive.decide("is", archive.spot("four.png"), name="Dora")
    archive.decide("stranger", archive.spot("two.png", face=2))
    save_picture(home / "photos" / "two.png", [level_of(20, 4)])
    make(home)
    told = ("decided as --stranger, later as --is Dora", "A photo that was decided on (--stranger) is gone")
    shown(home)
    for more in ((), ("--json",), ("--name", "1=Emil")):
        assert run(monkeypatch, "groups", home / "archive", *more) == 0
        said = capsys.readouterr().err
        assert all("careful: " in said and one in said for one in told)


def test_the_command_groups_names_and_teaches(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def castlist(*words: object, code: int = 0) -> tuple[str, str]:
        assert run(monkeypatch, *words) == code
        said = capsys.readouterr()
        return said.out, said.err

    where = home / "archive"
    sheet = home / "sheet.png"
    out, err = castlist("groups", where, "--sheet", sheet)
    assert out.splitlines() == ["1  3 faces  ann.png, three.png, two.png", "2 faces are alone."]
    assert f"castlist groups {str(where)!r} --name 1=NAME" in err
    assert read_photo(sheet).shape[1] > 1000
    lines = [json.loads(line) for line in castlist("groups", where, "--json")[0].splitlines()]
    assert [(line["group"], len(line["faces"])) for line in lines] == [(1, 3), (None, 1), (None, 1)]
    assert lines[0]["faces"][0] == {"photo": str(home / "photos" / "ann.png"), "box": [110.0, 10.0, 190.0, 90.0]}
    for wrong, why in (
        (("--name", "1=Dora", "--name", "99=Emil"), "There is no group 99"),
        (("--name", "1=Dora", "--name", "1=Emil"), "Group 1 is named twice"),
        (("--name", "1=a/b"), "Nobody can be called 'a/b'"),
        (("--name", "1=Do\nra"), "Nobody can be called"),
        (("--name", "1=ann"), "'Ann' and 'ann' differ only by case"),
        (("--name", "1=Dora", "--json"), "Leave out --sheet and --json"),
    ):
        assert why in castlist("groups", where, *wrong, code=2)[1]
        assert not (where / "decisions.jsonl").exists()
    assert "3 faces are Dora now." in castlist("groups", where, "--name", "1=Dora")[0]
    assert [person.name for person in list_people(home / "run")] == ["Ann", "Bo", "Dora"]
    assert castlist("groups", where, "--name", "Dora", code=2)[1].startswith("castlist: --name must be")


def test_a_group_has_its_name_where_the_run_learns_nobody_more(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*wishes: object) -> None:
        raise RunError("learnt-for-good", "The network of this run has learnt its people for good.")

    shown(home)
    monkeypatch.setattr("castlist.people.teach", refuse)
    assert run(monkeypatch, "groups", home / "archive", "--name", "1=Dora") == 0
    said = capsys.readouterr()
    assert "3 faces are Dora now." in said.out and "for good" in said.err
    assert len(list(Archive(home / "archive").faces({"Dora"}))) == 3


def test_a_run_that_couldn_t_be_taught_a_group_is_taught_by_a_command_that_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*wishes: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    shown(home)
    with monkeypatch.context() as full:
        full.setattr("castlist.people.teach", fail)
        assert run(full, "groups", home / "archive", "--name", "1=Dora") == 2
    words = f"castlist teach {str(home / 'run')!r} --from {str(home / 'archive')!r}"
    assert words in capsys.readouterr().err
    assert run(monkeypatch, *shlex.split(words)[1:]) == 0
    assert [person.name for person in list_people(home / "run")] == ["Ann", "Bo", "Dora"]


def test_nobody_groups_while_somebody_is_at_work_there(home: Path) -> None:
    with ArchiveFolder(home / "archive").alone(), ThreadPoolExecutor(1) as pool:
        error = pool.submit(group_unnamed, home / "archive").exception()
    assert isinstance(error, CastlistError)
    assert error.code == "archive-busy"
    assert shown(home)[1] == STRANGER


def test_what_was_kept_of_the_forgotten_is_gone(home: Path) -> None:
    shown(home)
    name_groups(home / "archive", {1: "Dora"})
    digest = Archive(home / "archive").spot("three.png").photo
    with taking_out(ArchiveFolder(home / "archive"), "Dora"):
        pass
    shown(home)
    assert digest not in (home / "archive" / "index" / "groups.json").read_text()


def test_a_track_is_nobody_else_of_its_time() -> None:
    def track(start: float, end: float) -> ArchivedFace:
        return ArchivedFace(Path("a.mp4"), "a", 1, Box(0, 0, 9, 9), "unknown", 1.0, start=start, end=end)

    assert _at_once({4: track(0, 2), 5: track(1, 3), 7: track(2.5, 4)}) == [(4, 5), (5, 7)]
