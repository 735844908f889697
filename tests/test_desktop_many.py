"""The window on a small screen, with many pictures, with films, and beside others that change its run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from castlist.desktop.films import choose_still
from castlist.faces import Box
from castlist.media import UNKNOWN, FilmWriter
from castlist.naming import NamedFace, NamedFilm, Recognizer, Sighting, Track
from castlist.painting import COLORS, UNNAMED
from castlist.people import enrol, forget
from castlist.run import open_run
from castlist.testing import level_of, make_run, save_picture, tell_faces
from conftest import wait_for
from test_desktop import FakeRecognizer, open_named, press, rows


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that knows Ann and Bo."""
    return make_run(tmp_path / "runs/two", ("Ann", "Bo")).path


@pytest.fixture
def opened(window: Any, run: Path, tmp_path: Path) -> Any:
    """A window that names with it, and shows a picture of Ann and of a stranger."""
    window.chooser.list()
    wait_for(window, lambda: window.album.recognizer is not None)
    window.chooser.use(Recognizer.load(run, finder=tell_faces))
    open_named(window, [save_picture(tmp_path / "both.png", [level_of(0), level_of(5)])])
    return window


def names(window: Any) -> list[str]:
    answer = window.album.answer
    return sorted(face.name for face in answer.faces) if answer else []


def enrol_stranger(window: Any, name: str) -> None:
    faces = window.album.answer.faces
    window.album.choose_face(next(i for i, face in enumerate(faces) if face.name == UNKNOWN))
    window.album.panel.name.insert(0, name)
    window.album.panel.button.invoke()
    wait_for(window, lambda: f"this is {name}" in window.status.text)


# People who come and go


def test_after_a_name_the_field_is_empty_and_the_name_can_be_taken_back(opened: Any, run: Path) -> None:
    assert names(opened) == ["Ann", UNKNOWN]
    enrol_stranger(opened, "Cy")
    assert names(opened) == ["Ann", "Cy"]
    assert opened.album.panel.name.get() == ""
    opened.enrol(opened.album.panel.name.get())  # a click on the next face, and Enter
    assert opened.notice.text == "Choose a face in the picture, and write a name."
    press(opened, "<Control-z>")
    wait_for(opened, lambda: opened.status.text == "Taken back: Cy.")
    assert names(opened) == ["Ann", UNKNOWN]
    assert open_run(run).people == ("Ann", "Bo")
    press(opened, "<Control-z>")
    wait_for(opened, lambda: "Nothing is left to take back" in opened.notice.text)


def test_keys_of_a_half_written_name_take_nothing_back(opened: Any, run: Path) -> None:
    enrol_stranger(opened, "Cy")
    field = opened.album.panel.name
    field.insert(0, "Di")
    field.focus_force()
    opened.root.update()
    field.event_generate("<Control-z>")
    opened.root.update()
    field.delete(0, "end")
    field.event_generate("<Control-z>")
    wait_for(opened, lambda: opened.status.text == "Taken back: Cy.")
    assert open_run(run).people == ("Ann", "Bo")


def test_what_was_named_elsewhere_is_taken_back_only_if_it_is_meant(opened: Any, run: Path, tmp_path: Path) -> None:
    enrol(run, "Cy", [save_picture(tmp_path / "cy.png", [level_of(5, look=1)])], finder=tell_faces)

    def answer(button: str) -> None:
        opened.root.after(400, lambda: opened.root.tk.eval(f".__tk__messagebox.{button} invoke"))
        press(opened, "<Control-z>")

    answer("cancel")
    assert open_run(run).people == ("Ann", "Bo", "Cy")
    answer("ok")
    wait_for(opened, lambda: opened.status.text == "Taken back: Cy.")
    assert open_run(run).people == ("Ann", "Bo")


def test_what_others_change_is_noticed_in_the_list_and_in_the_picture(opened: Any, run: Path, tmp_path: Path) -> None:
    assert "2 people" in opened.chooser.box.get()
    photo = save_picture(tmp_path / "cy.png", [level_of(5, look=1)])
    enrol(run, "Cy", [photo], finder=tell_faces)
    wait_for(opened, lambda: names(opened) == ["Ann", "Cy"])
    assert "3 people" in opened.chooser.box.get()
    forget(run, "Cy")
    wait_for(opened, lambda: names(opened) == ["Ann", UNKNOWN])
    assert "2 people" in opened.chooser.box.get()


