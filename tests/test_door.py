"""Whatever is handed in at the public door, and whatever lies in the folders: what goes wrong is a CastlistError."""

from __future__ import annotations

import decimal
import fractions
import inspect
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import castlist
from castlist import cli
from castlist.testing import level_of, make_run, save_picture, tell_faces

RUN, PHOTO = Path("runs/family"), Path("new/a.png")


class OwnPath:
    """A path of a program's own, such as archives and remote systems have."""

    def __init__(self, path: Any) -> None:
        self.path = path

    def __fspath__(self) -> Any:
        return self.path


WRONG_PATHS = {
    "nothing": None,
    "number": 5,
    "bytes": b"runs",
    "empty": "",
    "zero": "a\0b",
    "half a character": "\ud800",
    "missing": "nowhere",
    "own and bytes": OwnPath(b"runs"),
    "own and a number": OwnPath(5),
    "own and missing": OwnPath("nowhere"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a run, a photo of each of its people, and a cast."""
    monkeypatch.chdir(tmp_path)
    make_run(RUN, ("Ann", "Bo"))
    save_picture(PHOTO, [level_of(0)])
    for person in range(2):
        for look in range(4):
            save_picture(Path("cast") / "AB"[person] / f"{look}.png", [level_of(person, look)])
    return tmp_path


TAKES_A_PATH: dict[str, Callable[[Any], object]] = {
    "load": castlist.Recognizer.load,
    "open_run": castlist.open_run,
    "newest_run": castlist.newest_run,
    "forget": lambda path: castlist.forget(path, "Ann"),
    "enrol": lambda path: castlist.enrol(path, "Cy", [PHOTO], finder=tell_faces),
    "refresh": castlist.refresh,
    "renew_report": castlist.renew_report,
    "retrain": lambda path: castlist.retrain_without(path, "Ann"),
    "resume": castlist.resume,
    "export": lambda path: castlist.export_run(path, "onnx"),
    "learn": castlist.learn,
    "check": castlist.check_photos,
    "find_cast": castlist.find_cast,
    "find_photos": lambda path: castlist.find_photos([path]),
    "read_photo": castlist.read_photo,
    "enrol_photo": lambda path: castlist.enrol(RUN, "Cy", [path], finder=tell_faces),
    "name_film": lambda path: castlist.name_film(path, castlist.Recognizer.load(RUN)),
    "read_seen": castlist.Seen.load,
    "fill": lambda path: castlist.fill_archive("cast", path, "archive", finder=tell_faces),
    "write_seen": lambda path: castlist.Seen.empty().save(
        "new/a.png/b" if getattr(path, "path", path) == "nowhere" else path
    ),
}


@pytest.mark.parametrize("wrong", WRONG_PATHS)
@pytest.mark.parametrize("call", TAKES_A_PATH)
def test_what_is_no_path_or_leads_nowhere(call: str, wrong: str) -> None:
    before = sorted(Path().rglob("*"))
    with pytest.raises(castlist.CastlistError) as refused:
        TAKES_A_PATH[call](WRONG_PATHS[wrong])
    assert refused.value.code and str(refused.value).isprintable()
    assert [path for path in sorted(Path().rglob("*")) if path.name != ".lock"] == before, "and nothing is made"


@pytest.mark.parametrize(
    "call",
    [
        lambda: castlist.forget(RUN, None),
        lambda: castlist.forget(RUN, 5),
        lambda: castlist.enrol(RUN, None, [PHOTO], finder=tell_faces),
        lambda: castlist.enrol(RUN, 5, [PHOTO], finder=tell_faces),
        lambda: castlist.enrol(RUN, "Cy", None),
        lambda: castlist.enrol(RUN, "Cy", [], finder=tell_faces),
        lambda: castlist.find_photos(b"cast"),
        lambda: castlist.find_photos(None),
        lambda: castlist.learn("cast", 5),
        lambda: castlist.learn("cast", {"model": "face"}),
        lambda: castlist.learn("cast", name=5, runs=None),
        lambda: castlist.learn("cast", language="fr"),
        lambda: castlist.learn("cast", language=None),
        lambda: castlist.resume(RUN, language="fr"),
        lambda: castlist.renew_report(RUN, language="fr"),
        lambda: castlist.export_run(RUN, "gif"),
        lambda: castlist.export_run(RUN, None),
        lambda: castlist.Findings(Path(), (), 0, ()).at_least("awful"),
        lambda: castlist.Findings(Path(), (), 0, ()).summary_lines("fr"),
        lambda: castlist.Settings(model="none"),
        lambda: castlist.Settings(epochs="many"),
        lambda: castlist.set_threads(0),
        lambda: castlist.set_threads(None),
        lambda: castlist.set_cache_folder(5),
        lambda: castlist.translate_message(castlist.Message("a", "b"), "fr"),
        lambda: list(castlist.Recognizer.load(RUN).name_photos(b"new/a.png")),
        lambda: list(castlist.Recognizer.load(RUN).name_photos(None)),
        lambda: list(castlist.Recognizer.load(RUN).name_photos([None])),
        lambda: list(castlist.Recognizer.load(RUN).name_photos([PHOTO, OwnPath(b"a")])),
        lambda: castlist.is_film(OwnPath(5)),
        lambda: castlist.read_photo(OwnPath(b"new/a.png")),
        lambda: list(castlist.Recognizer.load(RUN).name_photos([PHOTO], n_threads=0)),
        lambda: castlist.Recognizer.load(RUN).name_album(5),
        lambda: castlist.Recognizer.load(RUN).name(castlist.Seen.empty(), best=-1),
        lambda: castlist.find_photos(10**5000),
        lambda: castlist.Recognizer.load(RUN).name_pixels([np.zeros((4, 4), np.uint8)]),
        lambda: castlist.Recognizer.load(RUN).name_pixels(["new/a.png", None]),
    ],
)
def test_what_is_asked_for_wrongly(call: Callable[[], object]) -> None:
    with pytest.raises(castlist.CastlistError) as refused:
        call()
    assert refused.value.code and str(refused.value).isprintable()


PUBLIC = [getattr(castlist, name) for name in castlist.__all__]
METHODS = [
    method
    for kind in filter(inspect.isclass, PUBLIC)
    if not issubclass(kind, (Exception, castlist.Message))
    for name, method in inspect.getmembers(kind, inspect.isroutine)
    if not name.startswith("_") and method.__module__.startswith("castlist.")
]
TAKEN = [
    (function, name)
    for function in (*filter(inspect.isfunction, PUBLIC), *METHODS)
    for name, parameter in inspect.signature(function).parameters.items()
    if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
]


@pytest.mark.parametrize(("function", "name"), TAKEN, ids=[f"{one.__qualname__}-{name}" for one, name in TAKEN])
def test_nothing_of_a_wrong_kind_comes_through_the_door(function: Callable[..., object], name: str) -> None:
    """It is refused before anything else is looked at, thus also where all else is missing."""
    with pytest.raises(castlist.CastlistError, match=f"{name} of {function.__name__} must be .*Got .*object.* instead"):
        function(**{name: object()})


@pytest.mark.parametrize(
    "call",
    [
        lambda: castlist.find_in_archive(beside="Ann"),
        lambda: castlist.find_in_archive(without=["Ann", None]),
        lambda: castlist.fill_archive(share=(1, 2, 3)),
        lambda: castlist.fill_archive(share=("1", 2)),
        lambda: castlist.fill_archive(workers=True),
        lambda: castlist.name_groups(names={"1": "Ann"}),
        lambda: castlist.name_groups(names=[(1, "Ann")]),
        lambda: castlist.Seen.merge([castlist.Seen.empty(), None]),
        lambda: castlist.is_film(5),
        lambda: castlist.find_photos(np.array(5)),
        lambda: castlist.find_in_archive(beside=(name for name in ("Ann", "Bo"))),
        lambda: castlist.translate_message(decimal.Decimal(1), "en"),
        lambda: castlist.translate_message({"code": "a"}, "en"),
        lambda: castlist.name_film("a.mp4", object()),
        lambda: castlist.name_film("a.mp4", OwnPath("a")),
        lambda: castlist.fill_archive(together=5),
        lambda: castlist.Archive.decide(kind="none"),
    ],
)
def test_what_several_are_made_of_is_looked_at(call: Callable[[], object]) -> None:
    with pytest.raises(castlist.CastlistError) as refused:
        call()
    assert refused.value.code == "argument-kind"


@pytest.mark.parametrize(
    "call",
    [
        *(
            lambda rows=rows: castlist.Seen.of_photos(3)[rows]
            for rows in (3, -4, "a", 0.5, None, [[0]], [9], [True], 2**63)
        ),
        lambda: castlist.Seen.of_photos(1, photo=[0]).box(1),
        lambda: castlist.Seen.of_photos(1, photo=[0]).quality(-2),
        lambda: castlist.Seen.of_photos(1, photo=[0]).faces([7]),
        lambda: castlist.Message.from_dict(5),
        lambda: castlist.Message.from_dict({"code": "a", "text": "{x}", "values": {}}),
        lambda: castlist.Receipt.from_dict({}),
        lambda: castlist.Receipt.from_dict({"name": "Ann", "removed": 5, "remaining": []}),
        lambda: castlist.Receipt.from_dict({"name": "Ann", "removed": [5], "remaining": []}),
    ],
)
def test_what_is_no_record_and_rows_that_are_not_there(call: Callable[[], object]) -> None:
    with pytest.raises(castlist.RecordError) as refused:
        call()
    assert refused.value.code and str(refused.value).isprintable()


def test_a_record_is_walked_through() -> None:
    assert [len(one) for one in castlist.Seen.of_photos(2)] == [1, 1]


def test_numbers_and_lists_of_other_kinds_are_taken() -> None:
    """NumPy's numbers, lists for tuples, sets of names: whatever does the work."""
    face = castlist.Seen.of_photos(np.int64(2), paths=[PHOTO, None], sizes=[[4, 4], (4, np.int32(4))])
    assert len(castlist.Seen.merge(one for one in (face, face))) == 4
    filled = castlist.fill_archive(
        OwnPath("cast"), RUN, "archive", together=np.True_, stranger_rate=np.float32(0.25), finder=tell_faces
    )
    assert filled.looked == 8
    filled = castlist.fill_archive("cast", RUN, "archive", stranger_rate=fractions.Fraction(1, 8), finder=tell_faces)
    assert filled.looked == 0


BREAKS: dict[str, Callable[[], object]] = {
    "no record": lambda: (RUN / "run.json").unlink(),
    "no json": lambda: (RUN / "run.json").write_bytes(b"\xff{"),
    "a list": lambda: (RUN / "run.json").write_text("[]"),
    "a later format": lambda: (RUN / "run.json").write_text('{"format": 99}'),
    "no gallery": lambda: (RUN / "gallery.npz").unlink(),
    "half a gallery": lambda: (RUN / "gallery.npz").write_bytes((RUN / "gallery.npz").read_bytes()[:500]),
    "no face network": lambda: (RUN / "face.onnx").unlink(),
    "no network in it": lambda: (RUN / "face.onnx").write_bytes(b"nonsense"),
    "a file": lambda: (shutil.rmtree(RUN), RUN.write_text("a file")),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_broken_runs(broken: str) -> None:
    BREAKS[broken]()
    with pytest.raises(castlist.CastlistError):
        castlist.Recognizer.load(RUN)
    with pytest.raises(castlist.CastlistError):
        castlist.enrol(RUN, "Cy", [PHOTO], finder=tell_faces)
    if "face" not in broken and "network" not in broken:  # which nobody needs to leave a run
        with pytest.raises(castlist.CastlistError):
            castlist.forget(RUN, "Ann")


@pytest.fixture
def without_rights(folder: Path, common_cache: Path) -> Iterator[None]:
    """The run is somebody else's, and so is what castlist would keep beside it."""
    if os.name != "posix":
        pytest.skip("modes are POSIX's")
    for path in (folder, RUN, *RUN.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for path in reversed(folder.parents):
        path.stat().st_mode & 0o001 or path.chmod(path.stat().st_mode | 0o001)
    castlist.set_cache_folder(RUN / "cache")
    user = os.geteuid()
    if not user:
        os.seteuid(65534)
    else:
        RUN.chmod(0o555)
    yield
    os.seteuid(user)
    RUN.chmod(0o755)
    castlist.set_cache_folder(common_cache)


@pytest.mark.usefixtures("without_rights")
def test_folders_without_rights() -> None:
    for call in (
        lambda: castlist.forget(RUN, "Ann"),
        lambda: castlist.enrol(RUN, "Cy", [PHOTO], finder=tell_faces),
        lambda: castlist.check_photos("cast"),
        lambda: castlist.learn("cast", runs=RUN / "runs"),
        lambda: castlist.Seen.empty().save(RUN / "seen.npz"),
        lambda: castlist.refresh(RUN),
        lambda: castlist.renew_report(RUN),
    ):
        with pytest.raises(castlist.CastlistError):
            call()


@pytest.mark.usefixtures("without_rights")
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_run_without_rights_is_one_sentence_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.seteuid(0)
    RUN.chmod(0o444)
    os.seteuid(65534)
    for words in (["people", RUN], ["undo", RUN], ["forget", RUN, "Ann", "--yes"], ["predict", PHOTO, "--run", RUN]):
        monkeypatch.setattr(sys, "argv", ["castlist", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == 2
        said = capsys.readouterr().err
        assert (
            said.startswith("castlist: The run '")
            and f"{RUN}'" in said
            and "Permission denied" in said
            and said.count("\n") == 1
        )


def test_a_text_is_as_good_as_a_path() -> None:
    assert castlist.open_run("runs/family") == castlist.open_run(RUN)
    assert castlist.newest_run("runs") == castlist.list_runs("runs")[0] == castlist.open_run("runs/family")
    recognizer = castlist.Recognizer.load("runs/family", finder=tell_faces)
    assert [photo.faces[0].name for photo in recognizer.name_photos(["new/a.png", PHOTO])] == ["Ann", "Ann"]
    assert castlist.enrol("runs/family", "Bo", ["new/a.png"], finder=tell_faces).added == (PHOTO,)
    assert castlist.forget("runs/family", "Ann").name == "Ann"
    assert castlist.find_cast("cast") == castlist.find_cast(Path("cast"))
    assert castlist.check_photos("cast", against="new") == castlist.check_photos(Path("cast"), against=Path("new"))
