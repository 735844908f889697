"""What can go wrong, as one tree: catch `CastlistError` for all of it.

CastlistError
├── PhotoError          a file that can't be read as a photo
├── CastError           a folder that can't be read as a cast
├── SettingsError       a setting outside its bounds
├── ShapeError          an array of the wrong shape
├── WeightsError        weights that are missing or not what they should be
├── RunError            a run folder that is missing, broken, or from a later castlist
├── RecordError         a record that can't be read, or has no such row
├── FontError           no font has the characters of a name
└── MissingExtraError   a part of castlist that isn't installed

Every message is one sentence or two: what is wrong, what was received, what to do. It is data: a code that stays the
same whatever the wording, and the values in it. Who must know what happened looks at the code, never at the words.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

logger = logging.getLogger(__name__)

Value: TypeAlias = "str | int | float | Message"

FULL = (errno.ENOSPC, errno.EDQUOT)  # what the system says where there is no room
_NESTED = 5  # messages in messages, at most, in what a file holds
# "{size:.1f}", and "{count:photo|photos}", one word for one and another for more; a width could fill the memory.
_FORMATS = re.compile(r"(,|\.\d[efg%]|[^{}|]+\|[^{}|]+)?")


@dataclass(frozen=True)
class Message:
    """A sentence of castlist's as data; `str` gives it in English, `castlist.languages` in another language."""

    code: str  # the same whatever the wording; a key of the catalogues; empty where there is nothing but the text
    text: str  # in English, with placeholders: "{name}", "{name!r}", "{share:.1%}"
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)  # what fills them

    def __str__(self) -> str:
        return fill(self.text, self.values)

    def to_dict(self) -> dict[str, Any]:
        """The message as JSON holds it; `from_dict` reads it."""
        values = {name: one.to_dict() if isinstance(one, Message) else one for name, one in self.values.items()}
        return {"code": self.code, "text": self.text, "values": values}

    @classmethod
    def filled(cls, code: str, sentence: str) -> Message:
        """A sentence whose values are in it already; other languages have it by its code where it needs none."""
        return cls(code, "{text}", {"text": sentence})

    @classmethod
    def from_dict(cls, record: Any) -> Message:
        """Read what `to_dict` gave, from whatever file; a text, as older castlists wrote it, is one without a code.

        Raises:
            RecordError: If it is neither, or its text asks for more than its values as they are.
        """
        try:
            return cls._read(record, _NESTED)
        except ValueError as error:
            raise RecordError(
                "record-no-message", "It must be a message as to_dict gives it ({reason}).", reason=str(error)
            ) from error

    @classmethod
    def _read(cls, record: Any, nested: int) -> Message:
        if isinstance(record, str):
            return cls.filled("", record)
        if not isinstance(record, dict) or not nested:
            raise ValueError(f"not a message: {record!r:.100}")
        code, text, values = record.get("code"), record.get("text"), record.get("values")
        if not (isinstance(code, str) and isinstance(text, str) and isinstance(values, dict)):
            raise ValueError(f"not a message: {record!r:.100}")
        if any(not isinstance(one, str | int | float | dict) for one in values.values()):
            raise ValueError(f"not a message's values: {values!r:.100}")
        _need_plain(text, values)
        message = cls(
            code,
            text,
            {name: cls._read(one, nested - 1) if isinstance(one, dict) else one for name, one in values.items()},
        )
        try:
            str(message)  # a number's form may be asked of a text, or a number be too large for it
        except (TypeError, OverflowError) as error:
            raise ValueError(f"not a message: {error}") from error
        return message


def _need_plain(text: str, values: Mapping[str, Any]) -> None:
    """Refuse a text that asks for more than its values as they are."""
    for _, name, form, conversion in string.Formatter().parse(text):
        if name is not None and not (
            name in values and name.isidentifier() and _FORMATS.fullmatch(form or "") and conversion != "a"
        ):
            raise ValueError(f"not a message's text: {text!r:.100}")


