"""What people decide about an archive's faces sticks, can be taken back, and teaches a run; who is where is found."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import ExifTags, Image

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import (
    Archive,
    ArchivedFace,
    Counts,
    fill_archive,
    find_in_archive,
    find_like,
    group_unnamed,
    parse_day,
)
from castlist.archive.decisions import Decision, DecisionLog, Spot
from castlist.archive.verdicts import Verdict, judge
from castlist.errors import CastlistError
from castlist.faces import Box
from castlist.media import read_photo
from castlist.people import list_people, teach
from castlist.testing import draw_picture, level_of, make_run, network_bytes, save_picture, tell_faces
from test_cli import run as castlist

SPOT = Spot("a" * 64, (0, 0, 10, 10))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A run of three, and photos: of Ann and Bo, of Ann and a stranger, and of two strangers."""
    make_run(tmp_path / "run", ("Ann", "Bo", "Cy"))
    for name, levels in (
        ("both", [level_of(0, 1), level_of(1, 1)]),
        ("ann", [level_of(0, 2), level_of(20, 1)]),
        ("two", [level_of(20, 2), level_of(21)]),
    ):
        save_picture(tmp_path / "photos" / f"{name}.png", levels)
    return make(tmp_path)


def make(home: Path, **wishes: Any) -> Path:
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces, **wishes)
    return home


def names(archive: Archive) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for face in sorted(archive.faces(), key=lambda face: face.number):
        shown.setdefault(face.path.stem, []).append(face.name)
    return shown


def stems(found: list[ArchivedFace]) -> list[tuple[str, int]]:
    return [(face.path.stem, face.number) for face in found]


def opened(home: Path) -> Archive:
    return Archive(home / "archive")


def test_what_was_decided_is_above_what_was_computed(home: Path) -> None:
    archive = opened(home)
    archive.decide("is", archive.spot("ann.png", face=2), name="Dora")
    archive.decide("is-not", archive.spot(home / "photos" / "both.png", face=1), name="Ann")
    archive.decide("stranger", archive.spot("both.png", face=2))
    archive.decide("no-face", archive.spot("two.png", box=(112, 9, 190, 91)))
    expected = {"both": ["unknown", "unknown"], "ann": ["Ann", "Dora"], "two": ["unknown"]}
    assert names(archive) == expected
    assert [face.is_decided for face in find_in_archive(archive, "Dora")] == [True]
    assert not archive.verdicts.conflicts
    little = Archive(home / "archive", only_decided=True)
    assert (
        little.counts() == archive.counts() == Counts(photos=3, empty=0, failed=0, gone=0, faces=5, named=2, perhaps=0)
    )
    # Nor does another run, another name or another network override it.
    (home / "run" / "face.onnx").write_bytes(network_bytes(seed=6))
    make(home)
    assert [names(opened(home))[stem][-1] for stem in ("both", "ann")] == ["unknown", "Dora"]


def test_it_is_taken_back_one_after_the_other(home: Path) -> None:
    archive = opened(home)
    before = names(archive)
    spot = archive.spot("ann.png", face=1)
    archive.decide("is", spot, name="Bo")
    archive.decide("stranger", spot)
    assert archive.undo().kind == "stranger"
    assert names(opened(home))["ann"] == ["Bo", "unknown"]
    assert archive.undo().name == "Bo"
    assert names(opened(home)) == before
    with pytest.raises(CastlistError, match="no decision"):
        archive.undo()
    assert len((home / "archive" / "decisions.jsonl").read_text().splitlines()) == 4


def test_nobody_is_twice_in_a_photo_after_a_decision(home: Path) -> None:
    archive = opened(home)
    archive.decide("is", archive.spot("both.png", face=2), name="Ann")
    assert names(archive)["both"] == ["unknown", "Ann"]


