"""The one guard before everything: whoever isn't let in by it reaches no page, no file and no stream.

It asks, in this order: is the house called by its own name; does another site ask; has the visitor come in, by a
header that holds the token or by the cookie that a launch code, or the token typed into a form, was exchanged for.
"""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Callable, Iterable
from http import HTTPStatus
from importlib import resources

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from castlist.errors import CastlistError
from castlist.languages import translator
from castlist.web.answers import answer, refuse
from castlist.web.house import House
from castlist.web.pace import Bucket, too_slow
from castlist.web.problems import cookies_of, scope_language, status_of

DOOR = "/open"  # where a code or the token is exchanged for the cookie; the guard itself answers there
SAFE = ("GET", "HEAD")
KEPT = 30 * 24 * 3600  # seconds that a browser keeps the cookie; the house forgets it when it ends
LONGEST_FORM = 4096  # bytes
GUESSES = 120  # a minute, of whoever hasn't come in

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"cache-control", b"no-store"),  # names of people on a browser's disk are nothing that a forget reaches
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),  # with no-referrer, browsers say "Origin: null" of our own forms
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
# Without an icon, for which a browser would ask, and have all loaded that tells it that there is none.
OPENED = (
    b'<!doctype html><meta http-equiv="refresh" content="0;url=/"><link rel="icon" href="data:,">'
    b'<title>castlist</title><a href="/">castlist</a>'
)


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house
        self._strangers = Bucket(GUESSES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        visit = _Visit(scope, self._house)
        guarded = _with_headers(send, HEADERS)
        try:
            visit.check_name()
            visit.check_site()
            if scope["path"] == DOOR:
                await self._answer_door(visit, receive, guarded)
                return
            visit.check_key()
        except CastlistError as error:
            is_unknown = status_of(error) == HTTPStatus.UNAUTHORIZED
            if is_unknown and not self._strangers.take():
                await refuse(guarded, _hasty(), visit.language)
            elif is_unknown and visit.wants_page:
                await answer(guarded, HTTPStatus.SEE_OTHER, headers=[(b"location", DOOR.encode())])
            else:
                await refuse(guarded, error, visit.language)
            return
        await self._app(_without_escapes(scope), receive, guarded)

    async def _answer_door(self, visit: _Visit, receive: Receive, send: Send) -> None:
        """Exchange a code or the token for the cookie, or ask for the token."""
        if not self._strangers.take():
            raise _hasty()
        if visit.method == "POST":
            try:
                body = await asyncio.wait_for(_read(receive), self._house.limits.seconds)
            except TimeoutError as error:
                raise too_slow() from error
            form = urllib.parse.parse_qs(body.decode("utf-8", "replace"))
            is_open = self._house.is_token(form.get("token", [""])[0])
        else:
            query = urllib.parse.parse_qs(visit.query)
            is_open = "code" in query and self._house.take_launch(query["code"][0])
        if not is_open:
            status = HTTPStatus.FORBIDDEN if visit.method == "POST" or visit.query else HTTPStatus.OK
            page = _door_page(visit.language)
            await answer(send, status, page, [(b"content-type", b"text/html; charset=utf-8")])
            return
        cookie = f"{self._house.cookie}={self._house.session}; Path=/; Max-Age={KEPT}; HttpOnly; SameSite=Strict"
        # No redirection: from a link of another program it would be asked for without the cookie.
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"set-cookie", cookie.encode())]
        await answer(send, HTTPStatus.OK, OPENED, headers)


