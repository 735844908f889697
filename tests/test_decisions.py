"""What is decided about photos: written, edited on the page or by hand, carried out, cut short, taken back."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from castlist import cli
from castlist.checks import (
    Decision,
    Decisions,
    Finding,
    Findings,
    apply_decisions,
    moving,
    open_decisions,
    read_decisions,
    undo_moves,
)
from castlist.errors import CastError, CastlistError
from conftest import not_root, save_noise


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def decide(root: Path, **deeds: str) -> Decisions:
    """Decisions on Ann's photos by their names: "keep", "aside" or somebody's name."""
    photos = []
    for name, deed in deeds.items():
        file = f"Ann/{name}.png"
        do = deed if deed in ("keep", "aside") else "move"
        photos.append(Decision(file, digest(root / file), do, deed if do == "move" else None))
    return Decisions(root, tuple(photos))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Ann has five photos, Bob one that is called as one of hers."""
    for i, name in enumerate("abcde"):
        save_noise(tmp_path / "cast" / "Ann" / f"{name}.png", i)
    save_noise(tmp_path / "cast" / "Bob" / "b.png", 9)
    return tmp_path / "cast"


def contents(folder: Path) -> dict[str, str]:
    """Where each content lies below a folder; fails where one lies twice."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.png")):
        assert digest(path) not in found, f"{path} is there twice"
        found[digest(path)] = path.relative_to(folder).as_posix()
    return found


def test_photos_go_where_the_decisions_say_and_come_back(root: Path) -> None:
    before = contents(root.parent)
    decisions = decide(root, a="keep", b="Bob", c="aside", d="Cid")
    moved = apply_decisions(decisions)
    assert (moved.moved, moved.before) == (3, 0)
    assert sorted(contents(root.parent).values()) == [
        "cast-aside/Ann/c.png",
        "cast/Ann/a.png",
        "cast/Ann/e.png",
        "cast/Bob/b-2.png",  # Bob's own is left alone
        "cast/Bob/b.png",
        "cast/Cid/d.png",
    ]
    assert apply_decisions(decisions).moved == 0  # the same again does nothing
    undo_moves(root)
    assert contents(root.parent) == before
    with pytest.raises(CastError, match="nothing to take back"):
        undo_moves(root)


def test_sidecars_go_with_their_photos_and_come_back(root: Path) -> None:
    ann, bob = root / "Ann", root / "Bob"
    for sidecar in ("a.png", "b.png", "c", "d"):
        (ann / f"{sidecar}.xmp").write_text(sidecar)
    (ann / "d.jpg").write_bytes(b"another of the stem, so that d.xmp is nobody's")
    (ann / "e.png.xmp").symlink_to(ann / "c.xmp")
    (bob / "c.xmp").write_text("left behind")

    def texts() -> dict[str, str]:
        files = (path for path in root.parent.rglob("*.xmp") if not path.is_symlink())
        return {path.relative_to(root.parent).as_posix(): path.read_text() for path in files}

    before = texts()
    decisions = decide(root, a="aside", b="Bob", c="Bob", d="Cid", e="Cid")
    assert apply_decisions(decisions).moved == 5
    assert (bob / "c-2.png").is_file()
    assert texts() == {
        "cast-aside/Ann/a.png.xmp": "a.png",
        "cast/Bob/b-2.png.xmp": "b.png",
        "cast/Bob/c-2.xmp": "c",
        "cast/Bob/c.xmp": "left behind",
        "cast/Ann/d.xmp": "d",
    }
    assert apply_decisions(decisions) == moving.Moved(0, 5, root.parent / "cast-aside")
    (bob / "b-2.png.xmp").write_text("b.png, tagged meanwhile")
    (bob / "c-2.xmp").unlink()
    assert undo_moves(root).moved == 5
    before["cast/Ann/b.png.xmp"] = "b.png, tagged meanwhile"
    del before["cast/Ann/c.xmp"]
    assert texts() == before


def test_what_phones_and_google_keep_beside_photos_goes_with_them_and_comes_back(root: Path) -> None:
    ann, bob = root / "Ann", root / "Bob"
    for name in (
        *("a.AAE", "a.mov", "a.png.supplemental-metada.json", "a-edited.png.xmp"),
        *("b.aae", "b.png.json", "c.aae", "c.jpg"),
        *("d(1).aae", "d.png(1).json", "e-edited.png.json", "e.json"),
    ):
        (ann / name).write_text(name)
    (ann / "d.png").rename(ann / "d(1).png")
    for photo in ("a", "e"):
        save_noise(ann / f"{photo}-edited.png", ord(photo))
    (bob / "d(1).png").write_bytes(b"another")
    long = ann / f"{'x' * 60}.png"
    save_noise(long, 60)
    long.with_name(f"{'x' * 46}.json").write_text("long")
    (bob / long.name).write_bytes(b"another")

    def texts() -> dict[str, str]:
        files = (path for path in root.parent.rglob("*.*") if path.suffix.lower() in (".aae", ".json", ".mov"))
        return {str(path.relative_to(root.parent)): path.read_text() for path in files if not path.name[:1].isdigit()}

    before = texts()
    wishes = {
        "a": "Bob",
        "b": "aside",
        "c": "Bob",
        "d(1)": "Bob",
        "a-edited": "Cid",
        "e-edited": "Cid",
        long.stem: "Bob",
    }
    decisions = decide(root, **wishes)
    assert apply_decisions(decisions).moved == 7
    assert texts() == {
        "cast/Bob/a.AAE": "a.AAE",
        "cast/Ann/a.mov": "a.mov",
        "cast/Bob/a.png.supplemental-metada.json": "a.png.supplemental-metada.json",  # not with the edited one
        "cast-aside/Ann/b.aae": "b.aae",
        "cast-aside/Ann/b.png.json": "b.png.json",
        "cast/Ann/c.aae": "c.aae",  # c.jpg's, perhaps
        "cast/Bob/d(1)-2.aae": "d(1).aae",
        "cast/Bob/d(1)-2.png.json": "d.png(1).json",
        "cast/Cid/e-edited.png.json": "e-edited.png.json",
        "cast/Ann/e.json": "e.json",
        f"cast/Bob/{long.stem}-2.png.json": "long",  # where it is looked for first
    }
    undo_moves(root)
    assert texts() == before


def test_moves_are_taken_back_one_time_after_the_other(root: Path) -> None:
    before = contents(root.parent)
    apply_decisions(decide(root, b="Bob"))
    between = contents(root.parent)
    apply_decisions(decide(root, c="Bob"))
    undo_moves(root)
    assert contents(root.parent) == between
    undo_moves(root)
    assert contents(root.parent) == before


@pytest.mark.parametrize("harm", ["changed", "gone", "link"])
def test_nothing_moves_when_a_photo_is_not_what_was_checked(root: Path, harm: str) -> None:
    decisions = decide(root, b="Bob", c="aside")
    photo = root / "Ann" / "c.png"
    if harm == "changed":
        photo.write_bytes(b"something else")
    elif harm == "gone":
        photo.unlink()
    else:
        photo.rename(root.parent / "elsewhere.png")
        photo.symlink_to("../../elsewhere.png")
    before = contents(root)
    with pytest.raises(CastError, match=r"Check again|is a link"):
        apply_decisions(decisions)
    assert contents(root) == before
    assert not (root.parent / "cast-aside").exists()


def test_undoing_keeps_off_photos_that_changed_since(root: Path) -> None:
    apply_decisions(decide(root, b="Bob", c="aside"))
    (root.parent / "cast-aside" / "Ann" / "c.png").write_bytes(b"edited")
    with pytest.raises(CastError, match="has changed"):
        undo_moves(root)
    assert (root / "Bob" / "b-2.png").exists()


def test_a_file_in_the_way_is_never_overwritten(root: Path) -> None:
    apply_decisions(decide(root, b="Bob"))
    save_noise(root / "Ann" / "b.png", 77)
    with pytest.raises(CastError, match="a file already"):
        undo_moves(root)
    assert len(contents(root)) == 7


_SLOW = """
import os, sys, time
from pathlib import Path
from castlist.checks import apply_decisions, read_decisions, undo_moves
rename = os.rename
def slowly(*names, **folders):
    time.sleep(0.01)
    return rename(*names, **folders)
