"""Names of an archive in the photos' metadata: written, changed, taken back, forgotten; killed, and gone on."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import ExifTags, Image

pytest.importorskip("pyarrow", reason="archives need castlist[archive]")

from castlist.archive import Archive, fill_archive
from castlist.archive.decisions import DecisionLog, Spot
from castlist.archive.table import with_columns
from castlist.errors import CastlistError, Message
from castlist.media import UNKNOWN, MarkReader, Sidecars, TagItem, Tags, look_inside
from castlist.media.regions.packet import EMPTY
from castlist.media.regions.records import Area, Region
from castlist.media.regions.writing import change
from castlist.naming import Recognizer
from castlist.people import forget, rename
from castlist.predicting import Remark, predict
from castlist.run import hold
from castlist.tagging import Heard, Tagged, hear_regions, plan_tags, tag, undo_tags, where_named
from castlist.tagging.hearing import WHO
from castlist.tagging.journal import Journal, Line
from castlist.testing import level_of, make_run, save_picture, tell_faces
from dying import DYING
from test_cli import run as castlist
from test_regions import needs_exiftool

PEOPLE = ("Ann", "Bo", "王小明")
KEYWORDS = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmp:Rating="4">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Ann</rdf:li>
    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An archive of photos: of Ann and Bo, of Ann with keywords of somebody's own, of 王小明, and of a stranger."""
    make_run(tmp_path / "run", PEOPLE)
    for name, levels in (
        ("both", [level_of(0, 1), level_of(1, 1)]),
        ("ann", [level_of(0, 2)]),
        ("wang", [level_of(2, 1)]),
        ("stranger", [level_of(20)]),
    ):
        save_picture(tmp_path / "photos" / f"{name}.png", levels)
    (tmp_path / "photos" / "ann.xmp").write_bytes(KEYWORDS)
    return make(tmp_path)


def make(home: Path) -> Path:
    fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces)
    return home


def marked(home: Path) -> dict[str, dict[str, list[int]]]:
    """Of each photo the names, and the left and right edges of their boxes."""
    reader, found = MarkReader(), {}
    for photo in sorted((home / "photos").glob("*.png")):
        faces = reader.read(photo).faces(own=True)
        found[photo.stem] = {name: [round(edges[0]), round(edges[2])] for name, edges in faces}
    return found


def contents(home: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (home / "photos").iterdir()}


def archive(home: Path) -> Path:
    return home / "archive"


def test_names_are_written_once_and_taken_back(home: Path) -> None:
    before = contents(home)
    assert tag(archive(home)) == Tagged(sidecars=3)
    expected = {"ann": {"Ann": [10, 90]}, "both": {"Ann": [10, 90], "Bo": [110, 190]}, "wang": {"王小明": [10, 90]}}
    assert marked(home) == expected | {"stranger": {}}
    assert stat.S_IMODE((archive(home) / "tags.jsonl").stat().st_mode) == 0o600
    tagged = contents(home)
    assert tagged.keys() - before == {"both.png.xmp", "wang.png.xmp"}  # ann.xmp was there
    assert tag(archive(home)) == Tagged() and contents(home) == tagged, "neither bytes nor times change"
    assert undo_tags(archive(home)) == Tagged(sidecars=3)
    assert {name: data for name, (data, _) in contents(home).items()} == {
        name: data for name, (data, _) in before.items()
    }
    assert not (archive(home) / "tags.jsonl").exists()
    with pytest.raises(CastlistError, match="Nothing that castlist wrote"):
        undo_tags(archive(home))


def test_sidecars_are_no_photos(home: Path) -> None:
    tag(archive(home))
    assert make(home) and Archive(archive(home)).counts().photos == 4


def test_a_name_that_changes_changes_there_and_nothing_else_does(home: Path) -> None:
    tag(archive(home))
    asked = Archive(archive(home))
    asked.decide("is", asked.spot("ann.png"), name="Dora")
    planned = [(photo.path.stem, plan.added, plan.removed) for photo, plans, _ in plan_tags(asked) for plan in plans]
    assert planned == [("ann", ("Dora",), ("Ann",))]
    assert tag(archive(home)) == Tagged(sidecars=1)
    assert marked(home)["ann"] == {"Dora": [10, 90]}
    data = (home / "photos" / "ann.xmp").read_bytes()
    assert data.count(b"<rdf:li>Ann</rdf:li>") == 1, "a keyword of somebody's own stays"
    asked.decide("stranger", asked.spot("ann.png"))
    tag(archive(home))
    assert (home / "photos" / "ann.xmp").read_bytes() == KEYWORDS


