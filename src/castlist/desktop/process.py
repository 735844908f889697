"""Jobs on the window's loop: their events come to its thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from castlist.desktop.texts import Sentence
from castlist.desktop.worker import Task, Worker
from castlist.errors import CastlistError
from castlist.jobs import Counted, Event, Failed, Job, Work
from castlist.learning import Progress


class Process:
    """At most one job at a time; a new one ends the one before."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._task: Task | None = None
        self.job: Job | None = None

    def start(
        self, work: Work, on_event: Callable[[Event], object], on_end: Callable[[CastlistError | None], object]
    ) -> None:
        """Begin a work.

        Args:
            work: What is to be done.
            on_event: Told each event but a failure, on the window's thread.
            on_end: Told at the end, with what went wrong.
        """
        self.kill()
        self.job = job = Job(work)
        self._task = self._worker.start(lambda _: _follow(job), on_event, on_end, job.kill)

    def stop(self) -> None:
        """Ask it to end and keep what it has; what becomes of it is still told."""
        if self.job:
            self.job.stop()

    def kill(self) -> None:
        """End it now; nobody is told any more."""
        if self._task:
            self._task.stop()
        self._task = self.job = None


def describe_count(event: Counted) -> Sentence:
    """How many photos are looked at."""
    return lambda translate: translate("Photo {done} of {total}").format(done=event.done, total=event.of)


def describe_step(event: Progress) -> Sentence:
    """Where a training stands."""
    return lambda translate: translate("Epoch {epoch} of {epochs}, step {step} of {steps}").format(
        epoch=event.epoch, epochs=event.epochs, step=event.step, steps=event.steps
    )


def _follow(job: Job) -> Iterator[Event]:
    for event in job.events():
        if isinstance(event, Failed):
            raise event.error
        yield event
