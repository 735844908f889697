"""Where orders are carried out: the run is opened once, and its threads are bounded."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from castlist.archive.folder import ArchiveFolder
from castlist.archive.namer import open_namer
from castlist.archive.originals import open_originals
from castlist.archive.units import Worker
from castlist.archive.workers.orders import News, Order, Post, find_function
from castlist.errors import CastlistError, unforeseen
from castlist.threads import set_threads


class Station:
    """Carries out orders, in a process or an actor of its own; one at a time, while others may ask for news."""

    def __init__(self, post: bytes, on_beat: Callable[[], None] | None = None) -> None:
        """Begin.

        Args:
            post: A `Post`, in JSON.
            on_beat: Called whenever there is news.
        """
        told = msgspec.json.decode(post, type=Post)
        self._post, self._on_beat = told, on_beat
        self._beats = self._looked = 0
        self._problem: CastlistError | None = None
        set_threads(told.threads)
        try:
            self._worker = self._open(told)
        except CastlistError as error:
            self._problem = error

    def news(self) -> bytes:
        """How it stands: `News`, in JSON."""
        return self._tell(self._problem)

    def carry_out(self, order: bytes) -> bytes:
        """Carry out an `Order`, in JSON; gives the news that it is done, or why it isn't."""
        self._looked = 0
        problem = self._problem
        if problem is None:
            try:
                self._do(msgspec.json.decode(order, type=Order))
            except CastlistError as error:
                problem = error
            except MemoryError:  # as good as killed: nobody knows what still works
                raise
            except Exception as error:
                problem = unforeseen(error)
        return self._tell(problem, is_done=problem is None)

    def _open(self, post: Post) -> Worker:
        namer = open_namer(
            post.run,
            together=post.together,
            stranger_rate=post.stranger_rate,
            finder=find_function(post.finder),
        )
        if namer.eyes_digest != post.eyes:
            raise CastlistError(
                "worker-other-eyes",
                "The run {path!r} is another than the one that the work was begun with. Start again: castlist archive.",
                path=post.run,
            )
        folder = ArchiveFolder(post.archive)
        folder.ticket = post.ticket
        return Worker(folder, open_originals(post.root), namer, self._count, self._is_to_stop)

    def _do(self, order: Order) -> None:
        if order.is_trial:
            for content in order.unit.contents:
                self._worker.try_out(content)
        else:
            self._worker.do(order.plan, [order.unit], aside=order.aside)

    def _count(self, done: int, total: int) -> None:
        self._looked += 1
        self._beat()

    def _is_to_stop(self) -> bool:
        """Asked before each photo and each frame of a film: a sign of life. Who is to stop is killed."""
        self._beat()
        return False

    def _beat(self) -> None:
        self._beats += 1
        if self._on_beat:
            self._on_beat()

    def _tell(self, problem: CastlistError | None, *, is_done: bool = False) -> bytes:
        return msgspec.json.encode(
            News(self._beats, self._looked, is_done, None if problem is None else problem.message.to_dict())
        )
