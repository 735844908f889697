"""The first steps: the language, and an archive made of a folder of photos, or of photos and films that are dropped."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated

from fastapi import File, Form, Request, Response, UploadFile

from castlist.errors import CastlistError, Message, PhotoError
from castlist.files import make_folder, write_bytes
from castlist.jobs import Gather
from castlist.languages import LANGUAGES
from castlist.media import HEAD, is_film, open_photo
from castlist.paths import spell
from castlist.web.desk import Desk, desk_of
from castlist.web.problems import LANGUAGE
from castlist.web.studio.choosing import open_choice, roots_of_archives, runs_for_faces
from castlist.web.studio.page import go, place, render, watch
from castlist.web.studio.routing import page_router
from castlist.web.uploads import read_upload

YEAR = 365 * 24 * 3600  # seconds
DROPPED = "dropped"  # the archive of photos that were dropped, and beside the archives the folder of these
ENDINGS = "jpe?g|png|heic|heif|webp|avif|tiff?|gif|bmp|nef|dng|cr2|arw|mp4|m4v|mov|avi|mkv|webm"

router = page_router()


@router.post("/language")
def choose_language(
    request: Request, language: Annotated[str, Form()], again: Annotated[bool, Form()] = True
) -> Response:
    """Speak another language from now on, on the same page if it can be asked for again."""
    answer = go(request, (again and request.headers.get("referer")) or "/")
    if language in LANGUAGES:
        answer.set_cookie(LANGUAGE, language, max_age=YEAR, samesite="strict", httponly=True)
    return answer


@router.post("/start")
def begin(request: Request, folder: Annotated[str, Form()], run: Annotated[str, Form()] = "") -> Response:
    """Make an archive of a folder, in the background."""
    desk = desk_of(request)
    chosen = open_choice(desk, folder)
    return _gather(request, desk, chosen.path, _free_name(desk, chosen.path), run)


@router.post("/start/drop")
def drop(
    request: Request,
    photos: Annotated[list[UploadFile] | None, File()] = None,
    more: Annotated[bool, Form()] = False,
) -> Response:
    """Keep photos and films that were dropped, named by their content; once no more come, look at all of them."""
    desk = desk_of(request)
    folder = desk.house.archives.parent / DROPPED
    refused = [problem for upload in photos or [] if (problem := _keep(upload, folder))]
    if more:
        return render(request, "dropped", refused=refused)
    if not folder.exists():
        raise CastlistError("dropped-nothing", "None of these is a photo or a film that can be read.")
    if desk.new_archive(DROPPED).is_there:  # the run that names it may have been taught since
        return refresh(request, DROPPED)
    runs = runs_for_faces(desk)
    return _gather(request, desk, folder, DROPPED, runs[0].path.name if runs else "")


@router.post("/in/{archive}/refresh")
def refresh(request: Request, archive: str) -> Response:
    """Look for new photos, and name by the run as it is now."""
    desk = desk_of(request)
    record = desk.archive(archive).record()
    work = Gather(Path(record.root), desk.archive(archive).path, desk.house.runs, Path(record.run))
    return watch(request, work, place(archive, "photos"))


def _gather(request: Request, desk: Desk, photos: Path, name: str, run: str) -> Response:
    known = desk.run(run).path if run else None
    work = Gather(photos, desk.new_archive(name).path, desk.house.runs, known)
    return watch(request, work, place(name, "photos"))


def _keep(upload: UploadFile, folder: Path) -> tuple[str, Message] | None:
    """Keep a photo or film; gives what it is called and why not, where it is none."""
    data = read_upload(upload)
    try:
        if not is_film(data[:HEAD]):
            open_photo(data)
    except PhotoError as error:
        return upload.filename or "", error.message
    make_folder(folder, private=True)
    write_bytes(folder / f"{hashlib.sha256(data).hexdigest()[:32]}{_ending(upload.filename or '')}", data, private=True)
    return None


def _free_name(desk: Desk, photos: Path) -> str:
    """What to call the archive of a folder: as the folder, unless that is another's; as before, if there is one."""
    known = roots_of_archives(desk)
    for name, root in known.items():
        if root == str(photos):
            return name
    wanted = re.sub(r"[\x00-\x1f/\\]", "-", spell(photos.name)).lstrip(".") or "photos"
    number = 2
    name = wanted
    while name in known:
        name, number = f"{wanted} {number}", number + 1
    return name


def _ending(name: str) -> str:
    """What a file's name tells of its kind; nothing else of it is used."""
    found = re.search(rf"\.({ENDINGS})$", name.lower())
    return found[0] if found else ".jpg"
