"""The window, driven on a screen of its own; what needs no screen is tested everywhere."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import castlist
from castlist.desktop import open_window
from castlist.desktop.texts import system_language
from castlist.errors import MissingExtraError
from castlist.faces import Box
from castlist.photos import UNKNOWN
from castlist.recognizer import NamedFace

DESKTOP = Path(castlist.__file__).parent / "desktop"
FACES = (
    NamedFace("Ana", 0.9, (("Bo", 0.06), (UNKNOWN, 0.04)), Box(10, 10, 40, 40)),
    NamedFace(UNKNOWN, 0.8, (("Bo", 0.2),), Box(50, 10, 80, 40), problem="too small"),
)


# Tcl aborts the process when a thread's garbage collection meets an interpreter of another thread.
KEPT: list[Any] = []


class FakeRecognizer:
    """Answers the same for every picture, and takes its time."""

    gallery = None

    def __init__(self, people: Sequence[str] = ("Ana", "Bo"), faces: tuple[NamedFace, ...] = FACES) -> None:
        self.run = SimpleNamespace(path=Path("fake"), people=tuple(people), has_network=True)
        self.faces = faces

    def name_pixels(self, photos: Sequence[np.ndarray]) -> list[tuple[NamedFace, ...]]:
        time.sleep(0.02)
        return [self.faces for _ in photos]


@pytest.fixture(scope="session")
def screen() -> Iterator[None]:
    """A display: an Xvfb of the tests' own."""
    pytest.importorskip("tkinter", reason="this Python has no tkinter")
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is missing")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as lines, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", ":" + lines.readline().strip())
        yield
    server.terminate()
    server.wait()


@pytest.fixture
def window(screen: None, tmp_path: Path) -> Iterator[Any]:
    from castlist.desktop.texts import Texts
    from castlist.desktop.window import Window, _make_root

    opened = Window(_make_root(), Texts("en"), tmp_path / "runs")
    KEPT.append(opened)
    yield opened
    opened.close()


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i:02}.png" for i in range(50)]
    for i, path in enumerate(paths):
        Image.new("RGB", (100, 60), (i * 5, 90, 120)).save(path)
    return paths


