"""An archive is made of photos, goes on where it was killed, and follows its photos and its run without a look."""

from __future__ import annotations

import datetime
import os
import random
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import ExifTags, Image

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import Archive, ArchiveFolder, Filled, fill_archive, planning, write_manifest
from castlist.archive.listing import File
from castlist.archive.planning import Content, Plan, pack_unit
from castlist.archive.storage import Folder
from castlist.archive.table import with_columns
from castlist.errors import CastlistError
from castlist.faces import Face
from castlist.people import forget, rename
from castlist.testing import draw_picture, level_of, make_run, network_bytes, save_picture, tell_faces
from dying import DYING
from test_cli import run as castlist

PEOPLE = ("Ann", "Bo", "王小明")


class Looks:
    """Finds faces as `tell_faces` does, and counts how often it was asked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, pixels: Any, **wishes: Any) -> list[Face]:
        self.count += 1
        return tell_faces(pixels, **wishes)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run, and a folder of eleven files: units of four contents each."""
    monkeypatch.setattr(planning, "UNIT", 4)
    make_run(tmp_path / "run", PEOPLE)
    for i in range(8):
        save_picture(tmp_path / "photos" / f"{i}.png", [level_of(i % 4, i), level_of(10 + i)])
    save_picture(tmp_path / "photos" / "deeper" / "nobody.png", [])
    shutil.copy(tmp_path / "photos" / "1.png", tmp_path / "photos" / "deeper" / "copy.png")
    (tmp_path / "photos" / "broken.jpg").write_text("no photo")
    return tmp_path


def make(home: Path, looks: Looks | None = None, **wishes: Any) -> Filled:
    return fill_archive(home / "photos", home / "run", home / "archive", finder=looks or tell_faces, **wishes)


def rows(home: Path) -> list[dict[str, Any]]:
    """Every row of an archive, but what a second look may change by a rounding."""
    archive = ArchiveFolder(home / "archive")
    every = [row for unit in archive.units() for row in archive.read(unit)[0].to_pylist()]
    return sorted(every, key=lambda row: (row["photo"], row["face"] or 0))


def names(home: Path) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for row in rows(home):
        if not row["gone"]:
            shown.setdefault(row["photo"], []).append(row["name"] or row["reason"])
    return shown


NAMES = {
    **{f"{i}.png": [(*PEOPLE, "unknown")[i % 4], "unknown"] for i in range(8)},
    "broken.jpg": ["photo-format"],
    "deeper/copy.png": ["Bo", "unknown"],
    "deeper/nobody.png": ["no-face"],
}


def test_a_row_a_face_and_copies_are_looked_at_once(home: Path) -> None:
    looks, counted = Looks(), []
    done = make(home, looks, on_count=lambda *count: counted.append(count))
    assert done == Filled(looked=10, moved=0, renamed=0, is_whole=True)
    assert looks.count == 9  # one of the ten can't be read
    assert counted[-1] == (10, 10)
    assert names(home) == NAMES
    first = rows(home)[0]
    assert (first["photo"], first["face"], first["width"], first["height"]) == ("0.png", 1, 200, 100)
    assert (first["left"], first["bottom"], first["answer"]) == (10, 90, "named")
    assert first["best"][0]["name"] == "Ann" and len(first["best"]) == 3
    assert len(first["embedding"]) == 16 and len(first["landmarks"]) == 10
    assert rows(home)[-1]["problem"] == "no face found"
    assert ArchiveFolder(home / "archive").units() == [1, 2, 3]


