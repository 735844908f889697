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

Every message is one sentence or two: what is wrong, what was received, what to do. It is data: a code that stays the
same whatever the wording, and the values in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """A sentence of castlist's as data; `str` gives it in English, `castlist.languages` in another language."""

    code: str  # the same whatever the wording; a key of the catalogues
    text: str  # in English, with placeholders
    values: Mapping[str, Any] = field(default_factory=dict)  # what fills them: texts, numbers, other messages

    def __str__(self) -> str:
        return self.text.format(**self.values)

    def to_dict(self) -> dict[str, Any]:
        """The message as JSON holds it; `from_dict` reads it."""
        values = {name: one.to_dict() if isinstance(one, Message) else one for name, one in self.values.items()}
        return {"code": self.code, "text": self.text, "values": values}

    @classmethod
    def from_dict(cls, record: Any) -> Message:
        """Read what `to_dict` gave; a text, as older castlists wrote it, is a message without a code.

        Raises:
            ValueError: If it is neither.
        """
        if isinstance(record, str):
            return cls("", "{text}", {"text": record})
        try:
            values = {
                name: cls.from_dict(one) if isinstance(one, dict) else one for name, one in record["values"].items()
            }
            message = cls(str(record["code"]), str(record["text"]), values)
            str(message)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"not a message: {record!r}") from error
        return message


class CastlistError(Exception):
    """The base of every failure that castlist foresees.

    `CastlistError("run-unfinished", "The training of {path!r} isn't finished.", path="runs/a")`: a code, a text with
    placeholders, and what fills them.
    """

    def __init__(self, code: str, text: str | None = None, /, **values: Any) -> None:
        # A single argument is a sentence without a code; on its way out.
        self.message = Message("", "{text}", {"text": code}) if text is None else Message(code, text, values)
        super().__init__(str(self.message))

    @property
    def code(self) -> str:
        """What went wrong, for programs."""
        return self.message.code

    @property
    def values(self) -> Mapping[str, Any]:
        """What the sentence tells of, for programs."""
        return self.message.values


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

    def __init__(self, code: str, text: str | None = None, /, *, missing: str, **values: Any) -> None:
        super().__init__(code, text, **values)
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
