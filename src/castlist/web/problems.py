"""What goes wrong, as RFC 9457 has it: a status, the code of the library's sentence, and the sentence itself."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from castlist.errors import CastlistError, Message, MissingExtraError
from castlist.languages import LANGUAGES, translate_message

if TYPE_CHECKING:
    from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
LANGUAGE = "language"  # the cookie of whoever has chosen one

# Of the library's codes; whatever isn't here is a request that can't be done as it is: 422.
STATUSES = {
    "address-no-text": HTTPStatus.BAD_REQUEST,
    "archive-busy": HTTPStatus.CONFLICT,
    "archive-no-photo": HTTPStatus.NOT_FOUND,
    "archive-nobody": HTTPStatus.NOT_FOUND,
    "body-too-long": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "body-too-slow": HTTPStatus.REQUEST_TIMEOUT,
    "changed-while-refreshed": HTTPStatus.CONFLICT,
    "choices-unread": HTTPStatus.BAD_REQUEST,
    "decide-nothing": HTTPStatus.BAD_REQUEST,
    "disk-full": HTTPStatus.INSUFFICIENT_STORAGE,
    "enrolled-since": HTTPStatus.CONFLICT,
    "face-not-archived": HTTPStatus.NOT_FOUND,
    "header-twice": HTTPStatus.BAD_REQUEST,
    "host-unknown": HTTPStatus.MISDIRECTED_REQUEST,
    "key-used": HTTPStatus.CONFLICT,
    "no-report": HTTPStatus.NOT_FOUND,
    "no-room": HTTPStatus.INSUFFICIENT_STORAGE,
    "no-such-archive": HTTPStatus.NOT_FOUND,
    "no-such-folder": HTTPStatus.NOT_FOUND,
    "no-such-group": HTTPStatus.NOT_FOUND,
    "no-such-job": HTTPStatus.NOT_FOUND,
    "no-such-run": HTTPStatus.NOT_FOUND,
    "no-upgrade": HTTPStatus.BAD_REQUEST,
    "nobody-called-in-run": HTTPStatus.NOT_FOUND,
    "not-an-archive": HTTPStatus.NOT_FOUND,
    "not-come-in": HTTPStatus.UNAUTHORIZED,
    "other-site": HTTPStatus.FORBIDDEN,
    "nothing-decided": HTTPStatus.NOT_FOUND,
    "page-unknown": HTTPStatus.NOT_FOUND,
    "photo-not-archived": HTTPStatus.NOT_FOUND,
    "root-gone": HTTPStatus.NOT_FOUND,
    "run-busy": HTTPStatus.CONFLICT,
    "run-gone": HTTPStatus.NOT_FOUND,
    "run-not-as-seen": HTTPStatus.PRECONDITION_FAILED,
    "runtime-unusable": HTTPStatus.INTERNAL_SERVER_ERROR,
    "system-refuses": HTTPStatus.INTERNAL_SERVER_ERROR,
    "too-busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "too-many-guesses": HTTPStatus.TOO_MANY_REQUESTS,
    "too-many-requests": HTTPStatus.TOO_MANY_REQUESTS,
    "two-lengths": HTTPStatus.BAD_REQUEST,
    "unforeseen": HTTPStatus.INTERNAL_SERVER_ERROR,
}


def status_of(error: CastlistError) -> HTTPStatus:
    """The status that tells of a failure."""
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
    """The cookies of a request."""
    headers = (value.decode("latin-1") for key, value in scope["headers"] if key == b"cookie")
    pairs = (part.partition("=") for part in ";".join(headers).split(";"))
    return {name.strip(): value.strip() for name, mark, value in pairs if mark}


def _ranked(part: str) -> tuple[float, str] | None:
    tag, _, weight = part.strip().lower().partition(";q=")
    try:
        return float(weight or 1), tag
    except ValueError:
        return None
