"""Export: a table, contact sheets, sorted copies, copies with hidden faces."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request, Response

from castlist.archive import draw_faces, find_in_archive
from castlist.errors import PhotoError
from castlist.escaping import for_cell
from castlist.files import table_bytes
from castlist.jobs import CopySorted, WriteTags
from castlist.media import ALL, UNKNOWN, read_photo
from castlist.naming import Recognizer
from castlist.painting import hide_faces, is_hidden, preview_pixels
from castlist.paths import name_below
from castlist.tagging import plan_tags
from castlist.web.desk import desk_of
from castlist.web.studio.page import place, render, unreadable, watch
from castlist.web.studio.routing import OpenAlbum, page_router

COLUMNS = ("photo", "face", "name", "probability", "decided", "taken", "left", "top", "right", "bottom")
MOST = 200  # files shown before they are written, until all are asked for
COPIES = "sorted"  # the folder of copies, beside the archives

router = page_router()


@router.get("/in/{archive}/export")
def export(request: Request, album: OpenAlbum) -> Response:
    """What can be taken away."""
    people = sorted(album.archive().people() - {UNKNOWN}, key=str.casefold)
    return render(request, "export", album=album, people=people)


@router.get("/in/{archive}/faces.csv")
def table(album: OpenAlbum) -> Response:
    """All faces as a table."""
    faces = sorted(album.archive().faces(), key=lambda one: (one.path, one.number))
    root = album.root
    rows = (
        (
            for_cell(name_below(root, one.path)),
            one.number,
            for_cell(one.name),
            f"{one.probability:.4f}",
            int(one.is_decided),
            one.taken.isoformat() if one.taken else "",
            *(f"{edge:.1f}" for edge in (one.box.left, one.box.top, one.box.right, one.box.bottom)),
        )
        for one in faces
    )
    return _saved(table_bytes(COLUMNS, rows), "text/csv; charset=utf-8", "faces.csv")


@router.get("/in/{archive}/sheet.jpg")
def sheet(album: OpenAlbum, name: str) -> Response:
    """A contact sheet of somebody."""
    pixels = draw_faces(find_in_archive(album.archive(), name))
    return _saved(preview_pixels(pixels, max(pixels.shape)), "image/jpeg", "sheet.jpg")


@router.get("/in/{archive}/hidden/{digest}.jpg")
def hidden(request: Request, album: OpenAlbum, digest: str, whom: str = ALL) -> Response:
    """A copy of a photo in which faces are hidden; it is looked at once more, for the smallest ones, too."""
    path = album.photo(digest).path
    try:
        pixels = read_photo(path)
    except PhotoError as error:
        raise unreadable(error.message) from error
    (named,) = Recognizer.load(album.run, finder=desk_of(request).finder).name_photos([path], thorough=True)
    boxes = [face.box for face in named.faces if face.box and is_hidden(face, whom)]
    boxes += [face.box for face in album.faces(digest) if whom in (ALL, face.name)]
    return _saved(preview_pixels(hide_faces(pixels, boxes), max(pixels.shape)), "image/jpeg", "hidden.jpg")


@router.post("/in/{archive}/sorted")
def copies(request: Request, album: OpenAlbum) -> Response:
    """Copy the photos into a folder for each person, in the background."""
    into = desk_of(request).house.archives.parent / COPIES / album.name
    return watch(request, CopySorted(album.folder.path, into), place(album.name, "export"))


@router.get("/in/{archive}/tags")
def tags(request: Request, album: OpenAlbum, every: bool = False) -> Response:
    """What would be written into the photos' metadata, before it is: the first of it, or all."""
    lines, problems = [], []
    for _, plans, refused in plan_tags(album.archive()):
        lines += [(plan.file.relative_to(album.root).as_posix(), plan.added, plan.removed) for plan in plans]
        problems += refused
    return render(request, "tags", album=album, lines=lines, problems=problems, most=None if every else MOST)


@router.post("/in/{archive}/tags")
def write_tags(request: Request, album: OpenAlbum, undo: Annotated[bool, Form()] = False) -> Response:
    """Write it, or take out all that was written, in the background."""
    return watch(request, WriteTags(album.folder.path, undo), place(album.name, "tags"))


def _saved(data: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=headers)
