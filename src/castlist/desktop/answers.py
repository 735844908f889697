"""The panel beside the picture: who is seen, who else it might be, and giving a face its name."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from castlist.desktop.texts import Texts
from castlist.languages import Translate
from castlist.media import UNKNOWN
from castlist.naming import NamedFace, NamedFilm, NamedPhoto, Sighting, clock

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
        self._answer: NamedPhoto | NamedFilm | None = None
        self._enrollable = True
        title = ttk.Label(self, style="Title.TLabel")
        title.pack(anchor="w")
        # From below, and before the table: where room lacks, the table gives way.
        row = ttk.Frame(self)
        row.pack(side="bottom", fill="x", pady=(4, 0))
        self._name_label = ttk.Label(self)
        self._name_label.pack(side="bottom", anchor="w")
        faces = ttk.Frame(self)
        faces.pack(fill="both", expand=True, pady=(8, 12))
        self.table = ttk.Treeview(faces, columns=("when", "probability"), selectmode="browse", height=3)
        self.table.column("#0", width=round(170 * scale), minwidth=round(110 * scale))
        self.table.column("when", width=round(100 * scale), stretch=False)
        self.table.column("probability", width=round(110 * scale), anchor="e", stretch=False)
        bar = ttk.Scrollbar(faces, command=self.table.yview)
        self.table.configure(yscrollcommand=bar.set, displaycolumns=("probability",))
        bar.pack(side="right", fill="y")
        self.table.pack(side="left", fill="both", expand=True)
        self.table.bind("<<TreeviewSelect>>", self._selected)
        self.name = ttk.Combobox(row, width=12)
        self.name.pack(side="left", fill="x", expand=True)
        self.name.bind("<Return>", lambda _: on_enrol(self.name.get().strip()))
        self.button = ttk.Button(row, command=lambda: on_enrol(self.name.get().strip()))
        self.button.pack(side="left", padx=(6, 0))
        texts.show(lambda translate: title.configure(text=translate("Who is it?")))
        texts.show(lambda translate: self._name_label.configure(text=translate("The chosen face is:")))
        texts.show(lambda translate: self.button.configure(text=translate("Remember")))
        texts.show(self._head)
        texts.show(lambda _: self._fill(0))

    def let_enrol(self, enrollable: bool) -> None:
        """Offer to enrol, where faces can be added to the run."""
        self._enrollable = enrollable
        self._mark()

    def empty(self) -> None:
        """Empty the field for the name."""
        self.name.set("")

    def ask_name(self) -> None:
        """Have the keys go where the name is written."""
        self.name.focus_set()

    def show(self, answer: NamedPhoto | NamedFilm | None, chosen: int = 0) -> None:
        """Show the answers for a picture or a film; None while there are none."""
        is_film = isinstance(answer, NamedFilm)
        if is_film != isinstance(self._answer, NamedFilm):
            self.table.configure(displaycolumns=("when", "probability") if is_film else ("probability",))
            self.table.column("#0", width=self.table.column("#0", "minwidth"))  # it takes what room there is
        self._answer = answer
        self._mark()
        self._fill(chosen)

    def _mark(self) -> None:
        offered = self._enrollable and not isinstance(self._answer, NamedFilm)
        for widget in (self.name, self.button):
            widget.configure(state="normal" if offered else "disabled")

    def _head(self, translate: Translate) -> None:
        self.table.heading("#0", text=translate("Name"), anchor="w")
        self.table.heading("when", text=translate("When"), anchor="w")
        self.table.heading("probability", text=translate("Probability"), anchor="e")

    def _fill(self, chosen: int) -> None:
        self.table.delete(*self.table.get_children())
        translate, answer = self._texts.translate, self._answer
        if answer is None:
            return
        found: Sequence[NamedFace | Sighting] = answer.sightings if isinstance(answer, NamedFilm) else answer.faces
        if answer.problem:
            self.table.insert("", "end", text=self._texts.explain(answer.problem))
        elif not found:
            self.table.insert("", "end", text=translate("No face found"))
        for i in sorted(range(len(found)), key=lambda i: _left(found[i])):
            self._add(i, found[i], translate)
        if 0 <= chosen < len(found):
            self.table.selection_set(str(chosen))
            self.table.focus(str(chosen))
            self.table.see(str(chosen))

    def _add(self, i: int, one: NamedFace | Sighting, translate: Translate) -> None:
        def called(name: str) -> str:
            return translate("unknown") if name == UNKNOWN else name

        name, probability = called(one.name), one.probability
        if one.perhaps is not None and one.perhaps_probability is not None:
            name, probability = translate("perhaps {name}").format(name=one.perhaps), one.perhaps_probability
        if isinstance(one, Sighting):
            when = f"{clock(one.start)}–{clock(one.end)}"
            self.table.insert("", "end", str(i), text=name, values=(when, f"{probability:.1%}"))
            return
        others = one.others if one.perhaps is None else ((one.name, one.probability), *one.others[1:])
        if one.problem:
            name = f"{name} ({self._texts.explain(one.problem)})"
        self.table.insert("", "end", str(i), text=name, values=("", f"{probability:.1%}"), open=True)
        for other, probability in others[: BEST - 1]:
            self.table.insert(str(i), "end", text=called(other), values=("", f"{probability:.1%}"))

    def _selected(self, _: object) -> None:
        chosen = self.table.selection()
        if chosen:
            index = self.table.parent(chosen[0]) or chosen[0]
            if index.isdecimal():
                self._on_face(int(index))


def _left(one: NamedFace | Sighting) -> float:
    """What the table is ordered by: a photo's faces from left to right; sightings stay in the order of time."""
    return one.box.left if isinstance(one, NamedFace) and one.box else 0.0
