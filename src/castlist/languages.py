"""The languages of windows and pages: English in the code, other languages in one catalogue each."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources

from castlist.errors import SettingsError

LANGUAGES = ("en", "zh-TW")

Translate = Callable[[str], str]


def translator(language: str) -> Translate:
    """Give the function that puts English texts into a language.

    A text may hold placeholders; they are filled after translating: `translate("{n} photos").format(n=3)`. A text
    that the catalogue lacks stays English, since a missing word must not take down a window.

    Args:
        language: One of LANGUAGES.

    Raises:
        SettingsError: If the language is unknown.
    """
    if language not in LANGUAGES:
        raise SettingsError(f"Unknown language {language!r}. Choose from: {', '.join(LANGUAGES)}.")
    texts = read_catalogue(language)
    return lambda text: texts.get(text, text)


@functools.cache
def read_catalogue(language: str) -> Mapping[str, str]:
    """The texts of a language by their English; English itself has none."""
    if language == "en":
        return {}
    file = resources.files("castlist") / "locale" / f"{language}.toml"
    return tomllib.loads(file.read_text("utf-8"))
