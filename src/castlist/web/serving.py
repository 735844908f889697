"""`castlist serve`: a house is opened, its workers are started and watched, and everything ends with it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import math
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from castlist.children import start_python
from castlist.errors import CastlistError, RunError
from castlist.files import PRIVATE_FILE, make_folder
from castlist.run import delete, hold
from castlist.web.house import JOBS, LAUNCHES, LOG, House
from castlist.web.listening import listening, share

# Nothing that is imported is garbage: to look for some takes a fifth of the time in which a worker begins.
CHILD = "import gc; gc.disable(); from castlist.web.worker import main; main()"
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}  # else each thread of a worker keeps what its largest work has needed
LOCK = ".lock"
FINISH = 10.0  # seconds until a worker that doesn't end is ended
ALONE = 3.0  # seconds that the first worker has the cores for the first page
FIRST = 0.5  # seconds from the first answer, which is the least of it, until that page is there with its pictures
PAUSE = 0.1  # seconds between two looks at the workers
LONGEST_LOG = 10_000_000  # bytes; then it begins anew
QUICK, TRIES = 5.0, 5  # a worker that ends so soon, so often in a row, will never do

logger = logging.getLogger(__name__)


def serve_house(house: House, *, on_open: Callable[[House], None]) -> None:
    """Keep a house open until this is interrupted; then what is in hand is finished.

    Args:
        house: Of port 0, one that is free is taken.
        on_open: Called once requests are answered, with the house as it is then.

    Raises:
        CastlistError: If the port is taken, the runs are served already, or the workers can't begin.
    """
    make_folder(house.state, private=True)
    with _alone(house), listening(house.hosts[0].strip("[]"), house.port) as listener:
        house = dataclasses.replace(house, port=listener.getsockname()[1])
        for leftover in (house.uploads, house.state / LAUNCHES):
            delete(leftover)
            make_folder(leftover, private=True)
        opened = time.time()
        with _Workers(house, listener) as workers:
            on_open(house)
            # While the first page comes, which somebody waits for.
            from castlist.web.foreman import Foreman
            from castlist.web.jobs import JobBook

            with Foreman(JobBook(house.state / JOBS), opened=opened):
                workers.watch()


class _Workers:
    """The processes that answer requests."""

    def __init__(self, house: House, listener: socket.socket) -> None:
        self._house = house.spell()
        self._listener = listener
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._log = os.open(house.state / LOG, flags, PRIVATE_FILE)  # what was asked for
        self._quick = 0  # ends in a row that came too soon
        self._places = [house.uploads / str(number) for number in range(house.workers)]
        for place in self._places:  # now: later there may be no room
            make_folder(place, private=True)
        self._running = [self._start(self._places[0], is_first=True)]
        self._unasked = os.fstat(self._log).st_size
        self._answered = math.inf  # when the first answer was told of

    def __enter__(self) -> _Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for one in self._running:
            one.process.terminate()
        deadline = time.monotonic() + FINISH
        for one in self._running:
            try:
                one.process.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
            _empty(one.uploads)
        os.close(self._log)

    def watch(self) -> None:
        """Start the others, and another one for each that dies; ends by an exception only.

        Raises:
            CastlistError: If they die again and again as soon as they begin.
        """
        while True:
            time.sleep(PAUSE)
            size, now = os.fstat(self._log).st_size, time.monotonic()
            if size > self._unasked:
                self._answered = min(self._answered, now)
            others = self._places[len(self._running) :]
            if others and (now - self._running[0].began > ALONE or now - self._answered > FIRST):
                self._running += map(self._start, others)
            if size > LONGEST_LOG:
                os.ftruncate(self._log, 0)
            self._running = [one if one.process.poll() is None else self._start_anew(one) for one in self._running]

    def _start_anew(self, ended: _Worker) -> _Worker:
        logger.warning("a worker has ended and is started anew")
        _empty(ended.uploads)
        self._quick = self._quick + 1 if time.monotonic() - ended.began < QUICK else 0
        if self._quick >= TRIES:
            raise CastlistError(
                "workers-end",
                "The processes that answer requests end as soon as they begin (exit code {status}).",
                status=ended.process.returncode,
            )
        return self._start(ended.uploads)

    def _start(self, uploads: Path, *, is_first: bool = False) -> _Worker:
        process = start_python(CHILD, stdout=self._log, inherited=[self._listener.fileno()], environment=ENVIRONMENT)
        assert process.stdin is not None
        record = {
            "house": self._house,
            "socket": share(self._listener, process.pid),
            "uploads": str(uploads),
            "is_first": is_first,
        }
        process.stdin.write(json.dumps(record).encode() + b"\n")
        process.stdin.flush()
        return _Worker(process, uploads, time.monotonic())


@dataclasses.dataclass(frozen=True)
class _Worker:
    process: subprocess.Popen[bytes]
    uploads: Path  # a folder of what it is looking at
    began: float


def _empty(folder: Path) -> None:
    """Delete what a process that has ended was looking at."""
    with contextlib.suppress(OSError):  # the next start tries again
        for left in folder.iterdir():
            delete(left)


@contextlib.contextmanager
def _alone(house: House) -> Iterator[None]:
    """Keep another house of the same runs out while the block runs."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(house.state / LOCK, patience=0))
        except RunError as error:
            raise CastlistError(
                "house-open-already",
                "The runs in {path!r} are served already. Use that, or end it first.",
                path=str(house.runs),
            ) from error
        yield