def test_a_photo_lies_as_its_file_says_whatever_an_older_archive_holds(home: Path) -> None:
    photo = home / "photos" / "both.png"
    with Image.open(photo) as upright:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6
        upright.transpose(Image.Transpose.ROTATE_90).save(photo, exif=exif)
    shutil.rmtree(archive(home))
    folder = Archive(archive(make(home))).folder
    for unit in folder.units():
        table, about = folder.read(unit)
        folder.write(unit, with_columns(table, {"orientation": [1] * table.num_rows}), about)
    tag(archive(home))
    assert marked(home)["both"] == {"Ann": [10, 90], "Bo": [110, 190]}
    assert tag(archive(home)) == Tagged()


def test_what_another_program_says_stays_and_is_told(home: Path) -> None:
    tag(archive(home))
    sidecar = home / "photos" / "both.png.xmp"
    sidecar.write_bytes(sidecar.read_bytes().replace(b">Ann<", b">Eve<").replace(b"xmp:", b""))
    undo_tags(archive(home))  # of what was Ann's nothing is castlist's any more
    assert marked(home)["both"] == {"Eve": [10, 90]}
    told: list[Message] = []
    assert tag(archive(home), tell=told.append) == Tagged(sidecars=3)
    assert [message.code for message in told] == ["tag-otherwise"] and "Eve" in str(told[0])
    assert marked(home)["both"] == {"Eve": [10, 90], "Bo": [110, 190]}


def test_a_sidecar_of_castlists_that_another_program_wrote_anew_goes_if_nothing_is_in_it(home: Path) -> None:
    tag(archive(home))
    for name, told in (("both", b""), ("wang", b'xmp:Rating="3"')):
        sidecar = home / "photos" / f"{name}.png.xmp"
        data = re.sub(rb">\s+<", b"><", sidecar.read_bytes()).replace(b"<x:xmpmeta", b"<x:xmpmeta x:xmptk='other'")
        told = told and b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" ' + told
        sidecar.write_bytes(data.replace(b'rdf:about=""', b'rdf:about=""' + told))
    assert undo_tags(archive(home)) == Tagged(sidecars=3)
    assert [path.name for path in sorted((home / "photos").glob("*.xmp"))] == ["ann.xmp", "wang.png.xmp"]
    assert b'xmp:Rating="3">' in (home / "photos" / "wang.png.xmp").read_bytes()


@pytest.mark.parametrize("perhaps", [False, True])
def test_what_was_moved_is_still_castlists(home: Path, perhaps: bool) -> None:
    tag(archive(home), perhaps=not perhaps)
    tag(archive(home), perhaps=perhaps)  # a journal that was shortened, where that has taken something out
    (home / "photos" / "old").mkdir()
    for name in ("both.png", "both.png.xmp", "ann.png", "ann.xmp"):
        (home / "photos" / name).rename(home / "photos" / "old" / name)
    make(home)
    assert tag(archive(home), perhaps=perhaps) == Tagged()
    files = [("old/ann.png", "old/ann.xmp"), ("old/both.png", "old/both.png.xmp"), ("wang.png", "wang.png.xmp")]
    assert sorted(Journal(archive(home)).files()) == files, "and where it was nothing is any more"
    assert undo_tags(archive(home)) == Tagged(sidecars=3)
    assert [path.name for path in (home / "photos").rglob("*.xmp")] == ["ann.xmp"]
    assert (home / "photos" / "old" / "ann.xmp").read_bytes() == KEYWORDS


def test_what_lies_on_a_disk_that_isnt_there_stays_known(home: Path) -> None:
    tag(archive(home))
    (home / "photos").rename(home / "elsewhere")
    told: list[Message] = []
    with pytest.raises(CastlistError, match="Of 3 files with names, none could be cleared"):
        undo_tags(archive(home), tell=told.append)
    assert [message.code for message in told] == ["tag-photo-gone"] * 3
    with pytest.raises(CastlistError, match="aren't in"):
        tag(archive(home))
    (home / "elsewhere").rename(home / "photos")
    assert undo_tags(archive(home)) == Tagged(sidecars=3)


