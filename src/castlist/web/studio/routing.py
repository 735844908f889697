"""The routes of pages that take forms: FastAPI reads these."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from castlist.errors import Message
from castlist.web.studio.page import explained, render
from castlist.web.studio.shelf import Album, album_of

OpenAlbum = Annotated[Album, Depends(album_of)]


class PageRoute(APIRoute):
    """A route whose failures are told on a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_or_explain(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError:
                unknown = Message("page-unknown", "There is no such page. Begin at the first one.")
                return render(request, "problem", status=422, problem=unknown)
            except Exception as error:
                return explained(request, error)

        return answer_or_explain


def page_router() -> APIRouter:
    """A router of pages, which are in no description of the API."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)
