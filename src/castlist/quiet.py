"""What TensorFlow says of its own on stderr, held back: its notes would run through a progress bar."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

# How lines of TensorFlow, of absl below it, and of LiteRT begin.
_NOTES = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: |[IWE]0000 |WARNING: All log messages before absl|INFO: Created TensorFlow"
    rb"|To enable the following instructions"
)
_lock = threading.Lock()
_inside = 0  # blocks that are running; the first begins, the last ends
_held: contextlib.ExitStack | None = None
_ways: list[io.TextIOWrapper] = []


@contextlib.contextmanager
def without_notes() -> Iterator[None]:
    """Keep TensorFlow's notes from stderr while the block runs; all else that is written there is there in the end.

    What Python writes goes on being shown at once: the descriptor is what is led away, not `sys.stderr`.
    """
    global _inside, _held
    with _lock:
        if not _inside:
            _held = contextlib.ExitStack()
            _held.enter_context(_led_away())
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside and _held:
                _held.close()


@contextlib.contextmanager
def _led_away() -> Iterator[None]:
    try:
        terminal = _own_way()
    except OSError:  # a program without a terminal has none
        yield
        return
    shown: Any = sys.stderr
    with tempfile.TemporaryFile() as file:
        with contextlib.suppress(AttributeError, OSError, ValueError):  # a test's, or none
            if shown.fileno() == 2:
                shown.flush()
                sys.stderr = terminal
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal.fileno(), 2)
            if sys.stderr is terminal:
                sys.stderr = shown
            file.seek(0)
            for line in file:
                if not _NOTES.match(line):
                    terminal.buffer.write(line)


def _own_way() -> io.TextIOWrapper:
    """Another way to where stderr goes; it stays open, since loggers that begin in a block hold it for good."""
    if not _ways or not os.path.sameopenfile(_ways[-1].fileno(), 2):
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        raw = os.fdopen(os.dup(2), "wb", buffering=0, closefd=False)
        _ways.append(io.TextIOWrapper(raw, encoding, "backslashreplace", write_through=True))
    return _ways[-1]
