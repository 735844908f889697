"""The window itself: what lies where, and what its keys and buttons do."""

from __future__ import annotations

import subprocess
import tkinter as tk
from collections.abc import Iterator, Sequence
from pathlib import Path
from tkinter import filedialog, messagebox, simpledialog, ttk
from typing import TYPE_CHECKING

import numpy as np

from castlist.desktop.answers import AnswersPanel
from castlist.desktop.look import apply_look
from castlist.desktop.picture import Picture, PictureView
from castlist.desktop.strip import Strip
from castlist.desktop.texts import NAMES, NO_CHINESE, Put, Texts, has_chinese_font, system_language
from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError
from castlist.languages import LANGUAGES, Translate
from castlist.photos import find_photos
from castlist.recognizer import NamedPhoto, Recognizer
from castlist.run import Run, list_runs, read_accuracy

if TYPE_CHECKING:
    from castlist.desktop.training import TrainingDialog

THUMBNAIL = 72  # pixels at 1x


def run_window(runs: Path, *, language: str | None) -> None:
    """Open the window, and return when it is closed."""
    texts = Texts(language or system_language())
    try:
        root = _make_root()
    except tk.TclError as error:
        raise CastlistError(f"The window needs a screen, and there is none ({error}).") from error
    Window(root, texts, runs)
    root.mainloop()


def _make_root() -> tk.Tk:
    try:
        from tkinterdnd2 import TkinterDnD
    except ImportError:
        return tk.Tk(className="castlist")
    return TkinterDnD.Tk(className="castlist")


