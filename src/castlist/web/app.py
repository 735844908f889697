"""The app of a house: the guard, the first pages at once, and all else when it is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from castlist.web.desk import Desk
from castlist.web.guard import Guard
from castlist.web.house import House
from castlist.web.pace import Pace
from castlist.web.studio import first_pages

if TYPE_CHECKING:
    from castlist.faces import Finder


class App:
    """ASGI app of a house; one for each process.

    FastAPI, and what all its routes need, take longer to load than a browser to ask for the first page.

    Args:
        house: What it is of.
        finder: What finds faces in photos that are sent; None: castlist's own, once it is needed.
    """

    def __init__(self, house: House, *, finder: Finder | None = None) -> None:
        self.desk = Desk(house, finder=finder)
        self._first = first_pages()
        self._rest: ASGIApp | None = None
        self._making = threading.Lock()
        self._guarded = Guard(Pace(self._answer, desk=self.desk), house=house)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guarded(scope, receive, send)

    def rest(self) -> ASGIApp:
        """What answers all but the first pages; it is made once."""
        with self._making:
            if self._rest is None:
                from castlist.web.rest import make_rest

                self._rest = make_rest(self.desk.house.limits)
            return self._rest

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["desk"] = self.desk
        for route in self._first if scope["type"] == "http" else ():
            match, found = route.matches(scope)
            if match == Match.FULL:
                scope["route"] = route
                try:
                    await route.handle({**scope, **found}, receive, send)
                except HTTPException:  # there is no such file
                    break
                return
        rest = self._rest
        if rest is None:
            rest = await run_in_threadpool(self.rest)
        await rest(scope, receive, send)
