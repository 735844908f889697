"""Pages: a template, in the language that is asked for; what goes wrong is one, too. FastAPI isn't needed for that."""

from __future__ import annotations

import datetime
import functools
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from castlist import naming
from castlist.errors import CastlistError, Message, PhotoError, fill, needs_extra, unforeseen
from castlist.languages import LANGUAGES, translate_message, translator
from castlist.media import UNKNOWN
from castlist.web.desk import desk_of
from castlist.web.problems import scope_language, status_of

with needs_extra("serve", "The studio"):
    import jinja2

if TYPE_CHECKING:
    from castlist.jobs import Work

TEMPLATES = Path(__file__).parent / "templates"
TAGS = {"en": "en", "zh-TW": "zh-Hant-TW"}  # of languages, as HTML writes them
NAMES = {"en": "English", "zh-TW": "繁體中文"}  # of the languages, each in itself


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page, or a part of one, of a template."""
    language = scope_language(request.scope)
    archive = request.path_params.get("archive") or newest_archive(request)
    text = (
        _environment()
        .get_template(f"{template}.html.jinja")
        .render(
            here=request.url.path,
            archive=archive,
            language=TAGS[language],
            languages=[(tag, NAMES[tag], tag == language) for tag in LANGUAGES],
            translate=translator(language),
            explain=functools.partial(translate_message, language=language),
            is_part=is_part(request),
            can_be_loaded_again=request.method == "GET",
            **context,
        )
    )
    # What of a file's name isn't text is spelled out: one such name must not cost all others on the page.
    page = text.encode("utf-8", "backslashreplace")
    return HTMLResponse(page, status, {"Vary": "HX-Request"})


def newest_archive(request: Request) -> str | None:
    """The name of the archive that was changed last."""
    archives = desk_of(request).archives()
    return max(archives, key=lambda one: one.path.stat().st_mtime).path.name if archives else None


def other_archives(request: Request) -> list[str]:
    """The names of the archives beside the page's own."""
    own = request.path_params.get("archive")
    return [one.path.name for one in desk_of(request).archives() if one.path.name != own]


def go(request: Request, address: str) -> Response:
    """Send a browser elsewhere, also where htmx asked."""
    if is_part(request):
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def quoted(name: str) -> str:
    """A name as a part of an address."""
    return urllib.parse.quote(name, safe="", errors="surrogateescape")


def place(archive: str, page: str) -> str:
    """The address of a page of an archive."""
    return f"/in/{quoted(archive)}/{page}"


def watch(request: Request, work: Work, then: str) -> Response:
    """Begin a work, and send the browser to where it is watched; afterwards it goes on to another page."""
    job = desk_of(request).jobs.begin(work)
    return go(request, f"/work/{job}?then={urllib.parse.quote(then)}")


def unreadable(reason: Message) -> PhotoError:
    """That a picture that was asked for can't be shown."""
    return PhotoError("dropped-unread", "The picture can't be read ({reason}).", reason=reason)


def picture(data: bytes) -> Response:
    """A JPEG, as an answer."""
    return Response(data, media_type="image/jpeg")


def is_part(request: Request) -> bool:
    """Whether only a part of a page is asked for."""
    return "hx-request" in request.headers


def no_such_page() -> CastlistError:
    """That an address leads to no page."""
    return CastlistError("page-unknown", "There is no such page. Begin at the first one.")


def explained(request: Request, error: Exception) -> HTMLResponse:
    """The page that tells what went wrong."""
    others = other_archives(request)
    if isinstance(error, HTTPException):
        if not isinstance(error.__cause__, OSError):
            said = Message("page-refused", "The browser asked for what can't be: {reason}.", {"reason": error.detail})
            return render(request, "problem", status=error.status_code, problem=said, others=others)
        error = unforeseen(error.__cause__)  # as where there is no room for what is sent
    if not isinstance(error, CastlistError):
        error = unforeseen(error)
    return render(request, "problem", status=status_of(error), problem=error.message, others=others)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # names are what people typed, files are called whatever they are called
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["fill"] = lambda text, **values: fill(text, values)
    environment.globals["UNKNOWN"] = UNKNOWN
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    environment.filters["day"] = _day
    environment.filters["clock"] = lambda seconds: naming.clock(seconds)
    environment.filters["address"] = quoted
    return environment


def _day(moment: datetime.datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"
