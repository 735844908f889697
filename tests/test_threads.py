"""Work side by side keeps its order and its bounds, and nobody waits for threads that wait for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import wait
from typing import Any

import numpy as np
import pytest

from castlist.errors import SettingsError
from castlist.threads import Hands, count_cores, set_threads, work_ahead


def test_a_share_of_the_pool_does_all_of_its_work_in_order() -> None:
    for count in (1, 2, None, 50):
        assert list(work_ahead(lambda n: n * n, range(300), ahead=20, hands=Hands(count))) == [
            n * n for n in range(300)
        ]


@pytest.mark.parametrize("count", [0, -1, True, 1.5, "2", np.float64(2)])
def test_a_share_that_is_none_is_one_sentence(count: Any) -> None:
    with pytest.raises(SettingsError, match="Threads must be 1 or more"):
        Hands(count)


def test_numpy_s_numbers_are_shares_too() -> None:
    assert list(work_ahead(lambda n: n, range(3), hands=Hands(np.int64(2)))) == [0, 1, 2]


def test_one_hand_does_one_thing_at_a_time() -> None:
    busy = threading.Lock()

    def work(_: int) -> bool:
        alone = busy.acquire(blocking=False)
        threading.Event().wait(0.001)
        if alone:
            busy.release()
        return alone

    assert all(work_ahead(work, range(50), ahead=10, hands=Hands(1)))


def test_work_within_work_waits_for_nobody() -> None:
    hands = Hands(1)

    def outer(n: int) -> int:
        return sum(work_ahead(lambda m: n * m, range(4), hands=hands)) + hands.submit(lambda m: m, n).result()

    assert list(work_ahead(outer, range(8), hands=hands)) == [7 * n for n in range(8)]


def test_what_fails_is_raised_where_it_is_asked_for_and_frees_its_hand() -> None:
    hands = Hands(1)
    failing = hands.submit(lambda n: 1 // n, 0)
    with pytest.raises(ZeroDivisionError):
        failing.result()
    assert hands.submit(lambda n: 1 // n, 1).result(timeout=5) == 1


def test_work_that_nobody_asks_for_any_more_is_not_begun() -> None:
    hands, gate, begun = Hands(1), threading.Event(), []
    first = hands.submit(lambda _: gate.wait(5), 0)
    later = [hands.submit(begun.append, n) for n in range(5)]
    assert all(future.cancel() for future in later[:3])
    gate.set()
    wait([first, *later[3:]], timeout=5)
    assert begun == [3, 4]


def test_who_stops_asking_leaves_nothing_to_be_begun() -> None:
    hands, gate, begun = Hands(1), threading.Event(), []

    def work(n: int) -> int:
        begun.append(n)
        return n and int(gate.wait(5))

    stream = work_ahead(work, range(20), ahead=5, hands=hands)
    assert next(stream) == 0
    stream.close()
    gate.set()
    assert hands.submit(lambda n: n, 7).result(timeout=5) == 7  # after whatever was still to be done
    assert begun in ([0], [0, 1])


def test_items_are_taken_twice_the_threads_ahead() -> None:
    taken: list[int] = []
    set_threads(3)
    try:
        next(stream := work_ahead(abs, (taken.append(n) or n for n in range(50))))
        stream.close()
    finally:
        set_threads(count_cores())
    assert len(taken) == 2 * 3 + 1


def test_another_size_is_not_waited_for() -> None:
    gate = threading.Event()
    going = [Hands().submit(lambda _: gate.wait(20), n) for n in range(2)]
    set_threads(count_cores())
    assert Hands().submit(abs, -1).result(timeout=10) == 1
    assert not any(one.done() for one in going)
    gate.set()
    assert all(one.result(timeout=5) for one in going)


def test_the_pool_is_resized_with_work_under_way() -> None:
    ended = threading.Event()
    results: list[list[int]] = []
    errors: list[BaseException] = []

    def ask(hands: Hands | None) -> None:
        try:
            while not ended.is_set():
                results.append(list(work_ahead(lambda n: n + 1, range(100), hands=hands)))
        except BaseException as error:
            errors.append(error)

    askers = [threading.Thread(target=ask, args=(hands,)) for hands in (None, None, Hands(2))]
    for one in askers:
        one.start()
    try:
        for count in [1, 2, 3, 1] * 50:
            set_threads(count)
            ended.wait(0.005)
    finally:
        ended.set()
        for one in askers:
            one.join(20)
        set_threads(count_cores())
    assert not any(one.is_alive() for one in askers) and not errors
    assert len(results) > 3 and all(result == list(range(1, 101)) for result in results)


@pytest.mark.parametrize("count", [1, 3])
def test_the_pool_has_as_many_threads_as_it_was_told(count: int) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        threading.Event().wait(0.01)
        with lock:
            busy -= 1

    set_threads(count)
    try:
        list(work_ahead(work, range(30), ahead=10))
    finally:
        set_threads(count_cores())
    assert most == count


def test_work_is_done_while_python_ends() -> None:
    code = """
import atexit
from castlist.threads import Hands, work_ahead
atexit.register(lambda: print([list(work_ahead(str, range(9), hands=Hands(count))) for count in (None, 1)]))
list(work_ahead(str, range(3)))
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.strip(), done.stderr) == (str([[str(n) for n in range(9)]] * 2), "")
