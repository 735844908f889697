"""Signals to end, such as those of a log-out or of docker stop: a work ends by them as it does by Ctrl+C."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 128 + signal.SIGINT  # the exit code

_ENDING = ("SIGTERM", "SIGHUP")  # where the system has them


@contextlib.contextmanager
def told_to_end() -> Iterator[list[int]]:
    """Raise KeyboardInterrupt for these signals while the block runs; gives the list of those that came.

    A second one ends the process at once. One that is ignored, as nohup does, stays ignored.
    """
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield came
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
