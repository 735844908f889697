"""Texts of the window, in a language that can change while it is open."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from castlist.errors import CastlistError, Message
from castlist.languages import Translate, translate_message, translator
from castlist.painting import find_fonts

Put = Callable[[Translate], object]  # sets a text where it is shown
Sentence = Callable[[Translate], str]  # a text that is made anew when the language changes
# English in every language, since Chinese couldn't be read.
NO_CHINESE = Message("no-chinese-font", "No font here has Chinese characters. Install one, such as fonts-noto-cjk.")
NAMES = {"en": "English", "zh-TW": "繁體中文"}  # of the languages, each in itself


class Texts:
    """All that shows a text asks here, and is told again when the language changes."""

    def __init__(self, language: str) -> None:
        self._puts: list[Put] = []
        self.switch(language)

    def show(self, put: Put, shown_in: tk.Misc | None = None) -> None:
        """Set a text now, and again whenever the language changes, until the widget that shows it is gone."""
        self._puts.append(put)
        put(self.translate)

        def forget(event: tk.Event[tk.Misc]) -> None:
            if event.widget is shown_in:  # not a part of it
                self._puts.remove(put)

        if shown_in:
            shown_in.bind("<Destroy>", forget, add="+")

    def explain(self, sentence: CastlistError | Message | str) -> str:
        """An error of the library, or another sentence of it, in the window's language; a text stays as it is."""
        message = sentence.message if isinstance(sentence, CastlistError) else sentence
        return translate_message(message, self.language)

    def switch(self, language: str) -> None:
        """Show everything in another language.

        Raises:
            SettingsError: If the language is unknown.
        """
        self.translate = translator(language)
        self.language = language
        for put in self._puts:
            put(self.translate)


def has_chinese_font() -> bool:
    """Whether this machine can draw Chinese at all."""
    try:
        return bool(find_fonts("繁體中文"))
    except CastlistError:
        return False