class Window:
    """A picture, who is in it, and the run that knows them."""

    def __init__(self, root: tk.Tk, texts: Texts, runs: Path) -> None:
        self.root, self.texts, self.runs = root, texts, runs
        self.scale = apply_look(root)
        self.worker = Worker(root)
        self.recognizer: Recognizer | None = None
        self.pictures: list[Picture] = []
        self.answers: dict[int, NamedPhoto] = {}
        self.index = 0
        self.face = 0
        self._pixels: tuple[int, np.ndarray] | None = None  # of the picture that is shown
        self._naming: Task | None = None
        self._viewing: Task | None = None
        self._camera: Task | None = None
        self._listed: list[Run] = []
        self._accuracies: dict[Path, float | None] = {}
        self.trainer: TrainingDialog | None = None
        self._says: Put = lambda _: None
        root.title("castlist")
        root.geometry(f"{round(1080 * self.scale)}x{round(720 * self.scale)}")
        root.minsize(round(640 * self.scale), round(440 * self.scale))
        self._build()
        self._bind()
        root.protocol("WM_DELETE_WINDOW", self.close)
        self.list_runs()

    # What lies where

    def _build(self) -> None:
        pad = round(8 * self.scale)
        bar = ttk.Frame(self.root, padding=pad)
        bar.pack(fill="x")
        self.buttons = [
            ttk.Button(bar, command=command)
            for command in (self.open_pictures, self.open_folder, self.paste, self.watch, self.train)
        ]
        for button in self.buttons:
            button.pack(side="left", padx=(0, pad // 2))
        self.languages = ttk.Combobox(bar, values=[NAMES[name] for name in LANGUAGES], state="readonly", width=9)
        self.languages.set(NAMES[self.texts.language])
        self.languages.pack(side="right")
        self.languages.bind("<<ComboboxSelected>>", lambda _: self.switch_language(LANGUAGES[self.languages.current()]))
        self._build_status(pad)
        second = ttk.Frame(self.root, padding=(pad, 0, pad, pad))
        second.pack(fill="x")
        run_label = ttk.Label(second)
        run_label.pack(side="left", padx=(0, pad))
        self.chooser = ttk.Combobox(second, state="readonly")
        self.chooser.pack(side="left", fill="x", expand=True)
        self.chooser.bind("<<ComboboxSelected>>", lambda _: self.choose_run(self._listed[self.chooser.current()].path))
        self.strip = Strip(self.root, round(THUMBNAIL * self.scale), self.show)
        middle = ttk.PanedWindow(self.root, orient="horizontal")
        self.middle = middle
        middle.pack(fill="both", expand=True)
        self.view = PictureView(middle, self.texts, self.choose_face)
        self.panel = AnswersPanel(middle, self.texts, self.choose_face, self.enrol)
        self.panel.people((), enrollable=False)
        middle.add(self.view, weight=4)
        middle.add(self.panel, weight=1)
        self._menu = tk.Menu(self.root)
        self.root.configure(menu=self._menu)
        self.texts.show(lambda translate: run_label.configure(text=translate("Run")))
        self.texts.show(self._label_buttons)
        self.texts.show(self._fill_menu)
        self.texts.show(lambda _: self._fill_chooser())

    def _build_status(self, pad: int) -> None:
        bar = ttk.Frame(self.root, padding=pad)
        bar.pack(side="bottom", fill="x")
        self.status = ttk.Label(bar)
        self.status.pack(side="left", fill="x", expand=True)
        self.cancel = ttk.Button(bar, command=self.stop)
        self.progress = ttk.Progressbar(bar, length=round(160 * self.scale))
        self.texts.show(lambda translate: self.cancel.configure(text=translate("Stop") + " (Esc)"))
        self.texts.show(lambda translate: self._says(translate))

    def _label_buttons(self, translate: Translate) -> None:
        labels = (
            translate("Open…"),
            translate("Open folder…"),
            translate("Paste"),
            translate("Camera"),
            translate("Train…"),
        )
        for button, text in zip(self.buttons, labels, strict=True):
            button.configure(text=text)

    def _fill_menu(self, translate: Translate) -> None:
        menu = self._menu
        menu.delete(0, "end")
        for child in menu.winfo_children():
            child.destroy()
        groups = (
            (
                translate("File"),
                (
                    (translate("Open…"), "Ctrl+O", self.open_pictures),
                    (translate("Open folder…"), "Ctrl+Shift+O", self.open_folder),
                    (translate("Paste"), "Ctrl+V", self.paste),
                    (translate("Camera"), "Ctrl+K", self.watch),
                    (translate("Save with names…"), "Ctrl+S", self.save_named),
                    (translate("Save with strangers hidden…"), "Ctrl+H", self.save_hidden),
                    (translate("Save the table…"), "Ctrl+E", self.save_table),
                    (translate("Quit"), "Ctrl+Q", self.close),
                ),
            ),
            (
                translate("Run"),
                (
                    (translate("Train…"), "Ctrl+T", self.train),
                    (translate("Open another run…"), "Ctrl+R", self.open_other_run),
                    (translate("Folder of runs…"), "", self.choose_runs),
                    (translate("Forget a person…"), "", self.forget),
                ),
            ),
        )
        for title, entries in groups:
            part = tk.Menu(menu, tearoff=False)
            for label, keys, command in entries:
                part.add_command(label=label, accelerator=keys, command=command)
            menu.add_cascade(label=title, menu=part)
        part = tk.Menu(menu, tearoff=False)
        for name in LANGUAGES:
            part.add_command(label=NAMES[name], command=lambda name=name: self.switch_language(name))  # type: ignore[misc]
        menu.add_cascade(label=translate("Language"), menu=part)

    def _bind(self) -> None:
        keys = {
            "<Control-o>": self.open_pictures,
            "<Control-O>": self.open_folder,
            "<Control-k>": self.watch,
            "<Control-s>": self.save_named,
            "<Control-h>": self.save_hidden,
            "<Control-e>": self.save_table,
            "<Control-t>": self.train,
            "<Control-r>": self.open_other_run,
            "<Control-q>": self.close,
            "<Escape>": self.stop,
        }
        for key, command in keys.items():
            self.root.bind(key, lambda _, command=command: command())  # type: ignore[misc]
        for key, step in (("<Left>", -1), ("<Right>", 1)):
            self.root.bind(key, lambda event, step=step: self._turn(event, step))  # type: ignore[misc]
        self.root.bind("<Control-v>", lambda event: None if self._typing(event) else self.paste())
        if hasattr(self.root, "drop_target_register"):
            self.root.drop_target_register("DND_Files")
            self.root.dnd_bind(  # type: ignore[attr-defined]
                "<<Drop>>", lambda event: self.open([Path(name) for name in self.root.tk.splitlist(event.data)])
            )

    # Runs

    def list_runs(self, chosen: Path | None = None) -> None:
        """List the finished runs of the folder, and open one: the newest by default."""

        def look(_: Task) -> Iterator[list[tuple[Run, float | None]]]:
            yield [(run, read_accuracy(run)) for run in reversed(list_runs(self.runs)) if run.complete]

        def take(found: list[tuple[Run, float | None]]) -> None:
            self._listed = [run for run, _ in found]
            self._accuracies = {run.path: accuracy for run, accuracy in found}
            self._fill_chooser()
            if found:
                self.choose_run(chosen or self._listed[0].path)
            else:
                self.say(lambda translate: self._state(translate("There is no run here yet. Train one: Ctrl+T.")))

        self.worker.start(look, take, self._complain)

    def _fill_chooser(self) -> None:
        translate = self.texts.translate
        lines = []
        for run in self._listed:
            accuracy = self._accuracies.get(run.path)
            parts = [run.path.name, run.settings.model, translate("{n} people").format(n=len(run.people))]
            if accuracy is not None:
                parts.append(translate("{accuracy} right").format(accuracy=f"{accuracy:.1%}"))
            lines.append(" · ".join(parts))
        self.chooser.configure(values=lines)
        if self.recognizer:
            self._mark_run(self.recognizer.run)

    def _mark_run(self, run: Run) -> None:
        paths = [listed.path for listed in self._listed]
        if run.path in paths:
            self.chooser.current(paths.index(run.path))
        else:
            self.chooser.set(run.path.name)

    def choose_run(self, path: Path) -> None:
        """Open a run for naming; the pictures are named anew with it."""
        self.say(lambda translate: self._state(translate("Opening the run…")))

        def load(_: Task) -> Iterator[Recognizer]:
            yield Recognizer.load(path)

        self.worker.start(load, self.use, self._complain)

    def use(self, recognizer: Recognizer, says: Put | None = None) -> None:
        """Name with this recognizer from now on; `says` is shown once the pictures are named with it."""
        self.recognizer = recognizer
        run = recognizer.run
        self._mark_run(run)
        self.panel.people(run.people, enrollable=recognizer.gallery is not None and not run.has_network)
        self.say(
            lambda translate: self._state(
                translate("Ready. This run knows {people}.").format(people=", ".join(run.people))
            )
        )
        if says:
            self.say(says)
        if self.pictures:
            self._name(says)

    def open_other_run(self) -> None:
        """Ask for a run folder anywhere."""
        chosen = filedialog.askdirectory(parent=self.root, mustexist=True)
        if chosen:
            self.choose_run(Path(chosen))

    def choose_runs(self) -> None:
        """Ask for the folder that run folders lie in."""
        chosen = filedialog.askdirectory(parent=self.root, mustexist=True)
        if chosen:
            self.runs = Path(chosen)
            self.list_runs()

    # Pictures

    def open_pictures(self) -> None:
        """Ask for pictures."""
        self.open([Path(name) for name in filedialog.askopenfilenames(parent=self.root)])

    def open_folder(self) -> None:
        """Ask for a folder of pictures."""
        chosen = filedialog.askdirectory(parent=self.root, mustexist=True)
        if chosen:
            self.open([Path(chosen)])

    def open(self, paths: Sequence[Path]) -> None:
        """Show and name files and folders."""
        if not paths:
            return

        def find(_: Task) -> Iterator[list[Picture]]:
            yield [Picture(path) for path in find_photos(paths)]

        self.worker.start(find, self.take, self._complain)

    def take(self, pictures: list[Picture]) -> None:
        """Show and name pictures."""
        self.stop()
        self.pictures, self.answers = pictures, {}
        self._pixels = None
        if len(pictures) > 1:
            self.strip.pack(fill="x", before=self.middle, side="bottom")
            self.strip.reset(len(pictures))
        else:
            self.strip.pack_forget()
        self.show(0)
        self._name()

    def paste(self) -> None:
        """Take a picture, or files, from the clipboard."""
        from PIL import ImageGrab

        try:
            found = ImageGrab.grabclipboard()
        except (NotImplementedError, OSError, subprocess.SubprocessError):
            found = None
        if isinstance(found, list):
            self.open([Path(name) for name in found])
        elif found is None:
            self.say(
                lambda translate: self._state(
                    translate("There is no picture in the clipboard (on Linux, pasting needs xclip or wl-clipboard).")
                )
            )
        else:
            self.take([Picture(Path("clipboard.png"), np.asarray(found.convert("RGB")))])

    def _name(self, says: Put | None = None) -> None:
        if not self.recognizer:
            return
        if self._naming:
            self._naming.stop()
        from castlist.desktop.naming import Looked, name_pictures

        recognizer, pictures, total, kept = self.recognizer, self.pictures, len(self.pictures), self.index
        self.answers = {}
        self._busy(total)

        def take(looked: Looked) -> None:
            self.answers[looked.index] = looked.answer
            if looked.thumbnail and total > 1:
                self.strip.put(looked.index, looked.thumbnail)
                self.strip.choose(self.index)
            if looked.index == self.index:
                if looked.pixels is not None:
                    self._pixels = (looked.index, looked.pixels)
                self._draw()
            self.progress.configure(value=looked.index + 1)
            if total > 1:
                self.say(
                    lambda translate: self._state(
                        translate("{done} of {total} pictures named").format(done=looked.index + 1, total=total)
                    )
                )

        def end(error: CastlistError | None) -> None:
            self._end_naming(error)
            if says and not error:
                self.say(says)

        def work(task: Task) -> Iterator[Looked]:
            return name_pictures(recognizer, pictures, self.strip.side, task, keep=kept)

        self._naming = self.worker.start(work, take, end)

    def _busy(self, total: int) -> None:
        self.progress.configure(maximum=total, value=0)
        self.cancel.pack(side="right")
        self.progress.pack(side="right", padx=8)

    def _end_naming(self, error: CastlistError | None) -> None:
        self.cancel.pack_forget()
        self.progress.pack_forget()
        self._complain(error)

    def show(self, index: int) -> None:
        """Show one of the pictures."""
        self.index, self.face = index, 0
        if len(self.pictures) > 1:
            self.strip.choose(index)
        self._draw()
        if self._pixels and self._pixels[0] == index:
            return
        if self._viewing:
            self._viewing.stop()
        picture = self.pictures[index]

        def read(_: Task) -> Iterator[np.ndarray]:
            from castlist.desktop.naming import pixels_of

            yield pixels_of(picture)

        def take(pixels: np.ndarray) -> None:
            self._pixels = (index, pixels)
            self._draw()

        self._viewing = self.worker.start(read, take, self._complain)

    def _draw(self) -> None:
        answer = self.answers.get(self.index)
        self.panel.show(answer, self.face)
        if self._pixels and self._pixels[0] == self.index:
            self.view.show(self._pixels[1], answer.faces if answer else (), self.face)
        if self.pictures:
            self.root.title(f"{self.pictures[self.index].path.name} – castlist")

    def _turn(self, event: tk.Event[tk.Misc], step: int) -> None:
        if not self._typing(event) and 0 <= self.index + step < len(self.pictures):
            self.show(self.index + step)

    @staticmethod
    def _typing(event: tk.Event[tk.Misc]) -> bool:
        return isinstance(event.widget, ttk.Entry)

    def choose_face(self, index: int) -> None:
        """Take a face of the picture as that which is to get a name."""
        if index != self.face:
            self.face = index
            self._draw()

    def watch(self) -> None:
        """Name what the camera sees, until it is stopped."""
        if not self.recognizer:
            self._need_run()
            return
        self.stop()
        from castlist.desktop.camera import Frame, watch

        recognizer = self.recognizer
        self._busy(0)

        def take(frame: Frame) -> None:
            self.pictures, self.index = [Picture(frame.answer.path, frame.pixels)], 0
            self.answers, self._pixels = {0: frame.answer}, (0, frame.pixels)
            self._draw()
            self.say(
                lambda translate: self._state(translate("{rate} pictures a second").format(rate=f"{frame.rate:.1f}"))
            )

        self._camera = self.worker.start(lambda task: watch(recognizer, task), take, self._end_camera)

    def _end_camera(self, error: CastlistError | None) -> None:
        from castlist.desktop.camera import NoCameraError

        self._end_naming(None)
        if isinstance(error, NoCameraError):
            self.say(lambda translate: self._state(translate("No camera gives a picture. Is one connected?")))
        else:
            self._complain(error)

    # People

    def enrol(self, name: str) -> None:
        """Give the chosen face a name, new or known."""
        answer = self.answers.get(self.index)
        if not self.recognizer or not name or not answer or not answer.faces:
            self.say(lambda translate: self._state(translate("Choose a face in the picture, and write a name.")))
            return
        from castlist.desktop.naming import enrol_clicked

        recognizer, picture, face = self.recognizer, self.pictures[self.index], self.face

        def take(changed: Recognizer) -> None:
            self.use(changed, lambda translate: self._state(translate("{name} is enrolled.").format(name=name)))

        self.worker.start(lambda _: enrol_clicked(recognizer, picture, face, name), take, self._complain)

    def forget(self) -> None:
        """Ask whom to delete, delete, and show the receipt."""
        if not self.recognizer:
            self._need_run()
            return
        translate, path = self.texts.translate, self.recognizer.run.path
        name = simpledialog.askstring(
            translate("Forget a person…"),
            translate("Who is to be deleted from this run, for good?"),
            parent=self.root,
            initialvalue=self.panel.name.get(),
        )
        if not name:
            return
        from castlist.enrolment import Receipt, forget

        def work(_: Task) -> Iterator[tuple[Receipt, Recognizer]]:
            receipt = forget(path, name)
            yield receipt, Recognizer.load(path)

        def take(done: tuple[Receipt, Recognizer]) -> None:
            receipt, recognizer = done
            self.use(recognizer)
            lines = [translate("Deleted:"), *receipt.removed, "", translate("What still exists:"), *receipt.remaining]
            messagebox.showinfo(translate("{name} is forgotten.").format(name=name), "\n".join(lines), parent=self.root)

        self.worker.start(work, take, self._complain)

    # Files

    def save_named(self) -> None:
        """Ask for a file, and write the picture with names into it."""
        self._save(hide=False)

    def save_hidden(self) -> None:
        """Ask for a file, and write the picture with strangers hidden into it."""
        self._save(hide=True)

    def _save(self, *, hide: bool) -> None:
        answer = self.answers.get(self.index)
        if not self.recognizer or not answer or answer.problem:
            self._need_picture()
            return
        kind = "hidden" if hide else "named"
        chosen = filedialog.asksaveasfilename(
            parent=self.root, defaultextension=".jpg", initialfile=f"{answer.path.stem}.{kind}.jpg"
        )
        if chosen:
            self.save(Path(chosen), hide=hide)

    def save(self, path: Path, *, hide: bool) -> None:
        """Write the picture with names, or with strangers hidden."""
        from castlist.desktop.naming import save_drawn

        recognizer, picture, answer = self.recognizer, self.pictures[self.index], self.answers[self.index]
        assert recognizer is not None
        self.worker.start(lambda _: save_drawn(recognizer, picture, answer, path, hide), self._saved, self._complain)

    def save_table(self) -> None:
        """Ask for a file, and write the names of all pictures into it as CSV."""
        if not self.answers:
            self._need_picture()
            return
        chosen = filedialog.asksaveasfilename(parent=self.root, defaultextension=".csv", initialfile="names.csv")
        if chosen:
            from castlist.console import COLUMNS, photo_rows
            from castlist.files import write_csv

            answers = [self.answers[index] for index in sorted(self.answers)]

            def work(_: Task) -> Iterator[Path]:
                write_csv(Path(chosen), COLUMNS, [row for answer in answers for row in photo_rows(answer)])
                yield Path(chosen)

            self.worker.start(work, self._saved, self._complain)

    def _saved(self, path: Path) -> None:
        self.say(lambda translate: self._state(translate("Saved: {path}").format(path=path)))

    # The window

    def train(self) -> None:
        """Open the training dialog."""
        from castlist.desktop.training import TrainingDialog

        if self.trainer and self.trainer.winfo_exists():
            self.trainer.lift()
        else:
            self.trainer = TrainingDialog(self.root, self.texts, self.worker, self.runs, self.list_runs, self.scale)

    def switch_language(self, language: str) -> None:
        """Show everything in another language."""
        if language == "zh-TW" and not has_chinese_font():
            messagebox.showwarning("castlist", NO_CHINESE, parent=self.root)
        self.texts.switch(language)
        self.languages.set(NAMES[language])

    def stop(self) -> None:
        """Stop naming and the camera; what is named so far stays."""
        for task in (self._naming, self._camera):
            if task:
                task.stop()
        self._naming = self._camera = None
        self._end_naming(None)

    def close(self) -> None:
        """Stop all work, and close."""
        self.root.withdraw()
        if self.trainer and self.trainer.winfo_exists():
            self.trainer.close()
        self.worker.close()
        self.root.destroy()

    def say(self, put: Put) -> None:
        """Show a sentence in the status line, in whatever language the window is in."""
        self._says = put
        put(self.texts.translate)

    def _state(self, text: str) -> None:
        self.status.configure(text=text)

    def _need_run(self) -> None:
        self.say(lambda translate: self._state(translate("Choose a run first, or train one.")))

    def _need_picture(self) -> None:
        self.say(lambda translate: self._state(translate("Open a picture first.")))

    def _complain(self, error: CastlistError | None) -> None:
        if error:
            self.say(lambda _: self._state(str(error)))
