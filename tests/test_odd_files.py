"""What lies in folders that people really have: odd names, forbidden folders, leftovers; none costs the others."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from castlist.checks import apply_decisions, check_photos, read_decisions, undo_moves, write_check
from castlist.errors import CastError, CastlistError
from castlist.faces import Box, Face
from castlist.learning.dataset import load_dataset
from castlist.learning.starting import make_run_folder
from castlist.media import cast, check_person, choices_for, find_cast, find_photos, meant_by, names
from castlist.naming import NamedFace, NamedPhoto
from castlist.naming.eyes import FaceEyes
from castlist.painting import set_font_folders
from castlist.paths import is_below, join_below, name_below, spell, unspell
from castlist.people import enrol, forget, retrain_without
from castlist.predicting import Remark, predict
from castlist.run import open_run
from conftest import SMALL, save_noise
from small_runs import ONE_THREAD, crop, make_small_run

ODD = os.fsdecode(b"caf\xe9")  # as an old disc or a foreign archive writes it
posix = pytest.mark.skipif(os.name != "posix", reason="names of any bytes, modes and signals are POSIX's")
COMMAND = [sys.executable, "-P", "-c", "from castlist.cli import main; main()"]


class FakeRecognizer:
    """Names everybody as it is told."""

    network = gallery = None
    face_network = "one"

    def __init__(self, *people: str) -> None:
        self.run = SimpleNamespace(people=people, path=Path("run"))

    def name_photos(self, paths: list[Path], *, repeat: bool, thorough: bool) -> object:
        for path in paths:
            yield NamedPhoto(path, (NamedFace(self.run.people[0], 0.9, (), Box(1, 1, 9, 9)),))


def notes_of(inputs: list[Path | str]) -> tuple[list[Path], list[str]]:
    notes: list[str] = []
    return find_photos(inputs, tell=lambda note: notes.append(note.code)), notes


@pytest.mark.parametrize(
    "name", ["a.jpg", f"{ODD}/b.jpg", "a\\b.jpg", "a\\\\b", "a\\udce9.jpg", "\ud800.jpg", "小滿/1"]
)
def test_every_name_is_spelled_as_text_and_found_again(name: str) -> None:
    text = spell(name)
    assert text.encode().decode() == text
    assert unspell(text) == name
    assert is_below(text)
    assert join_below(Path("/x"), text) == Path("/x") / name
    assert name_below(Path("/x"), Path("/x") / name) == text


@posix
def test_a_name_that_is_no_text_is_learnt_from(tmp_path: Path) -> None:
    root = tmp_path / "cast"
    for person in ("Ann", "Bob"):
        for i in range(6):
            save_noise(root / person / f"{i}.png", 10 * ord(person[0]) + i)
    save_noise(root / "Ann" / ODD / "deep.png", 1)
    (root / "Bob" / f"{ODD}.jpg").write_text("no photo")
    save_noise(root / ODD / "1.png", 2)
    found = find_cast(root)
    assert [note.code for note in found.notes] == ["cast-odd-name"]
    data = load_dataset(found, SMALL, path=tmp_path / "data.h5")
    assert "Ann/caf\\udce9/deep.png" in data.files
    assert [photo.path.name for photo in data.refused] == [f"{ODD}.jpg"]
    assert all(join_below(root, file).is_file() for file in data.files)
    data.content.close()
    assert load_dataset(found, SMALL, path=tmp_path / "data.h5").files == data.files


@posix
def test_a_name_that_is_no_text_is_checked_moved_and_brought_back(tmp_path: Path) -> None:
    root = tmp_path / f"{ODD}-cast"
    for name in (f"{ODD}.png", "a\\b.png"):
        save_noise(root / "Ann" / name, len(name))
    save_noise(root / "Bob" / "1.png", 3)
    before = sorted(root.rglob("*"))
    decisions = write_check(check_photos(root), tmp_path / "page.html")
    assert "caf\\udce9.png" in (tmp_path / "page.html").read_text("utf-8")
    decisions.write_text(decisions.read_text("utf-8").replace('do = "keep"', 'do = "aside"'), "utf-8")
    assert apply_decisions(read_decisions(decisions, root)).moved == 3
    assert {path.name for path in (tmp_path / f"{ODD}-cast-aside" / "Ann").iterdir()} == {f"{ODD}.png", "a\\b.png"}
    undo_moves(root)
    assert [path for path in sorted(root.rglob("*")) if ".castlist" not in str(path)] == before


@posix
def test_who_is_enrolled_with_an_odd_file_can_be_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faces: list[Face] = [crop(7)]
    monkeypatch.setattr(FaceEyes, "find", lambda self, pixels, thorough=False: faces)
    run = make_small_run(tmp_path / "runs" / "a", ("Ann", "Bob", "Cid"))
    assert enrol(run.path, " Zoe\u0308 ", [str(save_noise(tmp_path / f"{ODD}.png", 1))]).run.people[-1] == "Zoë"
    assert open_run(run.path).sides["train"][-1] == "Zoë/caf\\udce9.png"
    assert forget(str(run.path), "Zoe\u0308 ").name == "Zoë"
    assert open_run(run.path).people == ("Ann", "Bob", "Cid")
    assert not any("Zo" in file for files in open_run(run.path).sides.values() for file in files)


def test_of_many_only_the_nearest_are_offered() -> None:
    many = [f"Person {number:03}" for number in range(500)] + ["Zoë Kowalska"]
    assert choices_for("zoe kovalska", many) == "Zoë Kowalska, …"
    assert choices_for("Q", many) == ", ".join([*many[:20], "…"])
    assert choices_for("Q", ["Ann", "Bo"]) == "Ann, Bo" and choices_for("Q", []) == "-"


def test_one_form_of_a_name_everywhere(tmp_path: Path) -> None:
    for folder in ("Zoe\u0308", "Ann "):
        save_noise(tmp_path / folder / "1.png", len(folder))
    found = find_cast(tmp_path)
    assert found.people == ("Ann", "Zoë")
    assert [photo.path.parent.name for photo in found.photos] == ["Ann ", "Zoe\u0308"]
    assert meant_by("Zoe\u0308 ", found.people) == "Zoë"
    assert meant_by("Zoë", ("Zoe\u0308",)) == "Zoe\u0308", "as an older run has it"
    photo = NamedPhoto(tmp_path / "Ann " / "1.png", ())
    assert len(list(predict([photo.path], FakeRecognizer("Zoë"), hidden="Zoe\u0308"))) == 1, "somebody to hide"
    for name in ("x" * 256, "小" * 86):
        with pytest.raises(CastError, match="Nobody can be called"):
            check_person(name)


def test_folders_of_systems_are_nobody(tmp_path: Path) -> None:
    odd = ["@eaDir", "#recycle", "@Recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information", "lost+found"]
    odd += ["found.000", "LOST.DIR", "~snapshot", "iPod Photo Cache"]
    for i, folder in enumerate(["Ann", *odd, "Ann/@eaDir", "Ann/2019/#Recycle"]):
        save_noise(tmp_path / folder / "1.png", i)
    for name in ("THUMBS.DB", "Desktop.ini", "Icon\r", "1.png.json", "1.AAE", "1.XMP"):
        (tmp_path / "Ann" / name).write_bytes(b"a system's, or about the photo")
    found = find_cast(tmp_path)
    assert found.people == ("Ann",)
    assert len(found.photos) == 1
    assert [(note.code, note.values["count"]) for note in found.notes] == [("folders-of-systems", 13)]
    assert notes_of([tmp_path]) == ([tmp_path / "Ann" / "1.png"], ["folders-of-systems"])
    assert find_photos([tmp_path / "#recycle"]) == [tmp_path / "#recycle" / "1.png"], "who asks for it gets it"
    save_noise(inside := tmp_path / "Photos Library.photoslibrary" / "originals" / "A" / "1.png", 20)
    found = find_cast(tmp_path)
    assert found.people == ("Ann",)
    assert [note.code for note in found.notes] == ["folders-of-systems", "folders-of-programs"]
    assert find_photos([inside.parents[1]]) == [inside]
    for name in ("iPhoto Library.photolibrary", "Lightroom Library.lrlibrary", "Family.cocatalog"):
        save_noise(tmp_path / name / "1.png", 21)
    assert find_cast(tmp_path).people == ("Ann",)


def test_runs_among_photos_are_nobody(tmp_path: Path) -> None:
    save_noise(photo := tmp_path / "Ann" / "1.png", 1)
    save_noise(figure := tmp_path / "runs" / "first" / "figures" / "confusion.png", 2)
    (tmp_path / "runs" / "first" / "run.json").write_text("{}")
    found = find_cast(tmp_path)
    assert found.people == ("Ann",)
    assert [note.code for note in found.notes] == ["cast-empty-folder", "files-of-castlist"]
    assert notes_of([tmp_path]) == ([photo], ["files-of-castlist"])
    assert find_photos([figure.parents[1]]) == [figure], "who asks for it gets it"


def test_people_one_level_deeper_are_told(tmp_path: Path) -> None:
    for folder in ("train/Ann", "Test/Ann", "train/Bob"):
        save_noise(tmp_path / "sides" / folder / "1.png", len(folder))
        save_noise(tmp_path / "albums" / folder.replace("train", "Ann").replace("Test", "Bob") / "1.png", len(folder))
    with pytest.raises(CastError, match=r"one level deeper.*Test'"):
        find_cast(tmp_path / "sides")
    assert find_cast(tmp_path / "sides" / "train").people == ("Ann", "Bob")
    assert [note.code for note in find_cast(tmp_path / "albums").notes] == ["cast-perhaps-deeper"]
    save_noise(tmp_path / "albums" / "Ann" / "1.png", 9)
    assert find_cast(tmp_path / "albums").notes == ()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anybody may go into; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


FORBIDDEN = """
import os, sys
from pathlib import Path
from castlist.media import find_cast, find_photos
from castlist.errors import RunError
from castlist.predicting import predict
from castlist.run import find_runs
from test_odd_files import FakeRecognizer
os.seteuid(65534)
root, notes = Path(sys.argv[1]), []
found = find_photos([root], tell=notes.append)
print(sorted(path.name for path in found), sorted({note.code for note in notes}))
cast = find_cast(root)
print(cast.people, sorted({note.code for note in cast.notes}))
print(sorted(path.name for path in find_photos([root / "ok" / "1.png", root / "closed" / "1.png"])))
print(len(list(predict(found, FakeRecognizer("Ann")))))
print(sorted(path.parent.name for path in find_photos([root / "*" / "*.png"])))
for folder in (root / "closed", root / "listed"):
    try:
        find_runs(folder)
    except RunError as error:
        print(error.code)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can try as somebody else")
