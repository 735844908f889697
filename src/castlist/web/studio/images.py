"""Photos and faces as the pages show them: made when they are asked for, never the file itself."""

from __future__ import annotations

from fastapi import Request, Response

from castlist.errors import PhotoError
from castlist.naming import find_again
from castlist.painting import preview_face, preview_face_in, preview_photo
from castlist.web.desk import desk_of
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
def face(request: Request, album: OpenAlbum, key: str) -> Response:
    """A face from near; nothing of it is kept, so that nothing is left of whoever is forgotten."""
    one = album.face(key)
    try:
        if one.start is None or one.end is None:
            return picture(preview_face(one.path, one.box, FACE, digest=one.digest))
        pixels, box = find_again(one.path, one.box, one.start, one.end, finder=desk_of(request).finder)
        return picture(preview_face_in(pixels, box, FACE))
    except PhotoError:  # gone, or another one by now
        return Response(status_code=404)
