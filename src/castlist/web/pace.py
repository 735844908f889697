"""How much comes in at a time: requests a minute, requests that wait, the length of a body and how slowly it comes."""

from __future__ import annotations

import asyncio
import logging
import time
import urllib.parse
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from castlist.errors import CastlistError
from castlist.web.answers import refuse
from castlist.web.desk import Desk
from castlist.web.problems import scope_language

SLOWEST = 20_000  # bytes of a body a second, in the long run

access = logging.getLogger("castlist.web.access")


class Bucket:
    """So many tokens a minute, of which as many may be spent at once."""

    def __init__(self, per_minute: int) -> None:
        self._most = self._left = float(per_minute)
        self._last = time.monotonic()

    def take(self) -> bool:
        """Spend a token, if there is one."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._last) * self._most / 60)
        self._last = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Pace:
    """ASGI middleware that keeps a worker from being asked for more than it bears, and tells what it was asked for."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._limits = desk.house.limits
        self._bucket = Bucket(self._limits.per_minute)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        answer = _Answer(send, self._desk, self._go_on)
        try:
            self._check(scope)
        except CastlistError as error:
            await refuse(answer.send, error, scope_language(scope))
        else:
            body = _Body(receive, self._limits.body, self._limits.seconds, answer.work)
            self._waiting += 1
            answer.is_waited_for = True
            try:
                await self._app(scope, body.receive, body.instead(answer.send, scope_language(scope)))
            finally:
                answer.begin()
        # Its pattern, not the path nor the query: names of people are in those.
        route = getattr(scope.get("route"), "path", "-")
        access.info("%s %s %d %.0f ms", scope["method"], route, answer.status, 1000 * (time.monotonic() - began))

    def _go_on(self) -> None:
        self._waiting -= 1

    def _check(self, scope: Scope) -> None:
        if not self._bucket.take():
            raise CastlistError("too-many-requests", "Too many requests. Wait a moment, then ask again.")
        if self._waiting >= self._limits.waiting:
            raise CastlistError("too-busy", "Too many wait already. Wait a moment, then ask again.")
        try:
            urllib.parse.unquote_to_bytes(scope["raw_path"] + b"?" + scope["query_string"]).decode()
        except UnicodeDecodeError as error:  # else it is read as another name, the same for many
            raise CastlistError("address-no-text", "The address isn't written in UTF-8.") from error
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._limits.body:
            raise _too_long(self._limits.body)


class _Answer:
    """What is answered; from when all is there to work on until it begins, a hand is busy."""

    def __init__(self, send: Send, desk: Desk, on_begin: Callable[[], None]) -> None:
        self._send = send
        self._desk = desk
        self._on_begin = on_begin
        self._is_worked_on = False
        self.is_waited_for = False
        self.status = 0

    def work(self) -> None:
        """Take a hand."""
        self._is_worked_on = True
        self._desk.working += 1

    def begin(self) -> None:
        """Have the hand free, and the place of whoever waited; once."""
        self._desk.working -= self._is_worked_on
        if self.is_waited_for:
            self._on_begin()
        self._is_worked_on = self.is_waited_for = False

    async def send(self, event: Event) -> None:
        """Send a part of the answer."""
        if event["type"] == "http.response.start":
            self.status = event["status"]
            if self._desk.is_busy:  # whoever asks again comes to whichever worker is free first
                event["headers"] = [*event.get("headers", ()), (b"connection", b"close")]
            self.begin()
        await self._send(event)


class _Body:
    """What is sent with a request, as far as it is short enough and comes fast enough."""

    def __init__(self, receive: Receive, longest: int, patience: float, on_whole: Callable[[], None]) -> None:
        self._receive = receive
        self._on_whole = on_whole
        self._longest = longest
        self._patience = patience
        self._deadline: float | None = None  # from when somebody reads: until then nobody can be too slow
        self._come = 0
        self._is_whole = False
        self._refusal: CastlistError | None = None

    async def receive(self) -> Event:
        """The next part; where there is too much or too little, as if the other side had gone."""
        if self._is_whole:
            return await self._receive()
        if self._deadline is None:
            self._deadline = time.monotonic() + self._patience
        left = self._deadline + self._come / SLOWEST - time.monotonic()
        try:
            event = await asyncio.wait_for(self._receive(), max(left, 0.001))
        except TimeoutError:
            self._refusal = too_slow()
            return {"type": "http.disconnect"}
        self._come += len(event.get("body", b""))
        self._is_whole = not event.get("more_body", False)
        if self._come > self._longest:
            self._refusal = _too_long(self._longest)
            return {"type": "http.disconnect"}
        if self._is_whole:
            self._on_whole()
        return event

    def instead(self, send: Send, language: str) -> Send:
        """Answer as `send` does; but once something was refused, with that."""
        is_told = False

        async def put(event: Event) -> None:
            nonlocal is_told
            if self._refusal is None:
                await send(event)
            elif not is_told and event["type"] == "http.response.start":
                is_told = True
                await refuse(send, self._refusal, language)

        return put


def too_slow() -> CastlistError:
    """That nobody waits any longer."""
    return CastlistError("body-too-slow", "What was to be sent came too slowly. Send it again.")


def _too_long(longest: int) -> CastlistError:
    return CastlistError(
        "body-too-long",
        "A request may have {megabytes:.0f} MB. Send less at a time.",
        megabytes=longest / 2**20,
    )
