"""The runs of a folder: which there are, and which one names."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import ttk

from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import ask_folder
from castlist.desktop.texts import Sentence
from castlist.desktop.worker import Task
from castlist.errors import CastlistError
from castlist.languages import Translate
from castlist.naming import Recognizer
from castlist.run import Run, find_runs, read_accuracy

Listed = list[tuple[Path, Sentence]]  # of each run its folder and its line in the list


class RunChooser(ttk.Frame):
    """A list of runs, whole and broken ones, and the recognizer of that which is chosen."""

    def __init__(self, parent: tk.Misc, desk: Desk, folder: Path, on_use: Callable[[Recognizer], object]) -> None:
        pad = round(8 * desk.scale)
        super().__init__(parent, padding=(pad, 0, pad, pad))
        self._desk, self.folder, self._on_use = desk, folder, on_use
        self._listed: Listed = []
        self._path: Path | None = None
        self._ready: Sentence = lambda _: ""
        label = ttk.Label(self)
        label.pack(side="left", padx=(0, pad))
        self.box = ttk.Combobox(self, state="readonly")
        self.box.pack(side="left", fill="x", expand=True)
        self.box.bind("<<ComboboxSelected>>", self._chosen)
        desk.texts.show(lambda translate: label.configure(text=translate("Run")))
        desk.texts.show(self._fill)

    def list(self, chosen: Path | None = None) -> None:
        """List the runs of the folder, and open one: the newest finished one by default."""

        def look(_: Task) -> Iterator[tuple[Listed, Path | None]]:
            runs, broken = find_runs(self.folder)
            runs.reverse()
            finished = [run.path for run in runs if run.complete]
            listed = [(run.path, _describe(run)) for run in runs]
            yield listed + [(path, _describe_broken(path)) for path in broken], finished[0] if finished else None

        def take(found: tuple[Listed, Path | None]) -> None:
            self._listed, newest = found
            self._fill(self._desk.texts.translate)
            if chosen or newest:
                self.choose(chosen or newest or Path())
            else:
                self._desk.status.say(lambda translate: translate("There is no run here yet. Train one: Ctrl+T."))

        self._desk.do(look, take)

    def choose(self, path: Path) -> None:
        """Open a run for naming."""
        self._desk.notice.hide()
        self._desk.status.say(lambda translate: translate("Opening the run…"))

        def load(_: Task) -> Iterator[Recognizer]:
            yield Recognizer.load(path)

        def end(error: CastlistError | None) -> None:
            self._mark()
            if error:
                self._desk.status.say(self._ready)
            self._desk.notice.complain(error)

        self._desk.worker.start(load, self.use, end)

    def use(self, recognizer: Recognizer) -> None:
        """Name with this recognizer from now on."""
        self._path = recognizer.run.path
        self._mark()
        self._ready = lambda translate: translate("Ready. This run knows {people}.").format(
            people=", ".join(self._desk.people_of(recognizer))
        )
        self._desk.status.say(self._ready)
        self._on_use(recognizer)

    def open_other(self) -> None:
        """Ask for a run folder anywhere."""
        if chosen := ask_folder(self._desk.root):
            self.choose(chosen)

    def ask_folder(self) -> None:
        """Ask for the folder that run folders lie in."""
        if chosen := ask_folder(self._desk.root):
            self.folder = chosen
            self.list()

    def _fill(self, translate: Translate) -> None:
        self.box.configure(values=[line(translate) for _, line in self._listed])
        self._mark()

    def _mark(self) -> None:
        paths = [path for path, _ in self._listed]
        if self._path in paths:
            self.box.current(paths.index(self._path))
        else:
            self.box.set(self._path.name if self._path else "")

    def _chosen(self, _: object) -> None:
        self.choose(self._listed[self.box.current()][0])
        self._desk.root.focus_set()  # or the arrow keys would turn through the list, not the pictures


def _describe(run: Run) -> Sentence:
    accuracy = read_accuracy(run)

    def describe(translate: Translate) -> str:
        parts = [run.path.name, run.settings.model, translate("{n} people").format(n=len(run.people))]
        if not run.complete:
            parts.append(translate("not finished"))
        elif accuracy is not None:
            parts.append(translate("{accuracy} right").format(accuracy=f"{accuracy:.1%}"))
        return " · ".join(parts)

    return describe


def _describe_broken(path: Path) -> Sentence:
    return lambda translate: " · ".join((path.name, translate("can't be opened")))
