"""The command `castlist`: each verb parses, calls and shows; a file for each group of verbs."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from castlist.cli.archive import archive
from castlist.cli.checking import check
from castlist.cli.console import say, tell
from castlist.cli.deciding import decide, teach
from castlist.cli.desktop import desktop
from castlist.cli.diary import compare, runs
from castlist.cli.exporting import export
from castlist.cli.finding import find
from castlist.cli.grouping import groups
from castlist.cli.learning import demo, report, resume, train
from castlist.cli.manifest import manifest
from castlist.cli.networks import background, weights
from castlist.cli.options import SYSTEM, Language
from castlist.cli.people import enrol, forget, merge, people, refresh, rename, undo
from castlist.cli.predicting import explain, predict
from castlist.cli.searching import tune
from castlist.cli.serving import serve
from castlist.cli.sorting import sort
from castlist.cli.stopping import INTERRUPTED, told_to_end
from castlist.cli.tagging import tag
from castlist.cli.words import asked_language, speak, spoken, translate, translate_help, worded
from castlist.errors import CastlistError, SettingsError, unforeseen
from castlist.paths import needed_here
from castlist.places import is_address

app = typer.Typer(
    name="castlist",
    help="Learn who is who from folders of photos; name them in new ones.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> bool:
    if wanted:
        from castlist import __version__

        tell(f"castlist {__version__}")
        raise typer.Exit
    return wanted


VERBS = (  # in the order of --help
    check,
    train,
    resume,
    tune,
    report,
    runs,
    compare,
    predict,
    sort,
    explain,
    archive,
    manifest,
    find,
    groups,
    decide,
    tag,
    people,
    enrol,
    teach,
    undo,
    rename,
    merge,
    forget,
    refresh,
    export,
    background,
    weights,
    desktop,
    serve,
    demo,
)
for _verb in VERBS:
    app.command()(_verb)


@app.callback()
def castlist(
    version: Annotated[
        bool, typer.Option("--version", help="Print castlist's version.", is_eager=True, callback=_show_version)
    ] = False,
    language: Language = SYSTEM,
) -> None:
    """What stands before the verb."""


FAR = {"archive": True, "decide": True, "manifest": False}  # the verbs that take addresses; whether options do, too


def main() -> None:
    """Run the command; a failure that castlist foresees is one sentence on stderr and exit code 2."""
    _open_outputs()
    speak(asked_language(sys.argv[1:]))
    with told_to_end() as signals:
        try:
            _need_arguments()
            (app if spoken() == "en" else translate_help(app))()
        except Exception as error:
            if signals:  # what an import that was interrupted ends in, which may be any error
                _stop(signals)
            if not isinstance(error, (CastlistError, OSError)):
                raise
            # Of what the system refuses a verb may have no sentence.
            say(f"castlist: {worded(error if isinstance(error, CastlistError) else unforeseen(error))}")
            sys.exit(2)
        except KeyboardInterrupt:
            _stop(signals)
        except SystemExit as end:
            if end.code == INTERRUPTED:  # what typer makes of it
                _stop(signals)
            raise


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
    verbs = {verb.__name__ for verb in VERBS}
    verb = next((word for word in words if word in verbs), "")
    if not FAR.get(verb):
        for before, word in zip(["", *words], words, strict=False):
            value = word.partition("=")[2] if word.startswith("--") else word
            if is_address(value) and not (verb in FAR and value == word and not before.startswith("--")):
                raise needed_here(value)


def _stop(signals: Sequence[int]) -> NoReturn:
    say("castlist: " + translate("stopped."))
    sys.exit(128 + signals[0] if signals else INTERRUPTED)