def test_folders_that_nobody_may_read_end_nothing(open_folder: Path) -> None:
    root = open_folder / "cast"
    for i, folder in enumerate(("ok", "closed", "listed", "ok/deep")):
        save_noise(root / folder / "1.png", i)
    save_noise(open_folder / "elsewhere" / "secret" / "1.png", 7)
    (root / "ok" / "link").symlink_to(open_folder / "elsewhere" / "secret")
    (root / "ok" / "itself").symlink_to(root / "ok" / "itself")
    (root / "closed").chmod(0)
    (root / "listed").chmod(0o444)
    (open_folder / "elsewhere").chmod(0)
    path = os.pathsep.join([str(Path(cast.__file__).parents[2]), str(Path(__file__).parent)])
    done = subprocess.run(
        [sys.executable, "-P", "-c", FORBIDDEN, root], env={**os.environ, "PYTHONPATH": path}, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "['1.png', '1.png'] ['folder-unread']",
        "('ok',) ['cast-empty-folder', 'folder-unread']",
        "['1.png', '1.png']",
        "2",
        "['listed', 'ok']",  # refused when it is opened
        "runs-unreadable",
        "runs-unreadable",
    ]


def test_a_name_in_brackets_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for i, name in enumerate(("[2019] trip/1.jpg", "2/1.jpg", "[2019] trip/[a]/2.png", "[2019] trip/a/3.png")):
        save_noise(Path(name), i)
    assert find_photos(["[2019] trip/*.jpg"]) == [Path("[2019] trip/1.jpg")]
    assert find_photos(["*/[a]/*.png"]) == [Path("[2019] trip/[a]/2.png")]
    assert find_photos(["[0-9]/*.jpg"]) == [Path("2/1.jpg")]
    deep = [Path("[2019] trip/[a]/2.png"), Path("[2019] trip/a/3.png")]
    assert find_photos(["**/*.png"]) == deep
    assert find_photos(["*trip/**/?/*.png"]) == deep[1:]
    save_noise(Path("4.png"), 4)
    save_noise(Path("@eaDir/4.png/thumb.png"), 5)
    Path("round").symlink_to(".")
    assert find_photos(["**/*.png"]) == [Path("4.png"), *deep], "here, too, and each once"
    assert find_photos(["*trip/**"]) == [Path("[2019] trip/1.jpg"), *deep]
    assert find_photos([str(tmp_path / "[2019] trip" / "*.jpg")]) == [tmp_path / "[2019] trip" / "1.jpg"]
    for wrong in ("", "a\0b"):
        with pytest.raises(CastlistError, match="No file can be called"):
            find_photos([wrong])
    with pytest.raises(CastError, match="neither a file"):
        find_photos(["x" * 300])


