"""The command `castlist`: each verb parses, calls and shows; a file for each group of verbs."""

from __future__ import annotations

import sys

import typer

from castlist.cli.checking import check
from castlist.cli.console import say
from castlist.cli.desktop import desktop
from castlist.cli.diary import compare, runs
from castlist.cli.exporting import export
from castlist.cli.learning import demo, report, resume, train
from castlist.cli.people import enrol, forget
from castlist.cli.predicting import explain, predict
from castlist.cli.searching import tune
from castlist.errors import CastlistError

app = typer.Typer(
    name="castlist",
    help="Learn who is who from folders of photos; name them in new ones.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
# In the order of --help.
for _verb in (
    check,
    train,
    resume,
    tune,
    report,
    runs,
    compare,
    predict,
    explain,
    enrol,
    forget,
    export,
    desktop,
    demo,
):
    app.command()(_verb)


def main() -> None:
    """Run the command; a failure that castlist foresees is one sentence on stderr and exit code 2."""
    try:
        app()
    except CastlistError as error:
        say(f"castlist: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        say("castlist: stopped.")
        sys.exit(130)
