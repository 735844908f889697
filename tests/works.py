"""Works for the tests of jobs: each behaves as badly as its name says. Read by the processes that jobs start."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from castlist.errors import RunError
from castlist.jobs import Begun, Checked, Counted, Finished, Stage, StopAsked, Tell


@dataclass(frozen=True)
class Many:
    """Tells many things, with the same words."""

    count: int
    words: str

    def do(self, tell: Tell) -> Finished:
        for i in range(self.count):
            tell(Stage(f"{self.words} {i}"))
        return Checked({self.words: self.count})


@dataclass(frozen=True)
class Endless:
    """Counts until it is stopped, and keeps what it has, or nothing."""

    keeps: bool = False
    archive: Path | None = None  # which it seems to be on

    def do(self, tell: Tell) -> Finished:
        tell(Stage(str(os.getpid())))
        n = 0
        try:
            while True:
                n += 1
                tell(Counted(n, 0))
                time.sleep(0.01)
        except StopAsked:
            if not self.keeps:
                raise
            tell(Stage("keeping"))
            return Checked({"kept": 1})


@dataclass(frozen=True)
class Deaf:
    """Never tells anything again, so that it can't hear."""

    run: Path | None = None

    def do(self, tell: Tell) -> Finished:
        if self.run:
            tell(Begun(self.run, {}))
        tell(Stage(str(os.getpid())))
        time.sleep(600)
        raise AssertionError("it was to be killed")


@dataclass(frozen=True)
class Dying:
    """Ends by itself, in one way or another."""

    how: str

    def do(self, tell: Tell) -> Finished:
        tell(Counted(1, 2))
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "term":
            os.kill(os.getpid(), signal.SIGTERM)
        if self.how == "exit":
            os._exit(3)
        if self.how == "foreseen":
            raise RunError("run-of-a-test", "The run {path!r} is of {name}.", path="a/哥", name="a test")
        raise ZeroDivisionError("a slip")


@dataclass(frozen=True)
class Noisy:
    """Prints as libraries do, from Python and from beneath it, between its events."""

    def do(self, tell: Tell) -> Finished:
        for i in range(100):
            print('{"event": "Counted"', end="", flush=True)
            print("W0000 cpu_feature_guard", file=sys.stderr)
            os.write(1, b'{"event": "Stopped", "is": {}}\n\xff\x00')
            os.system("echo from a child of the child")
            tell(Stage(str(i)))
        return Checked({})