def test_faces_that_are_one_person_have_one_name(home: Path) -> None:
    archive = opened(home)
    one, other = archive.spot("ann.png", face=2), archive.spot("two.png", face=1)
    third = archive.spot("two.png", face=2)
    archive.decide("same", one, other=other)
    archive.decide("is", one, name="Dora")
    assert stems(find_in_archive(archive, "Dora")) == [("ann", 2), ("two", 1)]
    archive.decide("is", third, name="Emil")
    archive.decide("same", third, other=other)
    (conflict,) = archive.verdicts.conflicts
    assert conflict.code == "decided-one-and-two"
    archive.undo()
    archive.decide("different", one, other=other)
    assert [one.code for one in archive.verdicts.conflicts] == ["decided-one-and-two"]


def test_who_is_unnamed_is_grouped_also_where_it_was_compared_with_the_named(home: Path) -> None:
    archive = opened(home)
    ann, stranger = archive.spot("ann.png", face=1), archive.spot("ann.png", face=2)
    before = [group.faces for group in group_unnamed(home / "archive")]
    for one, other in ((stranger, ann), (ann, stranger)):
        archive.decide("different", one, other=other)
    assert [group.faces for group in group_unnamed(home / "archive")] == before


def test_conflicts_are_told(home: Path) -> None:
    archive = opened(home)
    face = archive.spot("ann.png", face=2)
    archive.decide("is", face, name="Dora")
    archive.decide("is", face, name="Emil")
    (conflict,) = archive.verdicts.conflicts
    assert str(conflict) == "'ann.png', face 2: decided as --is Dora, later as --is Emil; the later one holds."
    assert names(archive)["ann"] == ["Ann", "Emil"]
    save_picture(home / "photos" / "ann.png", [level_of(0, 3)])
    make(home)
    assert [one.code for one in opened(home).verdicts.conflicts] == ["decided-photo-gone"] * 2


def test_a_moved_photo_keeps_what_was_decided(home: Path) -> None:
    archive = opened(home)
    archive.decide("is", archive.spot("ann.png", face=2), name="Dora")
    (home / "photos" / "deeper").mkdir()
    (home / "photos" / "ann.png").rename(home / "photos" / "deeper" / "moved.png")
    shutil.copy(home / "photos" / "deeper" / "moved.png", home / "photos" / "copy.png")
    make(home)
    assert stems(find_in_archive(opened(home), "Dora")) == [("copy", 2), ("moved", 2)]


@pytest.mark.parametrize(
    ("photo", "wishes", "sentence"),
    [
        ("none.png", {}, "knows no photo 'none.png'"),
        ("ann.png", {}, "has 2 faces; say which with --face N: 1 at 10,10, 2 at 110,10"),
        ("ann.png", {"face": 3}, "has no such face. Choose from: 1 at 10,10"),
        ("ann.png", {"box": (0, 0, 5, 5)}, "has no such face"),
    ],
)
def test_which_face_must_be_clear(home: Path, photo: str, wishes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CastlistError, match=sentence):
        opened(home).spot(photo, **wishes)


@pytest.mark.parametrize(
    ("said", "n_conflicts", "verdict"),
    [
        ("is Ann, is Ann", 0, Verdict("Ann")),
        ("is Ann, is Bo", 1, Verdict("Bo")),
        ("is-not Ann, is Ann", 1, Verdict("Ann")),
        ("is-not Ann, is Bo", 0, Verdict("Bo", frozenset({"Ann"}))),
        ("is Ann, is-not Ann", 1, Verdict(None, frozenset({"Ann"}))),
        ("is Ann, is-not Bo", 0, Verdict("Ann", frozenset({"Bo"}))),
        ("is Ann, stranger", 1, Verdict(is_stranger=True)),
        ("is-not Ann, stranger", 0, Verdict(None, frozenset({"Ann"}), is_stranger=True)),
        ("no-face, stranger", 1, Verdict(is_stranger=True)),
        ("stranger, stranger", 0, Verdict(is_stranger=True)),
        ("stranger, is Ann", 1, Verdict("Ann")),
        ("stranger, no-face", 1, Verdict(is_face=False)),
        ("is Ann, no-face", 1, Verdict(is_face=False)),
        ("no-face, no-face", 0, Verdict(is_face=False)),
        ("no-face, is Ann", 1, Verdict("Ann")),
    ],
)
def test_the_later_of_two_decisions_holds(said: str, n_conflicts: int, verdict: Verdict) -> None:
    decided = [
        Decision(str(i), "me", "", kind=kind, face=SPOT, name=name or None)
        for i, (kind, _, name) in enumerate(words.partition(" ") for words in said.split(", "))
    ]
    judged = judge(decided, {SPOT.photo: {1: (Box(*SPOT.box), None)}}, {SPOT.photo: "a.png"}, {})
    assert ([one.code for one in judged.conflicts], judged.of) == (
        ["decided-otherwise"] * n_conflicts,
        {(SPOT.photo, 1): verdict},
    )