def test_what_cant_be_read_is_left_alone_and_told(home: Path) -> None:
    (home / "photos" / "both.png.xmp").write_bytes(b"<broken")
    (home / "photos" / "wang.png.xmp").mkdir()
    save_picture(home / "photos" / "ann.png", [level_of(0, 2), level_of(1)])  # since the archive looked
    told: list[Message] = []
    with pytest.raises(CastlistError, match="Of 3 photos with names, none could be written"):
        tag(archive(home), tell=told.append)
    assert sorted(message.code for message in told) == ["tag-left-alone", "tag-left-alone", "tag-photo-changed"]
    assert (home / "photos" / "both.png.xmp").read_bytes() == b"<broken"
    (home / "photos" / "wang.png.xmp").rmdir()
    assert tag(archive(home)) == Tagged(sidecars=1)
    assert tag(archive(home)) == Tagged(), "what is written already needs no more"


@needs_exiftool
def test_a_sidecar_that_begins_as_what_is_in_the_photo_is_cleared_too(home: Path) -> None:
    tag(archive(home), embed=True)
    asked = Archive(archive(home))
    asked.decide("is", asked.spot("both.png", face=2), name="Dora")
    assert tag(archive(home)) == Tagged(sidecars=1), "without --embed, photos stay as they are"
    sidecar = (home / "photos" / "both.png.xmp").read_bytes()
    assert sidecar.count(b"<mwg-rs:Name>") == 2 and b"Dora" in sidecar and b"Bo" not in sidecar
    forget(home / "run", "Ann", archive=archive(home), tags=True)
    assert b"Ann" not in (home / "photos" / "both.png.xmp").read_bytes()
    assert b"Ann" in (home / "photos" / "both.png").read_bytes(), "nor does forget write into them"
    undo_tags(archive(home))
    assert not (home / "photos" / "both.png.xmp").exists() and not any(marked(home).values())


def test_who_is_forgotten_is_taken_out(home: Path) -> None:
    tag(archive(home))
    others = (home / "photos" / "wang.png.xmp").read_bytes()
    receipt = forget(home / "run", "Ann", archive=archive(home))
    assert [line.values["count"] for line in receipt.remaining if line.code == "tags-remain"] == [2]
    assert len(where_named(Archive(archive(home)).folder, "Ann")) == 2
    assert [line.values["count"] for line in receipt.remaining if line.code == "others-tags-remain"] == [1]
    receipt = forget(home / "run", "Ann", archive=archive(home), tags=True)
    assert [line.code for line in receipt.removed] == ["forgot-tags"]
    assert not any(line.code == "tags-remain" for line in receipt.remaining)
    assert marked(home) == {"ann": {}, "both": {"Bo": [110, 190]}, "stranger": {}, "wang": {"王小明": [10, 90]}}
    assert (home / "photos" / "ann.xmp").read_bytes() == KEYWORDS, "a keyword of somebody's own stays"
    assert (home / "photos" / "wang.png.xmp").read_bytes() == others
    assert not any(b"Ann" in path.read_bytes() for path in archive(home).rglob("*") if path.is_file())
    with pytest.raises(CastlistError):
        forget(home / "run", "Ann", archive=archive(home), tags=True)


def test_where_other_programs_name_whoever_is_forgotten_is_told(home: Path) -> None:
    mark(home, "both", "ann", 0)
    (home / "photos" / "wang.png.json").write_text(json.dumps({"people": [{"name": "Anna"}]}), "utf-8")
    tag(archive(home))
    receipt = forget(home / "run", "Ann", archive=archive(home), tags=True)
    (told,) = (line for line in receipt.remaining if line.code == "others-tags-remain")
    assert told.values == {"count": 2, "path": str(home / "photos" / "ann.png")}  # of somebody's own keyword
    assert marked(home)["both"] == {"ann": [5, 95], "Bo": [110, 190]}


