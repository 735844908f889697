"""The verb that opens a house for browsers and programs: serve."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from castlist.cli.console import tell
from castlist.cli.options import SYSTEM, Language, Runs
from castlist.cli.words import translate
from castlist.errors import needs_extra

if TYPE_CHECKING:
    from castlist.web import House

# What the processes that answer import; this one, which only watches them, imports none of it.
NEEDED = ("fastapi", "jinja2", "multipart", "pyarrow", "uvicorn")


def serve(
    root: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="A folder of photos to be looked at; nothing else is. May be repeated."),
    ] = None,
    out: Runs = Path("runs"),
    port: Annotated[int, typer.Option(metavar="P", help="The port; 0: any that is free.")] = 8765,
    host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="H",
            help="Where others find it, which needs a token; repeated: a name that it has, too "
            "[default: this machine alone].",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Holds the token; else the variable CASTLIST_TOKEN, or one is made."),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser.")] = False,
    language: Language = SYSTEM,
) -> None:
    """Open castlist in the browser, and for programs: pages and an API, on this machine alone unless told otherwise."""
    with needs_extra("serve", translate("Serving")):
        for package in NEEDED:
            if find_spec(package) is None:
                raise ModuleNotFoundError(name=package)
        from castlist.web import TOKEN, open_house, read_token, serve_house
    token = read_token(token_file) if token_file else os.environ.get("CASTLIST_TOKEN")
    house = open_house(out, root or (), hosts=host or (), port=port, token=token)

    def say_where(house: House) -> None:
        tell(translate("castlist is open. A browser comes in at {url}", url=house.new_launch()))
        if token is None:
            tell(translate("Programs send the token in {path!r}.", path=str(house.state / TOKEN)))
        tell(translate("Ctrl+C ends it."))
        sys.stdout.flush()
        if not no_browser:
            page = house.launch_page().as_uri()
            # It waits for the browser: for seconds, or in a terminal until that is left; works would wait, too.
            threading.Thread(target=webbrowser.open, args=(page,), name="castlist-browser", daemon=True).start()

    serve_house(house, on_open=say_where)
