"""Workers that are processes of this machine, and end with whoever started them."""

from __future__ import annotations

import contextlib
import queue
import signal
import subprocess
import tempfile
import threading
import time

import msgspec

from castlist.archive.workers.orders import News, Order, Post
from castlist.archive.workers.station import Station
from castlist.children import end_with_parent, read_line, start_python, take_stdout

CHILD = "from castlist.archive.workers import serve; serve()"
PAUSE = 0.2  # seconds between two signs of life


class Processes:
    """So many processes."""

    place = ""  # it needs no telling where they are

    def __init__(self, post: Post, count: int) -> None:
        self.post, self.count = post, count
        self._scratch = tempfile.TemporaryDirectory(prefix="castlist-")

    def start(self) -> Process:
        """Start one more."""
        return Process(self.post, self._scratch.name)

    def close(self) -> None:
        """Remove what processes that were ended had fetched: a run, say, or a film."""
        self._scratch.cleanup()


class Process:
    """A process, as the driver sees it."""

    def __init__(self, post: Post, scratch: str) -> None:
        self._child = start_python(CHILD, stdout=subprocess.PIPE, environment={"TMPDIR": scratch})
        self._lock = threading.Lock()
        self._news: News | None = None
        self._say(msgspec.json.encode(post))
        # Not of the pool: that is for work, and this thread waits for as long as the process lives.
        self._listener = threading.Thread(target=self._listen, name="castlist-worker", daemon=True)
        self._listener.start()

    def news(self) -> News | None:
        """The newest; None: it isn't ready yet.

        Raises:
            EOFError: If the process has ended.
        """
        with self._lock:
            news = self._news
        if not self._listener.is_alive() and not (news and (news.is_done or news.problem)):
            raise EOFError
        return news

    def give(self, order: Order) -> None:
        """Have an order carried out."""
        with self._lock:
            self._news = News(0, 0)
        self._say(msgspec.json.encode(order))

    def end(self) -> None:
        """End it at once."""
        self._child.kill()
        self._child.wait()
        self._listener.join()
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):  # what it was told last is lost
            self._child.stdin.close()

    def _say(self, line: bytes) -> None:
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):  # it is gone: told when it is asked for news
            self._child.stdin.write(line + b"\n")
            self._child.stdin.flush()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as lines:
            for line in lines:
                if line.startswith(b'{"beats"'):  # others may have had the pipe, and printed into it
                    with self._lock:
                        self._news = msgspec.json.decode(line, type=News)


def serve() -> None:
    """In such a process: do what the parent says, until it says no more."""
    out = take_stdout()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches parent and child alike; the parent decides
    post = read_line()
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    end_with_parent(orders.put)
    last = 0.0

    def tell(news: bytes) -> None:
        out.write(news + b"\n")
        out.flush()

    def beat() -> None:
        nonlocal last
        if (now := time.monotonic()) > last + PAUSE:
            last = now
            tell(station.news())

    station = Station(post, beat)
    tell(station.news())
    while True:
        tell(station.carry_out(orders.get()))
