"""Pythons that castlist starts: they execute nothing that lies beside somebody's photos, and end with their parent."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from castlist.caches import chosen_cache_folder


def start_python(
    code: str,
    *,
    stdout: int = subprocess.DEVNULL,
    inherited: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Run code in a Python of its own, which is spoken to on its stdin.

    Args:
        code: As of `python -c`; begins with what `read_line` and `end_with_parent` are for.
        stdout: As of `subprocess.Popen`.
        inherited: Descriptors that it has, too, under the same numbers; where the system has such.
        environment: Variables that it has besides those of its parent.
    """
    if folder := chosen_cache_folder():
        code = f"from castlist.caches import set_cache_folder; set_cache_folder({str(folder)!r})\n{code}"
    # Without -P the current folder would come first on sys.path: a json.py beside the photos would be executed.
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
        pass_fds=() if sys.platform == "win32" else inherited,
    )


def read_line() -> bytes:
    """In a child: the next line that the parent says; empty when it says no more."""
    # Unbuffered: a buffer's lock, held by a thread that waits for more, would abort Python at its end.
    with open(0, "rb", buffering=0, closefd=False) as stdin:
        return stdin.readline()


def end_with_parent(on_line: Callable[[bytes], object] = lambda line: None) -> None:
    """In a child: listen on a thread, and end at once when the parent says no more, as when it was killed."""

    def listen() -> None:
        while line := read_line():
            on_line(line)
        os._exit(1)

    threading.Thread(target=listen, name="castlist-parent", daemon=True).start()


def take_stdout() -> BinaryIO:
    """In a child: take the pipe to the parent for oneself; whatever libraries print goes where their errors go."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    pipe.write(b"\n")  # ends what was printed before, as by a sitecustomize
    return pipe