def fill(text: str, values: Mapping[str, Value]) -> str:
    """Put values into a text's placeholders; what no terminal should get, such as escape sequences, is spelled out.

    "{count} {count:photo|photos}" takes the first word for one and the second for any other number.
    """
    filled = _FILLER.vformat(text, (), values)
    return filled if filled.isprintable() else "".join(one if one.isprintable() else ascii(one)[1:-1] for one in filled)


class _Filler(string.Formatter):
    def format_field(self, value: Any, form: str) -> str:
        one, several, many = form.partition("|")
        return super().format_field(value, form) if not several else one if value == 1 else many


_FILLER = _Filler()


class CastlistError(Exception):
    """The base of every failure that castlist foresees.

    `CastlistError("run-unfinished", "The training of {path!r} isn't finished.", path="runs/a")`: a code, a text with
    placeholders, and what fills them. They survive pickling, on the way from one process to another.
    """

    def __init__(self, code: str, text: str, /, **values: Value) -> None:
        self.message = Message(code, text, values)
        super().__init__(str(self.message))

    def __reduce__(self) -> tuple[Any, ...]:
        return _bring_back, (type(self), str(self)), self.__dict__

    @property
    def code(self) -> str:
        """What went wrong, for programs."""
        return self.message.code

    @property
    def values(self) -> Mapping[str, Value]:
        """What the sentence tells of, for programs."""
        return self.message.values


def _bring_back(kind: type[CastlistError], sentence: str) -> CastlistError:
    """An error as unpickling begins it; what it holds is put in afterwards."""
    return kind.__new__(kind, sentence)


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


class RecordError(CastlistError, ValueError, IndexError):
    """A record that can't be read, or has no such row."""


class FontError(CastlistError):
    """No font of this machine has the characters of a text."""

    def __init__(self, code: str, text: str, /, *, missing: str, **values: Value) -> None:
        super().__init__(code, text, **values)
        self.missing = missing  # the characters, each once


class MissingExtraError(CastlistError):
    """A part of castlist that isn't installed."""


def shown(value: Any) -> str:
    """A value as a sentence tells of it, however long it is, and whether or not it can be told."""
    try:
        return f"{value!r:.100}"
    except Exception:  # of a number of thousands of digits, or of a program's own kind
        return type(value).__name__


def reason_of(error: Exception) -> Message | str:
    """Why something failed, in a few words, as a value of the message that says what failed."""
    if isinstance(error, CastlistError):
        return error.message
    if isinstance(error, OSError) and error.errno:
        name = errno.errorcode.get(error.errno, str(error.errno))
        return Message(f"system-{name.lower()}", os.strerror(error.errno))
    # Libraries put whole paragraphs into their errors.
    return str(error).strip().partition("\n")[0] or type(error).__name__


def log_unforeseen(error: Exception) -> None:
    """Log a failure that nobody wrote a sentence for; what it says may hold a name, which is for DEBUG alone."""
    logger.error("unforeseen: %s", type(error).__name__)
    logger.debug("which is", exc_info=error)


def unforeseen(error: Exception) -> CastlistError:
    """A failure that nobody wrote a sentence for, as one, and log it: a window has no traceback to show."""
    log_unforeseen(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return CastlistError(
            "no-room", "There is no room left ({reason}). Free some space, then try again.", reason=reason_of(error)
        )
    if isinstance(error, MemoryError):
        return CastlistError(
            "no-memory", "There is too little memory. Close other programs, or have castlist do less at once."
        )
    if isinstance(error, OSError):
        return CastlistError("system-refuses", "The system refuses ({reason}).", reason=reason_of(error))
    return CastlistError(
        "unforeseen",
        "Something happened that castlist didn't foresee ({kind}: {reason}).",
        kind=type(error).__name__,
        reason=reason_of(error),
    )


@contextmanager
def needs_extra(extra: str, purpose: str) -> Iterator[None]:
    """Turn an ImportError inside the block into one sentence with the install command."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            "needs-extra",
            '{purpose} needs {package}, which is not installed: pip install "castlist[{extra}]", or, in a clone of '
            'castlist, pip install ".[{extra}]".',
            purpose=purpose,
            package=error.name or "a package",
            extra=extra,
        ) from error
