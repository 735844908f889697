"""Answers of those who stand before the app: short, in one piece."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from starlette.types import Send

from castlist.errors import CastlistError
from castlist.web.problems import MEDIA_TYPE, problem_bytes, status_of

AGAIN = {HTTPStatus.TOO_MANY_REQUESTS: b"5", HTTPStatus.SERVICE_UNAVAILABLE: b"2"}  # seconds to wait

# The rest of such a request is not waited for, or nobody knows where it ends.
UNREAD = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


async def answer(
    send: Send, status: HTTPStatus, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Send all of an answer."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": int(status), "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, error: CastlistError, language: str) -> None:
    """Send a refusal as a problem."""
    status = status_of(error)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-language", language.encode())]
    if status in UNREAD:
        headers.append((b"connection", b"close"))
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    if status in AGAIN:
        headers.append((b"retry-after", AGAIN[status]))
    await answer(send, status, problem_bytes(status, error.message, language), headers)
