"""The window itself: what lies where, and who does what."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING

from PIL import Image

from castlist.desktop.album import Album
from castlist.desktop.archives import ArchiveView, is_archive
from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import mend_dialogs, translate_dialogs
from castlist.desktop.look import apply_look, choose_fonts, room_on
from castlist.desktop.menu import Action, Group, add_buttons, add_menu, bind_keys, is_typing
from castlist.desktop.notice import Notice
from castlist.desktop.opening import Opening
from castlist.desktop.people import enrol, take_back
from castlist.desktop.picture import Picture
from castlist.desktop.runs import RunChooser
from castlist.desktop.saving import Saving
from castlist.desktop.status import StatusLine
from castlist.desktop.texts import NAMES, NO_CHINESE, Sentence, Texts, has_chinese_font
from castlist.desktop.welcome import Welcome
from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError
from castlist.languages import LANGUAGES, system_language

if TYPE_CHECKING:
    from castlist.desktop.camera import Camera
    from castlist.desktop.training import TrainingDialog
    from castlist.naming import Recognizer


def run_window(runs: Path, photos: Sequence[Path], *, language: str | None) -> None:
    """Open the window with photos, and return when it is closed."""
    texts = Texts(language or system_language())
    try:
        root = tk.Tk(className="castlist")
    except tk.TclError as error:
        raise CastlistError(
            "no-screen", "The window needs a screen, and there is none ({reason}).", reason=str(error)
        ) from error
    root.report_callback_exception = partial(_report, root.report_callback_exception)
    window = Window(root, texts, runs)
    try:
        window.open(photos)
        root.mainloop()
    except BaseException:  # a signal to end, mostly: work that goes on would keep the process
        window.close()
        raise


class Window:
    """A picture, who is in it, and the run that knows them."""

    def __init__(self, root: tk.Tk, texts: Texts, runs: Path) -> None:
        self.root, self.texts = root, texts
        scale = apply_look(root)
        texts.show(lambda _: choose_fonts(root, texts.language))
        mend_dialogs(root)
        texts.show(lambda translate: translate_dialogs(root, translate))
        root.title("castlist")
        width, height = room_on(root)
        root.geometry(f"{min(round(1080 * scale), width)}x{min(round(720 * scale), height)}")
        root.minsize(min(round(640 * scale), width), min(round(440 * scale), height))
        self.status = StatusLine(root, texts, scale, self.stop)
        self.notice = Notice(root, texts, scale)
        self.desk = Desk(root, texts, Worker(root), self.notice, self.status, scale)
        bar = ttk.Frame(root, padding=round(8 * scale))
        bar.pack(fill="x")
        self.notice.pack(fill="x")
        self.status.pack(side="bottom", fill="x")
        self.chooser = RunChooser(root, self.desk, runs, self._use, self._greet)
        self.chooser.list()  # already: its run is opened while the rest of the window is built
        self.chooser.pack(fill="x")
        self.album = Album(self.desk, self.enrol)
        self.opening = Opening(self.desk, self.open, self.take, self.open_archive)
        if self.opening.takes_drops:
            self.album.view.tell(
                lambda translate: translate("Open a picture or a folder, drop one here, or paste one.")
            )
        self.welcome = Welcome(root, texts, scale, self.train, self.try_demo)
        self.archives = ArchiveView(self.desk, self.album, self.welcome.leave)
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
        # Once it is drawn; what fails here is told when it is needed.
        root.after_idle(self.desk.worker.start, _get_ready, lambda _: None, lambda _: None)

    def _groups(self) -> list[Group]:
        pictures = (
            Action(lambda translate: translate("Open…"), self.opening.ask_pictures, "Ctrl+O", button=True),
            Action(lambda translate: translate("Open folder…"), self.opening.ask_folder, "Ctrl+Shift+O", button=True),
            Action(lambda translate: translate("Open an archive…"), self.opening.ask_archive),
            Action(lambda translate: translate("Paste"), self.opening.paste, "Ctrl+V", button=True, typing=True),
            Action(lambda translate: translate("Camera"), self.watch, "Ctrl+K", button=True),
            Action(lambda translate: translate("Save with names…"), self.saving.named, "Ctrl+S"),
            Action(lambda translate: translate("Save with strangers hidden…"), self.saving.hidden, "Ctrl+H"),
            Action(lambda translate: translate("Save the table…"), self.saving.table, "Ctrl+E"),
            Action(lambda translate: translate("Row of small pictures"), self.album.toggle_strip, "Ctrl+B"),
            Action(lambda translate: translate("Quit"), self.close, "Ctrl+Q"),
        )
        runs = (
            Action(lambda translate: translate("Learn from folders…"), self.train, "Ctrl+T", button=True),
            Action(lambda translate: translate("Take back the last name"), self.take_back, "Ctrl+Z", typing=True),
            Action(lambda translate: translate("Forget a person…"), self.forget),
            Action(lambda translate: translate("How well they are known"), self.report, "Ctrl+I"),
            Action(lambda translate: translate("People learnt elsewhere…"), self.chooser.open_other, "Ctrl+R"),
            Action(lambda translate: translate("Where people are kept…"), self.chooser.ask_folder),
        )
        return [(lambda translate: translate("File"), pictures), (lambda translate: translate("People"), runs)]

    def _add_languages(self, bar: ttk.Frame) -> None:
        box = ttk.Combobox(bar, values=[NAMES[name] for name in LANGUAGES], state="readonly", width=10)
        box.pack(side="right")
        box.bind("<<ComboboxSelected>>", lambda _: self.switch_language(LANGUAGES[box.current()]))
        self.texts.show(lambda _: box.set(NAMES[self.texts.language]))

    def open(self, paths: Sequence[Path]) -> None:
        """Show and name files and folders."""
        if paths:
            self.notice.hide()
            self.welcome.leave()
            self.stop()
            if is_archive(paths):
                self.archives.open(paths[0])
            else:
                self.album.open(paths)

    def open_archive(self, path: Path) -> None:
        """Show an archive's photos with the names that it has; what is no archive is told."""
        self.notice.hide()
        self.welcome.leave()
        self.stop()
        self.archives.open(path)

    def take(self, picture: Picture) -> None:
        """Show and name a picture that is in no file."""
        self.notice.hide()
        self.welcome.leave()
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
        if self.archives.is_open:
            self.archives.decide(name)
            return
        enrol(self.desk, self.album, name, self.chooser.use)

    def take_back(self) -> None:
        """Undo the last enrolment of the run, or what was decided last in the archive that is open."""
        self.notice.hide()
        self.stop()
        if self.archives.is_open:
            self.archives.take_back()
            return
        take_back(self.desk, self.album, self.chooser.use)

    def report(self) -> None:
        """Open the run's report in the browser; where it is stale, it is made anew first."""
        self.notice.hide()
        if recognizer := self._recognizer():
            from castlist.desktop.report import show_report

            show_report(self.desk, recognizer.run)

    def _use(self, recognizer: Recognizer, says: Sentence | None = None) -> None:
        """Name with what a run knows by now, and say so."""
        self.welcome.leave()
        self.album.ready = self.chooser.ready
        self.album.name_with(recognizer, says)

    def _greet(self) -> None:
        """Say what to do where nobody is known and nothing is open."""
        if not self.album.pictures:
            self.welcome.appear(self.album.view)

    def forget(self) -> None:
        """Ask whom to delete, delete, and show the receipt."""
        self.notice.hide()
        if recognizer := self._recognizer():
            from castlist.desktop.forgetting import ForgetDialog

            ForgetDialog(self.desk, recognizer, self.chooser.list)

    def train(self) -> None:
        """Open the training dialog."""
        self.notice.hide()
        self._open_trainer()

    def try_demo(self) -> None:
        """Learn the drawn heroes, and name new drawings of them."""
        self.notice.hide()
        self._open_trainer().start_demo(lambda folder: self.open([folder]))

    def _open_trainer(self) -> TrainingDialog:
        from castlist.desktop.training import TrainingDialog

        if self.trainer and self.trainer.winfo_exists():
            self.trainer.lift()
        else:
            self.trainer = TrainingDialog(self.desk, self.chooser.folder, self.chooser.list)
        return self.trainer

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
            self.notice.tell(lambda translate: translate("Choose people first, or learn from folders."))
        return self.album.recognizer


def _report(report: Callable[..., object], kind: type[BaseException], error: BaseException, trace: object) -> None:
    """What goes wrong in a callback is told, and the window stays; but a signal to end ends it."""
    if isinstance(error, KeyboardInterrupt):
        raise error
    report(kind, error, trace)


def _get_ready(_: Task) -> Iterator[None]:
    """Load what the first picture needs, while it is looked for a run and that is opened."""
    from castlist.faces import warm_up

    warm_up()
    import_module("castlist.desktop.asking")
    Image.preinit()
    yield
