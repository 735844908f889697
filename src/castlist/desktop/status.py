"""A line that says what goes on, how far it is, and the button that stops it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from castlist.desktop.texts import Sentence, Texts


class StatusLine(ttk.Frame):
    """Says one sentence at a time, in whatever language the window is in."""

    def __init__(self, parent: tk.Misc, texts: Texts, scale: float, on_stop: Callable[[], object]) -> None:
        super().__init__(parent, padding=round(8 * scale))
        self._texts = texts
        self._sentence: Sentence = lambda _: ""
        self.label = ttk.Label(self)
        self.label.pack(side="left", fill="x", expand=True)
        # A path may be longer than the window is wide.
        self.label.bind("<Configure>", lambda event: self.label.configure(wraplength=event.width))
        # Not among what Tab goes through: it comes and goes, and Esc does the same.
        self._stop = ttk.Button(self, command=on_stop, takefocus=False)
        self._bar = ttk.Progressbar(self, length=round(160 * scale))
        texts.show(lambda translate: self._stop.configure(text=translate("Stop") + " (Esc)"), self)
        texts.show(lambda translate: self.label.configure(text=self._sentence(translate)), self)

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.label.cget("text"))

    def say(self, sentence: Sentence) -> None:
        """Show a sentence."""
        self._sentence = sentence
        self.label.configure(text=sentence(self._texts.translate))

    def busy(self, total: int) -> None:
        """Show that something of `total` steps has begun and can be stopped; 0: nobody knows of how many."""
        self._bar.configure(maximum=max(total, 1), value=0)
        self._stop.pack(side="right")
        self._bar.pack(side="right", padx=8)

    def done(self, steps: int) -> None:
        """Show how many steps are done."""
        self._bar.configure(value=steps)

    def idle(self) -> None:
        """Show that it is over."""
        self._stop.pack_forget()
        self._bar.pack_forget()
