"""What every part of the window shares."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from castlist.desktop.notice import Notice
from castlist.desktop.status import StatusLine
from castlist.desktop.texts import Texts
from castlist.desktop.worker import Task, Worker


@dataclass(frozen=True, eq=False)
class Desk:
    """Where it all lies, who works for it, and what is said of it."""

    root: tk.Tk
    texts: Texts
    worker: Worker
    notice: Notice
    status: StatusLine
    scale: float  # pixels for a pixel at 1x

    def do(self, work: Callable[[Task], Iterator[Any]], on_result: Callable[[Any], object]) -> Task:
        """Run work on a thread; what goes wrong is told on top."""
        return self.worker.start(work, on_result, self.notice.complain)
