"""Photos and faces as the pages show them: made when they are asked for, never the file itself."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from fastapi import Response

from castlist.errors import CastlistError, PhotoError
from castlist.files import make_folder, write_bytes
from castlist.painting import preview_face, preview_photo
from castlist.web.studio.page import page_router, picture
from castlist.web.studio.shelf import Album, OpenAlbum

SMALL, LARGE, FACE = 320, 1600, 192  # pixels, at most
KEPT = "small"  # the folder of small photos in an archive's index

router = page_router()


@router.get("/in/{archive}/small/{digest}.jpg")
def small(album: OpenAlbum, digest: str) -> Response:
    """A photo for the wall; it is made once, and kept with the archive."""
    photo = album.photo(digest)
    place = _place(album, digest)
    with contextlib.suppress(OSError):
        return picture(place.read_bytes())
    try:
        data = preview_photo(photo.path, SMALL, digest=digest)
    except PhotoError:
        return Response(status_code=404)
    with contextlib.suppress(CastlistError):  # a full disk only makes it slow
        make_folder(place.parent, private=True)
        write_bytes(place, data, private=True)
    return picture(data)


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


def _place(album: Album, digest: str) -> Path:
    assert re.fullmatch("[0-9a-f]{64}", digest), "the archive knows it"
    return album.folder.index / KEPT / digest[:2] / f"{digest}.jpg"
