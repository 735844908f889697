"""The app of a house: the guard, the first pages at once, and all else when it is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from castlist.web.desk import Desk
from castlist.web.guard import Guard
from castlist.web.house import House
from castlist.web.pace import Pace

if TYPE_CHECKING:
    from castlist.faces import Finder
    from castlist.web.studio import FirstPages


class App:
    """ASGI app of a house; one for each process.

    FastAPI, and what all its routes need, take longer to load than a browser to ask for the first page; what that one
    needs, as long as a browser that was let in takes to ask for it.

    Args:
        house: What it is of.
        finder: What finds faces in photos that are sent; None: castlist's own, once it is needed.
    """

    def __init__(self, house: House, *, finder: Finder | None = None) -> None:
        self.desk = Desk(house, finder=finder)
        self._first: FirstPages | None = None
        self._rest: ASGIApp | None = None
        self._making = threading.Lock()
        self._guarded = Guard(Pace(self._answer, desk=self.desk), house=house)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        await self._guarded(scope, receive, send)

    def prepare(self) -> None:
        """Have the page that whoever comes first will ask for."""
        self.first().show(self.desk)

    def first(self) -> FirstPages:
        """What answers the first pages; it is made once."""
        with self._making:
            if self._first is None:
                from castlist.web.studio import FirstPages

                self._first = FirstPages()
            return self._first

    def rest(self) -> ASGIApp:
        """What answers all but the first pages; it is made once."""
        with self._making:
            if self._rest is None:
                from castlist.web.rest import make_rest

                self._rest = make_rest(self.desk.house.limits)
            return self._rest

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["desk"] = self.desk
        first = self._first
        if first is None:
            first = await run_in_threadpool(self.first)
        if scope["type"] == "http" and (route := first.route_of(scope)):
            await route.handle(scope, receive, send)
            return
        rest = self._rest
        if rest is None:
            rest = await run_in_threadpool(self.rest)
        await rest(scope, receive, send)


def _without_body(send: Send) -> Send:
    """Answer with what stands before a body; a stream ends there, too."""

    async def put(event: Event) -> None:
        if event["type"] == "http.response.start":
            await send(event)
            await send({"type": "http.response.body"})

    return put
