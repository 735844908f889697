"""The languages of windows and pages: English in the code, other languages in one catalogue each."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources

from castlist.errors import Message, SettingsError, fill

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
    _need_language(language)
    texts = read_catalogue(language)
    return lambda text: texts.get(text, text)


def translate_message(message: Message | str, language: str) -> str:
    """Put a sentence of the library, an error's or a note, into a language.

    Args:
        message: By its code; one that the catalogue lacks stays English, and a text, which has none, as it is.
        language: One of LANGUAGES.

    Raises:
        SettingsError: If the language is unknown.
    """
    _need_language(language)
    if isinstance(message, str):
        return message
    text = read_catalogue(language, ".messages").get(message.code, message.text)
    values = {
        name: translate_message(one, language) if isinstance(one, Message) else one
        for name, one in message.values.items()
    }
    try:
        return fill(text, values)
    except (LookupError, ValueError, TypeError, OverflowError):  # a file's values may be another castlist's
        return str(message)


@functools.cache
def read_catalogue(language: str, kind: str = "") -> Mapping[str, str]:
    """The texts of a language by their English, or its messages by their code; English itself has none.

    Args:
        language: One of LANGUAGES.
        kind: Empty for the texts of windows and pages, ".messages" for the library's.
    """
    if language == "en":
        return {}
    file = resources.files("castlist") / "locale" / f"{language}{kind}.toml"
    return tomllib.loads(file.read_text("utf-8"))


def _need_language(language: str) -> None:
    if language not in LANGUAGES:
        raise SettingsError(
            "unknown-language",
            "Unknown language {language!r}. Choose from: {choices}.",
            language=str(language),
            choices=", ".join(LANGUAGES),
        )
