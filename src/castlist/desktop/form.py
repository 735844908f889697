"""The few settings of a training that matter, as fields; what a model doesn't have is not asked for."""

from __future__ import annotations

import dataclasses
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from castlist.desktop.desk import Desk
from castlist.errors import SettingsError
from castlist.languages import Translate
from castlist.settings import MODELS, Settings, read_settings


class SettingsForm(ttk.Frame):
    """The model, and, where it has them, its epochs and whether it learns whole pictures."""

    def __init__(self, parent: tk.Misc, desk: Desk, width: int, on_model: Callable[[], object]) -> None:
        super().__init__(parent)
        self._desk, self._on_model = desk, on_model
        self.model = tk.StringVar(self, Settings.model)
        self.epochs = tk.StringVar(self, "")
        self.whole = tk.BooleanVar(self, False)
        gap = round(6 * desk.scale)
        self.columnconfigure(1, weight=1)
        model_name, self._epochs_name = ttk.Label(self), ttk.Label(self, wraplength=width // 3)
        model = ttk.Combobox(self, textvariable=self.model, values=list(MODELS), state="readonly")
        model.bind("<<ComboboxSelected>>", lambda _: self._take_model())
        self._summary = ttk.Label(self, wraplength=width * 3 // 5)
        self._epochs = ttk.Entry(self, textvariable=self.epochs, width=6)
        self._whole = ttk.Checkbutton(self, variable=self.whole)
        model_name.grid(row=0, column=0, sticky="w", padx=(0, gap))
        model.grid(row=0, column=1, sticky="ew")
        self._summary.grid(row=1, column=1, sticky="w", pady=(gap // 2, gap))
        self._epochs_name.grid(row=2, column=0, sticky="w", padx=(0, gap))
        self._epochs.grid(row=2, column=1, sticky="w")
        self._whole.grid(row=3, column=1, sticky="w", pady=gap)

        def put(translate: Translate) -> None:
            model_name.configure(text=translate("Model"))
            self._epochs_name.configure(text=translate("Epochs (empty: the model's own)"))
            self._whole.configure(text=translate("Learn whole pictures, as drawings need"))
            self._describe()

        desk.texts.show(put, self)

    @property
    def has_epochs(self) -> bool:
        """Whether the model is trained epoch by epoch."""
        return MODELS[self.model.get()].is_trained

    def fill(self, settings: Settings) -> None:
        """Show settings."""
        self.model.set(settings.model)
        self.epochs.set(str(settings.epochs))
        self.whole.set(not settings.faces)
        self._take_model()

    def settings(self) -> Settings:
        """The settings as the fields say.

        Raises:
            SettingsError: If they can't be.
        """
        kind, epochs = MODELS[self.model.get()], self.epochs.get().strip() if self.has_epochs else ""
        if epochs and not (epochs.isdecimal() and int(epochs)):
            raise SettingsError("epochs-no-number", "Epochs must be a whole number above 0.")
        settings = read_settings("", self.model.get())
        whole = self.whole.get() and kind.takes_whole_photos
        return dataclasses.replace(settings, faces=not whole, epochs=int(epochs or settings.epochs))

    def _take_model(self) -> None:
        self._describe()
        self._on_model()

    def _describe(self) -> None:
        self._summary.configure(text=self._desk.texts.explain(MODELS[self.model.get()].summary))
        # Asked for is what the model has, and nothing else.
        for widgets, shown in (
            ((self._epochs_name, self._epochs), self.has_epochs),
            ((self._whole,), MODELS[self.model.get()].takes_whole_photos),
        ):
            for widget in widgets:
                widget.grid() if shown else widget.grid_remove()
