"""The language that the command speaks: what --language says, or the system."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import typer

from castlist.errors import CastlistError, Message, Value
from castlist.languages import LANGUAGES, read_catalogue, speaker, system_language, translate_message

OPTION = "--language"
_spoken = "en"


def speak(language: str) -> None:
    """Speak a language from now on.

    Raises:
        SettingsError: If castlist doesn't speak it.
    """
    global _spoken
    speaker(language)
    _spoken = language


def spoken() -> str:
    """The language, one of castlist.languages.LANGUAGES."""
    return _spoken


def hear(language: str) -> str:
    """What --language of a verb does: speak it; empty, none was chosen. Gives the language that is spoken."""
    if language:
        speak(language)
    return spoken()


def asked_language(words: Sequence[str]) -> str:
    """The language to begin with, before the words are parsed: help and refusals of words are in it, too."""
    asked = [after for word, after in pairwise(words) if word == OPTION]
    asked += [word.partition("=")[2] for word in words if word.startswith(f"{OPTION}=")]
    if asked and asked[-1] in LANGUAGES:
        return asked[-1]
    chosen = system_language()
    try:
        "中".encode(sys.stdout.encoding or "ascii")
        "中".encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:  # numbers in place of letters are worse than English
        return "en"
    return chosen


def translate(text: str, /, **values: Value) -> str:
    """A sentence of the command's in the language that is spoken."""
    return speaker(_spoken)(text, **values)


def worded(sentence: CastlistError | Message | str) -> str:
    """A sentence of the library's in the language that is spoken."""
    return translate_message(sentence.message if isinstance(sentence, CastlistError) else sentence, _spoken)


def translate_help(command: typer.core.TyperGroup) -> None:
    """Have a command's help in the language that is spoken; for words of typer's own, `usage` cares."""
    texts = read_catalogue(_spoken, ".help")
    for holder in helpers(command):
        holder.help = texts.get(holder.help, holder.help)


def helpers(command: typer.core.TyperGroup) -> Iterator[Any]:
    """All that has a help of castlist's: the command, its verbs, their arguments and options."""
    for one in (command, *command.commands.values()):
        yield from (holder for holder in (one, *one.params) if getattr(holder, "help", None))


def command_of(app: typer.Typer) -> typer.core.TyperGroup:
    """What typer makes of the verbs; whether a path can be read castlist finds out, whose sentences are translated."""
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup), "castlist has several verbs"
    for parameter in (parameter for verb in command.commands.values() for parameter in verb.params):
        if hasattr(parameter.type, "readable"):
            parameter.type.readable = False
    return command
