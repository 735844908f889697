"""Signals to end, such as those of a log-out or of docker stop: a work ends by them as it does by Ctrl+C."""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

INTERRUPTED = 128 + signal.SIGINT  # the exit code

SOON = 0.05  # seconds after a fork, when what kept signals waiting has ended

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


class Deafness:
    """Keeps signals waiting while a process forks: what a handler raises then is lost, and leaves half of it done."""

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}
        self._came: list[int] = []

    def begin(self) -> None:
        """Hear nothing; of the threads, the main one alone ever does."""
        while True:
            try:
                if threading.current_thread() is not threading.main_thread():
                    return
                for number in signal.valid_signals():
                    handler = signal.getsignal(number)
                    if callable(handler) and handler != self._hear:
                        self._handlers[number] = handler
                        signal.signal(number, self._hear)
                return
            except KeyboardInterrupt:  # in the last moment
                self._came.append(signal.SIGINT)

    def end(self, *, is_child: bool) -> None:
        """Hear again, and soon what came meanwhile; in a child, which nobody meant, only what comes from now on."""
        if threading.current_thread() is not threading.main_thread():
            return
        while self._handlers:
            try:
                number, handler = next(iter(self._handlers.items()))
                signal.signal(number, handler)
                del self._handlers[number]
            except KeyboardInterrupt:
                self._came.append(signal.SIGINT)
        while self._came:
            number = self._came.pop()
            if not is_child:
                _thread.start_new_thread(_tell, (number,))  # for a Thread's beginning one would have to wait

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._came.append(number)


def _tell(number: int) -> None:
    time.sleep(SOON)
    signal.raise_signal(number)