def test_who_is_forgotten_by_a_name_that_the_archive_has_not_heard_is_taken_out_by_the_one_before(home: Path) -> None:
    tag(archive(home))
    rename(home / "run", "Ann", "Anna")
    receipt = forget(home / "run", "Anna", archive=archive(home), tags=True)
    assert not any(line.code == "tags-remain" for line in receipt.remaining)
    assert marked(home) == {"ann": {}, "both": {"Bo": [110, 190]}, "stranger": {}, "wang": {"王小明": [10, 90]}}
    assert Archive(archive(home)).people() == {"Bo", "王小明", UNKNOWN}
    assert not any(b"Ann" in path.read_bytes() for path in archive(home).rglob("*") if path.is_file())


def test_whoever_bears_the_name_of_before_by_now_is_not_forgotten_with_it(home: Path) -> None:
    tag(archive(home))
    rename(home / "run", "Ann", "Anna")
    rename(home / "run", "Bo", "Ann")
    forget(home / "run", "Anna", archive=archive(home), tags=True)
    assert "Ann" in Archive(archive(home)).people()


@needs_exiftool
def test_photos_that_are_written_stay_known(home: Path) -> None:
    shutil.copy(home / "photos" / "wang.png", home / "photos" / "copy.png")
    make(home)
    asked = Archive(archive(home))
    asked.decide("is", asked.spot("stranger.png"), name="Eve")
    asked.decide("is-not", asked.spot("wang.png"), name="Bo")
    assert tag(archive(home), embed=True) == Tagged(sidecars=1, photos=5)
    looked = fill_archive(home / "photos", home / "run", home / "archive", finder=tell_faces).looked
    assert looked == 0, "nobody looks at them again"
    asked = Archive(archive(home))
    assert not asked.verdicts.conflicts and len(asked.verdicts.of) == 2
    assert [face.name for face in asked.faces() if face.is_decided] == ["Eve"]
    assert look_inside(home / "photos" / "wang.png").packet
    before = contents(home)
    assert tag(archive(home), embed=True) == Tagged() and contents(home) == before
    receipt = forget(home / "run", "Ann", archive=archive(home), tags=True, embed=True)
    assert any(line.code == "forgot-tags" for line in receipt.removed)
    assert b"Ann" not in (home / "photos" / "ann.png").read_bytes()
    assert undo_tags(archive(home)).photos == 4
    assert (home / "photos" / "ann.xmp").read_bytes() == KEYWORDS, "a keyword of somebody's own stays"
    assert not Archive(archive(home)).verdicts.conflicts


def test_what_was_decided_holds_for_the_content_before_as_long_as_it_is_there(tmp_path: Path) -> None:
    log, face = DecisionLog(tmp_path / "decisions.jsonl"), Spot("a" * 64, (0, 0, 10, 10))
    log.add("is", face, name="Ann")
    log.add("same", face, other=Spot("b" * 64, (0, 0, 10, 10)))
    log.follow({"a" * 64: "c" * 64}, kept=())
    assert [one.face and one.face.photo[0] for one in log.read()] == ["c", "c"]
    log.follow({"c" * 64: "d" * 64, "b" * 64: "e" * 64}, kept={"c" * 64})
    assert [one.face and one.face.photo[0] for one in log.read()] == ["c", "d", "c", "d"]
    log.undo()
    assert [one.kind for one in log.read()] == ["is", "is"], "one undo takes both back"


def test_two_who_tag_at_once_wait_for_nobody(home: Path) -> None:
    with hold(archive(home) / ".lock"):
        failures: list[Exception] = []

        def try_it() -> None:
            try:
                tag(archive(home))
            except CastlistError as error:
                failures.append(error)

        other = threading.Thread(target=try_it)
        other.start()
        other.join()
    assert [error.code for error in failures if isinstance(error, CastlistError)] == ["archive-busy"]
    tag(archive(home))


def test_odd_names_of_photos(tmp_path: Path) -> None:
    make_run(tmp_path / "run", PEOPLE)
    photo = save_picture(tmp_path / "photos" / "a.png", [level_of(0, 1)])
    odd = os.fsencode(photo.parent) + b"/\xff -x\n&.png"
    os.rename(photo, odd)  # noqa: PTH104 - a path of bytes
    make(tmp_path)
    assert tag(archive(tmp_path)) == Tagged(sidecars=1)
    assert Path(os.fsdecode(odd + b".xmp")).is_file()
    assert tag(archive(tmp_path)) == Tagged() and undo_tags(archive(tmp_path)) == Tagged(sidecars=1)


