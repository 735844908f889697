"""Work off the window's thread: what it finds comes back to the window piece by piece."""

from __future__ import annotations

import queue
import threading
import tkinter as tk
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from castlist.errors import CastlistError

POLL = 15  # milliseconds between looks into the queue
HANDLED = 4  # results a look, at most, so that keys and clicks come between
WAITING = 8  # results that may wait; a fast camera must not fill the memory while the window draws


class Task:
    """One piece of work, which can be asked to stop."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def stop(self) -> None:
        """Ask; the work ends after the photo that it is at, and tells nobody any more."""
        self.stopped.set()


class Worker:
    """Runs generators on threads and hands their results to the window's thread."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._results: queue.Queue[tuple[Task, Callable[[], object]]] = queue.Queue(WAITING)
        self._threads: dict[Task, threading.Thread] = {}
        self._next = root.after(POLL, self._poll)

    def start(
        self,
        work: Callable[[Task], Iterator[Any]],
        on_result: Callable[[Any], object],
        on_end: Callable[[CastlistError | None], object],
    ) -> Task:
        """Run work on a thread of its own.

        Args:
            work: Yields results; looks at the task where it can be stopped.
            on_result: Told each, on the window's thread.
            on_end: Told at the end, with what went wrong.
        """
        task = Task()

        def run() -> None:
            error: CastlistError | None = None
            try:
                for result in work(task):
                    self._hand_over(task, partial(on_result, result))
                    if task.stopped.is_set():
                        return
            except CastlistError as problem:
                error = problem
            except Exception as problem:  # a thread that dies in silence would leave the window waiting for ever
                error = CastlistError(f"{type(problem).__name__}: {problem}")
            self._hand_over(task, lambda: on_end(error))

        self._threads = {task: thread for task, thread in self._threads.items() if thread.is_alive()}
        self._threads[task] = threading.Thread(target=run, name="castlist-work")
        self._threads[task].start()
        return task

    def close(self) -> None:
        """Stop everything and wait until it has."""
        self._root.after_cancel(self._next)
        for task in self._threads:
            task.stop()
        for thread in self._threads.values():
            thread.join()

    def _hand_over(self, task: Task, handle: Callable[[], object]) -> None:
        while not task.stopped.is_set():
            try:
                self._results.put((task, handle), timeout=0.1)
                return
            except queue.Full:
                continue

    def _poll(self) -> None:
        self._next = self._root.after(POLL, self._poll)
        for _ in range(HANDLED):
            try:
                task, handle = self._results.get_nowait()
            except queue.Empty:
                return
            if not task.stopped.is_set():
                handle()
