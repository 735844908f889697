"""Who is to be forgotten is asked, left out, and told with a receipt."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import ttk

from castlist.desktop.desk import Desk
from castlist.desktop.notice import Notice
from castlist.desktop.process import Process, describe_count, describe_step
from castlist.desktop.status import StatusLine
from castlist.desktop.texts import Put, Sentence
from castlist.errors import CastlistError
from castlist.jobs import Counted, Event, Forgotten, Retrain
from castlist.languages import Translate
from castlist.learning import Progress
from castlist.naming import Recognizer
from castlist.people import Receipt, discard_retraining, forget


class ForgetDialog(tk.Toplevel):
    """Asks who is to be deleted from a run, deletes or trains again without, and shows the receipt."""

    def __init__(self, desk: Desk, recognizer: Recognizer, on_changed: Callable[[Path], object]) -> None:
        super().__init__(desk.root)
        run = recognizer.run
        self._desk, self._run, self._on_changed = desk, run, on_changed
        self._process = Process(desk.worker)
        self._said: Sentence = self._warn if run.has_network else _ask
        pad, wide = round(14 * desk.scale), round(460 * desk.scale)
        self.transient(desk.root)
        self.resizable(False, False)
        self.notice = Notice(self, desk.texts, desk.scale)
        self.notice.pack(fill="x")
        frame = ttk.Frame(self, padding=pad)
        frame.pack(fill="both", expand=True)
        self.said = ttk.Label(frame, wraplength=wide, justify="left")
        self.said.pack(anchor="w")
        self.name = ttk.Combobox(frame, state="readonly")
        desk.offer_people(self.name, recognizer)
        self.name.pack(fill="x", pady=pad)
        self.progress = StatusLine(frame, desk.texts, desk.scale, self.stop)
        self._row = ttk.Frame(frame)
        self._row.pack(anchor="e")
        self.forget_button = ttk.Button(self._row, command=self.delete_person)
        self.forget_button.pack(side="left", padx=(0, pad // 2))
        close = ttk.Button(self._row, command=self.close)
        close.pack(side="left")
        self._show(lambda translate: self.title(translate("Forget a person…")))
        self._show(lambda translate: self.said.configure(text=self._said(translate)))
        self._show(lambda translate: self.forget_button.configure(text=self._do(translate)))
        self._show(lambda translate: close.configure(text=translate("Close")))
        self.protocol("WM_DELETE_WINDOW", self.close)
        self.bind("<Escape>", lambda _: self.stop() if self.progress.winfo_manager() else self.close())
        self.bind("<Destroy>", self._leave_nothing)
        self.name.focus_set()

    def delete_person(self) -> None:
        """Delete whoever is chosen."""
        self.notice.hide()
        name, path = self.name.get(), self._run.path
        if not name:
            self.notice.tell(lambda translate: translate("Choose somebody first."))
            return
        self._enable("disabled")
        if not self._run.has_network:
            self._desk.worker.start(lambda _: iter((forget(path, name),)), self._take, self._end)
            return
        self.progress.busy(0)
        self.progress.say(lambda translate: translate("Looking at the photos…"))
        self.progress.pack(fill="x", before=self._row)
        self._process.start(Retrain(path, name, self._desk.texts.language), self._hear, self._end)

    def stop(self) -> None:
        """Train no further; the run stays as it was."""
        self._process.kill()
        discard_retraining(self._run.path)
        self.progress.pack_forget()
        self._enable("normal")

    def close(self) -> None:
        """Close; somebody being deleted is deleted all the same, but a training ends."""
        self._process.kill()
        self.destroy()

    def _leave_nothing(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self and self._run.has_network:
            discard_retraining(self._run.path)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Forgotten):
            self.progress.pack_forget()
            self._take(event)
        elif isinstance(event, Counted):
            self.progress.say(describe_count(event))
        elif isinstance(event, Progress):
            self.progress.busy(event.epochs * event.steps)
            self.progress.done((event.epoch - 1) * event.steps + event.step)
            self.progress.say(describe_step(event))

    def _take(self, receipt: Receipt | Forgotten) -> None:
        self._on_changed(self._run.path)
        if self.winfo_exists():
            self._enable("disabled")
            self._say(lambda translate: self._describe(receipt, translate))

    def _warn(self, translate: Translate) -> str:
        return translate(
            "The weights of this run have seen everybody in it and can't forget one person. They can be trained again "
            "without, from the photos in {folder}; that takes as long as the training did. Then the run as it is now "
            "is deleted. Who is to be left out?"
        ).format(folder=self._run.photos_root)

    def _do(self, translate: Translate) -> str:
        return translate("Train again without") if self._run.has_network else translate("Forget for good")

    def _describe(self, receipt: Receipt | Forgotten, translate: Translate) -> str:
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
            self.stop()
            self.notice.complain(error)
        else:
            self._desk.notice.complain(error)

    def _enable(self, state: str) -> None:
        self.forget_button.configure(state=state)
        self.name.configure(state="readonly" if state == "normal" else state)

    def _say(self, sentence: Sentence) -> None:
        self._said = sentence
        self.said.configure(text=sentence(self._desk.texts.translate))

    def _show(self, put: Put) -> None:
        self._desk.texts.show(put, self)


def _ask(translate: Translate) -> str:
    return translate("Who is to be forgotten, for good?")