def test_a_name_spreads_to_those_who_are_one_person_and_may_bear_it() -> None:
    spots = [Spot(SPOT.photo, (20.0 * i, 0, 20.0 * i + 10, 10)) for i in range(5)]
    about = [("is", "Ann"), ("is-not", "Bo"), ("is-not", "Ann"), ("stranger", None)]
    decided = [Decision(str(i), "me", "", kind=kind, face=spots[i], name=name) for i, (kind, name) in enumerate(about)]
    decided += [Decision(f"{i}", "me", "", kind="same", face=spots[i], other=spots[i - 1]) for i in range(1, 5)]
    places = {SPOT.photo: {i + 1: (Box(*spot.box), None) for i, spot in enumerate(spots)}}
    judged = judge(decided, places, {SPOT.photo: "a.png"}, {})
    assert not judged.conflicts
    assert [judged.of[SPOT.photo, i].name for i in range(1, 6)] == ["Ann", "Ann", None, None, "Ann"]


def test_any_decision_is_taken_back_by_its_id_once(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "decisions.jsonl")
    first, second, third = (log.add("is", SPOT, name=name) for name in ("Ann", "Bo", "Cy"))
    assert log.undo(id=second.id) == second
    assert log.read() == [first, third]
    with pytest.raises(CastlistError, match="no decision that could be taken back"):
        log.undo(id=second.id)
    assert log.undo() == third and log.undo() == first


def test_decisions_follow_a_photo_that_castlist_has_changed(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "decisions.jsonl")
    here, there, after = (Spot(letter * 64, SPOT.box) for letter in "abc")
    log.add_names({"Ann": [here, there], "Bo": [there, here]})
    log.add("same", there, other=here)
    log.follow({here.photo: after.photo}, kept=())
    assert [one.spots for one in log.read()] == [(after, there), (there, after), (there, after)]
    log.follow({after.photo: here.photo}, kept={after.photo})
    assert [one.spots for one in log.read()[:2]] == [(after, there), (here, there)], "of both files"
    log.follow({"d" * 64: after.photo}, kept=())
    assert len(log.read()) == 6


def test_a_line_that_a_kill_cut_off_was_never_decided(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "decisions.jsonl")
    first = log.add("is", SPOT, name="Ann")
    whole = (tmp_path / "decisions.jsonl").read_bytes()
    for size in (1, 40, len(whole) - 1):
        (tmp_path / "decisions.jsonl").write_bytes(whole + whole[:size])
        assert log.read() == [first]
    second = log.add("stranger", SPOT)
    assert log.read() == [first, second]


def test_many_decide_at_once(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "decisions.jsonl")

    def decide() -> None:
        for _ in range(5):
            log.add("stranger", SPOT)

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.id for one in log.read()}) == 20


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "{}",
        '{"id":"1","who":"x","when":"now","kind":"is"}',
        '{"id":"1","who":"x","when":"now","kind":"is","name":"../x","face":{"photo":"a","box":[0,0,1,1]}}',
        '{"id":"1","who":"x","when":"now","kind":"stranger","name":"Ann","face":{"photo":"a","box":[0,0,1,1]}}',
    ],
)
def test_a_line_that_is_no_decision_is_said(tmp_path: Path, line: str) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(CastlistError, match="line 1: "):
        DecisionLog(path).read()
    assert path.read_text() == f"{line}\n"


