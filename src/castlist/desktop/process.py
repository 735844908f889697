"""Work in a process of its own, as the window sees it: a request goes in, messages come out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError
from castlist.errors import Message as Sentence
from castlist.languages import Translate

Message = dict[str, Any]


class Process:
    """At most one request at a time; a new one ends the one before."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._task: Task | None = None
        self._process: subprocess.Popen[str] | None = None

    def start(
        self,
        request: Message,
        on_message: Callable[[Message], object],
        on_end: Callable[[CastlistError | None], object],
    ) -> None:
        """Send a request to `castlist.desktop.trainer`.

        Args:
            request: As the trainer takes it.
            on_message: Told each message, on the window's thread.
            on_end: Told at the end, with what went wrong.
        """
        self.stop()
        process = subprocess.Popen(
            [sys.executable, "-m", "castlist.desktop.trainer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(request))
        process.stdin.close()
        self._process = process
        self._task = self._worker.start(lambda _: _read(process), on_message, on_end, process.terminate)

    def stop(self) -> None:
        """End it now; nobody is told any more."""
        if self._task and self._process:
            self._task.stop()
            self._process.wait()
        self._task = self._process = None


def describe_step(message: Message, translate: Translate) -> str:
    """Where a training stands, from a message that tells of a step."""
    return translate("Epoch {epoch} of {epochs}, step {step} of {steps}").format(
        **{name: message[name] for name in ("epoch", "epochs", "step", "steps")}
    )


def _read(process: subprocess.Popen[str]) -> Iterator[Message]:
    assert process.stdout is not None
    try:
        with process.stdout as lines:
            for line in lines:
                if not line.startswith("{"):  # what a library prints
                    continue
                message = json.loads(line)
                if "error" in message:
                    said = Sentence.from_dict(message["error"])
                    raise CastlistError(said.code, said.text, **said.values)
                yield message
    finally:
        process.wait()
    if process.returncode:
        raise CastlistError(f"The work ended by itself (exit code {process.returncode}).")
