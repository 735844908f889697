"""The first pages: the wall of an archive's photos by month, or where one begins; FastAPI isn't waited for."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from castlist import painting
from castlist.archive import ArchivedFile
from castlist.errors import CastlistError, PhotoError
from castlist.files import write_bytes
from castlist.web.desk import Desk, desk_of
from castlist.web.studio.choosing import start
from castlist.web.studio.page import (
    explained,
    go,
    newest_archive,
    no_such_page,
    other_archives,
    picture,
    place,
    render,
)
from castlist.web.studio.shelf import Album, album_of

STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FRESH = 600  # seconds in which a browser need not ask for those again
SOME = 48  # photos of a part of the wall; each is asked for as it comes near
AT_ONCE = 2  # parts that come with the page
SMALL = 320  # pixels, at most
KEPT = "small"  # the folder of small photos in an archive's index


@dataclass(frozen=True)
class Part:
    """Some photos of a month, one after the other."""

    month: str  # "2019-08"; "": nobody knows
    start: int  # of all photos, where it begins
    photos: Sequence[ArchivedFile]
    is_first: bool  # of its month


class FirstPages:
    """What is answered before all else is there."""

    def __init__(self) -> None:
        self._routes = [
            *(Route(f"/static/{path.relative_to(STATIC).as_posix()}", _file(path)) for path in STATIC.rglob("*.*")),
            Route("/in/{archive}/small/{digest}.jpg", small),
            Route("/", _or_explain(first)),
            Route("/start", _or_explain(start)),
            Route("/in/{archive}/photos", _or_explain(wall)),
            Route("/in/{archive}/photos/{start}", _or_explain(some)),
        ]

    def route_of(self, scope: Scope) -> Route | None:
        """The route that answers a request; it is told so, and what its address says."""
        for route in self._routes:
            match, found = route.matches(scope)
            if match == Match.FULL:
                scope.update(found, route=route)
                return route
        return None

    def show(self, desk: Desk) -> None:
        """Make the page that a browser comes to, for nobody: to make it once more takes a tenth of the time."""
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "desk": desk}
        _or_explain(_first_page)(Request({**scope, "path_params": {}}))


def first(request: Request) -> Response:
    """The first page: the archive that was changed last, or how to make one."""
    newest = newest_archive(request)
    return go(request, place(newest, "photos") if newest else "/start")


def _first_page(request: Request) -> Response:
    """The page that `first` leads to."""
    newest = newest_archive(request)
    if newest is None:
        return start(request)
    request.path_params["archive"] = newest
    return wall(request)


def wall(request: Request) -> Response:
    """The wall; all but its first parts stay empty until they are looked at."""
    album = album_of(request)
    photos = album.photos()
    parts = list(_parts(photos))
    page = render(
        request,
        "photos",
        album=album,
        parts=parts,
        at_once=AT_ONCE,
        others=other_archives(request),
        months=[(part.month, part.start) for part in parts if part.is_first],
        total=len(photos),
    )
    page.background = BackgroundTask(_tidy, album)
    return page


def some(request: Request) -> Response:
    """A part of the wall."""
    album, start = album_of(request), request.path_params["start"]
    part = next((part for part in _parts(album.photos()) if str(part.start) == start), None)
    if part is None:
        raise no_such_page()
    return render(request, "some_photos", album=album, photos=part.photos)


async def small(request: Request) -> Response:
    """A photo for the wall; it is made once, and kept with the archive."""
    try:  # not on a thread: to change to one and back takes several times as long as to read so little
        return picture(_place(request).read_bytes())
    except (CastlistError, OSError):
        return await run_in_threadpool(_or_explain(_make_small), request)


def _tidy(album: Album) -> None:
    """Delete the small photos of photos that are gone, once after each change."""
    photos = album.photos()
    if album.tidied is photos:
        return
    album.tidied = photos
    there = {photo.digest for photo in photos}
    with contextlib.suppress(OSError):
        for path in (album.folder.index / KEPT).glob("*/*.jpg"):
            if path.stem not in there:
                path.unlink(missing_ok=True)


def _make_small(request: Request) -> Response:
    digest = request.path_params["digest"]
    photo = album_of(request).photo(digest)
    try:
        data = painting.preview_photo(photo.path, SMALL, digest=digest)
    except PhotoError:
        return Response(status_code=404)
    with contextlib.suppress(CastlistError):  # a full disk, or one that is only read, makes it slow
        write_bytes(_place(request), data, private=True)
    return picture(data)


def _file(path: Path) -> Callable[[Request], Awaitable[Response]]:
    """What answers with a file of the studio itself."""
    answer = Response(
        path.read_bytes(), media_type=KINDS.get(path.suffix), headers={"Cache-Control": f"max-age={FRESH}"}
    )

    async def file(request: Request) -> Response:
        return answer

    return file


def _or_explain(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    def answer_or_explain(request: Request) -> Response:
        try:
            return answer(request)
        except Exception as error:
            return explained(request, error)

    return answer_or_explain


def _place(request: Request) -> Path:
    folder, digest = desk_of(request).archive(request.path_params["archive"]), request.path_params["digest"]
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise no_such_page()
    return folder.index / KEPT / digest[:2] / f"{digest}.jpg"


def _parts(photos: Sequence[ArchivedFile]) -> list[Part]:
    parts, start = [], 0
    for month, some in itertools.groupby(photos, lambda one: f"{one.taken:%Y-%m}" if one.taken else ""):
        every = list(some)
        for i in range(0, len(every), SOME):
            parts.append(Part(month, start + i, every[i : i + SOME], i == 0))
        start += len(every)
    return parts
