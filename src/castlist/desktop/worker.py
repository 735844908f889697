"""Work off the window's thread: what it finds comes back to the window piece by piece, and can be stopped at each."""

from __future__ import annotations

import queue
import sys
import threading
import tkinter as tk
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from castlist.errors import CastlistError, unforeseen

SOON, LATER = 5, 15  # milliseconds between looks into the queue, and where nothing has come for long
LONG = 200  # looks
HANDLED = 2  # results a look, at most, so that keys and clicks come between
# More than a window ever has at work at once. Not the pool of `castlist.threads`, which has a thread for each core:
# most of these wait, for a job's next word or the camera's next frame, and would keep it from those who compute.
THREADS = 16
WAITING = 8  # results that may wait; a fast camera must not fill the memory while the window draws

# Seconds that a thread may keep Python while the window's waits for it, as after each of its calls of Tk: with
# Python's own 5 ms, drawing a picture with a few names beside a working thread takes a tenth of a second.
SWITCH = 0.0005


class Task:
    """One piece of work, which can be asked to stop."""

    def __init__(
        self,
        hand_over: Callable[[Task, Callable[[], object]], object],
        on_result: Callable[[Any], object],
        on_stop: Callable[[], object] | None,
    ) -> None:
        self.stopped = threading.Event()
        self._hand_over, self._on_result, self._on_stop = hand_over, on_result, on_stop

    def tell(self, result: Any) -> None:
        """Hand a result over from within a call, where the work can't yield it."""
        self._hand_over(self, partial(self._on_result, result))

    def stop(self) -> None:
        """Ask; the work ends after the photo that it is at, and tells nobody any more."""
        self.stopped.set()
        if self._on_stop:
            self._on_stop()


class Worker:
    """Runs generators on threads and hands their results to the window's thread."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._results: queue.Queue[tuple[Task, Callable[[], object]]] = queue.Queue(WAITING)
        self._tasks: set[Task] = set()
        # Kept threads: to start one, the window would wait until the system has got it going.
        self._threads = ThreadPoolExecutor(THREADS, "castlist-work")
        self._looks = 0  # in vain, since something came or was begun
        self._next = root.after(SOON, self._poll)
        self._switch = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)

    def start(
        self,
        work: Callable[[Task], Iterator[Any]],
        on_result: Callable[[Any], object],
        on_end: Callable[[CastlistError | None], object],
        on_stop: Callable[[], object] | None = None,
    ) -> Task:
        """Run work on a thread.

        Args:
            work: Yields results; looks at the task where it can be stopped.
            on_result: Told each, on the window's thread.
            on_end: Told at the end, with what went wrong.
            on_stop: What ends it where it doesn't look at the task.
        """
        task = Task(self._hand_over, on_result, on_stop)

        def run() -> None:
            error: CastlistError | None = None
            try:
                for result in work(task):
                    task.tell(result)
                    if task.stopped.is_set():
                        break
            except CastlistError as problem:
                error = problem
            except Exception as problem:  # a thread that dies in silence would leave the window waiting for ever
                error = unforeseen(problem)
            self._hand_over(task, lambda: on_end(error))
            self._tasks.discard(task)

        self._looks = 0
        self._tasks.add(task)
        self._threads.submit(run)
        return task

    def close(self) -> None:
        """Stop everything and wait until it has."""
        self._root.after_cancel(self._next)
        for task in tuple(self._tasks):
            task.stop()
        self._threads.shutdown()
        sys.setswitchinterval(self._switch)

    def _hand_over(self, task: Task, handle: Callable[[], object]) -> None:
        while not task.stopped.is_set():
            try:
                self._results.put((task, handle), timeout=0.1)
                return
            except queue.Full:
                continue

    def _poll(self) -> None:
        self._looks += 1
        self._next = self._root.after(SOON if self._looks < LONG else LATER, self._poll)
        for _ in range(HANDLED):
            try:
                task, handle = self._results.get_nowait()
            except queue.Empty:
                return
            self._looks = 0
            if not task.stopped.is_set():
                handle()