os.rename = slowly
root = Path(sys.argv[1])
undo_moves(root) if sys.argv[2] == "undo" else apply_decisions(read_decisions(Path(sys.argv[2]), root))
"""


def test_killed_half_way_every_photo_is_in_one_place_and_both_ways_are_open(tmp_path: Path) -> None:
    root = tmp_path / "cast"
    (root / "Ann").mkdir(parents=True)
    for i in range(200):
        (root / "Ann" / f"{i}.png").write_bytes(b"%d" % i)
    before = contents(root.parent)
    photos = tuple(
        Decision(f"Ann/{i}.png", digest(root / "Ann" / f"{i}.png"), *(("move", "Bob") if i % 2 else ("aside",)))
        for i in range(200)
    )
    file = tmp_path / "DECISIONS.toml"
    file.write_text(Decisions(root, photos).to_toml(), "utf-8")

    def kill(what: str, begun: Path) -> None:
        child = subprocess.Popen([sys.executable, "-c", _SLOW, str(root), what])
        deadline = time.monotonic() + 60
        while not begun.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL  # it hadn't ended by itself

    kill(str(file), root / "Bob" / "41.png")
    half = contents(root.parent)
    assert half.keys() == before.keys()  # each in exactly one place
    assert 0 < len(list((root / "Ann").iterdir())) < 200
    with pytest.raises(CastError, match="cut short"):
        apply_decisions(Decisions(root, photos[:150]))
    kill("undo", root / "Ann" / "30.png")
    assert contents(root.parent).keys() == before.keys()
    resumed = apply_decisions(read_decisions(file))
    assert 0 < resumed.before < 200 and resumed.moved + resumed.before == 200
    assert not list((root / "Ann").iterdir())
    undo_moves(root)
    assert contents(root.parent) == before


def write_journal(root: Path, **fields: object) -> Path:
    """A journal as somebody else might have written it; it says that Ann's b came from where `fields` say."""
    row = {"source": "Ann/was.png", "target": "Ann/b.png", "sha256": digest(root / "Ann" / "b.png"), **fields}
    journal = root / ".castlist-moves" / "1.json"
    journal.parent.mkdir(exist_ok=True)
    journal.write_text(json.dumps({"decisions": "0" * 64, "moves": [row]}))
    return journal