def test_nobody_can_be_decided_to_be_called_anything(home: Path) -> None:
    archive = opened(home)
    for name in ("unknown", "a/b", ""):
        with pytest.raises(CastlistError, match="Nobody can be called"):
            archive.decide("is", archive.spot("ann.png", face=1), name=name)
    assert not (home / "archive" / "decisions.jsonl").exists()


def test_nobody_is_called_nearly_like_another(home: Path) -> None:
    archive = opened(home)
    with pytest.raises(CastlistError, match="'Ann' and 'ANN' differ only by case"):
        archive.decide("is-not", archive.spot("both.png", face=2), name="ANN")
    with pytest.raises(CastlistError, match="'Bo' and 'bo' differ"):
        archive.decide_all("is", [archive.spot("both.png", face=2)], name="bo")
    assert archive.decide("is", archive.spot("both.png", face=2), name="Ann").name == "Ann"


def test_a_full_disk_leaves_the_decisions_that_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = DecisionLog(tmp_path / "decisions.jsonl")
    first = log.add("is", SPOT, name="Ann")
    with monkeypatch.context() as patch:
        write = os.write
        patch.setattr(os, "write", lambda file, data: write(file, data[:10]))
        with pytest.raises(CastlistError, match="Free some space"):
            log.add("stranger", SPOT)
    assert log.read() == [first]
    assert (tmp_path / "decisions.jsonl").read_bytes().endswith(b"\n")


def test_who_is_with_whom(home: Path) -> None:
    archive = opened(home)
    assert stems(find_in_archive(archive, "Ann")) in ([("both", 1), ("ann", 1)], [("ann", 1), ("both", 1)])
    assert stems(find_in_archive(archive, "Ann", beside=["Bo"])) == [("both", 1)]
    assert stems(find_in_archive(archive, "Ann", without=["Bo"])) == [("ann", 1)]
    for beside in ((), ("Bo",)):
        with pytest.raises(CastlistError, match="asked to be in the photo, and not to be"):
            find_in_archive(archive, "Ann", beside=beside, without=beside or ["Ann"])
    assert len(find_in_archive(archive, "unknown")) == 3
    with pytest.raises(CastlistError, match=r"named 'Anne'\. Choose from: Ann"):
        find_in_archive(archive, "Anne")


def test_when(home: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif] = {0x9003: "2019:08:02 10:11:12", 0x9011: "+08:00"}
    Image.fromarray(draw_picture([level_of(0, 4)])).save(home / "photos" / "dated.png", exif=exif)
    make(home)
    archive = opened(home)
    for since, until, shown in (("2019", "2019", 1), ("2019-08-02", "2019-08-02", 1), ("2019-08-03", None, 0)):
        days = {"since": parse_day(since), "until": until and parse_day(until, is_last=True)}
        assert len(find_in_archive(archive, "Ann", **days)) == shown
    for last, shown in (("2019-08-02", 1), ("2019-08-01", 0)):  # of a photo without a day nobody knows
        assert len(find_in_archive(archive, "Ann", until=parse_day(last, is_last=True))) == shown
    assert find_in_archive(archive, "Ann", since=parse_day("2019"))[0].taken == datetime.datetime(
        2019, 8, 2, 10, 11, 12
    )
    assert parse_day("2020-02", is_last=True) == datetime.date(2020, 2, 29)
    for text in ("yesterday", "2019-13", "2019-2-30", "19"):
        with pytest.raises(CastlistError, match="A day must be"):
            parse_day(text)