def wait_for(window: Any, holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, window.status.cget("text")
        window.root.update()
        time.sleep(0.002)


def all_texts(widget: Any) -> str:
    own = str(widget.cget("text")) if "text" in widget.keys() else ""  # noqa: SIM118
    return own + "".join(all_texts(child) for child in widget.winfo_children())


def test_an_empty_folder_of_runs_says_what_to_do(window: Any) -> None:
    wait_for(window, lambda: "Train one" in window.status.cget("text"))


def test_a_picture_shows_names_best_answers_and_why_a_face_is_unknown(window: Any, pictures: list[Path]) -> None:
    window.use(FakeRecognizer())
    window.open(pictures[:1])
    wait_for(window, lambda: bool(window.answers))
    table = window.panel.table
    assert [table.item(row, "text") for row in table.get_children()] == ["Ana", "unknown (too small)"]
    assert [table.item(row, "text") for row in table.get_children("0")] == ["Bo", "unknown"]
    assert "00.png" in window.root.title()


def test_no_face_and_no_photo_are_themselves(window: Any, pictures: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "zz.jpg"
    broken.write_bytes(b"no photo")
    window.use(FakeRecognizer(faces=()))
    window.open([pictures[0], broken])
    wait_for(window, lambda: len(window.answers) == 2)
    table = window.panel.table
    assert table.item(table.get_children()[0], "text") == "No face found"
    window.show(1)
    assert table.item(table.get_children()[0], "text") == window.answers[1].problem


def test_the_language_changes_while_it_runs(window: Any, pictures: list[Path]) -> None:
    window.use(FakeRecognizer())
    window.open(pictures[:1])
    wait_for(window, lambda: bool(window.answers))
    window.train()
    window.texts.switch("zh-TW")
    shown = all_texts(window.root)
    assert "開啟照片…" in shown and "停止並保留最佳結果" in shown and "Open…" not in shown
    assert window.panel.table.item("1", "text") == "不認識 (太小)"
    window.texts.switch("en")
    assert "Open…" in all_texts(window.root)


def test_it_never_freezes_while_50_pictures_are_named(window: Any, pictures: list[Path]) -> None:
    window.use(FakeRecognizer())
    window.root.update()
    gaps, before = [], time.monotonic()

    def tick() -> None:
        nonlocal before
        now = time.monotonic()
        gaps.append(now - before)
        before = now
        window.root.after(5, tick)

    tick()
    window.open(pictures)
    wait_for(window, lambda: len(window.answers) == 50)
    assert len(gaps) > 50
    assert max(gaps) < 0.1


def test_naming_can_be_stopped_and_keeps_what_it_has(window: Any, pictures: list[Path]) -> None:
    window.use(FakeRecognizer())
    window.open(pictures)
    wait_for(window, lambda: len(window.answers) >= 3)
    window.stop()
    n = len(window.answers)
    for _ in range(40):
        window.root.update()
        time.sleep(0.005)
    assert 3 <= len(window.answers) == n < 50


def test_closing_while_work_runs_ends_it_and_writes_nothing(screen: None, pictures: list[Path], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    script = f"""
from pathlib import Path
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_desktop import FakeRecognizer
from castlist.desktop.texts import Texts
from castlist.desktop.window import Window, _make_root
window = Window(_make_root(), Texts("en"), Path("runs"))
window.use(FakeRecognizer())
window.open([Path({str(tmp_path)!r})])
window.root.after(300, window.close)
window.root.mainloop()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(tmp_path.rglob("*")) == before


def test_an_absent_camera_is_one_sentence(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoCamera:
        def read(self) -> tuple[bool, None]:
            return False, None

        def release(self) -> None:
            pass

    monkeypatch.setattr("cv2.VideoCapture", lambda _: NoCamera())
    window.use(FakeRecognizer())
    window.watch()
    wait_for(window, lambda: window.status.cget("text") == "No camera gives a picture. Is one connected?")


@pytest.mark.photos
def test_a_clicked_face_is_enrolled_in_a_second(window: Any, photos_folder: Path, tmp_path: Path) -> None:
    from castlist.learning import learn
    from castlist.photos import find_photos
    from castlist.recognizer import Recognizer
    from castlist.settings import Settings

    cast = tmp_path / "cast"
    for person in sorted((photos_folder / "avengers7").iterdir())[:2]:
        (cast / person.name).mkdir(parents=True)
        for file in find_photos([person])[:4]:
            shutil.copy(file, cast / person.name)
    run, _ = learn(cast, Settings(), runs=tmp_path / "learnt")
    window.use(Recognizer.load(run.path))
    stranger = find_photos([photos_folder / "strangers"])[0]
    window.open([stranger])
    wait_for(window, lambda: bool(window.answers))
    began = time.monotonic()
    window.enrol("Somebody New")
    wait_for(window, lambda: "is enrolled" in window.status.cget("text"))
    assert time.monotonic() - began < 2  # a second on a quiet machine
    wait_for(window, lambda: bool(window.answers) and window.answers[0].faces[0].name == "Somebody New")


def test_every_text_goes_through_the_catalogue() -> None:
    for path in DESKTOP.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in {"text", "label", "message", "title"}:
                value = node.value.value if isinstance(node.value, ast.Constant) else None
                assert not isinstance(value, str), f"{path.name}:{node.value.lineno}: not translated"
            called = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
            if called in {"_state", "showinfo", "showwarning", "showerror", "askstring", "insert_text"}:
                texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
                assert not [text for text in texts if text != "castlist"], f"{path.name}:{node.lineno}: {texts}"


def test_the_systems_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", "zh_TW.UTF-8")
    assert system_language() == "zh-TW"
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert system_language() == "en"


def test_a_python_without_tk_is_told_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tkinter", None)
    with pytest.raises(MissingExtraError, match="python3-tk"):
        open_window(tmp_path)
