"""The bar on top: what couldn't be done and why, where nobody overlooks it, until it is closed."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from castlist.desktop.texts import Sentence, Texts
from castlist.errors import CastlistError


class Notice(ttk.Frame):
    """Shows one sentence at a time, and takes no room without; nothing waits for it."""

    def __init__(self, parent: tk.Misc, texts: Texts, scale: float) -> None:
        super().__init__(parent)
        self._texts = texts
        self._sentence: Sentence | None = None
        pad = round(8 * scale)
        self._bar = ttk.Frame(self, style="Notice.TFrame", padding=pad)
        sign = ttk.Label(self._bar, text="⚠", style="NoticeSign.TLabel")
        sign.pack(side="left", padx=(0, pad))
        self._button = ttk.Button(self._bar, command=self.hide)
        self._button.pack(side="right", padx=(pad, 0))
        self._label = ttk.Label(self._bar, style="Notice.TLabel", justify="left")
        self._label.pack(side="left", fill="x", expand=True)
        self._label.bind("<Configure>", lambda event: self._label.configure(wraplength=event.width))
        texts.show(lambda translate: self._button.configure(text=translate("Close")), self)
        texts.show(lambda _: self._fill(), self)

    @property
    def text(self) -> str:
        """What it says; empty while it says nothing."""
        return str(self._label.cget("text")) if self._sentence else ""

    def tell(self, sentence: Sentence) -> None:
        """Show why something can't be done."""
        self._sentence = sentence
        self._fill()
        self._bar.pack(fill="x")

    def complain(self, error: CastlistError | None) -> None:
        """Show what went wrong, if anything did."""
        if error:
            self.tell(lambda _: self._texts.explain(error))

    def hide(self) -> None:
        """Take it away: it is read, or something else was begun."""
        if self._sentence:
            self._sentence = None
            self._bar.pack_forget()
            self.configure(height=1)  # or Tk would keep the room

    def _fill(self) -> None:
        if self._sentence:
            self._label.configure(text=self._sentence(self._texts.translate))