HOSTILE = [
    {"source": "../../.config/autostart/x.desktop"},
    {"source": "/etc/cron.d/x"},
    {"source": "Ann/../../x"},
    {"source": "Ann//x"},
    {"source": "./x"},
    {"source": ""},
    {"source": "Ann\\..\\..\\x"},
    {"source": "Ann/x\0.png"},
    {"source": "\ud800/x.png"},
    {"source": ".castlist-moves/2.json"},
    {"source": "../cast-aside/x"},  # nobody is moved from there
    {"source": 5},
    {"source": ["Ann"]},
    {"target": "../elsewhere/b.png"},
    {"target": "../cast-aside/../b.png"},
    {"target": None},
    {"sha256": "0"},
    {"sha256": "A" * 64},
    {"more": "x"},
]


@pytest.mark.parametrize("fields", HOSTILE, ids=str)
def test_a_journal_that_castlist_never_writes_moves_nothing(root: Path, fields: dict[str, object]) -> None:
    write_journal(root, **fields)
    before = sorted(path for path in root.parent.rglob("*") if path.suffix != ".json")
    with pytest.raises(CastError, match="no longer known") as refused:
        undo_moves(root)
    assert refused.value.code == "journal-wrong"
    assert sorted(path for path in root.parent.rglob("*") if path.suffix != ".json") == before


