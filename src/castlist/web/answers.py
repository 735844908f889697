"""Answers of those who stand before the app: short, never kept, in one piece."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from starlette.types import Send

from castlist.web.problems import MEDIA_TYPE, HouseError, problem_bytes

AGAIN = {HTTPStatus.TOO_MANY_REQUESTS: b"5", HTTPStatus.SERVICE_UNAVAILABLE: b"2"}  # seconds to wait

UNREAD = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)  # the rest of the request is not waited for


async def answer(
    send: Send, status: HTTPStatus, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Send all of an answer."""
    length = (b"content-length", str(len(body)).encode())
    always = (length, (b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": int(status), "headers": [*headers, *always]})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, error: HouseError, language: str) -> None:
    """Send a refusal as a problem."""
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-language", language.encode())]
    if error.status in UNREAD:
        headers.append((b"connection", b"close"))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.status in AGAIN:
        headers.append((b"retry-after", AGAIN[error.status]))
    await answer(send, error.status, problem_bytes(error.status, error.message, language), headers)
