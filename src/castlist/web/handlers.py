"""Whatever is raised while a request is answered, as a problem."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from castlist.errors import CastlistError, Message, unforeseen
from castlist.web.problems import MEDIA_TYPE, problem_bytes, scope_language, status_of
from castlist.web.studio import explained, no_such_page

METHODS = ("GET", "HEAD", "POST", "DELETE")  # that any route has


class NotModified(Exception):  # noqa: N818 - no error: whoever asks has the newest
    """Whoever asks has what would be answered."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def explain_problems(app: FastAPI) -> None:
    """Answer with problems whatever is raised."""

    def answer(request: Request, status: int, message: Message, headers: Any = None) -> Response:
        language = scope_language(request.scope)
        body = problem_bytes(status, message, language)
        return Response(body, status, {"Content-Language": language, **(headers or {})}, MEDIA_TYPE)

    @app.exception_handler(CastlistError)
    async def known(request: Request, error: CastlistError) -> Response:
        return answer(request, status_of(error), error.message)

    @app.exception_handler(NotModified)
    async def same(request: Request, known: NotModified) -> Response:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": known.etag})

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = Message("request-invalid", "{where}: {reason}.", {"where": where, "reason": first["msg"]})
        return answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, message)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, OSError):  # as where there is no room for what is sent
            return await known(request, unforeseen(error.__cause__))
        if "text/html" in request.headers.get("accept", ""):  # a person looks for a page
            return explained(request, no_such_page() if error.status_code == HTTPStatus.NOT_FOUND else error)
        message = Message("request-refused", "This can't be answered ({reason}).", {"reason": str(error.detail)})
        headers = error.headers
        if error.status_code == HTTPStatus.NOT_FOUND:
            message = Message("no-such-address", "There is nothing at this address.")
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:  # FastAPI tells of the first route alone
            headers = {"Allow": ", ".join(_allowed(request))}
        return answer(request, error.status_code, message, headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        return await known(request, unforeseen(error))


def _allowed(request: Request) -> list[str]:
    """The methods that something is done by at an address."""

    def does(method: str) -> bool:
        scope = {**request.scope, "method": "GET" if method == "HEAD" else method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return [method for method in METHODS if does(method)]
