"""People of a run: added by a click, deleted with a receipt."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from tkinter import ttk

from castlist.desktop.album import Album
from castlist.desktop.desk import Desk
from castlist.desktop.texts import Put, Sentence
from castlist.desktop.worker import Task
from castlist.enrolment import Receipt, forget
from castlist.errors import CastlistError
from castlist.recognizer import Recognizer


def enrol(desk: Desk, album: Album, name: str, on_changed: Callable[[Recognizer, Sentence], object]) -> None:
    """Give the chosen face of the picture a name, new or known."""
    recognizer, picture, answer = album.recognizer, album.picture, album.answer
    if not (recognizer and picture and answer and answer.faces and name):
        desk.status.say(lambda translate: translate("Choose a face in the picture, and write a name."))
        return
    from castlist.desktop.naming import enrol_clicked

    def take(changed: Recognizer) -> None:
        on_changed(changed, lambda translate: translate("{name} is enrolled.").format(name=name))

    face = album.face
    desk.do(lambda _: enrol_clicked(recognizer, picture, face, name), take)


class ForgetDialog(tk.Toplevel):
    """Asks who is to be deleted from a run, and shows the receipt."""

    def __init__(self, desk: Desk, recognizer: Recognizer, on_changed: Callable[[Recognizer], object]) -> None:
        super().__init__(desk.root)
        self._desk, self._run, self._on_changed = desk, recognizer.run, on_changed
        self._puts: list[Put] = []
        self._said: Sentence = lambda translate: translate("Who is to be deleted from this run, for good?")
        pad, wide = round(14 * desk.scale), round(420 * desk.scale)
        self.transient(desk.root)
        self.resizable(False, False)
        frame = ttk.Frame(self, padding=pad)
        frame.pack(fill="both", expand=True)
        self.said = ttk.Label(frame, wraplength=wide, justify="left")
        self.said.pack(anchor="w")
        self.name = ttk.Combobox(frame, values=list(self._run.people), state="readonly")
        self.name.pack(fill="x", pady=pad)
        row = ttk.Frame(frame)
        row.pack(anchor="e")
        self.forget_button = ttk.Button(row, command=self.delete_person)
        self.forget_button.pack(side="left", padx=(0, pad // 2))
        close = ttk.Button(row, command=self.close)
        close.pack(side="left")
        self._show(lambda translate: self.title(translate("Forget a person…")))
        self._show(lambda translate: self.said.configure(text=self._said(translate)))
        self._show(lambda translate: self.forget_button.configure(text=translate("Forget for good")))
        self._show(lambda translate: close.configure(text=translate("Close")))
        self.protocol("WM_DELETE_WINDOW", self.close)
        self.bind("<Escape>", lambda _: self.close())
        self.name.focus_set()

    def delete_person(self) -> None:
        """Delete whoever is chosen."""
        name, path = self.name.get(), self._run.path
        if not name:
            return
        self.forget_button.configure(state="disabled")

        def work(_: Task) -> Iterator[tuple[Receipt, Recognizer]]:
            receipt = forget(path, name)
            yield receipt, Recognizer.load(path)

        self._desk.worker.start(work, self._take, self._end)

    def close(self) -> None:
        """Close; somebody being deleted is deleted all the same."""
        self._desk.texts.drop(*self._puts)
        self.destroy()

    def _take(self, done: tuple[Receipt, Recognizer]) -> None:
        receipt, recognizer = done
        self._on_changed(recognizer)
        if self.winfo_exists():
            self.name.configure(state="disabled")
            self._say(lambda translate: self._describe(receipt, translate))

    def _describe(self, receipt: Receipt, translate: Callable[[str], str]) -> str:
        explain = self._desk.texts.explain
        return "\n".join(
            (
                translate("{name} is forgotten.").format(name=receipt.name),
                "",
                translate("Deleted:"),
                *(f"• {explain(sentence)}" for sentence in receipt.removed),
                "",
                translate("What still exists:"),
                *(f"• {explain(sentence)}" for sentence in receipt.remaining),
            )
        )

    def _end(self, error: CastlistError | None) -> None:
        if error and self.winfo_exists():
            self.forget_button.configure(state="normal")
            self._say(lambda _: self._desk.texts.explain(error))
        else:
            self._desk.status.complain(error)

    def _say(self, sentence: Sentence) -> None:
        self._said = sentence
        self.said.configure(text=sentence(self._desk.texts.translate))

    def _show(self, put: Put) -> None:
        self._puts.append(put)
        self._desk.texts.show(put)
