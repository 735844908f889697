"""What stands in the middle of the window while nobody is known yet: the one thing to do."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from castlist.desktop.texts import Texts


class Welcome(ttk.Frame):
    """Says what castlist needs first, with a button for it, and one for whoever only wants to look."""

    def __init__(
        self,
        parent: tk.Misc,
        texts: Texts,
        scale: float,
        on_learn: Callable[[], object],
        on_demo: Callable[[], object],
    ) -> None:
        pad = round(20 * scale)
        super().__init__(parent, padding=pad)
        title = ttk.Label(self, style="Title.TLabel")
        said = ttk.Label(self, wraplength=round(380 * scale), justify="left")
        self.learn_button = ttk.Button(self, style="First.TButton", command=on_learn)
        self.demo_button = ttk.Button(self, command=on_demo)
        title.pack(anchor="w")
        said.pack(anchor="w", pady=(pad // 2, pad))
        self.learn_button.pack(fill="x")
        self.demo_button.pack(fill="x", pady=(pad // 2, 0))
        texts.show(lambda translate: title.configure(text=translate("Whom should castlist know?")))
        texts.show(
            lambda translate: said.configure(
                text=translate(
                    "Show it a folder that holds one folder of photos per person, each called like the person. Then it "
                    "names them in new pictures."
                )
            )
        )
        texts.show(lambda translate: self.learn_button.configure(text=translate("Learn from folders…")))
        texts.show(
            lambda translate: self.demo_button.configure(text=translate("Try it with drawn people (three minutes)"))
        )

    def appear(self, over: tk.Misc) -> None:
        """Stand in the middle of something."""
        self.place(in_=over, relx=0.5, rely=0.5, anchor="center")
        self.lift()

    def leave(self) -> None:
        """Give the room free."""
        self.place_forget()
