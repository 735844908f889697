"""Signals to end, such as those of a log-out or of docker stop: a work ends by them as it does by Ctrl+C."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 128 + signal.SIGINT  # the exit code

_ENDING = ("SIGTERM", "SIGHUP")  # where the system has them


class Stopped(KeyboardInterrupt):
    """What Ctrl+C and its like raise.

    Python ends by SIGINT, whatever the exit code, once a KeyboardInterrupt itself has come out of `exec` of a text, as
    dataclasses are made by.
    """


@contextlib.contextmanager
def told_to_end() -> Iterator[list[int]]:
    """Raise KeyboardInterrupt for these signals while the block runs, as for Ctrl+C; gives the list of what came.

    A second one ends the process at once, whatever it is at, and after the block, too. One that is ignored, as nohup
    does, stays ignored. Ctrl+C is in the list, since a library that was being imported may make something else of the
    KeyboardInterrupt.
    """
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        for one in ours:
            signal.signal(one, signal.SIG_DFL)
        raise Stopped

    numbers = [signal.SIGINT, *(getattr(signal, name) for name in _ENDING if hasattr(signal, name))]
    before = {number: signal.getsignal(number) for number in numbers}
    ours = [number for number in numbers if before[number] in (signal.SIG_DFL, signal.default_int_handler)]
    for number in ours:
        signal.signal(number, end)
    try:
        yield came
    finally:
        for number in ours if not came else ():
            signal.signal(number, before[number])
