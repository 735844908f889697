"""The child's side of a job: a line that says what is to be done comes in on stdin, lines of events go out."""

from __future__ import annotations

import signal
import threading
import time
from typing import BinaryIO

from castlist.children import end_with_parent, read_line, take_stdout
from castlist.errors import CastlistError, unforeseen
from castlist.jobs.events import Counted, Event, Failed, Stopped, Stopping, write_event
from castlist.jobs.works import StopAsked, read_work
from castlist.learning import Progress

PAUSE = 0.1  # seconds between two counts; nobody sees more, and a training of a night has a million steps


class Teller:
    """Tells events, and asks the work to stop when the parent has asked."""

    def __init__(self, events: BinaryIO) -> None:
        self._events = events
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._last = 0.0  # when something was counted
        self._heard = False

    def ask(self) -> None:
        """Let the work stop at the next thing it tells."""
        self._asked.set()

    def tell(self, event: Event) -> None:
        """Tell how the work goes.

        Raises:
            StopAsked: Once, if it is to stop; not where an epoch has ended, which is still to be put on disk.
        """
        if self._asked.is_set() and not (self._heard or (isinstance(event, Progress) and event.finished)):
            self._heard = True
            self.write(Stopping())
            raise StopAsked
        if _is_count(event):
            if time.monotonic() < self._last + PAUSE:
                return
            self._last = time.monotonic()
        self.write(event)

    def write(self, event: Event) -> None:
        """Tell whatever happens."""
        with self._lock:
            self._events.write(write_event(event))
            self._events.flush()


def main() -> None:
    """Do what the parent says, tell how it goes, and end: done, failed, stopped, or when the parent is gone."""
    teller = Teller(take_stdout())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches parent and child alike; the parent decides
    line = read_line()
    end_with_parent(lambda _: teller.ask())
    try:
        teller.write(read_work(line).do(teller.tell))
    except StopAsked:
        teller.write(Stopped())
    except CastlistError as error:
        teller.write(Failed(error.message))
    except Exception as error:
        teller.write(Failed(unforeseen(error).message))


def _is_count(event: Event) -> bool:
    """Whether it is outdated by the next of its kind."""
    if isinstance(event, Progress):
        return event.finished is None
    return isinstance(event, Counted) and event.done != event.of