@pytest.mark.parametrize("text", ["[]", "{}", "5", "null", '{"decisions": 5, "moves": []}', "[" * 100_000, "\0"])
def test_a_journal_of_another_shape_is_one_sentence(root: Path, text: str) -> None:
    write_journal(root).write_text(text)
    with pytest.raises(CastError, match="no longer known"):
        undo_moves(root)


def test_a_journal_that_is_as_castlist_writes_it_is_followed(root: Path) -> None:
    write_journal(root)
    (root / ".castlist-moves" / "x.json").write_text("not a number")
    undo_moves(root)
    assert (root / "Ann" / "was.png").exists()


def test_a_folder_that_can_t_be_listed_is_told_before_anything_is_moved(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, decisions = contents(root.parent), decide(root, b="Bob", c="aside")
    for name in ("iterdir", "glob"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, refuse)
            with pytest.raises(CastError, match=r"can't be looked at.*so nothing was moved") as raised:
                apply_decisions(decisions) if name == "iterdir" else undo_moves(root)
            assert raised.value.values["path"].startswith(str(root))
        assert contents(root.parent) == before
    assert apply_decisions(decisions).moved == 2


def refuse(path: Path, *_: object) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


@pytest.mark.parametrize("source", ["x" * 300 + "/a.png", "a/" * 3000 + "b"])
def test_a_journal_of_names_too_long_moves_nothing(root: Path, source: str) -> None:
    write_journal(root, source=source)
    with pytest.raises(CastError, match=r"too long.*nothing was moved"):
        undo_moves(root)
    assert (root / "Ann" / "b.png").exists()


def test_a_journal_that_may_not_be_deleted_is_told(open_home: Path) -> None:
    root = open_home / "cast"
    save_noise(root / "Ann" / "b.png", 1)
    journal = write_journal(root)
    for entry in (root, root / "Ann"):
        entry.chmod(0o777)
    journal.chmod(0o644)
    journal.parent.chmod(0o555)
    with not_root(), pytest.raises(CastlistError, match="can't be written"):
        undo_moves(root)
    assert (root / "Ann" / "was.png").exists()
    journal.parent.chmod(0o755)
    undo_moves(root)
    assert not journal.exists()


@pytest.mark.parametrize("linked", ["Bob", ".castlist-moves", "../cast-aside"])
def test_no_link_is_followed_out_of_the_folder(root: Path, linked: str) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    shutil.rmtree(root / "Bob")
    (root / linked).symlink_to(outside, target_is_directory=True)
    with pytest.raises(CastError):
        apply_decisions(decide(root, b="Bob", c="aside"))
    assert not list(outside.iterdir())
    assert (root / "Ann" / "b.png").exists()


def test_a_link_swapped_in_between_is_not_followed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    rename = moving.rename

    def swap(*places: object) -> None:
        shutil.rmtree(root / "Bob", ignore_errors=True)
        (root / "Bob").symlink_to(outside, target_is_directory=True)
        rename(*places)

    monkeypatch.setattr(moving, "rename", swap)
    with pytest.raises(CastError, match="can't be moved"):
        apply_decisions(decide(root, b="Bob"))
    assert not list(outside.iterdir())
    assert (root / "Ann" / "b.png").exists()


def test_edited_by_hand(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "DECISIONS.toml"
    file.write_text(decide(root, a="keep", b="Bob").to_toml(), "utf-8")
    assert read_decisions(file) == decide(root, a="keep", b="Bob")
    assert read_decisions(file, tmp_path).root == tmp_path


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("version = 1", "version = 9", "version"),
        ('do = "move"', 'do = "delete"', "keep, move, aside"),
        ('to = "Bob"', "", "only then"),
        ('to = "Bob"', 'to = "../Bob"', "Nobody can be called"),
        ('"Ann/b.png"', '"../Ann/b.png"', "below the folder"),
        ('"Ann/b.png"', '"/etc/passwd"', "below the folder"),
        ('"Ann/b.png"', '"Ann/a.png"', "decided on twice"),
        ("[[photo]]", "[photo", "no TOML"),
    ],
)
def test_what_cannot_be_decided(root: Path, tmp_path: Path, old: str, new: str, why: str) -> None:
    file = tmp_path / "DECISIONS.toml"
    file.write_text(decide(root, a="keep", b="Bob").to_toml().replace(old, new), "utf-8")
    with pytest.raises(CastError, match=why):
        read_decisions(file)


