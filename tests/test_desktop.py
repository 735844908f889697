"""The window, driven on a screen of its own; what needs no screen is tested everywhere."""

from __future__ import annotations

import ast
import csv
import dataclasses
import gc
import itertools
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageTk

import castlist
from castlist.desktop import open_window
from castlist.desktop.texts import NO_CHINESE, has_chinese_font
from castlist.drawn import HEROES, draw_cast, draw_hero
from castlist.errors import MissingExtraError, RunError
from castlist.faces import Box, Quality
from castlist.jobs import Stopped
from castlist.languages import system_language
from castlist.media import UNKNOWN, Film, FilmWriter, find_photos, read_photo
from castlist.naming import NamedFace, NamedPhoto, Recognizer, Seen
from castlist.run.record import FORMAT, open_run
from castlist.settings import read_settings
from castlist.silence import silence_opencv
from castlist.testing import level_of, make_run, save_picture, tell_faces
from conftest import PHOTOS, wait_for
from small_runs import make_small_run

DESKTOP = Path(castlist.__file__).parent / "desktop"
FACES = (
    NamedFace("Ana", 0.9, (("Bo", 0.06), (UNKNOWN, 0.04)), Box(10, 10, 40, 40)),
    NamedFace(UNKNOWN, 0.8, (("Bo", 0.2),), Box(50, 10, 80, 40), problem=Quality(6, 0.2, 0).problem),
)


class FakeRecognizer:
    """Answers the same for every picture, and takes its time."""

    gallery: object = None
    network: object = "trained"

    def __init__(self, people: Sequence[str] = ("Ana", "Bo"), faces: tuple[NamedFace, ...] = FACES) -> None:
        self.run = SimpleNamespace(
            path=Path("fake"),
            people=tuple(people),
            has_network=True,
            photos_root="no folder",
            created="today",
            generation=0,
        )
        self.faces = faces

    @property
    def eyes(self) -> FakeRecognizer:
        return self

    def see(self, photos: Sequence[np.ndarray]) -> Iterator[Seen]:
        yield Seen.of_photos(len(photos))

    def name(self, seen: Seen) -> list[tuple[NamedFace, ...]]:
        time.sleep(0.02)
        return [self.faces] * len(seen)


def open_named(window: Any, paths: Sequence[Path]) -> None:
    window.album.pictures, window.album.answers = [], {}
    window.open(paths)
    wait_for(window, lambda: len(window.album.answers) == len(window.album.pictures) > 0)


def press(window: Any, keys: str) -> None:
    """Press keys as a person does, with the focus on the picture."""
    window.root.focus_force()
    window.root.update()
    window.root.event_generate(keys)
    window.root.update()


def rows(table: Any, parent: str = "") -> list[str]:
    return [table.item(row, "text") for row in table.get_children(parent)]


def all_texts(widget: Any) -> str:
    own = str(widget.cget("text")) if "text" in widget.keys() else ""  # noqa: SIM118
    return own + "".join(all_texts(child) for child in widget.winfo_children())


# Naming


def test_a_picture_shows_names_best_answers_and_why_a_face_is_unknown(window: Any, pictures: list[Path]) -> None:
    window.chooser.use(FakeRecognizer())
    open_named(window, pictures[:1])
    table = window.album.panel.table
    assert rows(table) == ["Ana", "unknown (too small)"]
    assert rows(table, "0") == ["Bo", "unknown"]
    assert "00.png" in window.root.title()


