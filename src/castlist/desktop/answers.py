"""The panel beside the picture: who is seen, who else it might be, and giving a face its name."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from castlist.desktop.texts import Texts
from castlist.languages import Translate
from castlist.media import UNKNOWN
from castlist.naming import NamedFace, NamedPhoto

BEST = 3  # answers shown for a face


class AnswersPanel(ttk.Frame):
    """A table of faces with their best answers, and the field that enrols."""

    def __init__(
        self,
        parent: tk.Misc,
        texts: Texts,
        scale: float,
        on_face: Callable[[int], object],
        on_enrol: Callable[[str], object],
    ) -> None:
        super().__init__(parent, padding=round(12 * scale))
        self._texts, self._on_face = texts, on_face
        self._answer: NamedPhoto | None = None
        title = ttk.Label(self, style="Title.TLabel")
        title.pack(anchor="w")
        self.table = ttk.Treeview(self, columns=("probability",), selectmode="browse", height=8)
        self.table.column("#0", width=round(190 * scale), minwidth=round(110 * scale))
        self.table.column("probability", width=round(110 * scale), minwidth=round(80 * scale), anchor="e")
        self.table.pack(fill="both", expand=True, pady=(8, 12))
        self.table.bind("<<TreeviewSelect>>", self._selected)
        self._name_label = ttk.Label(self)
        self._name_label.pack(anchor="w")
        row = ttk.Frame(self)
        row.pack(fill="x", pady=(4, 0))
        self.name = ttk.Combobox(row)
        self.name.pack(side="left", fill="x", expand=True)
        self.name.bind("<Return>", lambda _: on_enrol(self.name.get().strip()))
        self.button = ttk.Button(row, command=lambda: on_enrol(self.name.get().strip()))
        self.button.pack(side="left", padx=(6, 0))
        texts.show(lambda translate: title.configure(text=translate("Who is it?")))
        texts.show(lambda translate: self._name_label.configure(text=translate("The chosen face is:")))
        texts.show(lambda translate: self.button.configure(text=translate("Enrol")))
        texts.show(self._head)
        texts.show(lambda _: self._fill(0))

    def let_enrol(self, enrollable: bool) -> None:
        """Offer to enrol, where faces can be added to the run."""
        for widget in (self.name, self.button):
            widget.configure(state="normal" if enrollable else "disabled")

    def show(self, answer: NamedPhoto | None, chosen: int = 0) -> None:
        """Show the answers for a picture; None while there are none."""
        self._answer = answer
        self._fill(chosen)

    def _head(self, translate: Translate) -> None:
        self.table.heading("#0", text=translate("Name"), anchor="w")
        self.table.heading("probability", text=translate("Probability"), anchor="e")

    def _fill(self, chosen: int) -> None:
        self.table.delete(*self.table.get_children())
        translate = self._texts.translate
        if self._answer is None:
            return
        if self._answer.problem:
            self.table.insert("", "end", text=self._texts.explain(self._answer.problem))
        elif not self._answer.faces:
            self.table.insert("", "end", text=translate("No face found"))
        for i, face in enumerate(self._answer.faces):
            self._add(i, face, translate)
        if 0 <= chosen < len(self._answer.faces):
            self.table.selection_set(str(chosen))
            self.table.focus(str(chosen))
            self.table.see(str(chosen))

    def _add(self, i: int, face: NamedFace, translate: Translate) -> None:
        def called(name: str) -> str:
            return translate("unknown") if name == UNKNOWN else name

        name = called(face.name)
        if face.problem:
            name = f"{name} ({self._texts.explain(face.problem)})"
        self.table.insert("", "end", str(i), text=name, values=(f"{face.probability:.1%}",), open=True)
        for other, probability in face.others[: BEST - 1]:
            self.table.insert(str(i), "end", text=called(other), values=(f"{probability:.1%}",))

    def _selected(self, _: object) -> None:
        chosen = self.table.selection()
        if chosen:
            index = self.table.parent(chosen[0]) or chosen[0]
            if index.isdecimal():
                self._on_face(int(index))
