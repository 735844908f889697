"""Who does what: orders are given to workers; whoever dies or hangs is replaced, and its order is given again.

Of an order that ends its worker three times, each photo is tried out alone, and those that still do are set aside: they
have a row that says so. Whatever happens, a unit's shard is written by whoever has all of its rows.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from castlist.archive.planning import Content, Unit
from castlist.archive.workers.orders import News, Order
from castlist.errors import CastlistError, Message
from castlist.threads import OnCount, Stop

logger = logging.getLogger(__name__)

TRIES = 3
PATIENCE = 600.0  # seconds without a sign of life; one photo takes a second, the digest of the largest film minutes
PAUSE = 0.05  # seconds between two looks at all workers


class Hand(Protocol):
    """A worker, as the driver sees it."""

    def news(self) -> News | None:
        """The newest; None: it isn't ready yet.

        Raises:
            EOFError: If it is gone.
        """

    def give(self, order: Order) -> None:
        """Have an order carried out."""

    def end(self) -> None:
        """End it at once; it may be gone."""


class Crew(Protocol):
    """Where workers come from."""

    @property
    def place(self) -> str:
        """Where they are, in a sentence about what went wrong there; "": here."""

    @property
    def count(self) -> int:
        """How many there may be at the moment."""

    def start(self) -> Hand:
        """Start one more."""

    def close(self) -> None:
        """Let go of what they came from, once they are ended."""


@dataclass(eq=False)
class _Task:
    """An order that is to be given, and what happened to it."""

    order: Order
    tries: int = 0
    suspects: _Trial | None = None  # of a trial


@dataclass(eq=False)
class _Trial:
    """The photos of an order, each tried out alone."""

    order: Order
    left: int
    guilty: list[str] = field(default_factory=list)


@dataclass(eq=False)
class _Seat:
    """A worker, and what it does."""

    hand: Hand
    task: _Task | None = None
    is_ready: bool = False
    beats: int = -1
    looked: int = 0
    since: float = field(default_factory=time.monotonic)  # when something was heard


def drive(
    plan: int,
    units: Sequence[Unit],
    crew: Crew,
    *,
    tell: Callable[[Message], None] | None = None,
    on_count: OnCount | None = None,
    stop: Stop | None = None,
) -> bool:
    """Have units carried out; gives whether all of them are, which isn't so where `stop` says so.

    Args:
        plan: The number of their plan.
        units: What is to be done.
        crew: Who does it; each of them is ended when this returns, and what was finished stays finished.
        tell: Told which photos were set aside, a sentence each.
        on_count: Told how many photos have been looked at, of how many.
        stop: Asked again and again.

    Raises:
        CastlistError: If a worker can't begin, or a unit fails again and again for a reason that it tells.
    """
    return _Driver(plan, units, crew, tell, on_count).run(stop)


class _Driver:
    def __init__(
        self,
        plan: int,
        units: Sequence[Unit],
        crew: Crew,
        tell: Callable[[Message], None] | None,
        on_count: OnCount | None,
    ) -> None:
        self._plan, self._units, self._crew = plan, units, crew
        self._tell, self._on_count = tell, on_count
        # Those that nobody was given yet, by their place: as tasks they would all be in memory.
        self._waiting: deque[_Task | int] = deque(range(len(units)))
        self._seats: list[_Seat] = []
        self._total = sum(unit.n_looks for unit in units)
        self._looked = 0  # of units that are done
        self._lost_in_a_row = 0  # workers, before they were ready

    def run(self, stop: Stop | None) -> bool:
        try:
            while self._waiting or any(seat.task for seat in self._seats):
                if stop and stop():
                    return False
                self._hire()
                for seat in list(self._seats):
                    self._attend(seat)
                self._count()
                time.sleep(PAUSE)
            return True
        finally:
            for seat in self._seats:
                seat.hand.end()

    def _hire(self) -> None:
        """Have as many workers as there may be, and as are of use."""
        wanted = min(self._crew.count, len(self._waiting) + sum(seat.task is not None for seat in self._seats))
        for seat in [seat for seat in self._seats if not seat.is_ready][: max(0, len(self._seats) - wanted)]:
            self._dismiss(seat)  # whom a cluster that has become smaller has no place for
        while len(self._seats) < wanted:
            self._seats.append(_Seat(self._crew.start()))

    def _attend(self, seat: _Seat) -> None:
        try:
            news = seat.hand.news()
        except EOFError:
            self._lose(seat)
            return
        if news is None:
            return
        if news.error:
            self._hear_refusal(seat, news.error)
            return
        now = time.monotonic()
        if not seat.is_ready or news.beats != seat.beats:
            seat.is_ready, seat.beats, seat.since = True, news.beats, now
            self._lost_in_a_row = 0
        if seat.task and news.is_done:
            task, seat.task = seat.task, None
            self._finish(task)
        if seat.task is None:  # also who has just ended: nobody waits for the next look at all workers
            if self._waiting:
                seat.task, seat.looked, seat.since = self._next(), 0, now
                seat.hand.give(seat.task.order)
        elif now > seat.since + PATIENCE:
            logger.warning("a worker gives no sign of life and is ended")
            self._lose(seat)
        else:
            seat.looked = news.looked

    def _finish(self, task: _Task) -> None:
        if task.suspects:
            self._judge(task, task.suspects, is_guilty=False)
        else:
            self._looked += task.order.unit.n_looks

    def _next(self) -> _Task:
        task = self._waiting.popleft()
        return task if isinstance(task, _Task) else _Task(Order(self._plan, self._units[task]))

    def _hear_refusal(self, seat: _Seat, error: CastlistError) -> None:
        """A worker told why it can't do what it should: that passes, or nobody could."""
        task = seat.task
        self._dismiss(seat)
        if task is None:
            self._lost_in_a_row += 1
        else:
            task.tries += 1
        if (task.tries if task else self._lost_in_a_row) >= TRIES:
            raise self._placed(error)
        logger.warning("a worker failed: %s", error.code)
        if task:
            self._waiting.append(task)

    def _lose(self, seat: _Seat) -> None:
        """A worker has died, or hangs."""
        task = seat.task
        self._dismiss(seat)
        if task is None:
            self._lost_in_a_row += not seat.is_ready
            if self._lost_in_a_row >= TRIES:
                raise self._placed(
                    CastlistError(
                        "workers-die",
                        "Workers end before they can begin, as where memory is short. Have fewer of them.",
                    )
                )
            return
        task.tries += 1
        logger.warning("a worker is lost, try %d of unit %d", task.tries, task.order.unit.number)
        if task.tries < TRIES:
            self._waiting.append(task)  # behind the others: most of them are done before it does harm again
        elif task.suspects:
            self._judge(task, task.suspects, is_guilty=True)
        else:
            self._try_out(task)

    def _try_out(self, task: _Task) -> None:
        """Have each photo of an order tried out alone."""
        order, contents = task.order, task.order.unit.contents
        suspects = [content for content in contents if _name(content) not in order.aside]
        if order.aside or not suspects:
            raise self._placed(
                CastlistError(
                    "unit-ends-workers",
                    "Unit {number} of the work, with {photo!r}, ends its workers, though no photo of it does alone. "
                    "Have fewer of them, or give them more memory.",
                    number=order.unit.number,
                    photo=_name(contents[0]) if contents else "",
                )
            )
        trial = _Trial(order, len(suspects))
        self._waiting.extendleft(
            _Task(Order(self._plan, Unit(order.unit.number, (content,)), is_trial=True), suspects=trial)
            for content in reversed(suspects)
        )

    def _judge(self, task: _Task, trial: _Trial, *, is_guilty: bool) -> None:
        trial.left -= 1
        if is_guilty:
            (content,) = task.order.unit.contents
            trial.guilty.append(_name(content))
            if self._tell:
                self._tell(
                    Message(
                        "photo-told-aside",
                        "{photo!r} ended whoever looked at it, {tries} times, and was set aside.",
                        {"photo": _name(content), "tries": TRIES},
                    )
                )
        if not trial.left:
            # With nobody guilty, a last time; "" is no photo's name.
            aside = tuple(trial.guilty) or ("",)
            self._waiting.appendleft(_Task(Order(self._plan, trial.order.unit, aside)))

    def _dismiss(self, seat: _Seat) -> None:
        self._seats.remove(seat)
        seat.hand.end()

    def _placed(self, error: CastlistError) -> CastlistError:
        """An error, with where it happened unless that is here."""
        if not self._crew.place:
            return error
        return CastlistError(
            "worker-refuses",
            "A worker in {place} can't go on: {reason}",
            place=self._crew.place,
            reason=error.message,
        )

    def _count(self) -> None:
        if self._on_count:
            live = sum(seat.looked for seat in self._seats if seat.task and not seat.task.suspects)
            self._on_count(self._looked + live, self._total)


def _name(content: Content) -> str:
    return content.files[0].photo