def test_a_run_learns_what_was_decided(home: Path) -> None:
    archive = opened(home)
    with pytest.raises(CastlistError, match="Nobody was decided"):
        teach(home / "run", home / "archive")
    archive.decide("is", archive.spot("ann.png", face=2), name="Dora")
    archive.decide("is", archive.spot("both.png", face=1), name="Ann")
    assert teach(home / "run", home / "archive").added == {"Ann": 0, "Dora": 1}  # the run has Ann's photo
    assert teach(home / "run", home / "archive").added == {"Ann": 0, "Dora": 0}
    assert [(one.name, one.photos) for one in list_people(home / "run")][-1] == ("Dora", 1)
    make(home)
    assert names(opened(home))["two"] == ["Dora", "unknown"]  # the stranger's other photo
    (home / "run" / "face.onnx").write_bytes(network_bytes(seed=6))
    with pytest.raises(CastlistError, match="other networks"):
        teach(home / "run", home / "archive")


def test_whoever_is_like_a_face_is_found_named_or_not(home: Path, tmp_path: Path) -> None:
    archive = opened(home)

    def like(*levels: int, **wishes: Any) -> list[tuple[str, int]]:
        photo = save_picture(tmp_path / "asked.png", levels)
        return stems(find_like(archive, photo, finder=tell_faces, **wishes))

    assert like(level_of(0, 3)) == like(level_of(5), level_of(0, 3), face=2)
    assert sorted(like(level_of(0, 3))) == [("ann", 1), ("both", 1)]
    assert sorted(like(level_of(20, 3))) == [("ann", 2), ("two", 1)]  # named by nobody
    assert like(level_of(9)) == []
    assert like(level_of(0, 3), since=datetime.date(2019, 1, 1)) == []  # these photos don't say when
    found = find_like(archive, save_picture(tmp_path / "asked.png", [level_of(0, 2)]), finder=tell_faces)
    assert [face.likeness for face in found] == sorted((face.likeness for face in found), reverse=True)
    assert found[0].likeness == pytest.approx(1, abs=1e-3) and found[0].path.stem == "ann"
    for levels, wishes, why in (
        ([level_of(0), level_of(1)], {}, "shows 2 faces. Say which"),
        ([level_of(0)], {"face": 2}, "there is no face 2"),
        ([], {}, "no face found"),
    ):
        with pytest.raises(CastlistError, match=why):
            like(*levels, **wishes)
    with pytest.raises(CastlistError, match="can't be read"):
        find_like(archive, tmp_path / "none.png", finder=tell_faces)
    # Rows that wait for a look with other networks are compared with nobody.
    rows, about = archive.folder.read(1)
    archive.folder.write(1, rows, msgspec.structs.replace(about, eyes="others"))
    assert like(level_of(0, 3)) == [] and group_unnamed(home / "archive") == []
    archive.folder.write(1, rows, about)
    assert len(like(level_of(0, 3))) == 2 and len(group_unnamed(home / "archive")) == 2
    (home / "run" / "face.onnx").write_bytes(network_bytes(seed=6))  # its vectors are as long
    with pytest.raises(CastlistError, match="other networks"):
        like(level_of(0))
    with pytest.raises(CastlistError, match="other networks"):
        group_unnamed(home / "archive")


