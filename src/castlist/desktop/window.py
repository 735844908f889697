"""The window itself: what lies where, and who does what."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING

from castlist.desktop.album import Album
from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import mend_dialogs, translate_dialogs
from castlist.desktop.look import apply_look, choose_fonts
from castlist.desktop.menu import Action, Group, add_buttons, add_menu, bind_keys, is_typing
from castlist.desktop.notice import Notice
from castlist.desktop.opening import Opening
from castlist.desktop.people import ForgetDialog, enrol
from castlist.desktop.picture import Picture
from castlist.desktop.runs import RunChooser
from castlist.desktop.saving import Saving
from castlist.desktop.status import StatusLine
from castlist.desktop.texts import NAMES, NO_CHINESE, Sentence, Texts, has_chinese_font
from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError
from castlist.languages import LANGUAGES, system_language
from castlist.naming import Recognizer

if TYPE_CHECKING:
    from castlist.desktop.camera import Camera
    from castlist.desktop.training import TrainingDialog


def run_window(runs: Path, *, language: str | None) -> None:
    """Open the window, and return when it is closed."""
    texts = Texts(language or system_language())
    try:
        root = tk.Tk(className="castlist")
    except tk.TclError as error:
        raise CastlistError(
            "no-screen", "The window needs a screen, and there is none ({reason}).", reason=str(error)
        ) from error
    Window(root, texts, runs)
    root.mainloop()


class Window:
    """A picture, who is in it, and the run that knows them."""

    def __init__(self, root: tk.Tk, texts: Texts, runs: Path) -> None:
        self.root, self.texts = root, texts
        scale = apply_look(root)
        texts.show(lambda _: choose_fonts(root, texts.language))
        mend_dialogs(root)
        texts.show(lambda translate: translate_dialogs(root, translate))
        root.title("castlist")
        root.geometry(f"{round(1080 * scale)}x{round(720 * scale)}")
        root.minsize(round(640 * scale), round(440 * scale))
        self.status = StatusLine(root, texts, scale, self.stop)
        self.notice = Notice(root, texts, scale)
        self.desk = Desk(root, texts, Worker(root), self.notice, self.status, scale)
        bar = ttk.Frame(root, padding=round(8 * scale))
        bar.pack(fill="x")
        self.notice.pack(fill="x")
        self.status.pack(side="bottom", fill="x")
        self.chooser = RunChooser(root, self.desk, runs, lambda recognizer: self.album.name_with(recognizer))
        self.chooser.pack(fill="x")
        self.album = Album(self.desk, self.enrol)
        self.opening = Opening(self.desk, self.open, self.take)
        if self.opening.takes_drops:
            self.album.view.tell(
                lambda translate: translate("Open a picture or a folder, drop one here, or paste one.")
            )
        self.saving = Saving(self.desk, self.album)
        self.camera: Camera | None = None
        self.trainer: TrainingDialog | None = None
        groups = self._groups()
        add_buttons(bar, texts, groups, round(4 * scale))
        add_menu(root, texts, groups, self.switch_language)
        bind_keys(root, groups)
        self._add_languages(bar)
        root.bind("<Escape>", self._escape)
        for key, step in (("<Left>", -1), ("<Right>", 1)):
            root.bind(key, partial(self._turn, step))
        root.protocol("WM_DELETE_WINDOW", self.close)
        self._check_font()
        self.chooser.list()

    def _groups(self) -> list[Group]:
        pictures = (
            Action(lambda translate: translate("Open…"), self.opening.ask_pictures, "Ctrl+O", button=True),
            Action(lambda translate: translate("Open folder…"), self.opening.ask_folder, "Ctrl+Shift+O", button=True),
            Action(lambda translate: translate("Paste"), self.opening.paste, "Ctrl+V", button=True, typing=True),
            Action(lambda translate: translate("Camera"), self.watch, "Ctrl+K", button=True),
            Action(lambda translate: translate("Save with names…"), self.saving.named, "Ctrl+S"),
            Action(lambda translate: translate("Save with strangers hidden…"), self.saving.hidden, "Ctrl+H"),
            Action(lambda translate: translate("Save the table…"), self.saving.table, "Ctrl+E"),
            Action(lambda translate: translate("Quit"), self.close, "Ctrl+Q"),
        )
        runs = (
            Action(lambda translate: translate("Train…"), self.train, "Ctrl+T", button=True),
            Action(lambda translate: translate("Open another run…"), self.chooser.open_other, "Ctrl+R"),
            Action(lambda translate: translate("Folder of runs…"), self.chooser.ask_folder),
            Action(lambda translate: translate("Forget a person…"), self.forget),
        )
        return [(lambda translate: translate("File"), pictures), (lambda translate: translate("Run"), runs)]

    def _add_languages(self, bar: ttk.Frame) -> None:
        box = ttk.Combobox(bar, values=[NAMES[name] for name in LANGUAGES], state="readonly", width=10)
        box.pack(side="right")
        box.bind("<<ComboboxSelected>>", lambda _: self.switch_language(LANGUAGES[box.current()]))
        self.texts.show(lambda _: box.set(NAMES[self.texts.language]))

    def open(self, paths: Sequence[Path]) -> None:
        """Show and name files and folders."""
        if paths:
            self.notice.hide()
            self.stop()
            self.album.open(paths)

    def take(self, picture: Picture) -> None:
        """Show and name a picture that is in no file."""
        self.notice.hide()
        self.stop()
        self.album.take([picture])

    def watch(self) -> None:
        """Name what the camera sees, until it is stopped."""
        self.notice.hide()
        if recognizer := self._recognizer():
            from castlist.desktop.camera import Camera

            self.camera = self.camera or Camera(self.desk, self.album)
            self.camera.start(recognizer)

    def enrol(self, name: str) -> None:
        """Give the chosen face a name; the open pictures are named anew with it."""
        self.notice.hide()
        self.stop()
        enrol(self.desk, self.album, name, self._enrolled)

    def _enrolled(self, recognizer: Recognizer, says: Sentence) -> None:
        self.chooser.use(recognizer)
        self.album.name_with(recognizer, says)

    def forget(self) -> None:
        """Ask whom to delete, delete, and show the receipt."""
        self.notice.hide()
        if recognizer := self._recognizer():
            ForgetDialog(self.desk, recognizer, self.chooser.list)

    def train(self) -> None:
        """Open the training dialog."""
        self.notice.hide()
        from castlist.desktop.training import TrainingDialog

        if self.trainer and self.trainer.winfo_exists():
            self.trainer.lift()
        else:
            self.trainer = TrainingDialog(self.desk, self.chooser.folder, self.chooser.list)

    def switch_language(self, language: str) -> None:
        """Show everything in another language."""
        self.texts.switch(language)
        self._check_font()

    def stop(self) -> None:
        """Stop naming and the camera; what is named so far stays."""
        self.album.stop()
        if self.camera:
            self.camera.stop()

    def close(self) -> None:
        """Stop all work, and close."""
        self.root.withdraw()
        self.desk.worker.close()
        self.root.destroy()

    def _escape(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget.winfo_toplevel() is self.root:  # a dialog has its own
            self.notice.hide()
            self.stop()

    def _check_font(self) -> None:
        def look(_: Task) -> Iterator[None]:
            if not has_chinese_font():
                raise CastlistError(NO_CHINESE.code, NO_CHINESE.text)
            yield

        if self.texts.language == "zh-TW":
            self.desk.do(look, lambda _: None)

    def _turn(self, step: int, event: tk.Event[tk.Misc]) -> None:
        if not is_typing(event):
            self.album.turn(step)

    def _recognizer(self) -> Recognizer | None:
        if not self.album.recognizer:
            self.notice.tell(lambda translate: translate("Choose a run first, or train one."))
        return self.album.recognizer
