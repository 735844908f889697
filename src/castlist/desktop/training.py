"""The training dialog: a folder, the few settings that matter, live curves."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import ttk

from castlist.demo import DRAWN, NEW, Demo
from castlist.desktop.curves import Curves
from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import ask_folder
from castlist.desktop.folder import FolderPanel
from castlist.desktop.form import SettingsForm
from castlist.desktop.notice import Notice
from castlist.desktop.process import Process, describe_count, describe_step
from castlist.desktop.report import open_page
from castlist.desktop.texts import Sentence
from castlist.errors import CastlistError
from castlist.jobs import Begun, Counted, Event, Learn, Learnt, Resume, Stopped, Work
from castlist.learning import Progress


class TrainingDialog(tk.Toplevel):
    """Starts a training and shows how it goes."""

    def __init__(self, desk: Desk, runs: Path, on_done: Callable[[Path], object]) -> None:
        super().__init__(desk.root)
        self._desk, self._runs, self._on_done = desk, runs, on_done
        self._process = Process(desk.worker)
        self._running = False
        self._run: Path | None = None  # of the training under way
        self._on_drawn: Callable[[Path], object] | None = None  # of a demo
        self.folder = tk.StringVar(self)
        self._said: Sentence = lambda _: ""
        self.resizable(False, False)  # it is as large as what is shown
        self.transient(desk.root)
        self._build(desk.scale)
        self.protocol("WM_DELETE_WINDOW", self.close)
        self.bind("<Escape>", lambda _: self._escape())

    def look_into(self, folder: Path) -> None:
        """Take a folder, and say what is in it."""
        self.notice.hide()
        self.folder.set(str(folder))
        self.found.look_into(folder)

    def start(self) -> None:
        """Begin as the fields say."""
        self.notice.hide()
        if not self.folder.get():
            self.notice.tell(lambda translate: translate("Choose a folder that holds one folder per person."))
            return
        try:
            settings = self.form.settings()
        except CastlistError as error:
            self.notice.complain(error)
            return
        self._on_drawn = None
        self._clear()
        self._launch(Learn(Path(self.folder.get()), settings, self._runs, language=self._desk.texts.language))

    def stop(self) -> None:
        """End the training; the best epoch so far becomes the run."""
        if self.curves.n_epochs:
            self.stop_button.configure(state="disabled")
            self._say(lambda translate: translate("Finishing with the best epoch so far…"))
            self._process.stop()
        else:
            self._process.kill()
            self._mark(running=False)
            self._say(lambda translate: translate("Stopped; nothing was learnt yet."))

    def start_demo(self, on_drawn: Callable[[Path], object]) -> None:
        """Learn the drawn heroes; told at the end where new drawings of them are."""
        if self._running:
            return
        self.form.fill(DRAWN)
        self._on_drawn = on_drawn
        self._clear()
        self.found.say(lambda translate: translate("Seven heroes are drawn, and learnt from the drawings."))
        self._launch(Demo(self._runs, self._desk.texts.language))

    def close(self) -> None:
        """Close; a training under way ends, and `castlist resume` can go on with it."""
        self._process.kill()
        self.found.stop()
        self.destroy()

    def _escape(self) -> None:
        if self.found.is_looking:
            self.found.stop()
        elif not self._running:  # a key pressed by mistake must not end a training
            self.close()

    def _clear(self) -> None:
        self.notice.hide()
        self.found.stop()
        self._run = None
        self.curves.reset()

    def _launch(self, work: Work) -> None:
        self._mark(running=True)
        self._say(lambda translate: translate("Looking at the photos…"))
        self._process.start(work, self._hear, self._end)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Counted):
            self._say(describe_count(event))
        elif isinstance(event, Begun):
            self._run = event.run
            self.found.know(event.found)
        elif isinstance(event, Progress):
            if event.finished:
                self.curves.add(event.finished.accuracy, event.finished.val_accuracy)
            self._say(describe_step(event))
        elif isinstance(event, Learnt):
            self._finish(event)
        elif isinstance(event, Stopped) and self._run:
            # It didn't hear in time and was killed; the best epoch is on disk.
            self._launch(Resume(self._run, self.curves.n_epochs, self._desk.texts.language))

    def _finish(self, learnt: Learnt) -> None:
        accuracy = learnt.accuracy
        if accuracy is None:
            self._say(lambda translate: translate("Learnt; too few photos to measure how well."))
        else:
            self._say(
                lambda translate: translate("Learnt: {accuracy} of the test photos are named rightly.").format(
                    accuracy=f"{accuracy:.1%}"
                )
            )
        self._on_done(learnt.run)
        if self._on_drawn:
            self._on_drawn(self._runs / NEW)
        if learnt.report:
            open_page(self._desk, learnt.report)

    def _end(self, error: CastlistError | None) -> None:
        self._mark(running=False)
        if error:
            self._say(lambda _: "")
        self.notice.complain(error)

    def _build(self, scale: float) -> None:
        self.notice = Notice(self, self._desk.texts, scale)
        self.notice.pack(fill="x")
        frame = ttk.Frame(self, padding=round(14 * scale))
        frame.pack(fill="both", expand=True)
        gap, wide = round(6 * scale), round(560 * scale)
        frame.columnconfigure(1, weight=1, minsize=wide - round(150 * scale))
        self._folder_button = folder = ttk.Button(frame, command=self._choose_folder)
        folder.grid(row=0, column=0, sticky="ew", padx=(0, gap))
        ttk.Label(frame, textvariable=self.folder, wraplength=wide - round(150 * scale)).grid(
            row=0, column=1, sticky="w"
        )
        self.found = FolderPanel(frame, self._desk, wide, self.notice.complain)
        self.curves = Curves(frame, self._desk.texts, scale)
        self.said = ttk.Label(frame, wraplength=wide)
        buttons = ttk.Frame(frame)
        self.stop_button = ttk.Button(buttons, command=self.stop, state="disabled")
        self.stop_button.pack(side="left", padx=gap)
        self.start_button = ttk.Button(buttons, command=self.start)
        self.start_button.pack(side="left")
        self.form = SettingsForm(frame, self._desk, wide, self._fit_model)
        for row, part in enumerate((self.found, self.form, self.curves, self.said, buttons), 1):
            part.grid(row=row, column=0, columnspan=2, sticky="e" if part is buttons else "ew", pady=(gap, 0))
        buttons.lift()  # the last that Tab comes to
        for put in (
            lambda translate: self.title(translate("Learn from folders")),
            lambda translate: folder.configure(text=translate("Choose a folder…")),
            lambda _: self._fit_model(),
            lambda translate: self.start_button.configure(text=translate("Start")),
            lambda translate: self.said.configure(text=self._said(translate)),
            lambda _: self.curves.draw(),
        ):
            self._desk.texts.show(put, self)
        folder.focus_set()

    def _fit_model(self) -> None:
        """Show curves where there will be some, and say what stopping does."""
        translate = self._desk.texts.translate
        if self.form.has_epochs:
            self.curves.grid()
            self.stop_button.configure(text=translate("Stop and keep the best"))
        else:
            self.curves.grid_remove()
            self.stop_button.configure(text=translate("Stop"))

    def _choose_folder(self) -> None:
        if chosen := ask_folder(self):
            self.look_into(chosen)

    def _say(self, sentence: Sentence) -> None:
        self._said = sentence
        self.said.configure(text=sentence(self._desk.texts.translate))

    def _mark(self, *, running: bool) -> None:
        self._running = running
        self._folder_button.configure(state="disabled" if running else "normal")
        self.stop_button.configure(state="normal" if running else "disabled")
        self.start_button.configure(state="disabled" if running else "normal")
