"""The first pages: the wall of an archive's photos by month, or where one begins; FastAPI isn't waited for."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from castlist import painting
from castlist.archive import ArchivedFile
from castlist.errors import CastlistError, PhotoError
from castlist.files import make_folder, write_bytes
from castlist.web.desk import desk_of
from castlist.web.studio.choosing import start
from castlist.web.studio.page import explained, go, newest_archive, no_such_page, picture, place, render
from castlist.web.studio.shelf import Album, album_of

STATIC = Path(__file__).parent / "static"
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


def first_pages() -> list[BaseRoute]:
    """What is answered before all else is there."""
    answers = {
        "/": first,
        "/start": start,
        "/in/{archive}/photos": wall,
        "/in/{archive}/photos/{start}": some,
        "/in/{archive}/small/{digest}.jpg": small,
    }
    files = Mount("/static", StaticFiles(directory=STATIC))
    return [files, *(Route(path, _or_explain(answer)) for path, answer in answers.items())]


def first(request: Request) -> Response:
    """The first page: the archive that was changed last, or how to make one."""
    newest = newest_archive(request)
    return go(request, place(newest, "photos") if newest else "/start")


def wall(request: Request) -> Response:
    """The wall; all but its first parts stay empty until they are looked at."""
    album = album_of(request)
    parts = list(_parts(album.photos()))
    others = [one.path.name for one in desk_of(request).archives() if one.path.name != album.name]
    months = [(part.month, part.start) for part in parts if part.is_first]
    total = len(album.photos())
    return render(
        request, "photos", album=album, parts=parts, at_once=AT_ONCE, others=others, months=months, total=total
    )


def some(request: Request) -> Response:
    """A part of the wall."""
    album, start = album_of(request), request.path_params["start"]
    part = next((part for part in _parts(album.photos()) if str(part.start) == start), None)
    if part is None:
        raise no_such_page()
    return render(request, "some_photos", album=album, photos=part.photos)


def small(request: Request) -> Response:
    """A photo for the wall; it is made once, and kept with the archive."""
    album, digest = album_of(request), request.path_params["digest"]
    photo = album.photo(digest)
    place = _place(album, digest)
    with contextlib.suppress(OSError):
        return picture(place.read_bytes())
    try:
        data = painting.preview_photo(photo.path, SMALL, digest=digest)
    except PhotoError:
        return Response(status_code=404)
    with contextlib.suppress(CastlistError):  # a full disk only makes it slow
        make_folder(place.parent, private=True)
        write_bytes(place, data, private=True)
    return picture(data)


def _or_explain(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    def answer_or_explain(request: Request) -> Response:
        try:
            return answer(request)
        except Exception as error:
            return explained(request, error)

    return answer_or_explain


def _place(album: Album, digest: str) -> Path:
    assert re.fullmatch("[0-9a-f]{64}", digest), "the archive knows it"
    return album.folder.index / KEPT / digest[:2] / f"{digest}.jpg"


def _parts(photos: Sequence[ArchivedFile]) -> list[Part]:
    parts, start = [], 0
    for month, some in itertools.groupby(photos, lambda one: f"{one.taken:%Y-%m}" if one.taken else ""):
        every = list(some)
        for i in range(0, len(every), SOME):
            parts.append(Part(month, start + i, every[i : i + SOME], i == 0))
        start += len(every)
    return parts
