"""What typer says of its own, in the language that is spoken: headings of help, and refusals of words."""

from __future__ import annotations

import functools
import io
import re
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from castlist.cli.words import spoken, translate
from castlist.languages import read_catalogue
from castlist.stopping import INTERRUPTED

_REFUSAL: Any = typer.BadParameter.__base__  # of words; typer's own class or click's, as typer's version has it
_HOLE = re.compile(r"\\\{(\w+)\\\}")  # as `re.escape` leaves it


class Verb(TyperCommand):
    """A verb whose help is all in one language."""

    def get_help(self, ctx: Any) -> str:
        return in_language(super().get_help(ctx))


class Verbs(TyperGroup):
    """The command, whose help is all in one language."""

    def get_help(self, ctx: Any) -> str:
        return in_language(super().get_help(ctx))


def run_verbs(command: TyperGroup) -> int:
    """Run the command; gives its exit code. What it refuses is said in the language that is spoken."""
    try:
        return command(standalone_mode=False) or 0
    except _REFUSAL as refusal:
        said = io.StringIO()
        refusal.show(said)
        print(in_language(said.getvalue()), end="", file=sys.stderr)
        if re.fullmatch(r"-[^-]", getattr(refusal, "option_name", "")):  # as of a person who is called -ann
            print(translate("A name that begins with a dash goes after all options and --"), file=sys.stderr)
        return int(refusal.exit_code)
    except typer.Abort:  # Ctrl+C or Ctrl+D in place of an answer
        return INTERRUPTED


def in_language(text: str) -> str:
    """A text of typer's in the language that is spoken."""
    for shape, translated in _shapes(spoken()):
        text = shape.sub(translated, text)
    return text


@functools.cache
def _shapes(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Sentences to find, and what to put in their places; what is in {holes} stays."""
    return tuple(
        (_shape(english), re.sub(r"\{(\w+)\}", r"\\g<\1>", translated))
        for english, translated in read_catalogue(language, ".usage").items()
    )


def _shape(english: str) -> re.Pattern[str]:
    """Lines may be broken anywhere; a hole in the end reaches as far as its line."""
    escaped = re.escape(english).replace(r"\ ", r"\s+")
    shape = _HOLE.sub(r"(?P<\1>.+?)", escaped)
    return re.compile(f"{shape}$" if english.endswith("}") else shape, re.MULTILINE)
