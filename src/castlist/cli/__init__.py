"""The command `castlist`: each verb parses, calls and shows; a file for each group of verbs."""

from __future__ import annotations

import io
import itertools
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from castlist.cli.console import say, tell
from castlist.cli.options import STDOUT, SYSTEM, Language
from castlist.cli.usage import Verb, Verbs, run_verbs
from castlist.cli.words import asked_language, command_of, speak, spoken, translate, translate_help, worded
from castlist.errors import CastlistError, SettingsError, unforeseen
from castlist.paths import needed_here
from castlist.places import is_address
from castlist.stopping import INTERRUPTED, told_to_end


def _show_version(wanted: bool) -> bool:
    if wanted:
        from castlist import __version__

        tell(f"castlist {__version__}")
        raise typer.Exit
    return wanted


VERBS = {  # in the order of --help, each with its module: it alone is loaded when it is asked for
    "check": "checking",
    "train": "learning",
    "resume": "learning",
    "tune": "searching",
    "report": "learning",
    "runs": "diary",
    "compare": "diary",
    "predict": "predicting",
    "sort": "sorting",
    "explain": "predicting",
    "archive": "archive",
    "manifest": "manifest",
    "find": "finding",
    "groups": "grouping",
    "decide": "deciding",
    "tag": "tagging",
    "people": "people",
    "enrol": "people",
    "teach": "deciding",
    "undo": "people",
    "rename": "people",
    "merge": "people",
    "forget": "people",
    "refresh": "people",
    "export": "exporting",
    "background": "networks",
    "weights": "networks",
    "desktop": "desktop",
    "serve": "serving",
    "demo": "learning",
}


def castlist(
    version: Annotated[
        bool, typer.Option("--version", help="Print castlist's version.", is_eager=True, callback=_show_version)
    ] = False,
    language: Language = SYSTEM,
) -> None:
    """What stands before the verb."""


def make_app(verbs: Iterable[str] = VERBS) -> typer.Typer:
    """The command, with all verbs or some."""
    app = typer.Typer(
        name="castlist",
        cls=Verbs,
        help="Learn who is who from folders of photos; name them in new ones.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(castlist)
    for verb in verbs:
        app.command(cls=Verb)(getattr(import_module(f"castlist.cli.{VERBS[verb]}"), verb))
    return app


FAR = {"archive": True, "decide": True, "manifest": False}  # the verbs that take addresses; whether options do, too


def main() -> None:
    """Run the command; a failure that castlist foresees is one sentence on stderr and exit code 2."""
    with told_to_end() as signals:
        run(signals)


def run(signals: Sequence[int]) -> None:
    """Do what `main` does, for who hears the signals to end: they are listed as they come."""
    try:
        _open_outputs()
        speak(asked_language(sys.argv[1:]))
        _need_arguments()
        first = sys.argv[1:2]
        command = command_of(make_app(first if first and first[0] in VERBS else VERBS))
        if spoken() != "en":
            translate_help(command)
        code = run_verbs(command)
    except Exception as error:
        if signals:  # what an import that was interrupted ends in, which may be any error
            _stop(signals)
        if not isinstance(error, (CastlistError, OSError, MemoryError)):
            raise
        # Of what the system refuses a verb may have no sentence.
        say(f"castlist: {worded(error if isinstance(error, CastlistError) else unforeseen(error))}")
        sys.exit(2)
    except KeyboardInterrupt:
        _stop(signals)
    if code == INTERRUPTED:  # what typer makes of it
        _stop(signals)
    sys.exit(code)


def _open_outputs() -> None:
    """Make sure that whatever is said goes somewhere, and that a name which the output can't hold stops no other."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever began this: the next file opened would take its place
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
        if isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _need_arguments() -> None:
    """Refuse what would be another folder than is meant.

    An empty argument, as a variable of a shell that isn't set, would stand for the folder one is in; an address, where
    none is taken, for a folder s3: in it.
    """
    words = sys.argv[1:]
    if "" in words:
        raise SettingsError("argument-empty", "An argument is empty. Leave it out, or give what it stands for.")
    verb = next((word for word in words if word in VERBS), "")
    given = [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]
    for before, word in itertools.pairwise(["", *given]):
        if word == str(STDOUT) and (verb, before) != ("predict", "--csv"):
            raise SettingsError(
                "argument-stream",
                "'-' is no file: only predict --csv - prints what it would write. Give a path; of a file that is "
                "called so, './-'.",
            )
    if not FAR.get(verb):
        for before, word in zip(["", *words], words, strict=False):
            value = word.partition("=")[2] if word.startswith("--") else word
            if is_address(value) and not (verb in FAR and value == word and not before.startswith("--")):
                raise needed_here(value)


def _stop(signals: Sequence[int]) -> NoReturn:
    say("castlist: " + translate("stopped."))
    sys.exit(128 + signals[0] if signals else INTERRUPTED)
