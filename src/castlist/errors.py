"""What can go wrong, as one tree: catch `CastlistError` for all of it.

CastlistError
├── PhotoError          a file that can't be read as a photo
├── CastError           a folder that can't be read as a cast
├── SettingsError       a setting outside its bounds
├── ShapeError          an array of the wrong shape
├── WeightsError        weights that are missing or not what they should be
├── RunError            a run folder that is missing, broken, or from a later castlist
├── FontError           no font has the characters of a name
└── MissingExtraError   a part of castlist that isn't installed

Every message is one sentence or two: what is wrong, what was received, what to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


class CastlistError(Exception):
    """The base of every failure that castlist foresees."""


class PhotoError(CastlistError):
    """A file that can't be read as a photo; the message is the reason, without the path."""


class CastError(CastlistError):
    """A folder that can't be read as a cast."""


class SettingsError(CastlistError):
    """A setting outside its bounds, or settings that contradict each other."""


class ShapeError(CastlistError):
    """An array of the wrong shape or type."""


class WeightsError(CastlistError):
    """Weights that are missing or not what they should be."""


class RunError(CastlistError):
    """A run folder that is missing, broken, or written by a later castlist."""


class FontError(CastlistError):
    """No font of this machine has the characters of a text."""

    def __init__(self, message: str, missing: str) -> None:
        super().__init__(message)
        self.missing = missing  # the characters, each once


class MissingExtraError(CastlistError):
    """A part of castlist that isn't installed."""


def reason_of(error: OSError) -> str:
    """Why the system refused, in a few words; libraries put whole paragraphs into the error itself."""
    return os.strerror(error.errno) if error.errno else str(error).partition("\n")[0]


def unforeseen(error: Exception) -> CastlistError:
    """A failure that nobody wrote a sentence for, as one: a window has no traceback to show."""
    if isinstance(error, OSError):
        return CastlistError(f"The system refuses ({reason_of(error)}).")
    return CastlistError(f"Something happened that castlist didn't foresee ({type(error).__name__}: {error}).")


@contextmanager
def needs_extra(extra: str, purpose: str) -> Iterator[None]:
    """Turn an ImportError inside the block into one sentence with the install command."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            f'{purpose} needs {error.name or "a package"}, which is not installed: pip install "castlist[{extra}]".'
        ) from error
