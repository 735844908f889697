"""A process of the house that answers requests: what to serve comes in on stdin, the addresses asked for go out."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import socket
import sys
import tempfile
from http import HTTPStatus
from types import FrameType
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import h11
import uvicorn
from starlette.concurrency import run_in_threadpool
from uvicorn.protocols.http.h11_impl import H11Protocol

from castlist.children import end_with_parent, read_line
from castlist.errors import Message
from castlist.threads import count_cores, set_threads
from castlist.web.app import App
from castlist.web.guard import HEADERS
from castlist.web.house import House
from castlist.web.listening import taken
from castlist.web.problems import MEDIA_TYPE, problem_bytes

if TYPE_CHECKING:
    from castlist.faces import Finder

BLAS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
FINISH = 8  # seconds that what is in hand has, once the house closes
PAUSE = 0.005  # seconds between two looks whether a hand is free
SELDOM = 50_000  # new objects between two looks for garbage: rows of an archive are ten thousands, and none
READ = 0.1  # seconds in which what is asked on a connection is read, before those without a question are closed
QUIET, MOST_LOOKS = 0.5, 6  # seconds in which nobody asks any more, before the rest is loaded; at last it is anyway
IDLE = 15  # seconds in which a connection's next request must have come, and some of an answer have been taken


def main() -> None:
    """Answer requests until a signal, or until the parent is gone."""
    record = json.loads(read_line())
    end_with_parent()
    gc.freeze()
    gc.set_threshold(SELDOM)
    gc.enable()
    logging.getLogger("castlist").addHandler(logging.StreamHandler(sys.stdout))
    logging.getLogger("castlist.web.access").setLevel(logging.INFO)
    tempfile.tempdir = record["uploads"]  # where films are kept, and forms that are too long for the memory
    answer_requests(House.read(record["house"]), taken(record["socket"]), is_first=record["is_first"])


def answer_requests(
    house: House, listener: socket.socket, *, is_first: bool = False, finder: Finder | None = None
) -> None:
    """Answer the requests that come in on a socket, until a signal tells to end; then finish what is in hand.

    Args:
        house: What it is of.
        listener: The socket.
        is_first: Whether it answers at once, and loads all that the first page does without later.
        finder: What finds faces in photos that are sent; None: castlist's own.
    """
    threads = max(count_cores() // house.workers, 1)
    set_threads(threads)
    # Else a fit takes the other workers' cores, too, and twice the CPU: its threads wait for each other busily.
    # NumPy and OpenCV, which are loaded later, read it.
    os.environ.update(dict.fromkeys(BLAS, str(threads)))
    app = App(house, finder=finder)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,  # what else it says has paths, and names in them
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=FINISH,
    )
    _Server(config, app, is_first=is_first).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Takes a connection when it has a hand free: what waits is for whichever worker is free first.

    Left to asyncio, the worker that looks first takes all that wait, and the other one idles.
    """

    def __init__(self, config: uvicorn.Config, app: App, *, is_first: bool) -> None:
        super().__init__(config)
        self._is_first = is_first
        self._app = app
        self._desk = app.desk
        self._taking: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None  # kept: nobody else holds it

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = self._desk.house.limits.at_once
        await super().startup([])
        self._warming = asyncio.get_running_loop().create_task(self._warm_up())
        for listener in sockets or ():
            listener.setblocking(False)
            self._taking = asyncio.get_running_loop().create_task(self._take(listener))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._taking:
            self._taking.cancel()
        for listener in sockets or ():
            with contextlib.suppress(OSError):  # nobody waits any more
                while True:
                    connection, _ = listener.accept()
                    connection.setblocking(False)
                    await self._speak_on(connection)
            listener.close()
        await asyncio.sleep(READ)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._desk.leave()
        super().handle_exit(sig, frame)

    async def _warm_up(self) -> None:
        """Load all that isn't loaded yet; in the first worker once whoever came first has the first page."""
        await run_in_threadpool(self._app.prepare)
        asked = 0
        for _ in range(MOST_LOOKS if self._is_first else 0):
            await asyncio.sleep(QUIET)
            if not self._desk.working and 0 < asked == self.server_state.total_requests:
                break
            asked = self.server_state.total_requests
        await run_in_threadpool(self._app.rest)
        await run_in_threadpool(self._desk.warm_up)

    async def _take(self, listener: socket.socket) -> None:
        if self._warming and not self._is_first:  # whom it took now would wait for it, and the first is there for them
            await asyncio.wait([self._warming])
        while True:
            with contextlib.suppress(OSError):  # too many files are open, or whoever came is gone
                await self._speak_on((await asyncio.get_running_loop().sock_accept(listener))[0])
            await asyncio.sleep(PAUSE)  # what it asks for is in hand, before another one is taken
            while self._desk.is_busy:
                await asyncio.sleep(PAUSE)

    async def _speak_on(self, connection: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: Connection(config=self.config, server_state=self.server_state, app_state={}), connection
        )


class Connection(H11Protocol):
    """A connection that is closed when no whole request comes on it for long, or nobody takes what was answered.

    For both uvicorn itself waits for ever.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._look_after(None, 0)

    def send_400_response(self, msg: str) -> None:
        """Say that what comes in is no request, as a problem: uvicorn's text has none of the guard's headers."""
        body = problem_bytes(HTTPStatus.BAD_REQUEST, Message("not-http", "This is no request that can be read."), "en")
        length = (b"content-length", str(len(body)).encode())
        kind = (b"content-type", MEDIA_TYPE.encode())
        headers = [kind, length, (b"connection", b"close"), *HEADERS]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        self.transport.close()

    def _look_after(self, cycle: Any, unsent: int) -> None:
        asyncio.get_running_loop().call_later(IDLE, self._look, cycle, unsent)

    def _look(self, before: Any, unsent: int) -> None:
        if self not in self.connections:  # it is lost
            return
        left = self.transport.get_write_buffer_size()
        if 0 < unsent <= left:
            self.transport.abort()
        elif self.cycle is before and (before is None or before.response_complete):
            self.transport.close()  # what is left is sent first
        self._look_after(self.cycle, left)