def test_a_name_too_long_for_a_sidecar_holds_up_no_other(home: Path) -> None:
    photo = home / "photos" / "ann.png"
    photo.rename(photo.with_name("a" * 251 + ".png"))
    make(home)
    told: list[Message] = []
    assert tag(archive(home), tell=told.append) == Tagged(sidecars=2)
    assert [message.code for message in told] == ["tag-left-alone"]


def test_a_disk_that_refuses_leaves_everything_whole(home: Path) -> None:
    (archive(home) / "tags.jsonl").write_bytes(b'{"photo":"ann.png","file":"ann.xmp"}\n{"photo":"a')  # cut by a kill
    before = contents(home)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        with pytest.raises(CastlistError, match="can't be written"):
            tag(archive(home))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(home) == before
    assert tag(archive(home)) == Tagged(sidecars=3)


@pytest.mark.parametrize(
    "line",
    [
        b'{"photo":"../a.png","file":"../a.png.xmp"}',
        b'{"photo":"a.png","file":"../../a.xmp"}',
        b'{"photo":"../a.png"}',
        b'{"photo":"a.png","file":"run.json"}',
        b'{"photo":"a.png","other":1}',
        b"[]",
    ],
)
def test_a_journal_from_elsewhere_is_refused(home: Path, line: bytes) -> None:
    (archive(home) / "tags.jsonl").write_bytes(line + b"\n")
    for work in (tag, undo_tags):
        with pytest.raises(CastlistError, match="isn't as castlist writes it"):
            work(archive(home))


KILLED = """
from castlist.tagging import tag, undo_tags
die_before(int(sys.argv[2]), "replace", "fsync", "unlink", "rename", "ftruncate")
work, embed = sys.argv[3], sys.argv[4] == "embed"
tag(sys.argv[1], embed=embed) if work == "tag" else undo_tags(sys.argv[1])
"""


STEP = {"sidecar": 4, "embed": 10}  # calls from one kill to the next: each is a second of work, or two