def test_a_folder_without_people_can_be_sorted_into_people(tmp_path: Path) -> None:
    photo = save_noise(tmp_path / "flat" / "1.png", 1)
    file = tmp_path / "DECISIONS.toml"
    file.write_text(Decisions(tmp_path / "flat", (Decision("1.png", digest(photo), "move", "Ann"),)).to_toml(), "utf-8")
    apply_decisions(read_decisions(file))
    assert list(contents(tmp_path / "flat").values()) == ["Ann/1.png"]


def test_a_name_that_differs_by_case_alone_is_refused(root: Path) -> None:
    with pytest.raises(CastError, match="differ only by case"):
        apply_decisions(decide(root, b="bob"))


def some_findings(root: Path) -> Findings:
    photos = {name: root / "Ann" / f"{name}.png" for name in "abcde"}
    found = (
        Finding("wrong-name", (photos["a"],), ("Ann",), {}, "Bob", 0.97),
        Finding("copy", (photos["b"], photos["c"], photos["a"]), ("Ann",), {"count": 3, "how": "exact, crop"}),
        Finding("no-face", (photos["d"],), ("Ann",)),
        Finding("two-people", (photos["e"], photos["d"], root / "Bob" / "b.png"), ("Ann",), {"count": 3, "total": 6}),
        Finding("few-photos", (), ("Bob",), {"count": 1, "more": 4}),
    )
    return Findings(root, ("Ann", "Bob"), 6, found, ("<b>a note</b>",), {"Bob": (root / "Bob" / "b.png",)})


def test_decisions_begin_with_keeping_everything(root: Path) -> None:
    found = some_findings(root)
    drawing = Finding("drawing", (root / "Ann" / "e.png",), ("Ann",))
    decisions = open_decisions(dataclasses.replace(found, findings=(*found.findings, drawing)))
    assert {one.file: (one.do, one.suggested) for one in decisions.photos} == {
        "Ann/a.png": ("keep", "move to Bob"),  # what is worst of it says what is suggested
        "Ann/b.png": ("keep", None),
        "Ann/c.png": ("keep", "aside"),
        "Ann/d.png": ("keep", None),
        "Ann/e.png": ("keep", "aside"),  # what is worst suggests nothing
        "Bob/b.png": ("keep", None),
    }
    assert {one.file: one.why for one in decisions.photos}["Ann/e.png"] == "looks drawn"
    assert apply_decisions(decisions).moved == 0


