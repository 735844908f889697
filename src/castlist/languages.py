"""The languages of windows and pages: English in the code, other languages in one catalogue each."""

from __future__ import annotations

import functools
import locale
import os
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources

from castlist.arguments import checked
from castlist.errors import Message, SettingsError, Value, fill

LANGUAGES = ("en", "zh-TW")

Translate = Callable[[str], str]
Speak = Callable[..., str]


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


def speaker(language: str) -> Speak:
    """Give the function that says English sentences in a language, with what fills them.

    `say("{count} {count:photo|photos}", count=3)`; a Message that fills a sentence is said in that language, too.

    Raises:
        SettingsError: If the language is unknown.
    """
    in_language = translator(language)

    def say(text: str, **values: Value) -> str:
        return fill(in_language(text), _translated(values, language))

    return say


@checked
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
    try:
        return fill(text, _translated(message.values, language))
    except (LookupError, ValueError, TypeError, OverflowError):  # a file's values may be another castlist's
        return str(message)


def _translated(values: Mapping[str, Value], language: str) -> dict[str, Value]:
    return {name: translate_message(one, language) if isinstance(one, Message) else one for name, one in values.items()}


def system_language() -> str:
    """The system's language, where castlist speaks it; else English. For doors alone: nothing else asks the system."""
    # macOS and Windows leave the variables unset, Linux sets one of them.
    known = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh-TW" if (known or locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


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