def test_what_castlist_wrote_is_not_named_again(tmp_path: Path) -> None:
    photos = [save_noise(tmp_path / "in" / name, i) for i, name in enumerate(("a.jpg", "b.png", "my.named.jpg"))]
    for _ in range(2):  # the second time they lie there already
        given = find_photos([tmp_path])
        assert given == photos
        list(predict(given, FakeRecognizer("Ann"), pictures=tmp_path / "in" / "out"))
    drawn = sorted((tmp_path / "in" / "out").iterdir())
    assert [path.name for path in drawn] == ["a.named.jpg", "b.png.named.jpg", "my.named.named.jpg"]
    assert notes_of([tmp_path]) == (photos, ["files-of-castlist"])
    assert notes_of([tmp_path / "in" / "out"]) == (drawn, []), "they are meant where there is nothing else"
    old = save_noise(tmp_path / "in" / "a.named.jpg", 9)  # of a castlist that left no mark
    assert old not in find_photos([tmp_path])
    assert find_cast(tmp_path).people == ("in",)
    assert len(find_cast(tmp_path).photos) == 3


def test_photos_of_one_name_drawn_on_two_days_are_both_there(tmp_path: Path) -> None:
    for i, name in enumerate(("a.jpg", "a.png")):
        list(predict([save_noise(tmp_path / name, i)], FakeRecognizer("Ann"), pictures=tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.named.jpg", "a.png.named.jpg"]


@pytest.fixture
def no_fonts(tmp_path: Path) -> Iterator[None]:
    set_font_folders([tmp_path / "no fonts"])
    yield
    set_font_folders(None)


def test_what_can_not_be_drawn_is_told_and_the_rest_goes_on(tmp_path: Path, no_fonts: None) -> None:
    gone = save_noise(tmp_path / "gone.jpg", 1)
    long = save_noise(tmp_path / ("x" * 251 + ".jpg"), 2)
    photos = [gone, long, save_noise(tmp_path / "ok.jpg", 3)]
    answers = predict(photos, FakeRecognizer("小滿"), pictures=tmp_path, table=tmp_path / "t.csv")
    first = next(answers)
    assert isinstance(first, Remark), "known before the first photo"
    assert first.message.code == "name-not-drawn"
    gone.unlink()
    rest = list(answers)
    assert [one.path for one in rest if isinstance(one, NamedPhoto)] == photos
    assert {one.path for one in rest if isinstance(one, Remark)} == set(photos)
    assert len((tmp_path / "t.csv").read_text("utf-8").splitlines()) == 4


def test_a_name_that_leaves_no_room_is_cut_and_no_other_is_lost(tmp_path: Path) -> None:
    long = [save_noise(tmp_path / (name + ".jpg"), i) for i, name in enumerate(("x" * 251, "x" * 250, "滿" * 83))]
    answers = list(predict(long, FakeRecognizer("Ann"), pictures=tmp_path / "out"))
    assert not [one for one in answers if isinstance(one, Remark)]
    expected = {"x" * 220 + ".named.jpg", "x" * 220 + "-2.named.jpg", "滿" * 73 + ".named.jpg"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == expected


def test_no_table_replaces_a_photo_and_no_picture_an_input(tmp_path: Path) -> None:
    photo = save_noise(tmp_path / "a.jpg", 1)
    before = photo.read_bytes()
    with pytest.raises(CastlistError, match="it would be lost"):
        list(predict([photo], FakeRecognizer("Ann"), table=photo))
    with pytest.raises(CastlistError, match="it would be lost"):
        write_check(check_photos(tmp_path), photo)
    assert photo.read_bytes() == before
    for _ in range(2):  # a table is replaced
        list(predict([photo], FakeRecognizer("Ann"), table=tmp_path / "t.csv"))
    list(predict([photo], FakeRecognizer("Ann"), pictures=tmp_path))
    drawn = tmp_path / "a.named.jpg"
    before = drawn.read_bytes()
    (remark,) = (
        one for one in predict([photo, drawn], FakeRecognizer("Ann"), pictures=tmp_path) if isinstance(one, Remark)
    )
    assert remark.message.code == "picture-itself"
    assert drawn.read_bytes() == before


def test_a_cast_is_read_in_a_time_that_grows_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(300):
        (tmp_path / f"p{i}").mkdir()
        (tmp_path / f"p{i}" / "1.jpg").touch()
    asked = []
    folded = names.folded
    for room in (cast, names):
        monkeypatch.setattr(room, "folded", lambda name: (asked.append(name), folded(name))[1])
    assert len(find_cast(tmp_path).people) == 300
    assert len(asked) < 5 * 300


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_who_is_told_to_end_keeps_the_table_and_says_so(tmp_path: Path, number: int, code: int) -> None:
    run = make_small_run(tmp_path / "runs" / "a", ("Ann", "Bob"))
    photo = save_noise(tmp_path / "photos" / "0.png", 1, size=(400, 300))
    for i in range(1, 800):
        (tmp_path / "photos" / f"{i}.png").hardlink_to(photo)
    table = tmp_path / "t.csv"
    words = ["predict", str(tmp_path / "photos"), "--run", str(run.path), "--csv", str(table)]
    process = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **ONE_THREAD}
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(number)
    _, told = process.communicate(timeout=120)
    assert process.returncode == code
    assert told.splitlines() == [f"Run: {run.path}", "castlist: stopped."]
    rows = list(csv.reader(table.read_text("utf-8-sig").splitlines()))
    assert 1 < len(rows) < 801
    assert {len(row) for row in rows} == {12}


@posix
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_an_output_that_can_not_hold_a_name_ends_nothing(tmp_path: Path, encoding: str) -> None:
    run = make_small_run(tmp_path / "runs" / "a", ("Ann", "Bob"))
    photos = [save_noise(tmp_path / f"{name}.png", i) for i, name in enumerate(("小滿", ODD, "Zoë", "\U0001f600"))]
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    words = [*COMMAND, "predict", *map(str, photos), "--run", str(run.path)]
    done = subprocess.run([*words, "--json"], env=env, capture_output=True, timeout=120, check=True)
    told = done.stdout.decode("utf-8" if encoding == "utf-8" else "ascii")
    assert [json.loads(line)["photo"] for line in told.splitlines()] == [str(photo) for photo in photos]
    done = subprocess.run(words, env=env, capture_output=True, timeout=120, check=True)
    assert len(done.stdout.splitlines()) == 4


def test_the_public_door_fails_with_castlists_own_errors(tmp_path: Path) -> None:
    import castlist

    run = make_small_run(tmp_path / "runs" / "a", ("Ann", "Bob"))
    recognizer = castlist.Recognizer.load(str(run.path))
    wrong = ["", "none", "a\0b", "x" * 300, 5, None, b"a", tmp_path / "none", tmp_path / ("y" * 4096)]
    for one in wrong:
        for call in (castlist.open_run, castlist.Recognizer.load, castlist.learn, castlist.resume, find_photos):
            with pytest.raises(castlist.CastlistError):
                call([one] if call is find_photos else one)
        with pytest.raises(castlist.CastlistError):
            enrol(run.path, "Dora", [one])
        with pytest.raises(castlist.CastlistError):
            forget(one, "Ann")
        with pytest.raises(castlist.CastlistError):
            check_photos(one)
        for call in (castlist.Archive, castlist.tag, castlist.undo_tags):
            with pytest.raises(castlist.CastlistError):
                call(one)
        with pytest.raises(castlist.CastlistError):
            castlist.retrain_without(one, "Ann")
    for one in ([], {}, np.zeros(3)):
        with pytest.raises(castlist.CastlistError):
            castlist.export_run(run.path, one)
        with pytest.raises(castlist.CastlistError):
            castlist.Settings(views=one)
    for settings in ("cnn", {}, 5):
        with pytest.raises(castlist.CastlistError):
            castlist.learn(tmp_path, settings)
    for one in (5, [5], None):
        with pytest.raises(castlist.CastlistError):
            list(recognizer.name_photos(one))
    photo = save_noise(tmp_path / "a.jpg", 1)
    for one in (str(photo), photo, [str(photo)], [photo]):
        (answer,) = recognizer.name_photos(one)
        assert (answer.path, answer.problem) == (photo, None)
    assert [answer.problem is None for answer in recognizer.name_photos(["", "a\0b", "x" * 300])] == [False] * 3
    with pytest.raises(castlist.CastlistError):
        recognizer.name_pixels([np.zeros((3, 3), np.uint8)])


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_output_ends_nothing(tmp_path: Path, closed: str) -> None:
    run = make_small_run(tmp_path / "runs" / "a", ("Ann", "Bob"))
    photo, table = save_noise(tmp_path / "1.png", 1), tmp_path / "t.csv"
    words = [*COMMAND, "predict", str(photo), "--run", str(run.path), "--csv", str(table)]
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert len(list(csv.reader(table.read_text("utf-8-sig").splitlines()))) == 2


def test_a_folder_that_is_a_file_is_told_before_the_first_photo(tmp_path: Path) -> None:
    file = save_noise(tmp_path / "1.png", 1)
    with pytest.raises(CastlistError, match="can't be written"):
        predict([file], FakeRecognizer("Ann"), pictures=file)


def test_a_folder_of_runs_that_is_a_file_is_told(tmp_path: Path) -> None:
    file = save_noise(tmp_path / "1.png", 1)
    for is_named in (True, False):
        with pytest.raises(CastlistError, match="can't be written"):
            make_run_folder(file / "run", is_named=is_named)  # it tried for ever


def test_who_stands_in_a_run_may_call_it_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_small_run(tmp_path / "runs" / "a", ("Ann", "Bob"))
    monkeypatch.chdir(run.path)
    forget(".", "Ann")
    assert open_run(run.path).people == ("Bob",)
    with pytest.raises(CastlistError, match="nobody called 'Dora'"):
        retrain_without("..//a/.", "Dora")
    with pytest.raises(CastlistError, match="nobody called 'Dora'"):
        retrain_without(".", "Dora")
