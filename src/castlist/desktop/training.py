"""The training dialog: a folder, the few settings that matter, live curves."""

from __future__ import annotations

import json
import subprocess
import sys
import tkinter as tk
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import filedialog, ttk
from typing import Any

from castlist.annotate import COLORS, PLATE
from castlist.desktop.texts import Put, Texts
from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError
from castlist.models import MODELS
from castlist.photos import find_cast

Curve = list[tuple[float, float]]  # accuracy in training and on validation, an epoch each


class TrainingDialog(tk.Toplevel):
    """Starts a training in a process of its own and shows how it goes."""

    def __init__(
        self, parent: tk.Tk, texts: Texts, worker: Worker, runs: Path, on_done: Callable[[Path], object], scale: float
    ) -> None:
        super().__init__(parent)
        self._texts, self._worker, self._runs, self._on_done = texts, worker, runs, on_done
        self._task: Task | None = None
        self._process: subprocess.Popen[str] | None = None
        self._run: str | None = None
        self._curve: Curve = []
        self._folder = tk.StringVar(self)
        self._model = tk.StringVar(self, "face")
        self._whole = tk.BooleanVar(self, False)
        self._epochs = tk.StringVar(self, "")
        self._puts: list[Put] = []
        self._says: Put = lambda _: None
        self.geometry(f"{round(560 * scale)}x{round(520 * scale)}")
        self.transient(parent)
        self._build(scale)
        self.protocol("WM_DELETE_WINDOW", self.close)
        self.bind("<Escape>", lambda _: self.close())

    def _show(self, put: Put) -> None:
        self._puts.append(put)
        self._texts.show(put)

    def _build(self, scale: float) -> None:
        frame = ttk.Frame(self, padding=round(14 * scale))
        frame.pack(fill="both", expand=True)
        frame.columnconfigure(1, weight=1)
        self._show(lambda translate: self.title(translate("Train")))
        folder = ttk.Button(frame, command=self._choose_folder)
        folder.grid(row=0, column=0, sticky="ew", padx=(0, 8))
        ttk.Label(frame, textvariable=self._folder).grid(row=0, column=1, columnspan=2, sticky="w")
        self.found = ttk.Label(frame, justify="left", wraplength=round(520 * scale))
        self.found.grid(row=1, column=0, columnspan=3, sticky="w", pady=8)
        labels = ttk.Label(frame), ttk.Label(frame)
        ttk.Combobox(frame, textvariable=self._model, values=list(MODELS), state="readonly").grid(
            row=2, column=1, sticky="ew"
        )
        ttk.Entry(frame, textvariable=self._epochs, width=6).grid(row=3, column=1, sticky="w", pady=4)
        for row, label in enumerate(labels, start=2):
            label.grid(row=row, column=0, sticky="w")
        whole = ttk.Checkbutton(frame, variable=self._whole)
        whole.grid(row=4, column=1, sticky="w")
        self._canvas = tk.Canvas(frame, background=PLATE, highlightthickness=0)
        self._canvas.grid(row=5, column=0, columnspan=3, sticky="nsew", pady=10)
        self._canvas.bind("<Configure>", lambda _: self._draw())
        frame.rowconfigure(5, weight=1)
        self.state_label = ttk.Label(frame, wraplength=round(520 * scale))
        self.state_label.grid(row=6, column=0, columnspan=3, sticky="w")
        buttons = ttk.Frame(frame)
        buttons.grid(row=7, column=0, columnspan=3, sticky="e", pady=(8, 0))
        self._stop = ttk.Button(buttons, command=self.stop, state="disabled")
        self._stop.pack(side="left", padx=6)
        self._start = ttk.Button(buttons, command=self.start)
        self._start.pack(side="left")
        self._show(lambda translate: folder.configure(text=translate("Folder of folders…")))
        self._show(lambda translate: labels[0].configure(text=translate("Model")))
        self._show(lambda translate: labels[1].configure(text=translate("Epochs (empty: the model's own)")))
        self._show(lambda translate: whole.configure(text=translate("Learn whole pictures, as drawings need")))
        self._show(lambda translate: self._stop.configure(text=translate("Stop and keep the best")))
        self._show(lambda translate: self._start.configure(text=translate("Start")))
        self._show(lambda translate: self._says(translate))
        self._show(lambda _: self._draw())
        folder.focus_set()

    def _say(self, put: Put) -> None:
        self._says = put
        put(self._texts.translate)

    def _choose_folder(self) -> None:
        chosen = filedialog.askdirectory(parent=self, mustexist=True)
        if chosen:
            self.look_into(Path(chosen))

    def look_into(self, folder: Path) -> None:
        """Take a folder, and say what is in it."""
        self._folder.set(str(folder))

        def find(_: Task) -> Iterator[Any]:
            yield find_cast(folder)

        def tell(cast: Any) -> None:
            text = self._texts.translate("{people} people, {photos} photos").format(
                people=len(cast.people), photos=len(cast.photos)
            )
            self.found.configure(text="\n".join([text, *cast.notes[:2]]))

        self._worker.start(find, tell, lambda error: self.found.configure(text=str(error)) if error else None)

    def start(self) -> None:
        """Begin as the fields say."""
        epochs = self._epochs.get().strip()
        if not self._folder.get():
            self._say(lambda translate: self._state(translate("Choose a folder that holds one folder per person.")))
        elif epochs and not (epochs.isdecimal() and int(epochs)):
            self._say(lambda translate: self._state(translate("Epochs must be a whole number above 0.")))
        else:
            self._curve, self._run = [], None
            self._launch(
                photos=self._folder.get(),
                model=self._model.get(),
                faces=not self._whole.get(),
                epochs=int(epochs or 0),
                runs=str(self._runs),
            )

    def stop(self) -> None:
        """End the training now; the best epoch so far becomes the run."""
        self._end()
        if self._run and self._curve:
            self._launch(resume=self._run)
        else:
            self._buttons(running=False)
            self._say(lambda translate: self._state(translate("Stopped; nothing was learnt yet.")))

    def close(self) -> None:
        """Close; a training under way ends, and `castlist resume` can go on with it."""
        self._end()
        self._texts.drop(*self._puts)
        self.destroy()

    def _end(self) -> None:
        if self._task:
            self._task.stop()
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def _buttons(self, *, running: bool) -> None:
        self._stop.configure(state="normal" if running else "disabled")
        self._start.configure(state="disabled" if running else "normal")

    def _state(self, text: str) -> None:
        self.state_label.configure(text=text)

    def _launch(self, **request: Any) -> None:
        self._buttons(running=True)
        self._say(lambda translate: self._state(translate("Looking at the photos…")))
        process = subprocess.Popen(
            [sys.executable, "-m", "castlist.desktop.trainer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._process = process
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps({"language": self._texts.language, **request}))
        process.stdin.close()

        def read(_: Task) -> Iterator[dict[str, Any]]:
            assert process.stdout
            ended = False
            for line in process.stdout:
                if line.startswith("{"):
                    message = json.loads(line)
                    ended = ended or "done" in message or "error" in message
                    yield message
            if not ended:
                raise CastlistError(f"The training ended by itself (exit code {process.wait()}).")

        def end(error: CastlistError | None) -> None:
            self._buttons(running=False)
            if error:
                self._say(lambda _: self._state(str(error)))

        self._task = self._worker.start(read, self._hear, end)

    def _hear(self, message: dict[str, Any]) -> None:
        if "error" in message:
            self._say(lambda _: self._state(message["error"]))
        elif "photos" in message:
            self._say(
                lambda translate: self._state(
                    translate("Photo {done} of {total}").format(done=message["photos"], total=message["of"])
                )
            )
        elif "run" in message:
            self._run = message["run"]
        elif "epoch" in message:
            if message["finished"]:
                self._curve.append((message["finished"]["accuracy"], message["finished"]["val_accuracy"]))
                self._draw()
            self._say(
                lambda translate: self._state(
                    translate("Epoch {epoch} of {epochs}, step {step} of {steps}").format(
                        **{name: message[name] for name in ("epoch", "epochs", "step", "steps")}
                    )
                )
            )
        else:
            self._finish(message)

    def _finish(self, message: dict[str, Any]) -> None:
        accuracy = message["accuracy"]
        if accuracy is None:
            self._say(lambda translate: self._state(translate("Learnt; too few photos to measure how well.")))
        else:
            self._say(
                lambda translate: self._state(
                    translate("Learnt: {accuracy} of the test photos are named rightly.").format(
                        accuracy=f"{accuracy:.1%}"
                    )
                )
            )
        self._on_done(Path(message["done"]))
        if message["report"]:
            webbrowser.open(Path(message["report"]).resolve().as_uri())

    def _draw(self) -> None:
        canvas = self._canvas
        canvas.delete("all")
        width, height = canvas.winfo_width(), canvas.winfo_height()
        translate = self._texts.translate
        space = 28
        for share in (0, 0.5, 1):
            y = height - space - share * (height - 2 * space)
            canvas.create_line(space + 20, y, width - space, y, fill="#555a66")
            canvas.create_text(space + 14, y, text=f"{share:.0%}", fill="#ffffff", anchor="e")
        captions = translate("Accuracy in training"), translate("Accuracy on validation photos")
        for i, (caption, color) in enumerate(zip(captions, COLORS, strict=False)):
            canvas.create_text(space + 20 + i * width / 2.2, 12, text=caption, fill=color, anchor="w")
            points = [
                (
                    space + 20 + k * (width - 2 * space - 20) / max(len(self._curve) - 1, 1),
                    height - space - row[i] * (height - 2 * space),
                )
                for k, row in enumerate(self._curve)
            ]
            if len(points) > 1:
                canvas.create_line(*(value for point in points for value in point), fill=color, width=3)
            elif points:
                x, y = points[0]
                canvas.create_oval(x - 3, y - 3, x + 3, y + 3, fill=color)
