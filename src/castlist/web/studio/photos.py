"""A photo by itself with its faces."""

from __future__ import annotations

import os

from fastapi import Request, Response

from castlist.media import UNKNOWN
from castlist.web.studio.page import render
from castlist.web.studio.routing import OpenAlbum, page_router

router = page_router()


@router.get("/in/{archive}/photo/{digest}")
def photo(request: Request, album: OpenAlbum, digest: str) -> Response:
    """A photo by itself, with its faces."""
    shown = album.photo(digest)
    every = list(dict.fromkeys(one.digest for one in album.photos() if one.digest))  # of copies the first
    at = every.index(digest)
    return render(
        request,
        "photo",
        album=album,
        photo=shown,
        is_there=os.access(shown.path, os.R_OK),
        faces=album.faces(digest),
        people=[name for name in sorted(album.archive().people()) if name != UNKNOWN],
        before=every[at - 1] if at else None,
        after=every[at + 1] if at + 1 < len(every) else None,
    )
