"""What goes wrong, as RFC 9457 has it: a status, the code of the library's sentence, and the sentence itself."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from castlist.errors import CastlistError, Message, MissingExtraError, Value, unforeseen
from castlist.languages import LANGUAGES, translate_message

MEDIA_TYPE = "application/problem+json"
LANGUAGE = "language"  # the cookie of whoever has chosen one

# Of the library's codes; whatever isn't here is a request that can't be done as it is: 422.
STATUSES = {
    "archive-busy": HTTPStatus.CONFLICT,
    "archive-nobody": HTTPStatus.NOT_FOUND,
    "archive-no-photo": HTTPStatus.NOT_FOUND,
    "changed-while-refreshed": HTTPStatus.CONFLICT,
    "disk-full": HTTPStatus.INSUFFICIENT_STORAGE,
    "no-such-group": HTTPStatus.NOT_FOUND,
    "nobody-called-in-run": HTTPStatus.NOT_FOUND,
    "not-an-archive": HTTPStatus.NOT_FOUND,
    "run-busy": HTTPStatus.CONFLICT,
    "run-gone": HTTPStatus.NOT_FOUND,
    "system-refuses": HTTPStatus.INTERNAL_SERVER_ERROR,
    "unforeseen": HTTPStatus.INTERNAL_SERVER_ERROR,
}

logger = logging.getLogger(__name__)


class HouseError(CastlistError):
    """What the house itself refuses, with the status that says so."""

    def __init__(self, status: HTTPStatus, code: str, text: str, /, **values: Value) -> None:
        super().__init__(code, text, **values)
        self.status = status


class NotModified(Exception):  # noqa: N818 - no error: whoever asks has the newest
    """Whoever asks has what would be answered."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def status_of(error: CastlistError) -> HTTPStatus:
    """The status that tells of a failure."""
    if isinstance(error, HouseError):
        return error.status
    if isinstance(error, MissingExtraError):
        return HTTPStatus.NOT_IMPLEMENTED
    return STATUSES.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)


def problem_of(status: int, message: Message, language: str) -> dict[str, Any]:
    """A failure as the body of an answer."""
    return {
        "type": f"urn:castlist:{message.code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": message.code,
        "detail": translate_message(message, language),
    }


def problem_bytes(status: int, message: Message, language: str) -> bytes:
    """The same as it is sent."""
    return json.dumps(problem_of(status, message, language)).encode()


def language_of(cookie: str | None, accepted: str) -> str:
    """The language that is asked for: by the cookie, or else by Accept-Language; else English."""
    if cookie in LANGUAGES:
        return cookie
    wanted = filter(None, map(_ranked, accepted[:1000].split(",")))
    for _, tag in sorted(wanted, key=lambda one: -one[0]):
        if tag.startswith("zh"):
            return "zh-TW"
        if tag.startswith("en"):
            return "en"
    return "en"


def scope_language(scope: Scope) -> str:
    """The language of a request that nobody has read yet."""
    accepted = ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == b"accept-language")
    return language_of(cookies_of(scope).get(LANGUAGE), accepted)


def cookies_of(scope: Scope) -> dict[str, str]:
    """The cookies of a request; none where they can't be read."""
    headers = (value.decode("latin-1") for key, value in scope["headers"] if key == b"cookie")
    try:
        return {name: one.value for name, one in SimpleCookie("; ".join(headers)).items()}
    except CookieError:
        return {}


def _ranked(part: str) -> tuple[float, str] | None:
    tag, _, weight = part.strip().lower().partition(";q=")
    try:
        return float(weight or 1), tag
    except ValueError:
        return None


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
        message = Message(f"http-{error.status_code}", "{detail}", {"detail": str(error.detail)})
        return answer(request, error.status_code, message, error.headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        logger.error("unforeseen: %s", type(error).__name__)  # what it says may hold a name
        return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, unforeseen(error).message)
