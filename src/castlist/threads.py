"""The one pool of threads: whoever works side by side asks here, and nobody opens another."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from castlist.arguments import checked, plain
from castlist.errors import SettingsError, shown

S = TypeVar("S")
T = TypeVar("T")

OnCount = Callable[[int, int], None]  # done, of how many; 0: not known
Stop = Callable[[], bool]  # whether to stop; asked between two pieces of work

_lock = threading.Lock()
_inside = threading.local()
_pool: ThreadPoolExecutor | None = None
_size = 0


def count_cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@checked
def set_threads(count: int) -> None:
    """Let the pool have so many threads from now on; work under way ends in the pool that it began in.

    Args:
        count: 1 or more; until this is called, as many as there are cores.

    Raises:
        SettingsError: If it is less.
    """
    _need_some(count)
    global _pool, _size
    with _lock:
        before, _pool, _size = _pool, None, count
    if before:
        before.shutdown(wait=False)


class Hands:
    """A share of the pool: the work of one caller, so many pieces of it at the same time at most."""

    def __init__(self, count: int | None = None) -> None:
        """Take a share.

        Args:
            count: 1 or more; None takes the whole pool. More than the pool has are no help.

        Raises:
            SettingsError: If it is less.
        """
        count = plain(count)
        if count is not None:
            _need_some(count)
        self._is_whole = count is None
        self._free = count or 0
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Callable[[], None], Future[Any]]] = deque()

    def submit(self, work: Callable[[S], T], item: S) -> Future[T]:
        """Begin a piece of work as soon as a hand is free, as `submit` does."""
        if self._is_whole or getattr(_inside, "work", False):
            return submit(work, item)
        promised: Future[T] = Future()

        def do() -> None:
            try:
                promised.set_result(work(item))
            except BaseException as error:
                promised.set_exception(error)

        with self._lock:
            self._waiting.append((do, promised))
        self._begin()
        return promised

    def _begin(self) -> None:
        with self._lock:
            while self._waiting and self._free:
                do, promised = self._waiting.popleft()
                if promised.set_running_or_notify_cancel():
                    self._free -= 1
                    break
            else:
                return
        _put(self._do, do)

    def _do(self, do: Callable[[], None]) -> None:
        do()
        with self._lock:
            self._free += 1
        self._begin()


def work_ahead(
    work: Callable[[S], T], items: Iterable[S], *, ahead: int | None = None, hands: Hands | None = None
) -> Iterator[T]:
    """Do a piece of work for each item, side by side, a bounded number of items ahead of what is asked for.

    Work that is itself part of such work is done where it stands, so that nobody waits for threads that wait for it.

    Args:
        work: May be called in several threads at once; what it raises is raised where its result is asked for.
        items: Taken one by one, as far as the look-ahead goes and no further.
        ahead: Items begun beyond the one asked for; by default twice the threads. Bounds the memory.
        hands: The share of the pool that does the work; by default all of it.

    Yields:
        The results, in the order of the items.
    """
    if getattr(_inside, "work", False):
        yield from map(work, items)
        return
    waiting: deque[Future[T]] = deque()
    try:
        for item in items:
            waiting.append(hands.submit(work, item) if hands else submit(work, item))
            if len(waiting) > (2 * _threads() if ahead is None else ahead):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # who stops asking leaves nothing running
        for future in waiting:
            future.cancel()


def submit(work: Callable[[S], T], item: S) -> Future[T]:
    """Begin a piece of work; inside other such work it is done at once."""
    return _at_once(work, item) if getattr(_inside, "work", False) else _put(work, item)


def _at_once(work: Callable[[S], T], item: S) -> Future[T]:
    done: Future[T] = Future()
    try:
        done.set_result(work(item))
    except BaseException as error:
        done.set_exception(error)
    return done


def _put(work: Callable[[S], T], item: S) -> Future[T]:
    try:
        with _lock:
            return _executor().submit(work, item)
    except RuntimeError as error:
        # Python is ending, and says so by its words alone; of a thread that can't begin the work would be done later.
        if not str(error).startswith("cannot schedule new futures"):
            raise
    return _at_once(work, item)


def _begin_thread() -> None:
    _inside.work = True


def _need_some(count: int) -> None:
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise SettingsError("threads-number", "Threads must be 1 or more. Got {count} instead.", count=shown(count))


def _threads() -> int:
    return _size or count_cores()


def _executor() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(_threads(), "castlist", _begin_thread)
    return _pool


def _forget_pool() -> None:
    """A forked child has none of its parent's threads."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
