"""The folder that is to be learnt: how much is in it, and what is wrong with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tkinter import ttk

from castlist.checks import summarize
from castlist.desktop.desk import Desk
from castlist.desktop.process import Process
from castlist.desktop.status import StatusLine
from castlist.desktop.texts import Sentence
from castlist.desktop.worker import Task
from castlist.errors import CastlistError
from castlist.jobs import Check, Checked, Counted, Event
from castlist.languages import Translate
from castlist.media import Cast, find_cast


class FolderPanel(ttk.Frame):
    """Counts a folder's people and photos at once, then looks at each photo as `castlist check` does."""

    def __init__(self, parent: tk.Misc, desk: Desk, width: int, on_error: Callable[[CastlistError | None], object]):
        super().__init__(parent)
        self._desk, self._on_error = desk, on_error
        self._cast: Cast | None = None
        self._instead: Sentence = lambda translate: translate("Choose a folder that holds one folder per person.")
        self._counts: Mapping[str, int] | None = None  # of each kind of finding how many
        self._process = Process(desk.worker)
        self._counting: Task | None = None
        self.label = ttk.Label(self, justify="left", wraplength=width)
        self.label.pack(anchor="w")
        self._progress = StatusLine(self, desk.texts, desk.scale, self.stop)
        desk.texts.show(lambda _: self._fill(), self)

    @property
    def is_looking(self) -> bool:
        """Whether photos are being looked at."""
        return bool(self._progress.winfo_manager())

    def look_into(self, folder: Path) -> None:
        """Say what is in a folder, and begin to look at its photos; what was looked at before isn't again."""
        self.stop()
        self._cast = self._counts = None
        self._fill()

        def find(_: Task) -> Iterator[Cast]:
            yield find_cast(folder)

        def take(cast: Cast) -> None:
            self._cast = cast
            self._fill()
            self._progress.busy(len(cast.photos))
            self._progress.say(lambda translate: translate("Looking for what is wrong with them…"))
            self._progress.pack(fill="x")
            self._process.start(Check(folder), self._hear, self._end)

        self._counting = self._desk.worker.start(find, take, self._on_error)

    def stop(self) -> None:
        """Look no further; what was seen so far is kept, and going on is quick."""
        if self._counting:
            self._counting.stop()
        self._process.kill()
        self._progress.pack_forget()

    def say(self, sentence: Sentence) -> None:
        """Say something else instead, where no folder is chosen."""
        self._instead, self._cast = sentence, None
        self._fill()

    def know(self, counts: Mapping[str, int]) -> None:
        """Take what the training has found, unless everything was looked at already."""
        if self._counts is None:
            self._counts = counts
            self._fill()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Checked):
            self._counts = event.counts
            self._fill()
        elif isinstance(event, Counted):
            self._progress.busy(event.of)
            self._progress.done(event.done)

    def _end(self, error: CastlistError | None) -> None:
        self.stop()
        self._on_error(error)

    def _fill(self) -> None:
        self.label.configure(text="\n".join(self._lines(self._desk.texts.translate)))

    def _lines(self, translate: Translate) -> Iterator[str]:
        if self._cast is None:
            yield self._instead(translate)
            return
        n_photos = len(self._cast.photos)
        yield translate("{people} people, {photos} photos").format(people=len(self._cast.people), photos=n_photos)
        yield from map(self._desk.texts.explain, self._cast.notes[:2])
        if self._counts is not None:
            names = translate("high"), translate("medium"), translate("low")
            for name, line in zip(names, summarize(self._counts, translate), strict=True):
                yield f"{name}: {line}"
            if self._counts.get("no-face", 0) > n_photos / 2:
                yield translate(
                    "Most photos show no face. For drawings, choose the model cnn and tick “Learn whole pictures”."
                )