def test_the_page_is_whole_and_its_script_the_only_one_allowed(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    from castlist.checks import write_check

    file = write_check(some_findings(root), tmp_path / "out" / "check.html", language="zh-TW")
    assert read_decisions(file) == Decisions(
        root.resolve(), tuple(Decision(one.file, one.sha256, "keep") for one in read_decisions(file).photos)
    )
    page = (tmp_path / "out" / "check.html").read_text("utf-8")
    assert "可能標錯的名字" in page and "不是 Ann（97.0%）" in page
    assert "<b>a note</b>" not in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert page.count("data:image/jpeg") == 9  # one for each time a photo is shown, to compare with, too


@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium to press the page's buttons")
def test_what_is_pressed_on_the_page_is_what_is_downloaded(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    from castlist.checks import write_check

    findings = some_findings(root)
    write_check(findings, tmp_path / "check.html")
    press = """<script>
    document.querySelector("#two-people .all .to").value = "Eve";
    document.querySelector("#two-people .all .move").click();
    document.querySelector("#copy button.suggested").click();
    const to = document.querySelector('[data-file="Ann/d.png"] .to');
    to.value = 'Cid "the kid"';
    to.dispatchEvent(new Event("change", { bubbles: true }));
    let names = [];
    HTMLAnchorElement.prototype.click = function () { names.push(this.download); };
    URL.createObjectURL = (blob) => {
      blob.text().then((text) => {
        document.title = [...names, document.querySelector("#command code").textContent].join("|");
        document.body.textContent = text;
      });
      return "#";
    };
    document.querySelector("#download").click();
    </script></body>"""
    page = (tmp_path / "check.html").read_text("utf-8")
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace("</body>", press)
    (tmp_path / "pressed.html").write_text(page, "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    command = [
        "chromium",
        *flags,
        f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=3000",
        "--dump-dom",
    ]
    done = subprocess.run([*command, (tmp_path / "pressed.html").as_uri()], capture_output=True, text=True, timeout=120)
    body = re.search(r"<body[^>]*>(.*)</body>", done.stdout, re.DOTALL)
    title = re.search(r"<title>(.*)[|](.*)</title>", done.stdout)
    assert body and title
    assert re.fullmatch(r"DECISIONS-\d{8}-\d{6}\.toml", title[1])
    assert title[2] == f"castlist check --apply {title[1]}"
    text = body[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    deeds = {row["file"]: (row["do"], row.get("to")) for row in tomllib.loads(text)["photo"]}
    assert deeds == {
        "Ann/a.png": ("move", "Bob"),
        "Ann/b.png": ("keep", None),
        "Ann/c.png": ("aside", None),
        "Ann/d.png": ("move", 'Cid "the kid"'),  # the later choice
        "Ann/e.png": ("move", "Eve"),
        "Bob/b.png": ("move", "Eve"),
    }


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr("sys.argv", ["castlist", "check", *map(str, words)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


def test_what_was_downloaded_is_carried_out_as_the_page_says(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = open_decisions(some_findings(root))
    beside = tmp_path / "DECISIONS.toml"
    beside.write_text(kept.to_toml(), "utf-8")
    downloads = tmp_path / "Downloads"
    downloads.mkdir()
    (downloads / "DECISIONS-broken.toml").write_text("no [decisions", "utf-8")
    chosen = dataclasses.replace(kept, photos=(dataclasses.replace(kept.photos[0], do="aside"), *kept.photos[1:]))
    monkeypatch.setattr("castlist.cli.checking.user_downloads_path", lambda: downloads)
    monkeypatch.chdir(tmp_path)

    assert run(monkeypatch, "--apply", "DECISIONS.toml") == 0  # nothing was downloaded: all are kept, as was wished
    assert "Moved: 0" in capsys.readouterr().out
    (downloads / "DECISIONS-20260131-183000.toml").write_text(chosen.to_toml(), "utf-8")
    assert run(monkeypatch, "--apply", "DECISIONS.toml") == 2
    assert f"--apply {str(downloads / 'DECISIONS-20260131-183000.toml')!r}" in capsys.readouterr().err
    assert run(monkeypatch, "--apply", "DECISIONS-20260131-190000.toml") == 2
    assert "neither here nor in" in capsys.readouterr().err
    assert run(monkeypatch, "--apply", "DECISIONS-20260131-183000.toml") == 0
    assert "Moved: 1" in capsys.readouterr().out


def test_the_verb_moves_and_moves_back(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(root)
    file = tmp_path / "DECISIONS.toml"
    file.write_text(decide(root, b="Bob", c="aside").to_toml(), "utf-8")
    assert run(monkeypatch, "--apply", file) == 0
    assert "Moved: 2\n" in capsys.readouterr().out
    assert run(monkeypatch, root, "--undo") == 0
    assert contents(root) == before
    assert run(monkeypatch, "--apply", file, "--json", "--fail-on", "high") == 2
    assert contents(root) == before
    assert "check nothing. Leave out --json, --fail-on." in capsys.readouterr().err
    assert run(monkeypatch, "--undo") == 2
    assert run(monkeypatch) == 2
    assert "Give a folder" in capsys.readouterr().err
