"""What every part of the window shares."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tkinter import ttk
from typing import TYPE_CHECKING, Any

from castlist.desktop.notice import Notice
from castlist.desktop.status import StatusLine
from castlist.desktop.texts import Texts
from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError

if TYPE_CHECKING:
    from castlist.naming import Recognizer


@dataclass(frozen=True, eq=False)
class Desk:
    """Where it all lies, who works for it, and what is said of it."""

    root: tk.Tk
    texts: Texts
    worker: Worker
    notice: Notice
    status: StatusLine
    scale: float  # pixels for a pixel at 1x

    def offer_people(self, box: ttk.Combobox, recognizer: Recognizer) -> None:
        """Let a list offer the people of a run: those of now, since others may change it while the window is open."""

        def fill() -> None:
            box.configure(values=list(self.people_of(recognizer)))

        box.configure(postcommand=fill)
        fill()

    def people_of(self, recognizer: Recognizer) -> tuple[str, ...]:
        """Whom a run knows now; nobody, which is told on top, where it can't be read any more."""
        try:
            return recognizer.run.people
        except CastlistError as error:
            self.notice.complain(error)
            return ()

    def do(self, work: Callable[[Task], Iterator[Any]], on_result: Callable[[Any], object]) -> Task:
        """Run work on a thread; what goes wrong is told on top."""
        return self.worker.start(work, on_result, self.notice.complain)