def test_a_person_keeps_a_color_and_strangers_are_grey(window: Any, pictures: list[Path]) -> None:
    window.chooser.use(FakeRecognizer(("Bo", "Ana")))
    open_named(window, pictures[:1])
    view = window.album.view
    wait_for(window, lambda: len(view.find_withtag("answer")) >= 8)
    boxes = [item for item in view.find_withtag("answer") if view.type(item) == "rectangle"]
    outlines = [view.itemcget(item, "outline") for item in boxes]
    assert COLORS[1] in outlines and UNNAMED in outlines  # Ana is the second of the run, though first in the picture
    assert COLORS[0] not in outlines


def test_a_menu_opens_the_report(opened: Any, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages: list[str] = []
    monkeypatch.setattr("webbrowser.open", pages.append)
    page = open_run(run).report_path
    for path in (page, open_run(run).answers_path):
        path.touch()
    press(opened, "<Control-i>")
    wait_for(opened, lambda: pages == [page.resolve().as_uri()])
    assert not opened.notice.text


def test_a_browser_that_is_missing_is_told_and_one_that_returns_when_closed_is_not_waited_for(
    opened: Any, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = threading.Event()
    page = open_run(run).report_path
    for path in (page, open_run(run).answers_path):
        path.touch()
    monkeypatch.setattr("castlist.desktop.report.OPENING", 0.1)
    monkeypatch.setattr("webbrowser.open", lambda _: closed.wait(30))
    started = time.monotonic()
    opened.report()
    assert time.monotonic() - started < 5 and not closed.is_set()
    closed.set()
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    opened.report()
    wait_for(opened, lambda: str(page) in opened.notice.text)
    opened.switch_language("zh-TW")
    assert opened.notice.text == f"這裡無法開啟瀏覽器。網頁位於 {page}"


# The first start


def test_the_one_thing_to_do_stands_in_the_middle_until_something_is_there(window: Any, pictures: list[Path]) -> None:
    wait_for(window, window.welcome.winfo_ismapped)
    window.welcome.learn_button.invoke()
    assert window.trainer.winfo_exists()
    window.trainer.close()
    window.open(pictures[:1])
    wait_for(window, lambda: not window.welcome.winfo_ismapped())


def test_a_model_without_epochs_has_no_curves_and_nothing_to_keep(window: Any) -> None:
    window.train()
    dialog = window.trainer
    window.root.update()
    assert not dialog.curves.winfo_ismapped()
    assert dialog.stop_button["text"] == "Stop"
    dialog.form.model.set("cnn")
    dialog.form.fill(dialog.form.settings())
    window.root.update()
    assert dialog.curves.winfo_ismapped()
    assert dialog.stop_button["text"] == "Stop and keep the best"
    dialog.close()


@pytest.mark.parametrize("size", ["1024x600", "1366x768"])
def test_it_fits_a_small_screen(size: str, tmp_path: Path) -> None:
    pytest.importorskip("tkinter", reason="this Python has no tkinter")
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is missing")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    script = f"""
import tkinter as tk
from pathlib import Path
from castlist.desktop.texts import Texts
from castlist.desktop.window import Window
window = Window(tk.Tk(), Texts("en"), Path({str(tmp_path)!r}))
window.train()
window.trainer.form.fill(__import__("castlist.demo").demo.DRAWN)
window.root.update()
button = window.album.panel.button
for part in (window.root, window.trainer):
    print(part.winfo_width(), part.winfo_height())
print(button.winfo_rootx() + button.winfo_width(), button.winfo_rooty() + button.winfo_height())
window.close()
"""
    try:
        with os.fdopen(read) as lines:
            environment = os.environ | {"DISPLAY": ":" + lines.readline().strip()}
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    finally:
        server.terminate()
        server.wait()
    assert not done.stderr
    width, height = map(int, size.split("x"))
    for line in done.stdout.splitlines():
        right, bottom = map(int, line.split())
        assert 100 < right <= width and 100 < bottom < height - 40  # what systems put above and below


# Many pictures


def test_what_cant_be_opened_at_the_start_is_told_although_a_run_opens(window: Any, run: Path, tmp_path: Path) -> None:
    window.open([tmp_path / "nothing"])
    window.chooser.list()
    wait_for(window, lambda: window.album.recognizer is not None)
    wait_for(window, lambda: "is neither a file" in window.notice.text)


def test_only_thumbnails_near_the_view_are_held(window: Any, pictures: list[Path]) -> None:
    window.open(pictures)
    strip = window.album.strip
    wait_for(window, lambda: len(strip.held) > 10)
    window.root.geometry("640x700")
    wait_for(window, lambda: 0 in strip.held and max(strip.held) < 30)
    window.album.show(49)
    wait_for(window, lambda: 49 in strip.held and 0 not in strip.held)


def test_what_is_looked_at_is_named_next(window: Any, pictures: list[Path]) -> None:
    window.chooser.use(FakeRecognizer())
    window.open(pictures)
    wait_for(window, lambda: len(window.album.answers) >= 2)
    window.album.show(40)
    wait_for(window, lambda: 40 in window.album.answers)
    assert len(window.album.answers) < 30
    wait_for(window, lambda: len(window.album.answers) == 50)


def test_the_strip_gives_its_room_away_and_comes_back(window: Any, pictures: list[Path]) -> None:
    window.open(pictures)
    wait_for(window, window.album.strip.winfo_ismapped)
    press(window, "<Control-b>")
    wait_for(window, lambda: not window.album.strip.winfo_ismapped())
    press(window, "<Control-b>")
    wait_for(window, window.album.strip.winfo_ismapped)


# Films


@pytest.fixture
def film(tmp_path: Path) -> Path:
    pytest.importorskip("av", reason="films need PyAV")
    with FilmWriter(tmp_path / "film.mp4", 25, (64, 64)) as writer:
        for level in range(0, 250, 10):
            writer.write(np.full((64, 64, 3), level, np.uint8))
    return tmp_path / "film.mp4"


def seen_from(first: int, name: str, x: float) -> Track:
    boxes = np.array([[x + i, 10, x + i + 20, 30] for i in range(11)], np.float32)
    return Track(NamedFace(name, 0.9, ()), first / 25, (first + 11) / 25, first, boxes, (0, 25), True)


def test_a_row_of_a_film_is_shown_in_its_middle_with_everybody_in_sight() -> None:
    tracks = seen_from(0, "Ana", 0), seen_from(3, "Bo", 30)
    rows_ = tuple(Sighting(track.face.name, 0.9, track.start, track.end) for track in tracks)
    film = NamedFilm(Path("a.mp4"), 25, 25, tracks, rows_)
    still = choose_still(film, 1)
    assert still.frame == 8
    assert [(face.name, face.box) for face in still.faces] == [
        ("Bo", Box(35, 10, 55, 30)),
        ("Ana", Box(8, 10, 28, 30)),
    ]


def test_a_film_opens_with_times_and_the_frame_of_the_chosen_row(window: Any, film: Path) -> None:
    window.open([film])
    wait_for(window, lambda: window.album.view._shown is not None)  # its first frame
    tracks = seen_from(0, "Ana", 0), seen_from(14, "Bo", 30)
    rows_ = tuple(Sighting(track.face.name, 0.9, track.start, track.end) for track in tracks)
    window.album.answers[0] = NamedFilm(film, 25, 25, tracks, rows_)
    window.album.show(0)
    table = window.album.panel.table
    assert rows(table) == ["Ana", "Bo"]
    assert table.set("1", "when") == "0:00.6–0:01.0"
    table.selection_set("1")
    wait_for(window, lambda: abs(int(window.album.view._shown.pixels[5, 5, 0]) - 190) < 4)  # frame 19
    assert [face.name for face in window.album.view._shown.faces] == ["Bo"]
    assert str(window.album.panel.button["state"]) == "disabled"


def test_a_film_that_cant_be_named_is_told_like_a_photo(window: Any, film: Path) -> None:
    window.chooser.use(FakeRecognizer())
    window.album.recognizer.face_network = None  # of whole photos
    window.open([film])
    wait_for(window, lambda: "learnt from whole photos" in "".join(rows(window.album.panel.table)))