def test_nobody_else_reads_it(home: Path) -> None:
    make(home)
    for path in (home / "archive", *(home / "archive").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_again_only_what_is_new_or_changed_is_looked_at(home: Path) -> None:
    make(home)
    looks = Looks()
    before = (home / "archive" / "units" / "00001.parquet").stat()
    assert make(home, looks).looked == 0
    assert (home / "archive" / "units" / "00001.parquet").stat() == before
    photos = home / "photos"
    save_picture(photos / "new.png", [level_of(0, 7)])
    save_picture(photos / "6.png", [level_of(1, 1)])
    os.utime(photos / "5.png", (1e9, 1e9))  # touched, no more
    (photos / "2.png").rename(photos / "deeper" / "moved.png")
    (photos / "3.png").unlink()
    done = make(home, looks)
    assert done.looked == looks.count == 2 and done.moved == 1
    expected = {**NAMES, "new.png": ["Ann"], "6.png": ["Bo"], "deeper/moved.png": NAMES["2.png"]}
    del expected["2.png"], expected["3.png"]
    assert names(home) == expected
    assert {row["photo"] for row in rows(home) if row["gone"]} == {"3.png"}
    assert make(home, looks) == Filled(0, 0, 0, True)
    (photos / "deeper" / "moved.png").rename(photos / "2.png")  # and back
    assert make(home, looks).looked == 0
    assert names(home)["2.png"] == NAMES["2.png"] and "deeper/moved.png" not in names(home)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where a file of nothing takes no room")
def test_a_file_that_would_fill_the_memory_is_told_and_costs_nothing(home: Path) -> None:
    with (home / "photos" / "vast.jpg").open("wb") as file:
        file.truncate(2**40)
    make(home)
    (row,) = (row for row in rows(home) if row["photo"] == "vast.jpg")
    assert row["reason"] == "photo-file-large" and "1099.5 GB" in row["problem"]
    assert {name: shown for name, shown in names(home).items() if name != "vast.jpg"} == NAMES


def test_an_archive_among_its_photos_is_none_of_them(home: Path) -> None:
    for _ in range(2):
        fill_archive(home / "photos", home / "run", home / "photos" / "deeper" / "archive", finder=tell_faces)
    assert Archive(home / "photos" / "deeper" / "archive").counts().photos == len(NAMES)


def test_the_folder_of_photos_is_no_archive(home: Path) -> None:
    before = sorted((home / "photos").iterdir())
    (home / "link").symlink_to(home / "photos")
    for out in (home / "photos", home / "link"):
        with pytest.raises(CastlistError, match="a folder of its own"):
            fill_archive(home / "photos", home / "run", out, finder=tell_faces)
    assert sorted((home / "photos").iterdir()) == before


def test_who_came_and_who_went_is_named_without_a_look(home: Path) -> None:
    make(home)
    looks = Looks()
    rename(home / "run", "Ann", "Anna")
    assert make(home, looks) == Filled(0, 0, 18, True)
    assert names(home)["0.png"] == ["Anna", "unknown"]
    forget(home / "run", "Bo")
    make(home, looks)
    assert names(home)["1.png"] == ["unknown", "unknown"]
    assert make(home, looks, stranger_rate=0.5).renamed == 18
    assert make(home, looks, stranger_rate=0.5).renamed == 0
    assert make(home, looks, together=True).renamed == 18
    assert make(home, looks, together=True).renamed == 0
    assert looks.count == 0


def test_together_a_new_photo_has_all_named_again(home: Path) -> None:
    make(home, together=True)
    assert names(home) == NAMES
    save_picture(home / "photos" / "new.png", [level_of(0, 7)])
    assert make(home, together=True) == Filled(1, 0, 19, True)


def test_other_networks_look_again(home: Path) -> None:
    make(home)
    (home / "photos" / "3.png").unlink()
    (home / "run" / "face.onnx").write_bytes(network_bytes(seed=6))
    assert make(home).looked == 9
    gone = [row for row in rows(home) if row["gone"]]
    assert [row["photo"] for row in gone] == ["3.png", "3.png"]
    assert all(row["embedding"] is None for row in gone)
    assert make(home).looked == 0


def test_told_to_stop_it_keeps_what_is_done(home: Path) -> None:
    asked = iter([False] * 6 + [True])  # before each photo
    looks = Looks()
    assert not make(home, stop=lambda: next(asked)).is_whole
    assert ArchiveFolder(home / "archive").units() == [1]
    assert make(home, looks).is_whole
    assert looks.count < 9
    assert names(home) == NAMES


def test_shares_are_done_beside_each_other(home: Path) -> None:
    looks = Looks()
    assert [make(home, looks, share=(i, 3)).looked for i in (1, 3, 2)] == [4, 2, 4]
    assert names(home) == NAMES
    assert make(home, looks) == Filled(0, 0, 0, True)
    assert looks.count == 9
    with pytest.raises(CastlistError, match="Got 3/2 instead"):
        make(home, share=(3, 2))


def test_whoever_comes_second_says_so(home: Path) -> None:
    archive = ArchiveFolder(home / "archive")
    with archive.alone():
        for share in (None, (1, 2)):
            with pytest.raises(CastlistError, match="Somebody is at work"):
                in_thread(lambda share=share: make(home, share=share))
    with archive.sharing((1, 2), lambda: None):
        with pytest.raises(CastlistError, match="Somebody is at work"):
            in_thread(lambda: make(home))
        in_thread(lambda: make(home, share=(2, 2)))
    make(home)


def test_what_goes_on_is_all_that_was_asked_for(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["archive", "photos", "--run", "a run", "--out", "archive", "--together", "--from-regions", "--unit", "1/2"]

    def stop(*wishes: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("castlist.archive.fill_archive", stop)
    assert castlist(monkeypatch, *asked) == 130
    command = capsys.readouterr().err.partition("go on with: castlist ")[2].splitlines()[0]
    assert sorted(shlex.split(command)) == sorted(asked)


def in_thread(work: Callable[[], object]) -> None:
    """Do some work as another holder; what it raises is raised here."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
@pytest.mark.parametrize("moment", [0, 3, 7, 11, 15])
def test_killed_at_a_call_it_goes_on_to_the_same_end(home: Path, moment: int) -> None:
    child = subprocess.run([sys.executable, "-P", "-c", DYING + FILLING, str(home), str(moment)], check=False)
    assert child.returncode == -signal.SIGKILL
    make(home)
    check_whole(home)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
def test_killed_at_any_moment_it_goes_on_to_the_same_end(home: Path) -> None:
    chance = random.Random(0)
    for _ in range(20):
        shutil.rmtree(home / "archive", ignore_errors=True)
        child = subprocess.Popen([sys.executable, "-P", "-c", DYING + FILLING, str(home), "-1"], stdout=subprocess.PIPE)
        assert child.stdout and child.stdout.readline()  # it begins
        time.sleep(chance.uniform(0, 0.3))
        child.kill()
        child.wait()
        child.stdout.close()
        make(home)
        check_whole(home)


def check_whole(home: Path) -> None:
    """Each photo has its rows once, and nothing is left of the work."""
    assert names(home) == NAMES
    assert len(rows(home)) == 2 * 9 + 2
    left = {path.name for path in (home / "archive").iterdir() if path.suffix != ".lock" and path.name != ".lock"}
    assert left == {"archive.json", "units"}
    assert all(path.suffix == ".parquet" for path in (home / "archive" / "units").iterdir())


FILLING = """
from pathlib import Path
from castlist.archive import fill_archive, planning
from castlist.testing import tell_faces
planning.UNIT = 4
home = Path(sys.argv[1])
import castlist.archive.filling
print("begun", flush=True)
die_before(int(sys.argv[2]), "replace", "fsync", "mkdir", "ftruncate")
share = tuple(map(int, sys.argv[3].split("/"))) if len(sys.argv) > 3 else None
fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces, share=share)
"""


def test_shares_are_done_by_processes_of_a_scheduler(home: Path) -> None:
    commands = [[sys.executable, "-P", "-c", DYING + FILLING, str(home), "-1", f"{i}/3"] for i in (1, 2, 3)]
    children = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert make(home).looked == 0  # nothing was left to do
    check_whole(home)


@pytest.mark.parametrize("file", ["archive.json", "plan.json", "units/00001.parquet"])
def test_a_damaged_file_is_one_sentence(home: Path, file: str) -> None:
    make(home, share=(1, 2))
    path = home / "archive" / file
    for data in (b"", b"nonsense", path.read_bytes()[:-9]):
        path.write_bytes(data)
        with pytest.raises(CastlistError, match=f"is broken: its '{file}' can't be read"):
            make(home)
    path.unlink()
    make(home)
    assert names(home) == NAMES


def test_an_archive_from_anybody_leads_nowhere_else(home: Path) -> None:
    make(home, share=(1, 2))
    plan = home / "archive" / "plan.json"
    told = msgspec.json.decode(plan.read_bytes(), type=Plan)
    (aside,) = told.units.where(lambda unit: any(one.files[0].photo == "broken.jpg" for one in unit.contents))
    out = msgspec.structs.replace(aside, contents=(Content((File("../run/run.json", 1, 1),)),))
    plan.write_bytes(msgspec.json.encode(msgspec.structs.replace(told, packed=(pack_unit(out),))))
    with pytest.raises(CastlistError, match="below the folder of photos"):
        make(home)
    plan.unlink()
    make(home)
    archive = ArchiveFolder(home / "archive")
    table, about = archive.read(1)
    archive.write(1, with_columns(table, {"photo": ["../run/gallery.npz"] * len(table)}), about)
    assert not [face.path for face in Archive(home / "archive").faces() if ".." in face.path.parts]


def test_what_exif_says_is_in_the_rows(home: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.IFD.Exif] = {0x9003: "2019:08:02 10:11:12", 0x9011: "+08:00"}
    picture = Image.fromarray(draw_picture([level_of(0), level_of(1)]).swapaxes(0, 1)[::-1].copy())
    picture.save(home / "photos" / "turned.png", exif=exif)
    make(home)
    (row, *_) = [row for row in rows(home) if row["photo"] == "turned.png"]
    assert (row["width"], row["height"], row["orientation"], row["zone"]) == (200, 100, 6, "+08:00")
    assert row["taken"] == datetime.datetime(2019, 8, 2, 10, 11, 12) and row["name"] == "Ann"
    assert rows(home)[0]["taken"] is rows(home)[0]["zone"] is rows(home)[0]["orientation"] is None


def test_what_isn_t_an_archive_is_said(home: Path) -> None:
    with pytest.raises(CastlistError, match="is not an archive"):
        Archive(home / "photos")
    with pytest.raises(CastlistError, match="is none"):
        fill_archive(home / "photos" / "0.png", home / "run", home / "archive")
    make(home)
    with pytest.raises(CastlistError, match="none of its photos is in"):
        fill_archive(home / "run", home / "run", home / "archive", finder=tell_faces)
    record = home / "archive" / "archive.json"
    record.write_text(record.read_text().replace('"format":1', '"format":2'))
    with pytest.raises(CastlistError, match="reads formats up to 1"):
        make(home)


def test_a_full_disk_leaves_what_was_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(home)
    before = rows(home)
    rename(home / "run", "Ann", "Anna")

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(CastlistError, match="Free some space"):
            make(home)
    assert rows(home) == before
    assert not list((home / "archive").rglob("*.part"))


def test_names_that_aren_t_text_come_back(home: Path) -> None:
    odd = os.fsdecode(b"\xff\\odd.png")
    shutil.copy(home / "photos" / "0.png", home / "photos" / odd)
    make(home)
    found = [face.path for face in Archive(home / "archive").faces() if face.path.name == odd]
    assert len(found) == 2 and found[0].exists()


def test_pandas_and_duckdb_read_the_shards(home: Path) -> None:
    pandas, duckdb = pytest.importorskip("pandas"), pytest.importorskip("duckdb")
    make(home)
    files = str(home / "archive" / "units" / "*.parquet")
    asked = f"select photo, best[1].name, embedding[16] from '{files}' where name = 'Bo' order by photo"
    found = duckdb.sql(asked).fetchall()
    assert [photo for photo, _, _ in found] == ["1.png", "5.png", "deeper/copy.png"]
    assert {name for _, name, _ in found} == {"Bo"}
    frame = pandas.concat(pandas.read_parquet(path) for path in (home / "archive" / "units").iterdir())
    frame = frame[frame.name == "Bo"].sort_values("photo")
    assert [vector[15] for vector in frame.embedding] == [number for _, _, number in found]


def test_whoever_may_not_read_an_archive_is_not_told_to_delete_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Folder, name: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "archive.json").touch()
    monkeypatch.setattr(Folder, "read", refuse)
    with pytest.raises(CastlistError, match="Get the right to read it") as caught:
        ArchiveFolder(tmp_path).record()
    assert caught.value.code == "archive-closed"


def test_what_moved_leaves_no_row_behind_whoever_does_it(home: Path) -> None:
    make(home)
    before = {row["photo"]: row for row in rows(home)}
    looks, photos = Looks(), home / "photos"
    (photos / "3.png").unlink()
    photos.rename(home / "away")
    photos.mkdir()
    (home / "away").rename(photos / "DEEPER")
    assert make(home, looks, share=(2, 3)).moved == 4
    for which in (1, 3):
        make(home, looks, share=(which, 3))
    assert make(home, looks) == Filled(0, 0, 0, True) and looks.count == 0
    after = {row["photo"]: row for row in rows(home)}
    assert after.keys() == {"3.png", *(f"DEEPER/{photo}" for photo in before.keys() - {"3.png"})}
    assert after["3.png"]["gone"] and after["DEEPER/2.png"] == before["2.png"] | {"photo": "DEEPER/2.png"}
    assert Archive(home / "archive").counts().gone == 1


def test_what_moves_while_others_are_looked_at_is_gone_nowhere(home: Path) -> None:
    photos = home / "photos"
    write_manifest(photos, home / "listed.parquet")
    (photos / "7.png").rename(photos / "new.png")
    fill_archive(None, home / "run", home / "archive", manifest=home / "listed.parquet", finder=tell_faces)
    (row,) = (row for row in rows(home) if row["photo"] == "7.png")
    assert (row["digest"], row["face"]) == ("", None)
    done = make(home)
    assert names(home)["new.png"] == NAMES["7.png"] and (done.looked, done.moved) == (1, 0)
    assert Archive(home / "archive").counts().gone == 0 and "7.png" not in {row["photo"] for row in rows(home)}


def test_names_that_were_swapped_cost_no_look(home: Path) -> None:
    make(home)
    before, photos = names(home), home / "photos"
    for old, new in (("0.png", "x"), ("2.png", "0.png"), ("7.png", "2.png"), ("x", "7.png")):  # of several units
        (photos / old).rename(photos / new)
        os.utime(photos / new)
    looks = Looks()
    assert make(home, looks).moved == 3 and looks.count == 0
    assert names(home) == {**before, "0.png": before["2.png"], "2.png": before["7.png"], "7.png": before["0.png"]}
