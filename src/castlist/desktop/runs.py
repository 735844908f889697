"""The runs of a folder: which there are, and which one names."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING

from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import ask_folder
from castlist.desktop.texts import Sentence
from castlist.desktop.worker import Task
from castlist.errors import CastlistError
from castlist.languages import Translate

if TYPE_CHECKING:
    from castlist.naming import Recognizer
    from castlist.run import Run, Stamp

Listed = list[tuple[Path, Sentence]]  # of each run its folder and its line in the list
WATCH = 2.0  # seconds between two looks for what others have changed
NAMED = 12  # people that are told by name; the others are counted


@dataclass(frozen=True, eq=False)
class _Look:
    """What a look at the folder of runs has found."""

    listed: Listed
    newest: Path | None  # finished run
    stamps: Mapping[Path, Stamp | None]  # by which a change is told
    generation: int | None = None  # of the run that names; None: it wasn't looked at


class RunChooser(ttk.Frame):
    """A list of runs, whole and broken ones, and the recognizer of that which is chosen."""

    def __init__(
        self,
        parent: tk.Misc,
        desk: Desk,
        folder: Path,
        on_use: Callable[[Recognizer, Sentence | None], object],
        on_nobody: Callable[[], object],
    ) -> None:
        pad = round(8 * desk.scale)
        super().__init__(parent, padding=(pad, 0, pad, pad))
        self._desk, self.folder, self._on_use, self._on_nobody = desk, folder, on_use, on_nobody
        self._listed: Listed = []
        self._recognizer: Recognizer | None = None
        self._path: Path | None = None
        self._generation = 0  # of its run, by which all is named that is open
        self._watching: Task | None = None
        self.ready: Sentence = lambda _: ""  # whom the run that names knows
        label = ttk.Label(self)
        label.pack(side="left", padx=(0, pad))
        self.box = ttk.Combobox(self, state="readonly")
        self.box.pack(side="left", fill="x", expand=True)
        self.box.bind("<<ComboboxSelected>>", self._chosen)
        desk.texts.show(lambda translate: label.configure(text=translate("People")))
        desk.texts.show(self._fill)

    def list(self, chosen: Path | None = None) -> None:
        """List the runs of the folder, and open one: the newest finished one by default."""
        folder = self.folder

        def look(_: Task) -> Iterator[_Look | Recognizer]:
            found = _look_into(folder)
            yield found
            if path := chosen or found.newest:  # at once: the window may be busy drawing itself
                yield from _load(path)

        def take(found: _Look | Recognizer) -> None:
            if not isinstance(found, _Look):
                self.use(found)
                return
            self._show(found)
            if chosen or found.newest:
                self._desk.status.say(lambda translate: translate("Opening…"))
            else:
                self._desk.status.say(
                    lambda translate: translate("Nobody is known here yet. Learn from folders: Ctrl+T.")
                )
                self._on_nobody()
            self._watch(found.stamps)

        self._desk.worker.start(look, take, self._end)

    def _watch(self, stamps: Mapping[Path, Stamp | None]) -> None:
        """Notice what others change: commands, other windows, a page."""
        if self._watching:
            self._watching.stop()
        folder = self.folder

        def look(task: Task) -> Iterator[_Look]:
            before = stamps
            while not task.stopped.wait(WATCH):
                recognizer = self._recognizer
                if (now := _stamps(folder)) != before:
                    before = now
                    # Here: a run that was changed is opened anew, which takes longer than the window may stand still.
                    yield _look_into(folder, recognizer)

        def take(found: _Look) -> None:
            self._show(found)
            if self._recognizer is None and found.newest:
                self.choose(found.newest)
            elif self._recognizer and found.generation not in (None, self._generation):
                self.use(self._recognizer)

        self._watching = self._desk.do(look, take)

    def _show(self, found: _Look) -> None:
        self._listed = found.listed
        self._fill(self._desk.texts.translate)

    def choose(self, path: Path) -> None:
        """Open a run for naming."""
        self._desk.status.say(lambda translate: translate("Opening…"))
        self._desk.worker.start(lambda _: _load(path), self.use, self._end)

    def _end(self, error: CastlistError | None) -> None:
        self._mark()
        if error:
            self._desk.status.say(self.ready)
        self._desk.notice.complain(error)

    def use(self, recognizer: Recognizer, says: Sentence | None = None) -> None:
        """Name with this recognizer from now on, as it is by now; then say so."""
        run = recognizer.run
        self._recognizer, self._path, self._generation = recognizer, run.path, run.generation
        self._mark()
        self.ready = lambda translate: self._tell(recognizer, translate)
        self._desk.status.say(self.ready)
        self._on_use(recognizer, says)

    def _tell(self, recognizer: Recognizer, translate: Translate) -> str:
        """Whom a run knows."""
        people = self._desk.people_of(recognizer)
        named, more = ", ".join(people[:NAMED]), len(people) - NAMED
        if more > 0:
            return translate("Ready. Known: {people}, and {more} more.").format(people=named, more=f"{more:,}")
        return translate("Ready. Known: {people}.").format(people=named)

    def open_other(self) -> None:
        """Ask for a run folder anywhere."""
        if chosen := ask_folder(self._desk.root):
            self._desk.notice.hide()
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
        self._desk.notice.hide()
        self.choose(self._listed[self.box.current()][0])
        self._desk.root.focus_set()  # or the arrow keys would turn through the list, not the pictures


def _load(path: Path) -> Iterator[Recognizer]:
    from castlist.naming import Recognizer  # late, as all that only threads need: the window is there sooner

    yield Recognizer.load(path)


def _look_into(folder: Path, recognizer: Recognizer | None = None) -> _Look:
    from castlist.run import find_runs

    stamps = _stamps(folder)  # before what they tell of is read
    runs, broken = find_runs(folder)
    runs.reverse()
    listed = [(run.path, _describe(run)) for run in runs] + [(path, _describe_broken(path)) for path in broken]
    newest = next((run.path for run in runs if run.complete), None)
    try:
        generation = None if recognizer is None else recognizer.run.generation
    except CastlistError:  # it is gone, which is told when something is to be named with it
        generation = None
    return _Look(listed, newest, stamps, generation)


def _stamps(folder: Path) -> Mapping[Path, Stamp | None]:
    from castlist.run import RunFolder

    try:
        return {path: RunFolder(path).stamp() for path in folder.iterdir()}
    except OSError:  # no folder yet, or none that may be read
        return {}


def _describe(run: Run) -> Sentence:
    from castlist.run import read_accuracy

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