def kill_at(home: Path, call: int, work: str, where: str) -> bool:
    """Kill the work before one of its calls that change the disk; gives whether it came so far."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", DYING + KILLED, archive(home), str(call), work, where], capture_output=True
    )
    assert done.returncode in (0, -9), done.stderr
    return done.returncode != 0


@needs_exiftool
@pytest.mark.slow
@pytest.mark.parametrize("where", ["sidecar", "embed"])
def test_killed_before_any_call_it_goes_on(home: Path, where: str) -> None:
    asked = Archive(archive(home))
    asked.decide("is", asked.spot("stranger.png"), name="Eve")
    shutil.copytree(home, home / "fresh", ignore=shutil.ignore_patterns("fresh"))
    fresh = marked(home)
    call = 0
    killed = True
    while killed:
        for name in ("photos", "archive"):
            shutil.rmtree(home / name)
            shutil.copytree(home / "fresh" / name, home / name)
        killed = kill_at(home, call, "tag", where)
        tag(archive(home), embed=where == "embed")
        assert marked(home) == {
            "ann": {"Ann": [10, 90]},
            "both": {"Ann": [10, 90], "Bo": [110, 190]},
            "stranger": {"Eve": [10, 90]},
            "wang": {"王小明": [10, 90]},
        }
        assert not Archive(archive(home)).verdicts.conflicts
        kill_at(home, call, "undo", where)
        try:
            undo_tags(archive(home))
        except CastlistError as error:  # the killed one had done all
            assert error.code == "nothing-tagged"
        assert not (archive(home) / "tags.jsonl").exists()
        assert marked(home) == fresh and (home / "photos" / "ann.xmp").read_bytes() == KEYWORDS
        call += STEP[where]
    assert call > 10


def test_predict_adds_names_to_sidecars(home: Path) -> None:
    recognizer = Recognizer.load(home / "run", finder=tell_faces)
    photos = sorted((home / "photos").glob("*.png"))
    (home / "photos" / "wang.png.xmp").write_bytes(b"<broken")
    fresh = contents(home)
    said = list(predict(photos, recognizer, xmp=True))
    assert [one.message.code for one in said if isinstance(one, Remark)] == ["xmp-malformed"]
    expected = {"ann": {"Ann": [10, 90]}, "both": {"Ann": [10, 90], "Bo": [110, 190]}, "stranger": {}, "wang": {}}
    before = contents(home)
    assert marked(home) == expected
    list(predict(photos, recognizer, xmp=True))
    assert contents(home) == before
    told: list[Message] = []
    assert undo_tags(home / "photos", tell=told.append) == Tagged(sidecars=2)
    # Somebody's own keyword "Ann", too.
    assert {name: data for name, (data, _) in contents(home).items()} == {
        name: data for name, (data, _) in fresh.items()
    }
    assert [one.code for one in told] == ["tag-left-alone"]
    with pytest.raises(CastlistError, match="no sidecar of a photo there bears castlist's mark"):
        undo_tags(home / "photos")


def test_the_verb_says_what_it_does(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: object) -> str:
        assert castlist(monkeypatch, *words) == 0
        return capsys.readouterr().out

    assert "both.png.xmp  +Ann, +Bo" in said("tag", archive(home), "--dry-run")
    assert not (home / "photos" / "both.png.xmp").exists()
    assert "Written: 3 sidecars and 0 photos." in said("tag", archive(home))
    assert "Taken back: 3 sidecars and 0 photos." in said("tag", archive(home), "--undo")
    assert castlist(monkeypatch, "tag", archive(home), "--undo", "--embed") == 2
    assert castlist(monkeypatch, "forget", home / "run", "Ann", "--tags") == 2


def test_without_exiftool_one_sentence_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))
    with pytest.raises(CastlistError, match="exiftool, which is not installed"):
        tag(archive(home), embed=True)
    assert tag(archive(home)) == undo_tags(archive(home)) == Tagged(sidecars=3), "sidecars don't need it"


def test_the_journal_is_one_object_a_line(home: Path) -> None:
    tag(archive(home))
    lines = [json.loads(line) for line in (archive(home) / "tags.jsonl").read_text("utf-8").splitlines()]
    assert {line["file"] for line in lines} == {"ann.xmp", "both.png.xmp", "wang.png.xmp"}


def mark(home: Path, photo: str, name: str, left: int) -> None:
    """Draw a box around a face as another program does, a little larger than castlist's."""
    path = home / "photos" / f"{photo}.png"
    size = look_inside(path).size
    area = Area((left + 50) / size[0], 0.5, 90 / size[0], 0.9)
    sidecar = Sidecars().place(path)
    old = sidecar.read_bytes() if sidecar.exists() else EMPTY
    new = change(old, Tags(size, (Region(name, area),))).data
    sidecar.write_bytes(re.sub(rb"<mwg-rs:Description>castlist.*</mwg-rs:Description>", b"", new))


def test_names_of_other_programs_are_decisions(home: Path) -> None:
    tag(archive(home))  # what castlist wrote itself is heard by nobody
    assert hear_regions(Archive(archive(home))) == Heard(0, 0)
    undo_tags(archive(home))
    mark(home, "stranger", "Eve", 0)
    mark(home, "both", "Fay", 100)
    mark(home, "wang", "no/body", 0)
    asked = Archive(archive(home))
    asked.decide("is", asked.spot("ann.png"), name="Ann")
    mark(home, "ann", "Gil", 0)
    told: list[Message] = []
    assert hear_regions(Archive(archive(home)), tell=told.append) == Heard(2, 0)
    assert sorted(message.code for message in told) == ["region-otherwise", "region-passed-over"]
    asked = Archive(archive(home))
    assert {one.name: one.who for one in asked.decisions if one.name != "Ann"} == dict.fromkeys(("Eve", "Fay"), WHO)
    assert sorted(face.name for face in asked.faces()) == ["Ann", "Ann", "Eve", "Fay", "王小明"]
    assert hear_regions(Archive(archive(home))).faces == 0, "nothing is added twice"
    asked.undo()
    assert "Eve" not in {face.name for face in Archive(archive(home)).faces()}, "one undo takes all of them back"
    assert hear_regions(Archive(archive(home))).faces == 0, "what was taken back stays so"