def test_the_verbs(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    archive, photo = home / "archive", home / "photos" / "ann.png"
    assert castlist(monkeypatch, "decide", archive, photo, "--face", 2, "--is", "Dora") == 0
    assert f"castlist undo {str(archive)!r}" in capsys.readouterr().out
    assert castlist(monkeypatch, "find", "Dora", "--in", archive, "--json", "--copy-to", home / "out") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == {"photo": str(photo), "name": "Dora", "probability": 1.0, "box": [110, 10, 190, 90]}
    assert (home / "out" / "ann.png").read_bytes() == photo.read_bytes()
    assert castlist(monkeypatch, "find", "Dora", "--in", archive) == 0
    assert capsys.readouterr().out == f"{photo}  Dora  decided  at 110,10\n"
    assert castlist(monkeypatch, "teach", home / "run", "--from", archive) == 0
    assert "Dora  1 face added" in capsys.readouterr().out
    assert castlist(monkeypatch, "undo", archive) == 0
    assert "Taken back: --is Dora" in capsys.readouterr().out
    for words, sentence in (
        (("decide", archive, photo, "--face", 1), "Decide one thing"),
        (("decide", archive, photo, "--face", 1, "--stranger", "--no-face"), "Got 2 of them"),
        (("decide", archive, photo, "--box", "1,2", "--stranger"), "--box must be"),
        (("decide", archive, photo, "--box", "190,90,110,10", "--stranger"), "--box must be"),
        (("decide", archive, photo, "--box", "1,2,3,nan", "--stranger"), "--box must be"),
        (("decide", archive, photo, "--box", "0,0,5,5", "--stranger"), "has no such face"),
        (("decide", archive, photo, "--face", 2, "--box", "1,2,3,4", "--stranger"), "Give one of the two"),
        (("decide", archive, photo, "--face", 2, "--other-face", 1, "--stranger"), "--other-face is for"),
        (("decide", archive, photo, "--face", 2, "--same", photo, "--other-face", 2), "the same face twice"),
        (("decide", archive, photo, "--face", 2, "--is", "Do\nra"), "Nobody can be called"),
        (("decide", archive, photo.parent, "--stranger"), "knows no photo"),
        (("decide", home / "run", photo, "--stranger"), "is not an archive"),
        (("undo", archive), "no decision"),
        (("undo", home / "photos"), "is not a run folder"),
        (("teach", home / "run", "--from", archive), "Nobody was decided"),
        (("teach", home / "run", "--from", home / "photos"), "is not an archive"),
        (("groups", archive, "--name", "99=Dora"), "There is no group 99"),
        (("groups", home / "run"), "is not an archive"),
        (("find", "Ann", "--in", archive, "--from", "2020", "--to", "2019"), "is after --to 2019"),
        (("find", "Ann", "--in", archive, "--face", 1), "Give --like PHOTO"),
        (("find", "Ann", "--in", home), "is not an archive"),
        (("find", "--in", archive), "Ask for a name"),
        (("find", "Ann", "--in", archive, "--like", photo), "Ask for a name"),
        (("find", "--in", archive, "--like", photo.with_name("none.png")), "can't be read"),
        (("archive", home / "photos", "--run", home / "run", "--out", archive, "--unit", "3"), "--unit must be I/N"),
    ):
        assert castlist(monkeypatch, *words) == 2
        assert sentence in capsys.readouterr().err


def test_a_name_that_is_no_utf_8_and_photos_without_a_face(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path / "run", ("Ann",))
    save_picture(tmp_path / "photos" / "a.png", [])
    make(tmp_path)
    where = tmp_path / "archive"
    for words, said in (
        (("find", "unknown", "--in", where), "No photo shows that."),
        (("groups", where), "0 faces are alone."),
    ):
        assert castlist(monkeypatch, *words) == 0
        assert said in "".join(capsys.readouterr())
    assert castlist(monkeypatch, "decide", where, tmp_path / "photos" / "a.png", "--stranger") == 2
    assert "knows no face" in capsys.readouterr().err
    try:
        odd = save_picture(tmp_path / "photos" / "b.png", [level_of(9)]).rename(tmp_path / "photos" / "caf\udce9.png")
    except OSError:
        pytest.skip("this system's names are UTF-8")
    make(tmp_path)
    assert castlist(monkeypatch, "decide", where, odd, "--is", "Dora") == 0
    assert castlist(monkeypatch, "find", "Dora", "--in", where, "--copy-to", tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [odd.name]


def test_the_verb_archive(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("archive", home / "photos", "--run", home / "run", "--out", home / "archive")
    assert castlist(monkeypatch, *words) == 0
    shown = capsys.readouterr().out
    assert "Looked at 0 files" in shown
    assert "3 files: 0 without a face, 0 can't be read." in shown
    assert "6 faces: 3 named, 0 perhaps, 3 unknown." in shown
    assert castlist(monkeypatch, *words, "--unit", "1/2") == 0
    assert "When all are done: " in capsys.readouterr().out


def test_without_pyarrow_it_is_one_sentence() -> None:
    code = "import sys; sys.modules['pyarrow'] = None\nfrom castlist.archive import fill_archive"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert 'An archive needs pyarrow, which is not installed: pip install "castlist[archive]"' in done.stderr


def test_a_sheet_shows_the_surest(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("find", "Ann", "--in", home / "archive", "--sheet", home / "ann.png")
    (home / "photos" / "ann.png").unlink()
    assert castlist(monkeypatch, *words) == 0
    sheet = read_photo(home / "ann.png")
    assert sheet.shape == (346, 630, 3)
    shown = {tuple(color) for color in sheet.reshape(-1, 3)[::7].tolist()}
    assert (level_of(1, 1),) * 3 in shown and (level_of(20, 1),) * 3 not in shown  # whose photo is gone
    assert castlist(monkeypatch, *words[:-1], home / "ann.txt") == 2
    assert castlist(monkeypatch, *words) == 0  # over the sheet of before


def test_a_photo_that_is_gone_holds_up_no_copies(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "photos" / "ann.png").unlink()
    assert castlist(monkeypatch, "find", "Ann", "--in", home / "archive", "--copy-to", home / "copies") == 0
    assert [path.name for path in (home / "copies").iterdir()] == ["both.png"]
    said = capsys.readouterr().err
    assert "ann.png: it can't be read again" in said and "Copied: 1; there already: 0." in said


def test_a_run_that_is_gone_is_said_before_anything_is_decided(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    group_unnamed(home / "archive")
    (home / "run").rename(home / "moved")
    for words in (("--name", "1=Dora"), ()):
        assert castlist(monkeypatch, "groups", home / "archive", *words) == 2
        assert f"castlist archive {str(home / 'photos')!r} --run RUN" in capsys.readouterr().err
    assert not opened(home).decisions


def test_a_sheet_is_never_written_over_a_photo(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = home / "photos" / "ann.png"
    before = photo.read_bytes()
    assert castlist(monkeypatch, "find", "Ann", "--in", home / "archive", "--sheet", photo) == 2
    assert castlist(monkeypatch, "groups", home / "archive", "--sheet", photo) == 2
    assert photo.read_bytes() == before


def test_what_cant_be_read_and_what_moved_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("archive", home / "photos", "--run", home / "run", "--out", home / "archive")
    for i in range(6):
        (home / "photos" / f"broken{i}.jpg").write_text(f"no photo, {i}")
    (home / "photos" / "ann.png").rename(home / "photos" / "Ann.png")
    assert castlist(monkeypatch, *words) == 0
    shown = capsys.readouterr().out
    assert "1 file has moved, and wasn't looked at." in shown and "there once" not in shown
    assert "9 files: 0 without a face, 6 can't be read." in shown
    command = f"castlist find --unreadable --in {str(home / 'archive')!r}"
    assert f"broken3.jpg, broken4.jpg, .... Why, and all of them: {command}" in shown
    assert castlist(monkeypatch, "find", "--unreadable", "--in", home / "archive", "--language", "zh-TW") == 0
    assert f"{home / 'photos' / 'broken5.jpg'}  不是可讀取的照片格式" in capsys.readouterr().out.splitlines()
    assert castlist(monkeypatch, "find", "--unreadable", "--in", home / "archive", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 6 and lines[0]["problem"] == "not a photo of a known format"
    assert castlist(monkeypatch, "find", "Ann", "--unreadable", "--in", home / "archive") == 2
    assert "Leave out NAME." in capsys.readouterr().err
    for photo in (home / "photos").glob("broken*"):
        photo.unlink()
    assert castlist(monkeypatch, *words) == 0
    assert "6 more were there once." in capsys.readouterr().out
    assert castlist(monkeypatch, "find", "--unreadable", "--in", home / "archive") == 0
    assert "Every file can be read." in capsys.readouterr().err
