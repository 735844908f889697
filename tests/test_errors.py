"""Errors and messages: data that crosses processes and files unharmed, and harms nobody who reads it."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from castlist.errors import (
    CastlistError,
    FontError,
    Message,
    MissingExtraError,
    RunError,
    needs_extra,
    reason_of,
    unforeseen,
)

WHY = Message("system-enoent", "No such file or directory")
ERROR = RunError("run-broken", "{path!r} is broken ({reason}), by {share:.1%}.", path="a b", reason=WHY, share=0.25)


def test_an_error_is_a_sentence_and_its_data() -> None:
    assert str(ERROR) == "'a b' is broken (No such file or directory), by 25.0%."
    assert ERROR.code == "run-broken"
    assert ERROR.values == {"path": "a b", "reason": WHY, "share": 0.25}


def send(error: CastlistError, protocol: int) -> CastlistError:
    return pickle.loads(pickle.dumps(error, protocol))  # noqa: S301


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_cross_processes(protocol: int) -> None:
    font = FontError("no-font", "No font has {characters!r}.", characters="繁", missing="繁體")
    for error in (ERROR, font, copy.copy(ERROR)):
        arrived = send(error, protocol)
        assert type(arrived) is type(error)
        assert (str(arrived), arrived.message) == (str(error), error.message)
    assert send(font, protocol).missing == "繁體"


def test_messages_cross_files() -> None:
    read = Message.from_dict(json.loads(json.dumps(ERROR.message.to_dict())))
    assert read == ERROR.message
    assert str(read) == str(ERROR)
    old = Message.from_dict("A {sentence} of an older castlist.")
    assert (old.code, str(old)) == ("", "A {sentence} of an older castlist.")
    assert Message.from_dict(json.loads(json.dumps(old.to_dict()))) == old
    assert len({read, ERROR.message, old}) == 2


def nested(depth: int) -> dict[str, Any]:
    inner: Any = "the middle"
    for _ in range(depth):
        inner = {"code": "a", "text": "({x})", "values": {"x": inner}}
    return inner


@pytest.mark.parametrize(
    "record",
    [
        *(None, 5, [], {}, {"code": "a", "text": "b"}, {"code": 1, "text": "b", "values": {}}),
        *({"code": "a", "text": ["b"], "values": {}}, {"code": "a", "text": "b", "values": []}),
        *({"code": "a", "text": "b", "values": {"x": value}} for value in (None, [1], {}, {"code": "a"})),
        *(
            {"code": "a", "text": text, "values": {"x": 1, "y": 99}}
            for text in (
                *("{x.__class__}", "{x[0]}", "{x!a}", "{x:{y}}", "{x:9999999999}", "{x:>99}", "{x:_}", "{x:d}"),
                *("{0}", "{}", "{z}", "{", "}", "{x", "{x!", "{x!r:>999999999}"),
            )
        ),
        {"code": "a", "text": "{x:.1f}", "values": {"x": "no number"}},
        {"code": "a", "text": "{x:.1f}", "values": {"x": 10**400}},
        nested(6),
        nested(300),
    ],
)
def test_what_is_no_message_or_would_do_more_than_fill_in_is_refused(record: Any) -> None:
    with pytest.raises(ValueError):
        Message.from_dict(record)


def test_messages_in_messages_are_read() -> None:
    assert str(Message.from_dict(nested(5))) == "(((((the middle)))))"


def test_no_escape_sequence_reaches_a_terminal() -> None:
    said = str(Message("a", "{name}\x1b[2J is here", {"name": "\x1b]0;owned\x07 王小明 \u202e\ud800"}))
    assert said == r"\x1b]0;owned\x07 王小明 \u202e\ud800\x1b[2J is here"
    assert str(CastlistError("lines", "one line\nand another")) == r"one line\nand another"


def test_reasons_are_short_and_can_be_translated() -> None:
    assert reason_of(OSError(28, "No space left on device", "/some/where")) == Message(
        "system-enospc", "No space left on device"
    )
    assert reason_of(ERROR) is ERROR.message
    assert reason_of(ValueError("what it is\n\nand a whole paragraph")) == "what it is"
    assert reason_of(EOFError()) == "EOFError"
    assert reason_of(OSError("a library's own")) == "a library's own"


def test_a_failure_that_nobody_foresaw_is_one_sentence() -> None:
    refused = unforeseen(PermissionError(13, "Permission denied"))
    assert (refused.code, str(refused)) == ("system-refuses", "The system refuses (Permission denied).")
    full = unforeseen(OSError(28, "No space left on device", "/some/where"))
    said = "There is no room left (No space left on device). Free some space, then try again."
    assert (full.code, str(full)) == ("no-room", said)
    short = unforeseen(MemoryError())
    assert short.code == "no-memory" and str(short).startswith("There is too little memory.")
    odd = unforeseen(ZeroDivisionError("by zero"))
    assert str(odd) == "Something happened that castlist didn't foresee (ZeroDivisionError: by zero)."


def test_a_missing_package_is_told_with_the_command_that_installs_it() -> None:
    with (
        pytest.raises(MissingExtraError, match=r'Drawing needs no_such, .*pip install "castlist\[learn\]"') as caught,
        needs_extra("learn", "Drawing"),
    ):
        raise ImportError(name="no_such")
    assert caught.value.code == "needs-extra"
    assert caught.value.values == {"purpose": "Drawing", "package": "no_such", "extra": "learn"}