def test_no_face_and_no_photo_are_themselves(window: Any, pictures: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "zz.jpg"
    broken.write_bytes(b"no photo")
    window.chooser.use(FakeRecognizer(faces=()))
    open_named(window, [pictures[0], broken])
    assert rows(window.album.panel.table) == ["No face found"]
    press(window, "<Right>")
    assert rows(window.album.panel.table) == ["not a photo of a known format"]
    # The picture before must not stand beside the reason.
    wait_for(window, lambda: not window.album.view.find_withtag("all") or window.album.view._shown is None)
    window.switch_language("zh-TW")
    assert rows(window.album.panel.table) == ["不是可讀取的照片格式"]


def test_tk_is_asked_nothing_by_a_thread_that_looks_for_garbage(
    window: Any, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else somebody's enrolment waits for the window, and the window that closes for it."""
    by: set[threading.Thread] = set()
    delete = ImageTk.PhotoImage.__del__
    monkeypatch.setattr(
        ImageTk.PhotoImage, "__del__", lambda image: (by.add(threading.current_thread()), delete(image))
    )
    window.chooser.use(FakeRecognizer())
    done: list[int] = []
    gc.disable()
    try:
        for path in pictures[:3]:
            open_named(window, [path])
            wait_for(window, lambda: window.album.view._shown and window.album.view._pixels is not None)
        window.desk.worker.start(lambda _: iter((gc.collect(),)), done.append, lambda _: None)
        wait_for(window, lambda: done)
    finally:
        gc.enable()
    assert by == {threading.main_thread()}


def test_a_run_that_is_gone_is_told_and_nothing_is_looked_at_any_more(window: Any, pictures: list[Path]) -> None:
    def refuse(seen: Seen) -> list[tuple[NamedFace, ...]]:
        raise RunError("run-gone", "The run {path!r} is gone. Choose another one.", path="fake")

    recognizer = FakeRecognizer()
    recognizer.name = refuse  # type: ignore[method-assign]
    window.chooser.use(recognizer)
    window.open(pictures[:2])
    wait_for(window, lambda: window.notice.text == "The run 'fake' is gone. Choose another one.")
    assert window.status.text == ""


def test_another_run_is_chosen_when_the_one_before_is_gone(window: Any, tmp_path: Path) -> None:
    first, second = (make_small_run(tmp_path / name, ("Ann", "Ben")).path for name in ("first", "second"))
    window.chooser.choose(first)
    wait_for(window, lambda: "Known: Ann" in window.status.text)
    shutil.rmtree(first)
    before = window.album.recognizer
    window.chooser.choose(second)
    wait_for(window, lambda: window.album.recognizer is not before)
    assert window.album.recognizer.run.path == second and not window.notice.text


def test_what_enrolling_needs_is_computed_while_the_name_is_written(window: Any, tmp_path: Path) -> None:
    window.chooser.choose(make_small_run(tmp_path / "run", ("Ann", "Ben")).path)
    wait_for(window, lambda: window.album.recognizer)
    gallery = window.album.recognizer.gallery
    assert "asked" not in vars(gallery.background)
    window.album.panel.name.focus_force()
    wait_for(window, lambda: "asked" in vars(gallery.background))


def test_a_click_chooses_a_face(window: Any, pictures: list[Path]) -> None:
    window.chooser.use(FakeRecognizer())
    open_named(window, pictures[:1])
    view = window.album.view
    wait_for(window, lambda: view._shown is not None and len(view._shown.faces) == 2)
    shown = view._shown
    x, y = (round(start + value * shown.scale) for start, value in ((shown.left, 65), (shown.top, 25)))
    view.event_generate("<Button-1>", x=x, y=y)
    window.root.update()
    assert window.album.face == 1
    assert window.album.panel.table.selection() == ("1",)


def test_faces_are_listed_from_left_to_right(window: Any) -> None:
    faces = tuple(NamedFace(name, 0.9, (), Box(left, 0, left + 9, 9)) for name, left in (("Bo", 50), ("Ann", 10)))
    panel = window.album.panel
    panel.show(NamedPhoto(Path("a.jpg"), faces), 1)
    assert rows(panel.table) == ["Ann", "Bo"]
    assert panel.table.item(panel.table.selection()[0], "text") == "Ann"


def test_the_language_changes_while_it_runs(window: Any, pictures: list[Path]) -> None:
    window.chooser.use(FakeRecognizer())
    open_named(window, pictures[:1])
    window.train()
    window.trainer.form.fill(read_settings("", "cnn"))
    window.switch_language("zh-TW")
    shown = all_texts(window.root)
    assert "開啟照片…" in shown and "停止並保留最佳結果" in shown and "Open…" not in shown
    assert rows(window.album.panel.table)[1] == "不認識 (太小)"
    assert "準備好了" in window.status.text
    window.switch_language("en")
    assert "Open…" in all_texts(window.root)


def test_it_never_freezes_while_50_pictures_are_named(window: Any, pictures: list[Path]) -> None:
    window.chooser.use(FakeRecognizer())
    window.root.update()
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        window.root.after(5, tick)

    def longest_gap() -> float:
        ticks.clear()
        open_named(window, pictures)
        assert len(window.album.answers) == 50 and len(ticks) > 50
        return max(np.diff(ticks))

    tick()
    # A machine that does other things, too, stalls anybody now and then: what the window does itself shows each time.
    assert min(longest_gap() for _ in range(3)) < 0.1


def test_a_large_picture_is_made_small_off_the_windows_thread(
    window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (2400, 1600), (40, 90, 120)).save(tmp_path / "large.png")
    threads = []

    def resize(*arguments: Any, **options: Any) -> np.ndarray:
        threads.append(threading.current_thread())
        return resize_really(*arguments, **options)

    resize_really = cv2.resize
    monkeypatch.setattr("cv2.resize", resize)
    window.chooser.use(FakeRecognizer())
    open_named(window, [tmp_path / "large.png"])
    view = window.album.view
    wait_for(window, lambda: view._shown is not None)
    assert threads and threading.main_thread() not in threads
    # It is whole, though it comes in bands.
    shown = view._shown
    assert len(shown.bands) > 1
    assert sum(band.height() for band in shown.bands) == round(1600 * shown.scale)


def test_another_run_names_what_is_looked_at_first_and_nothing_old_stays(window: Any, pictures: list[Path]) -> None:
    window.chooser.use(FakeRecognizer())
    open_named(window, pictures)
    window.album.show(30)
    window.chooser.use(FakeRecognizer(faces=(NamedFace("Cy", 1.0, ()),)))
    assert rows(window.album.panel.table) == []
    wait_for(window, lambda: bool(window.album.answers))
    assert next(iter(window.album.answers)) == 30
    assert rows(window.album.panel.table) == ["Cy"]


def test_naming_can_be_stopped_and_keeps_what_it_has(window: Any, pictures: list[Path]) -> None:
    window.chooser.use(FakeRecognizer())
    window.open(pictures)
    wait_for(window, lambda: len(window.album.answers) >= 3)
    press(window, "<Escape>")
    n = len(window.album.answers)
    for _ in range(40):
        window.root.update()
        time.sleep(0.005)
    assert 3 <= len(window.album.answers) == n < 50


def test_closing_while_work_runs_ends_it_and_writes_nothing(screen: None, pictures: list[Path], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    script = f"""
from pathlib import Path
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_desktop import FakeRecognizer
import tkinter as tk
from castlist.desktop.texts import Texts
from castlist.desktop.window import Window
window = Window(tk.Tk(), Texts("en"), Path("runs"))
window.chooser.use(FakeRecognizer())
window.open([Path({str(tmp_path)!r})])
window.root.after(300, window.close)
window.root.mainloop()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("sent", ["os.kill(os.getpid(), 15)", "threading.Timer(0, os.kill, (os.getpid(), 15)).start()"])
def test_a_signal_to_end_ends_the_window_in_a_callback_too(screen: None, tmp_path: Path, sent: str) -> None:
    script = f"""
import os, sys, threading
from castlist.__main__ import main
from castlist.desktop import window as room
class Window(room.Window):
    def __init__(self, root, *others):
        super().__init__(root, *others)
        root.after(300, lambda: {sent})
room.Window = Window
sys.argv = ["castlist", "desktop"]
main()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.strip()) == (143, "castlist: stopped.")


# Opening


def answer_dialog(window: Any, typed: str) -> None:
    """Type into Tk's file dialog when it opens, and press its button; a dialog left open would wait for ever."""

    def answer() -> None:
        part = "::tk::dialog::file::__tk_filedialog"
        window.root.tk.eval(f"after 2000 {{catch {{${part}(cancelBtn) invoke}}}}")
        window.root.tk.eval(f"${part}(ent) delete 0 end; ${part}(ent) insert 0 {{{typed}}}; ${part}(okBtn) invoke")

    window.root.after(400, answer)


def test_a_typed_path_may_have_spaces(window: Any, pictures: list[Path]) -> None:
    answer_dialog(window, str(pictures[7]))
    press(window, "<Control-o>")
    wait_for(window, lambda: [picture.path for picture in window.album.pictures] == [pictures[7]])


def test_several_typed_names_are_several_pictures(window: Any, pictures: list[Path]) -> None:
    answer_dialog(window, f'"{pictures[7]}" "{pictures[8]}"')
    press(window, "<Control-o>")
    wait_for(window, lambda: [picture.path for picture in window.album.pictures] == pictures[7:9])


def test_tks_own_dialogs_speak_the_windows_language(window: Any) -> None:
    window.switch_language("zh-TW")
    seen = []

    def look() -> None:
        seen.append(window.root.tk.eval("$::tk::dialog::file::__tk_filedialog(okBtn) cget -text"))
        window.root.tk.eval("$::tk::dialog::file::__tk_filedialog(cancelBtn) invoke")

    window.root.after(400, look)
    press(window, "<Control-o>")
    assert seen == ["開啟"]


def test_files_and_folders_can_be_dropped(window: Any, pictures: list[Path], tmp_path: Path) -> None:
    window.opening.drop("copy", f"{{{pictures[3]}}} {{{pictures[4]}}}")
    wait_for(window, lambda: [picture.path for picture in window.album.pictures] == pictures[3:5])
    window.opening.drop("copy", f"{{{tmp_path}}}")
    wait_for(window, lambda: len(window.album.pictures) == 50)


def test_a_file_is_dragged_from_another_programs_window(window: Any, tmp_path: Path) -> None:
    pytest.importorskip("tkinterdnd2", reason="tkinterdnd2 is missing")
    if not shutil.which("xdotool"):
        pytest.skip("xdotool is missing")
    python = "/usr/bin/python3"
    if subprocess.run(
        [python, "-c", "import gi; gi.require_version('Gtk', '3.0')"], stderr=subprocess.DEVNULL
    ).returncode:
        pytest.skip("the system's Python has no GTK to drag from")
    (tmp_path / "相片 #1").mkdir()
    picture = tmp_path / "相片 #1" / "100% Ana.png"
    Image.new("RGB", (100, 60)).save(picture)

    def mouse(*arguments: object) -> str:
        done = subprocess.run(["xdotool", *map(str, arguments)], check=True, capture_output=True, text=True)
        for _ in range(10):
            window.root.update()
            time.sleep(0.01)
        return done.stdout

    # The source is drawn to the right of the window, which no manager of windows has moved from the corner.
    source = subprocess.Popen([python, Path(__file__).with_name("drag_source.py"), "1150", "600", picture])
    try:
        mouse("search", "--sync", "--onlyvisible", "--name", "^drag source$")
        wait_for(window, lambda: window.root.winfo_rootx() + window.root.winfo_width() < 1150)
        mouse("mousemove", 1200, 650)
        mouse("mousedown", 1)
        for x in range(1180, 600, -40):
            mouse("mousemove", x, 300)
        wait_for(window, lambda: window.root.tk.eval("::tkdnd::generic::GetDropTarget") == ".")
        for _ in range(10):  # the source must hear that it is taken
            mouse("mousemove_relative", 1, 1)
        mouse("mouseup", 1)
        wait_for(window, lambda: [shown.path for shown in window.album.pictures] == [picture])
    finally:
        source.terminate()
        source.wait()


def clipboard_kinds(window: Any) -> str:
    return str(
        window.root.tk.eval("if {[catch {selection get -selection CLIPBOARD -type TARGETS} kinds]} {} {set kinds}")
    )


def test_a_picture_and_files_can_be_pasted(window: Any, pictures: list[Path]) -> None:
    if not shutil.which("xclip"):
        pytest.skip("xclip is missing")
    window.chooser.use(FakeRecognizer())

    def copy(kind: str, data: bytes) -> None:
        command = ["xclip", "-selection", "clipboard", "-t", kind]
        subprocess.run(command, input=data, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # It goes on in the background, and may not have the clipboard yet.
        wait_for(window, lambda: kind in clipboard_kinds(window))

    copy("image/png", pictures[20].read_bytes())
    press(window, "<Control-v>")
    wait_for(window, lambda: len(window.album.answers) == 1)
    assert window.root.title().startswith("clipboard.png")
    assert np.array_equal(window.album.picture.read(), read_photo(pictures[20]))
    copy("text/uri-list", pictures[5].as_uri().encode() + b"\r\n")
    press(window, "<Control-v>")
    wait_for(window, lambda: window.album.picture.path == pictures[5])
    copy("image/png", b"no picture")
    press(window, "<Control-v>")
    assert window.notice.text == "not a photo of a known format"


def test_an_empty_clipboard_is_one_sentence(window: Any) -> None:
    window.root.clipboard_clear()
    press(window, "<Control-v>")
    assert window.notice.text == "There is no picture in the clipboard."


def test_an_absent_camera_is_one_sentence(window: Any) -> None:
    with silence_opencv():
        if cv2.VideoCapture(0).isOpened():
            pytest.skip("this machine has a camera")
    window.chooser.use(FakeRecognizer())
    press(window, "<Control-k>")
    wait_for(window, lambda: window.notice.text == "No camera gives a picture. Is one connected?")
    window.switch_language("zh-TW")
    assert window.notice.text == "攝影機沒有畫面，請確認是否已連接。"


def test_the_camera_is_named_live_until_it_is_stopped(
    window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FilmWriter(tmp_path / "film.mp4", 25, (64, 64)) as film:
        for i in range(6):
            film.write(draw_hero(HEROES[0], i, size=64))
    frames = itertools.cycle([frame.pixels[..., ::-1] for frame in Film.open(tmp_path / "film.mp4").frames()])
    released = []

    class FilmCamera:
        def read(self) -> tuple[bool, np.ndarray]:
            return True, next(frames)

        def release(self) -> None:
            released.append(self)

    monkeypatch.setattr("cv2.VideoCapture", lambda _: FilmCamera())
    window.chooser.use(FakeRecognizer())
    window.watch()
    wait_for(window, lambda: "pictures a second" in window.status.text)
    first = window.album.picture.pixels
    wait_for(window, lambda: window.album.picture.pixels is not first)
    assert 0 < float(window.status.text.split()[0]) < 60  # the fake recognizer takes 20 ms
    assert rows(window.album.panel.table)[0] == "Ana"
    press(window, "<Escape>")
    last = window.album.picture.pixels
    wait_for(window, lambda: bool(released))
    assert window.album.picture.pixels is last


# Runs


def test_an_empty_folder_of_runs_says_what_to_do(window: Any) -> None:
    assert window.status.text == "Nobody is known here yet. Learn from folders: Ctrl+T."


@pytest.mark.keras
def test_broken_runs_and_those_of_a_later_format_are_listed_and_explained(window: Any, drawn_run: Path) -> None:
    for name in ("whole", "later", "broken", "unfinished"):
        shutil.copytree(drawn_run, window.chooser.folder / name)
    record = json.loads((drawn_run / "run.json").read_text("utf-8"))
    (window.chooser.folder / "later/run.json").write_text(json.dumps({**record, "format": FORMAT + 1}), "utf-8")
    (window.chooser.folder / "broken/run.json").write_text("{", "utf-8")
    (window.chooser.folder / "unfinished/run.json").write_text(json.dumps({**record, "complete": False}), "utf-8")
    (window.chooser.folder / "no run").mkdir()
    window.chooser.list()
    wait_for(window, lambda: window.album.recognizer is not None)
    box = window.chooser.box
    lines = {line.split(" · ")[0]: line for line in box["values"]}
    assert set(lines) == {"whole", "later", "broken", "unfinished"}
    assert lines["later"] == "later · can't be opened"
    assert lines["unfinished"].endswith("not finished")
    assert box.get() == lines["whole"]

    def choose(name: str, says: str) -> None:
        box.current(list(box["values"]).index(lines[name]))
        box.event_generate("<<ComboboxSelected>>")
        wait_for(window, lambda: says in window.notice.text)
        assert box.get() == lines["whole"]  # which still names
        assert "Ready" in window.status.text

    choose("later", f"has format {FORMAT + 1}; this castlist reads formats up to {FORMAT}")
    choose("broken", "is broken: its run.json doesn't hold what it should")
    choose("unfinished", "isn't finished")
    window.switch_language("zh-TW")
    assert "訓練尚未完成" in window.notice.text
    assert "later · 無法開啟" in box["values"]


# People and files


@pytest.fixture(scope="module")
def face_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the model face on two real people, four photos each."""
    from castlist.learning.sessions import learn
    from castlist.settings import Settings

    folder = tmp_path_factory.mktemp("face")
    for person in sorted((PHOTOS / "avengers7").iterdir())[:2]:
        (folder / "cast" / person.name).mkdir(parents=True)
        for file in find_photos([person])[:4]:
            shutil.copy(file, folder / "cast" / person.name)
    return learn(folder / "cast", Settings(), runs=folder / "runs", name="faces")[0].path


@pytest.mark.photos
def test_a_clicked_face_is_enrolled_and_forgotten_with_a_receipt(
    window: Any, face_run: Path, photos_folder: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(face_run, tmp_path / "runs/faces")
    window.chooser.list()
    wait_for(window, lambda: window.album.recognizer is not None)
    open_named(window, find_photos([photos_folder / "strangers"])[:1])
    panel = window.album.panel
    panel.name.insert(0, "Somebody New")
    panel.button.invoke()
    wait_for(window, lambda: "Remembered" in window.status.text)
    assert rows(panel.table)[0] == "Somebody New"  # said once the picture is named anew
    assert "Somebody New" in open_run(run).people

    window.switch_language("zh-TW")
    window.forget()
    from castlist.desktop.forgetting import ForgetDialog

    (dialog,) = (child for child in window.root.winfo_children() if isinstance(child, ForgetDialog))
    dialog.name.set("Somebody New")
    dialog.forget_button.invoke()
    wait_for(window, lambda: "已刪除：" in dialog.said.cget("text"))
    assert "gallery.npz 裡的 1 筆臉孔特徵" in dialog.said.cget("text")
    assert "Somebody New" not in open_run(run).people
    wait_for(window, lambda: rows(panel.table)[:1] not in ([], ["Somebody New"]))
    dialog.close()


def test_a_name_that_the_face_speaks_against_is_doubted_on_top(window: Any, tmp_path: Path) -> None:
    """As the command does: the face is another's, or unlike; and what the run knows already is said to be."""
    run = make_run(tmp_path / "runs/faces", ("Ann", "Bo"))
    window.chooser.use(Recognizer.load(run.path, finder=tell_faces))
    open_named(window, [save_picture(tmp_path / "both.png", [level_of(0, look=7), level_of(9)])])

    def give(face: int, name: str) -> str:
        window.notice.hide()
        wait_for(window, lambda: window.album.seen is not None)
        window.album.choose_face(face)
        window.enrol(name)
        wait_for(window, lambda: window.notice.text)
        return window.notice.text

    assert "the run knows this very face as Ann" in give(0, "Bo") and "Ctrl+Z" in window.notice.text
    window.take_back()
    wait_for(window, lambda: "Taken back" in window.status.text)
    assert "this face isn't like those of Ann in the other photos" in give(1, "Ann")
    assert "Ann is known by this very face already." in give(0, "Ann")
    window.switch_language("zh-TW")
    assert window.notice.text == "已經以這張臉孔認得Ann。"
    assert "both.png" in give(1, "Bo") and "注意：" in window.notice.text


def test_who_is_offered_are_the_people_of_now(window: Any, tmp_path: Path) -> None:
    from castlist.desktop.forgetting import ForgetDialog

    recognizer = FakeRecognizer(("Ana", "Bo"))
    recognizer.gallery, recognizer.run.has_network = object(), False  # or nobody could be added
    window.chooser.use(recognizer)
    window.forget()
    (dialog,) = (child for child in window.root.winfo_children() if isinstance(child, ForgetDialog))
    box = window.album.panel.name
    assert box["values"] == dialog.name["values"] == ("Ana", "Bo")
    recognizer.run.people = ("Ana", "Cy Young")  # as another process has left it
    for list_ in (box, dialog.name):
        window.root.tk.call("ttk::combobox::Post", list_)
        window.root.tk.call("ttk::combobox::Unpost", list_)
        assert list_["values"] == ("Ana", "Cy Young")
    window.switch_language("zh-TW")
    assert "Ana, Cy Young" in window.status.text
    dialog.close()


@pytest.mark.photos
def test_a_click_does_not_bring_back_who_was_forgotten_meanwhile(
    window: Any, face_run: Path, photos_folder: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(face_run, tmp_path / "runs/faces")
    window.chooser.list()
    wait_for(window, lambda: window.album.recognizer is not None)
    open_named(window, find_photos([photos_folder / "strangers"])[:1])
    forgotten, other = open_run(run).people
    code = f"""
from pathlib import Path
from castlist.people import forget
forget(Path({str(run)!r}), {forgotten!r})
"""
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
    panel = window.album.panel
    panel.name.insert(0, "Somebody New")
    panel.button.invoke()
    wait_for(window, lambda: "Remembered" in window.status.text)
    people = {other, "Somebody New"}
    assert set(open_run(run).people) == people
    assert set(Recognizer.load(run).gallery.people) == people
    assert set(panel.name["values"]) == people
    assert forgotten not in window.album.answers[0].faces[0].name


def test_a_name_without_a_face_enrols_nobody(window: Any) -> None:
    window.chooser.use(FakeRecognizer())
    window.enrol("Ana")
    assert window.notice.text == "Choose a face in the picture, and write a name."


def test_the_picture_with_names_and_the_table_are_saved_where_asked(
    window: Any, pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    window.chooser.use(FakeRecognizer())
    open_named(window, pictures[:2])
    before = set(tmp_path.rglob("*"))
    named, table = tmp_path / "with names.jpg", tmp_path / "names.csv"
    answer_dialog(window, str(named))
    press(window, "<Control-s>")
    wait_for(window, lambda: window.status.text == f"Saved: {named}")
    assert not np.array_equal(read_photo(named)[:60, :100], read_photo(pictures[0]))
    answer_dialog(window, str(table))
    press(window, "<Control-e>")
    wait_for(window, lambda: window.status.text == f"Saved: {table}")
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Ana", UNKNOWN] * 2
    assert set(tmp_path.rglob("*")) - before == {named, table}


@pytest.mark.photos
def test_strangers_are_hidden_in_what_is_saved(
    window: Any, face_run: Path, photos_folder: Path, tmp_path: Path
) -> None:
    window.chooser.use(Recognizer.load(face_run))
    stranger = find_photos([photos_folder / "strangers"])[0]
    open_named(window, [stranger])
    hidden = tmp_path / "hidden.png"
    answer_dialog(window, str(hidden))
    press(window, "<Control-h>")
    wait_for(window, lambda: window.status.text == f"Saved: {hidden}")
    box = window.album.answers[0].faces[0].box
    inside = np.s_[round(box.top) : round(box.bottom), round(box.left) : round(box.right)]
    before, after = read_photo(stranger).astype(int), read_photo(hidden).astype(int)
    assert np.abs(before - after)[inside].mean() > 5
    changed = np.abs(before - after).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    reach = 0.5 * max(box.width, box.height)  # what hides a face lies around it, and nothing else is touched
    assert rows[0] >= box.top - reach and rows[-1] <= box.bottom + reach
    assert columns[0] >= box.left - reach and columns[-1] <= box.right + reach


def test_without_a_picture_there_is_nothing_to_save(window: Any) -> None:
    for keys in ("<Control-s>", "<Control-h>", "<Control-e>"):
        press(window, "<Escape>")
        assert not window.notice.text
        press(window, keys)
        assert window.notice.text == "Open a picture first."


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_what_cant_be_saved_is_told_on_top_until_it_is_closed(
    window: Any, pictures: list[Path], tmp_path: Path, language: str
) -> None:
    window.switch_language(language)
    window.chooser.use(FakeRecognizer())
    open_named(window, pictures[:1])
    if language == "zh-TW" and not has_chinese_font():
        wait_for(window, lambda: window.notice.text == str(NO_CHINESE))
        window.notice.hide()
        window.root.update()
    height = window.notice.winfo_height()
    answer_dialog(window, str(tmp_path / f"{300 * 'x'}.jpg"))
    press(window, "<Control-s>")
    reason = {"en": "(File name too long)", "zh-TW": "（檔名太長）"}[language]
    wait_for(window, lambda: reason in window.notice.text)
    wait_for(window, lambda: window.notice.winfo_height() > height + 10)
    # The next thing begun takes it away, and so does Esc.
    press(window, "<Control-v>")
    assert reason not in window.notice.text
    press(window, "<Escape>")
    assert not window.notice.text
    wait_for(window, lambda: window.notice.winfo_height() == height)


# Training


@pytest.mark.slow
@pytest.mark.keras
def test_from_an_empty_folder_to_a_named_picture(
    window: Any, drawn_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("keras")
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    press(window, "<Control-t>")
    dialog = window.trainer
    dialog.look_into(drawn_photos)
    wait_for(window, lambda: dialog.found.label.cget("text").startswith("2 people, 24 photos"))
    dialog.form.fill(dataclasses.replace(read_settings("", "cnn"), faces=False, epochs=500))
    dialog.start_button.invoke()
    wait_for(window, lambda: dialog.curves.n_epochs >= 2, 120)
    assert "of 500, step" in dialog.said.cget("text")
    assert dialog.found.label.cget("text").splitlines()[1:] == [
        "high: nothing found",
        "medium: nothing found",
        "low: nothing found",
    ]
    dialog.stop_button.invoke()
    wait_for(window, lambda: "Learnt:" in dialog.said.cget("text"), 120)
    (run,) = (tmp_path / "runs").iterdir()
    assert open_run(run).complete
    wait_for(window, lambda: opened == [(run / "report.html").resolve().as_uri()])
    wait_for(window, lambda: window.album.recognizer is not None)
    draw_cast(tmp_path / "new", pictures_per_person=1, size=64, first=1000, people=HEROES[:1])
    open_named(window, [tmp_path / "new"])
    assert window.album.answers[0].faces[0].name in list(HEROES)[:2]


@pytest.mark.photos
def test_what_is_wrong_stands_there_before_the_training(window: Any, photos_folder: Path, tmp_path: Path) -> None:
    for person in ("ana", "bo"):
        (tmp_path / "cast" / person).mkdir(parents=True)
    photos = find_photos([photos_folder / "strangers"])[:4]
    for i, photo in enumerate(photos):
        shutil.copy(photo, tmp_path / "cast" / ("ana", "bo")[i % 2])
    shutil.copy(photos[0], tmp_path / "cast/bo/a copy.jpg")
    (tmp_path / "cast/ana/broken.jpg").write_bytes(b"no photo")
    window.train()
    dialog = window.trainer
    dialog.look_into(tmp_path / "cast")
    wait_for(window, lambda: "6 photos" in dialog.found.label.cget("text"))
    assert str(dialog.start_button["state"]) == "normal"
    wait_for(window, lambda: "low: " in dialog.found.label.cget("text"), 120)
    _, high, medium, _ = dialog.found.label.cget("text").splitlines()
    assert high.startswith("high: pictures under two names (1)")
    assert "files that can't be read (1)" in medium
    wait_for(window, lambda: not dialog.found.is_looking)
    window.switch_language("zh-TW")
    assert dialog.found.label.cget("text").splitlines()[1].startswith("嚴重")


def test_looking_at_a_folder_can_be_stopped(window: Any, drawn_photos: Path) -> None:
    window.train()
    dialog = window.trainer
    dialog.look_into(drawn_photos)
    wait_for(window, lambda: dialog.found.is_looking)
    dialog.event_generate("<Escape>")
    window.root.update()
    assert not dialog.found.is_looking
    assert dialog.winfo_exists()
    dialog.event_generate("<Escape>")
    window.root.update()
    assert not dialog.winfo_exists()


@pytest.mark.slow
@pytest.mark.keras
def test_somebody_is_left_out_of_a_keras_run_by_training_again(
    window: Any, drawn_run: Path, drawn_photos: Path, tmp_path: Path
) -> None:
    pytest.importorskip("keras")
    from castlist.desktop.forgetting import ForgetDialog

    photos = shutil.copytree(drawn_photos, tmp_path / "photos")
    draw_cast(photos, pictures_per_person=12, size=64, people=HEROES[2:3])
    run = shutil.copytree(drawn_run, tmp_path / "runs/drawn")
    record = json.loads((run / "run.json").read_text("utf-8"))
    (run / "run.json").write_text(json.dumps({**record, "photos_root": str(photos)}), "utf-8")
    window.chooser.list()
    wait_for(window, lambda: window.album.recognizer is not None)
    window.forget()
    (dialog,) = (child for child in window.root.winfo_children() if isinstance(child, ForgetDialog))
    assert "can't forget one person" in dialog.said.cget("text")
    dialog.forget_button.invoke()
    assert dialog.notice.text == "Choose somebody first."
    name = HEROES[0]
    dialog.name.set(name)
    dialog.forget_button.invoke()
    wait_for(window, lambda: "Epoch" in dialog.progress.text, 120)
    dialog.event_generate("<Escape>")
    window.root.update()
    assert name in open_run(run).people
    assert [path.name for path in run.parent.iterdir()] == ["drawn"]
    dialog.forget_button.invoke()
    wait_for(window, lambda: f"{name} is forgotten." in dialog.said.cget("text"), 240)
    assert "it was trained anew without" in dialog.said.cget("text")
    wait_for(window, lambda: window.album.recognizer.run.people == open_run(run).people)
    assert name not in open_run(run).people
    assert [path.name for path in run.parent.iterdir()] == ["drawn"]


def test_what_cant_be_trained_is_one_sentence(window: Any, tmp_path: Path, pictures: list[Path]) -> None:
    window.train()
    dialog = window.trainer
    dialog.start_button.invoke()
    assert dialog.notice.text == "Choose a folder that holds one folder per person."
    dialog.folder.set(str(tmp_path))
    dialog.form.fill(read_settings("", "cnn"))
    dialog.form.epochs.set("many")
    dialog.start_button.invoke()
    assert dialog.notice.text == "Epochs must be a whole number above 0."
    window.switch_language("zh-TW")
    assert dialog.notice.text == "訓練回合必須是大於 0 的整數。"
    dialog.look_into(pictures[0].parent)
    wait_for(window, lambda: "裡沒有任何人" in dialog.notice.text)


def test_closing_ends_a_training(window: Any, drawn_photos: Path) -> None:
    window.train()
    dialog = window.trainer
    dialog.look_into(drawn_photos)
    dialog.start_button.invoke()
    job = dialog._process.job
    dialog.close()
    assert job.end == Stopped()
    window.root.update()  # what was on its way finds no closed window


# Texts


def test_every_text_goes_through_the_catalogue() -> None:
    for path in DESKTOP.glob("*.py"):
        if path.name in {"look.py", "dialogs.py"}:  # names of fonts; Tk's own texts, beside their translation
            continue
        tree = ast.parse(path.read_text("utf-8"))
        seen: set[ast.AST] = set()  # docstrings, what is translated, and errors, which are translated when shown
        for node in ast.walk(tree):
            called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                seen.add(node.value)
            elif isinstance(node, ast.Raise | ast.Assert) or called in {"translate", "CastlistError"}:
                seen.update(ast.walk(node))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in seen:
                words = re.findall(r"[A-Za-z]{2,}", node.value)
                assert len(words) < 2 or " " not in node.value or node.value == NO_CHINESE.text, (
                    f"{path.name}: {node.value}"
                )
            if isinstance(node, ast.keyword) and node.arg in {"text", "label"} and isinstance(node.value, ast.Constant):
                assert node.value.value in (True, "×", "⚠"), f"{path.name}: {node.value.value}"


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
