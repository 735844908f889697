"""The routes of pages that take forms: FastAPI reads these."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from castlist.web.studio.page import explained, no_such_page
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
                return explained(request, no_such_page())
            except Exception as error:
                return explained(request, error)

        return answer_or_explain


def page_router() -> APIRouter:
    """A router of pages, which are in no description of the API."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)
