"""The languages of windows and pages: English in the code, other languages in one catalogue each."""

from __future__ import annotations

import functools
import re
import string
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


def translate_sentence(sentence: str, language: str) -> str:
    """Put a sentence of the library, an error or a receipt, into a language, its placeholders filled already.

    Such sentences arise in English, far from any window, and commands show them so. They are recognized by the text
    between their placeholders; one that the catalogue lacks stays English.

    Args:
        sentence: As the library wrote it.
        language: One of LANGUAGES.
    """
    for pattern, translation in _read_patterns(language):
        if found := pattern.fullmatch(sentence):
            return translation.format(*(translate_sentence(value, language) for value in found.groups()))
    return sentence


@functools.cache
def read_catalogue(language: str, kind: str = "") -> Mapping[str, str]:
    """The texts of a language by their English; English itself has none.

    Args:
        language: One of LANGUAGES.
        kind: Empty for the texts of windows and pages, ".sentences" for the library's.
    """
    if language == "en":
        return {}
    file = resources.files("castlist") / "locale" / f"{language}{kind}.toml"
    return tomllib.loads(file.read_text("utf-8"))


@functools.cache
def _read_patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """The library's sentences as patterns, the ones with the most text of their own first."""
    patterns = []
    for english, translation in read_catalogue(language, ".sentences").items():
        parts = [(text, field) for text, field, _, _ in string.Formatter().parse(english)]
        pattern = "".join(re.escape(text) + ("" if field is None else "(.*?)") for text, field in parts)
        patterns.append((sum(len(text) for text, _ in parts), re.compile(pattern, re.DOTALL), translation))
    return [(pattern, translation) for _, pattern, translation in sorted(patterns, key=lambda one: -one[0])]
