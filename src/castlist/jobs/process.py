"""Work in a process of its own, as those who watch it see it.

A thread would not do: Keras holds Python's lock for seconds, and a thread can't be killed.
"""

from __future__ import annotations

import itertools
import logging
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator

from castlist.children import start_python
from castlist.errors import Message
from castlist.jobs.events import ENDS, UNREADABLE, Begun, Event, Failed, Stopped, Stopping, read_event
from castlist.jobs.works import Work, write_work

GRACE = 20.0  # seconds in which a work that is asked to stop must have heard it
CHILD = "from castlist.jobs.worker import main; main()"
KILLED = getattr(signal, "SIGKILL", 9)  # which Windows doesn't have

logger = logging.getLogger(__name__)


class Job:
    """A work under way, in a process of its own, that any number of threads may watch.

    The process ends with the job, when it is killed, and when this process dies, however that happens.
    """

    def __init__(self, work: Work, *, grace: float = GRACE) -> None:
        """Begin it.

        Raises:
            CastlistError: If it is no work.
        """
        self._grace = grace
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._to_stop = False
        line = write_work(work)
        self._process = start_python(CHILD, stdout=subprocess.PIPE)
        self._said = threading.Lock()
        self._say(line)
        logger.info("job %d begins: %s", self._process.pid, type(work).__name__)
        # Not of the pool: that is for work, and this thread waits for as long as the job takes.
        self._listener = threading.Thread(target=self._listen, name="castlist-job", daemon=True)
        self._listener.start()

    @property
    def end(self) -> Event | None:
        """The last event; None as long as the work goes on."""
        with self._changed:
            return self._events[-1] if self._has_ended() else None

    def events(self, start: int = 0) -> Iterator[Event]:
        """All that was told from event number `start` on, and then what is being told, up to the end."""
        for i in itertools.count(max(start, 0)):
            with self._changed:
                while len(self._events) <= i and not self._has_ended():
                    self._changed.wait()
                if i >= len(self._events):
                    return
                event = self._events[i]
            yield event

    def stop(self) -> None:
        """Ask the work to end and keep what it has; returns at once. Where it doesn't hear, it is killed."""
        self._to_stop = True
        self._say(b"stop\n")
        threading.Thread(target=self._insist, name="castlist-job-stop", daemon=True).start()

    def kill(self) -> None:
        """End it now; what is on disk stays as it is, and can be gone on with."""
        self._to_stop = True
        self._process.kill()
        self._listener.join()

    def _insist(self) -> None:
        with self._changed:
            heard = self._changed.wait_for(
                lambda: self._has_ended() or any(isinstance(event, Stopping) for event in self._events), self._grace
            )
        if not heard:
            logger.info("job %d doesn't stop and is killed", self._process.pid)
            self.kill()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            try:
                for line in lines:
                    # Before the first event others may have had the pipe, and printed into it.
                    if self._events or line.startswith(b'{"event"'):
                        self._add(read_event(line))
            except ValueError as error:
                logger.debug("job %d told %s", self._process.pid, error)
                self._add(UNREADABLE)
                self._process.kill()
        self._process.wait()
        self._add(self._explain_end())
        self._hang_up()
        logger.info("job %d has ended: %s", self._process.pid, type(self._events[-1]).__name__)

    def _add(self, event: Event) -> None:
        with self._changed:
            if self._has_ended():
                return
            self._events.append(event)
            self._changed.notify_all()
        if isinstance(event, ENDS):
            self._hang_up()  # nothing else is expected: a child that hangs as it ends is ended

    def _has_ended(self) -> bool:
        return bool(self._events) and isinstance(self._events[-1], ENDS)

    def _explain_end(self) -> Event:
        """The end of a process that didn't tell its own."""
        if self._to_stop:
            return Stopped()
        return interruption(self._events, _describe_status(self._process.returncode))

    def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None
        with self._said:
            try:
                self._process.stdin.write(line)
                self._process.stdin.flush()
            except (OSError, ValueError):  # it is gone, or was told to go: the listener knows
                logger.debug("job %d hears no more", self._process.pid)

    def _hang_up(self) -> None:
        assert self._process.stdin is not None
        with self._said:
            try:
                self._process.stdin.close()
            except OSError:
                logger.debug("job %d was gone before it had heard all", self._process.pid)


def interruption(events: Iterable[Event], how: Message) -> Failed:
    """The end of a work that didn't tell its own, by what it told: a training can be gone on with.

    Args:
        events: All that was told.
        how: It ended.
    """
    for event in events:
        if isinstance(event, Begun):
            return Failed(
                Message(
                    "training-interrupted",
                    "The training was interrupted ({how}). Go on with it: castlist resume {run!r}.",
                    {"how": how, "run": str(event.run)},
                )
            )
    return Failed(Message("job-interrupted", "The work was interrupted ({how}). Start it again.", {"how": how}))


def _describe_status(status: int) -> Message:
    if status == -KILLED:
        return Message("killed-by-system", "it was killed, as a system does when memory runs out")
    if status < 0:
        return Message("killed-by-signal", "it was ended by signal {number}", {"number": -status})
    return Message("exit-code", "it ended by itself with exit code {status}", {"status": status})