class _Visit:
    """A request, as far as it matters at the door."""

    def __init__(self, scope: Scope, house: House) -> None:
        self._house = house
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.method: str = scope["method"]
        self.query = scope["query_string"].decode("latin-1")
        self._cookies = cookies_of(scope)
        self.language = scope_language(scope)

    def _all(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self._headers if key == name.encode()]

    def _one(self, name: str) -> str | None:
        """A header that may stand there once.

        Raises:
            CastlistError: If it stands there more often: of two, others may believe the other.
        """
        found = self._all(name)
        if len(found) > 1:
            raise CastlistError("header-twice", "The header {name!r} must stand there once.", name=name)
        return found[0] if found else None

    @property
    def wants_page(self) -> bool:
        """Whether a person waits for a page, who can be shown where to come in."""
        return "text/html" in ",".join(self._all("accept"))

    def check_name(self) -> None:
        """Refuse who calls the house by a name that isn't its own, as a site does that was rebound to its address."""
        host = (self._one("host") or "").lower()
        if host not in self._house.addresses:
            raise CastlistError(
                "host-unknown",
                "This castlist isn't called {host!r}. Start it with --host for each name that it has.",
                host=host,
            )
        if self._one("transfer-encoding") and self._one("content-length"):  # others may believe the other
            raise CastlistError("two-lengths", "A request must tell in one way how long it is.")
        if self._one("upgrade") not in (None, "h2c"):
            raise CastlistError("no-upgrade", "Nothing else than HTTP is spoken here.")

    def check_site(self) -> None:
        """Refuse what another site has a browser do."""
        origin, site, host = self._one("origin"), self._one("sec-fetch-site"), (self._one("host") or "").lower()
        is_own = origin is None or origin.lower() in (f"http://{host}", f"https://{host}")
        from_here = site in (None, "same-origin", "none")
        if not is_own or (self.method not in SAFE and not from_here):
            raise CastlistError("other-site", "Another site asks for this; only this one's pages may.")

    def check_key(self) -> None:
        """Refuse who hasn't come in."""
        scheme, _, token = (self._one("authorization") or "").partition(" ")
        if scheme.lower() == "bearer" and self._house.is_token(token.strip()):
            return
        # A browser says where what it was told to do comes from; what doesn't say so is none, and has the token.
        tells = self.method in SAFE or self._one("origin") or self._one("sec-fetch-site")
        if tells and self._house.is_session(self._cookies.get(self._house.cookie, "")):
            return
        raise CastlistError(
            "not-come-in",
            "Come in first: open the address that `castlist serve` printed, or send the token in the header "
            "Authorization, after the word Bearer.",
        )


def _hasty() -> CastlistError:
    return CastlistError("too-many-guesses", "Too many tried to come in. Wait a minute, then try again.")


def _with_headers(send: Send, headers: Iterable[tuple[bytes, bytes]]) -> Send:
    async def put(event: Event) -> None:
        if event["type"] == "http.response.start":
            has = {name.lower() for name, _ in event.get("headers", ())}
            event["headers"] = [*event.get("headers", ()), *(one for one in headers if one[0] not in has)]
        await send(event)

    return put


def _without_escapes(scope: Scope) -> Scope:
    """A request without cookies that are escaped, as none of ours is: Python takes ever longer to read such."""
    plain = {name: value for name, value in cookies_of(scope).items() if "\\" not in value}
    others = [header for header in scope["headers"] if header[0] != b"cookie"]
    cookies = "; ".join(f"{name}={value}" for name, value in plain.items())
    return {**scope, "headers": [*others, (b"cookie", cookies.encode("latin-1"))]}


async def _read(receive: Receive) -> bytes:
    """The body of a form of one field."""
    body = b""
    while len(body) <= LONGEST_FORM:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    return body[:LONGEST_FORM]


def _door_page(language: str) -> bytes:
    translate: Callable[[str], str] = translator(language)
    page = resources.files("castlist.web").joinpath("door.html").read_text("utf-8")
    texts = {
        "language": language,
        "ask": translate("The token that castlist serve was started with, or keeps in its folder:"),
        "open": translate("Open"),
        "hint": translate("Or open the address that castlist serve printed; it lets one browser in."),
    }
    for name, text in texts.items():
        page = page.replace(f"[{name}]", text)
    return page.encode()
