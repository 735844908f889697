"""The window, for people who don't type commands; Tk is loaded only when it opens."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from castlist.errors import MissingExtraError


def open_window(runs: Path, photos: Sequence[Path] = (), *, language: str | None = None) -> None:
    """Open the window, and return when it is closed.

    Args:
        runs: The folder that run folders lie in.
        photos: Opened at once: photos, films, folders.
        language: One of `castlist.languages.LANGUAGES`; None: the system's.

    Raises:
        CastlistError: If Python came without Tk, there is no screen, or the language is unknown.
    """
    try:
        importlib.import_module("tkinter")
    except ImportError as error:
        raise MissingExtraError(
            "tkinter-missing",
            "The window needs tkinter, which this Python lacks. Install it: apt install python3-tk (Debian, Ubuntu), "
            "dnf install python3-tkinter (Fedora), brew install python-tk (macOS).",
        ) from error
    from castlist.desktop.window import run_window

    run_window(runs, photos, language=language)
