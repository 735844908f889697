"""The one process of a house that has works done: it outlives whoever answers requests."""

from __future__ import annotations

import errno
import logging
import math
import os
import threading
from types import TracebackType

from castlist.errors import Message, unforeseen
from castlist.files import PRIVATE_FILE
from castlist.jobs import ENDS, Event, Failed, Job, Stopped, interruption, read_work, write_event
from castlist.web.jobs import STOP, TOLD, WORK, JobBook

PAUSE = 0.1  # seconds between two looks at what is wanted
AT_ONCE = 2  # works under way, on different archives and runs; the others wait
KEPT = 100  # works that are over and are still told of

logger = logging.getLogger(__name__)


class Foreman:
    """Runs the works of a book, as a context: those that a killed one left are told as interrupted at its begin.

    Args:
        book: The works.
        opened: When the house was opened, in seconds of UTC since 1970: nobody before it left what was asked for later.
    """

    def __init__(self, book: JobBook, *, opened: float = math.inf) -> None:
        self._book = book
        self._opened = opened
        self._jobs: dict[str, Job] = {}
        self._leaving = threading.Event()
        # Neither is of the pool: they wait for as long as the house stands.
        self._watch = threading.Thread(target=self._look_around, name="castlist-foreman", daemon=True)

    def __enter__(self) -> Foreman:
        self._book.prepare()
        self._book.clear(KEPT)
        for note in self._book.notes():
            if not note.is_over and note.begun < self._opened:
                self._mend(note.id)
                ended = Message("house-ended", "castlist serve had ended")
                self._tell(note.id, write_event(interruption(self._book.events(note.id), ended)))
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._watch.join()
        for job in list(self._jobs.values()):
            job.kill()

    def _look_around(self) -> None:
        while not self._leaving.wait(PAUSE):
            try:
                self._begin_and_stop()
            except Exception as error:  # a full disk, most likely: what is wanted stays wanted
                logger.warning("works can't be begun or told of: %s", type(error).__name__)

    def _begin_and_stop(self) -> None:
        self._jobs = {job: one for job, one in self._jobs.items() if one.end is None}
        for job, one in self._jobs.items():
            if self._is_to_stop(job):
                one.stop()
        taken = {self._book.place(job) for job in self._jobs}
        for job in self._book.waiting():
            place = self._book.place(job)
            if self._is_to_stop(job):
                self._tell(job, write_event(Stopped()))
                continue
            if len(self._jobs) < AT_ONCE and (place is None or place not in taken):
                self._begin(job)
            taken.add(place)  # also by whoever waits: first come, first served

    def _is_to_stop(self, job: str) -> bool:
        """Whether somebody wants it to stop; told once."""
        stop = self._book.folder / f"{job}{STOP}"
        wanted = stop.exists()
        stop.unlink(missing_ok=True)
        return wanted

    def _begin(self, job: str) -> None:
        self._tell(job, b"")
        try:
            self._jobs[job] = Job(read_work((self._book.folder / f"{job}{WORK}").read_bytes()))
        except Exception as error:  # another castlist wrote it down, or the system refuses a process
            logger.warning("a work can't be begun: %s", type(error).__name__)
            self._tell(job, write_event(Failed(unforeseen(error).message)))
            return
        threading.Thread(target=self._listen, args=(job, self._jobs[job]), name="castlist-told", daemon=True).start()

    def _listen(self, job: str, one: Job) -> None:
        for event in one.events():
            if isinstance(event, Stopped) and self._leaving.is_set():
                return  # nobody wanted that: it is told as interrupted at the next begin
            # Without room, its end alone is told again and again: whoever watches waits for it.
            while not self._is_told(job, event) and isinstance(event, ENDS) and not self._leaving.wait(PAUSE):
                pass

    def _is_told(self, job: str, event: Event) -> bool:
        """Tell an event, if there is room for it."""
        try:
            self._tell(job, write_event(event))
        except OSError:
            return False
        return True

    def _mend(self, job: str) -> None:
        """Take away what a killed foreman wrote of a line."""
        path = self._book.folder / f"{job}{TOLD}"
        if path.exists():
            os.truncate(path, self._book.told(job)[1])

    def _tell(self, job: str, line: bytes) -> None:
        file = os.open(self._book.folder / f"{job}{TOLD}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
        try:
            before = os.fstat(file).st_size
            if os.write(file, line) != len(line):
                os.ftruncate(file, before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(file)