def test_names_are_heard_without_regard_to_case(home: Path) -> None:
    for photo, name in (("ann", "ANN"), ("stranger", "Eve"), ("wang", "EVE")):
        mark(home, photo, name, 0)
    assert hear_regions(Archive(archive(home))) == Heard(3, 0)
    assert {one.name for one in Archive(archive(home)).decisions} == {"Ann", "Eve"}


def test_what_was_decided_stays_and_is_told_where_it_is_otherwise(home: Path) -> None:
    asked = Archive(archive(home))
    asked.decide("is-not", asked.spot("stranger.png"), name="Eve")
    asked.decide("is", asked.spot("ann.png"), name="Ann")
    asked.decide("is-not", asked.spot("wang.png"), name="Eve")
    for photo, name in (("stranger", "Eve"), ("ann", "Ann"), ("wang", "王小明")):
        mark(home, photo, name, 0)
    told: list[Message] = []
    assert hear_regions(Archive(archive(home)), tell=told.append) == Heard(1, 0), "only who wasn't decided on"
    assert [(one.code, one.values["name"]) for one in told] == [("region-otherwise", "Eve")]


def test_names_without_boxes_are_heard_where_there_is_one_face(home: Path) -> None:
    for photo in ("both", "stranger"):
        told = {"people": [{"name": "Eve"}]}
        (home / "photos" / f"{photo}.png.json").write_text(json.dumps(told), "utf-8")
    assert hear_regions(Archive(archive(home))) == Heard(1, 0)


def test_the_archive_takes_them_over_and_tags_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mark(home, "stranger", "Eve", 0)
    words = ("archive", home / "photos", "--run", home / "run", "--out", archive(home), "--from-regions")
    assert castlist(monkeypatch, *words) == 0
    assert "Taken over from other programs: 1 face; 0 marks without a face." in capsys.readouterr().out
    before = contents(home)["stranger.png.xmp"]
    tag(archive(home))
    assert contents(home)["stranger.png.xmp"] == before, "it says so already"


def test_of_which_photo_a_line_tells_is_known_when_the_file_was_shortened(tmp_path: Path) -> None:
    one, other = TagItem("person", "Ann"), TagItem("keyword", "Ann")
    journal = Journal(tmp_path)
    journal.add([Line("ann.png", "ann.xmp", added=(one, other), content="ab")])
    journal.add([Line("ann.png", "ann.xmp", removed=(other,))])
    for read in (journal, Journal(tmp_path)):
        assert read.content_of("ann.png", "ann.xmp") == "ab", "though the last line says none"
    journal.shorten()
    assert Journal(tmp_path).of("ann.png", "ann.xmp") == (one,)
    assert Journal(tmp_path).content_of("ann.png", "ann.xmp") == "ab"


def test_lines_are_looked_up_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "tags.jsonl"
    line = Line("ann.png", "ann.png.xmp", added=(TagItem("keyword", "Ann"),), made=True)
    journal = Journal(tmp_path)
    journal.add([line])
    with path.open("ab") as file:
        file.write(b'{"photo":"' + b"x" * 200_000)  # cut by a kill, far before the end
    journal.add([Line("bo.png", "", added=(TagItem("person", "Bo"), TagItem("keyword", "Bo")))])
    journal.add([Line("bo.png", "", removed=(TagItem("person", "Bo"),))])
    for one in (journal, Journal(tmp_path)):
        assert one.files() == [("ann.png", "ann.png.xmp"), ("bo.png", "")]
        assert (one.of("ann.png", "ann.png.xmp"), one.of("bo.png", "")) == (
            line.added,
            (TagItem("keyword", "Bo"),),
        )
    other = Journal(tmp_path)
    other.add([Line("ann.png", "ann.png.xmp", removed=line.added)])
    other.shorten()
    assert other.of("bo.png", "") == (TagItem("keyword", "Bo"),)
    assert path.read_bytes().count(b"\n") == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(CastlistError, match=r"written anew meanwhile\. Try again"):  # of one who holds no lock
        journal.of("bo.png", "")
