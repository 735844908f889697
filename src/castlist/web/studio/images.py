"""Photos and faces as the pages show them: made when they are asked for, never the file itself."""

from __future__ import annotations

from fastapi import Response

from castlist.errors import PhotoError
from castlist.painting import preview_face, preview_photo
from castlist.web.studio.page import picture
from castlist.web.studio.routing import OpenAlbum, page_router

LARGE, FACE = 1600, 192  # pixels, at most

router = page_router()


@router.get("/in/{archive}/large/{digest}.jpg")
def large(album: OpenAlbum, digest: str) -> Response:
    """A photo by itself."""
    try:
        return picture(preview_photo(album.photo(digest).path, LARGE, digest=digest))
    except PhotoError:
        return Response(status_code=404)


@router.get("/in/{archive}/face/{key}.jpg")
def face(album: OpenAlbum, key: str) -> Response:
    """A face from near; nothing of it is kept, so that nothing is left of whoever is forgotten."""
    one = album.face(key)
    try:
        return picture(preview_face(one.path, one.box, FACE, digest=one.digest))
    except PhotoError:  # a film, or gone
        return Response(status_code=404)
