"""Photos: the wall of an archive by month, and each by itself with its faces."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request, Response

from castlist.archive import ArchivedFile
from castlist.media import UNKNOWN
from castlist.web.desk import desk_of
from castlist.web.studio.page import go, newest_archive, page_router, place, render
from castlist.web.studio.shelf import OpenAlbum

SOME = 48  # photos of a part of the wall; each is asked for as it comes near
AT_ONCE = 2  # parts that come with the page

router = page_router()


@dataclass(frozen=True)
class Part:
    """Some photos of a month, one after the other."""

    month: str  # "2019-08"; "": nobody knows
    start: int  # of all photos, where it begins
    photos: Sequence[ArchivedFile]
    is_first: bool  # of its month


@router.get("/")
def first(request: Request) -> Response:
    """The first page: the archive that was changed last, or how to make one."""
    newest = newest_archive(request)
    return go(request, place(newest, "photos") if newest else "/start")


@router.get("/in/{archive}/photos")
def wall(request: Request, album: OpenAlbum) -> Response:
    """The wall; all but its first parts stay empty until they are looked at."""
    parts = list(_parts(album.photos()))
    others = [one.path.name for one in desk_of(request).archives() if one.path.name != album.name]
    months = [(part.month, part.start) for part in parts if part.is_first]
    total = len(album.photos())
    return render(
        request, "photos", album=album, parts=parts, at_once=AT_ONCE, others=others, months=months, total=total
    )


@router.get("/in/{archive}/photos/{start}")
def some(request: Request, album: OpenAlbum, start: int) -> Response:
    """A part of the wall."""
    part = next((part for part in _parts(album.photos()) if part.start == start), None)
    return render(request, "some_photos", album=album, photos=part.photos if part else ())


@router.get("/in/{archive}/photo/{digest}")
def photo(request: Request, album: OpenAlbum, digest: str) -> Response:
    """A photo by itself, with its faces."""
    shown, every = album.photo(digest), album.photos()
    at = next(i for i, one in enumerate(every) if one.digest == digest)
    return render(
        request,
        "photo",
        album=album,
        photo=shown,
        faces=album.faces(digest),
        people=[name for name in sorted(album.archive().people()) if name != UNKNOWN],
        before=next((one.digest for one in reversed(every[:at]) if one.digest), None),
        after=next((one.digest for one in every[at + 1 :] if one.digest), None),
    )


def _parts(photos: Sequence[ArchivedFile]) -> list[Part]:
    parts, start = [], 0
    for month, some in itertools.groupby(photos, lambda one: f"{one.taken:%Y-%m}" if one.taken else ""):
        every = list(some)
        for i in range(0, len(every), SOME):
            parts.append(Part(month, start + i, every[i : i + SOME], i == 0))
        start += len(every)
    return parts
