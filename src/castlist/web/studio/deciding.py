"""What a person decides about faces, on whatever page: in effect at once, undone as far back as one likes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, get_args

from fastapi import Form, Request, Response

from castlist.archive import Archive, ArchivedFace, Kind
from castlist.errors import CastlistError
from castlist.media import meant_by
from castlist.web.studio.page import go, place, render
from castlist.web.studio.routing import OpenAlbum, page_router

ONE_BY_ONE = ("is", "is-not", "stranger", "no-face", "portrait")

router = page_router()


@router.post("/in/{archive}/decide")
def decide_on_one(
    request: Request,
    album: OpenAlbum,
    face: Annotated[str, Form()],
    kind: Annotated[str, Form()],
    name: Annotated[str, Form()] = "",
    known: Annotated[str, Form()] = "",
) -> Response:
    """Decide on one face, and show what it is now."""
    one = album.face(face)
    decide(album.archive(), kind, [one], name if kind == "is" else known)
    if kind == "portrait" or not any(is_same(one, other) for other in album.faces(one.digest)):
        return go(request, request.headers.get("hx-current-url", place(album.name, f"photo/{one.digest}")))
    return render(request, "one_face", album=album, face=album.face(face), is_decided=True)


@router.post("/in/{archive}/undo")
def undo(request: Request, album: OpenAlbum) -> Response:
    """Take the last decision back that holds, and show the page as it is now."""
    album.archive().undo()
    return go(request, request.headers.get("hx-current-url", place(album.name, "photos")))


def decide(archive: Archive, kind: str, faces: Sequence[ArchivedFace], name: str) -> str | None:
    """Write a decision on faces down; gives who was meant.

    Raises:
        CastlistError: If it is none, nobody can be called so, or it can't be written.
    """
    chosen = next((one for one in get_args(Kind) if one == kind and one in ONE_BY_ONE), None)
    if chosen is None or not faces:
        raise CastlistError("decide-nothing", "There is nothing to decide. Load the page again.")
    meant = None
    if chosen in ("is", "is-not", "portrait"):
        meant = meant_by(name.strip(), archive.people())
    archive.decide_all(chosen, [face.spot for face in faces], name=meant)
    return meant


def is_same(one: ArchivedFace, other: ArchivedFace) -> bool:
    """Whether two are one face."""
    return (one.digest, one.number) == (other.digest, other.number)
