"""People: everybody of an archive, and each with all photos; renamed, merged, forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request, Response

from castlist.archive import call_otherwise, find_in_archive
from castlist.errors import Message, SettingsError
from castlist.jobs import Gather
from castlist.media import UNKNOWN, meant_by, one_form
from castlist.people import forget, merge, rename
from castlist.run import open_run
from castlist.web.desk import desk_of
from castlist.web.studio.export import COPIES
from castlist.web.studio.page import place, render, watch
from castlist.web.studio.routing import OpenAlbum, page_router
from castlist.web.studio.shelf import Album

MOST = 300  # faces shown of a person, until all are asked for

router = page_router()


@router.get("/in/{archive}/people")
def people(request: Request, album: OpenAlbum) -> Response:
    """Everybody as a card."""
    return render(request, "people", album=album, people=album.people())


@router.get("/in/{archive}/person")
def person(request: Request, album: OpenAlbum, name: str, every: bool = False) -> Response:
    """A person's photos: the first of them, or every one."""
    archive = album.archive()
    faces = find_in_archive(archive, name)
    others = sorted(archive.people() - {UNKNOWN, name}, key=str.casefold)
    photos = len({face.digest for face in faces})
    shown = faces if every else faces[:MOST]
    return render(
        request, "person", album=album, name=name, faces=shown, total=len(faces), photos=photos, others=others
    )


@router.post("/in/{archive}/person/rename")
def rename_person(
    request: Request, album: OpenAlbum, name: Annotated[str, Form()], new: Annotated[str, Form()]
) -> Response:
    """Call somebody otherwise, in the archive and in its run."""
    new = one_form(new.strip())
    if name in open_run(album.run).people:
        rename(album.run, name, new)
    else:
        call_otherwise(album.archive(), name, new)
    return _name_anew(request, album)


@router.post("/in/{archive}/person/merge")
def merge_person(
    request: Request, album: OpenAlbum, name: Annotated[str, Form()], into: Annotated[str, Form()]
) -> Response:
    """Make two people one, for good."""
    people = open_run(album.run).people
    into = meant_by(into, album.archive().people())
    if name in people and into in people:
        merge(album.run, name, into)
    elif name in people:
        rename(album.run, name, into)
    else:
        call_otherwise(album.archive(), name, into)
    return _name_anew(request, album)


@router.post("/in/{archive}/person/forget")
def forget_person(
    request: Request,
    album: OpenAlbum,
    name: Annotated[str, Form()],
    sure: Annotated[str, Form()],
    tags: Annotated[bool, Form()] = False,
) -> Response:
    """Delete somebody from the archive and its run, and say what was deleted."""
    if one_form(sure.strip()) != one_form(name):
        raise SettingsError(
            "forget-unsure", "Nothing was deleted: the name typed is {typed!r}, not {name!r}.", typed=sure, name=name
        )
    receipt = forget(album.run, name, archive=album.folder.path, tags=tags, embed=tags)
    desk = desk_of(request)
    desk.jobs.forget(receipt.name)
    copies = [
        Message("sorted-copies-remain", "Copies of photos, in {folder!r}.", {"folder": str(folder)})
        for folder in (desk.house.archives.parent / COPIES).glob("*/*")
        if one_form(folder.name) == one_form(receipt.name)
    ]
    return render(request, "receipt", album=album, removed=receipt.removed, remaining=[*copies, *receipt.remaining])


def _name_anew(request: Request, album: Album) -> Response:
    """Name the archive by the run as it is now, and show the people then."""
    work = Gather(album.root, album.folder.path, desk_of(request).house.runs, album.run)
    return watch(request, work, place(album.name, "people"))
