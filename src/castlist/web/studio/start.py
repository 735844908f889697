"""The first steps: the language, and an archive made of a folder of photos, or of photos that are dropped."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated

from fastapi import File, Form, Request, Response, UploadFile

from castlist.archive import ArchiveFolder
from castlist.errors import CastlistError
from castlist.files import make_folder, write_bytes
from castlist.jobs import Gather
from castlist.languages import LANGUAGES
from castlist.media import open_photo
from castlist.paths import spell
from castlist.web.desk import Desk, desk_of
from castlist.web.problems import LANGUAGE
from castlist.web.studio.choosing import open_choice, runs_for_faces
from castlist.web.studio.page import go, place, watch
from castlist.web.studio.routing import page_router

YEAR = 365 * 24 * 3600  # seconds
DROPPED = "dropped"  # the archive of photos that were dropped, and beside the archives the folder of these

router = page_router()


@router.post("/language")
def choose_language(request: Request, language: Annotated[str, Form()]) -> Response:
    """Speak another language from now on."""
    answer = go(request, request.headers.get("referer") or "/")
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
def drop(request: Request, photos: Annotated[list[UploadFile], File()]) -> Response:
    """Keep photos that were dropped, named by their content, and make an archive of them."""
    desk = desk_of(request)
    folder = desk.house.archives.parent / DROPPED
    make_folder(folder, private=True)
    for upload in photos[: desk.house.limits.files]:
        data = upload.file.read()
        try:
            open_photo(data)
        except CastlistError:  # no photo; the others may be
            continue
        ending = _ending(upload.filename or "")
        write_bytes(folder / f"{hashlib.sha256(data).hexdigest()[:32]}{ending}", data, private=True)
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


def _free_name(desk: Desk, photos: Path) -> str:
    """What to call the archive of a folder: as the folder, unless that is another's; as before, if there is one."""
    known = {one.path.name: _root_of(one) for one in desk.archives()}
    for name, root in known.items():
        if root == str(photos):
            return name
    wanted = re.sub(r"[\x00-\x1f/\\]", "-", spell(photos.name)).lstrip(".") or "photos"
    number = 2
    name = wanted
    while name in known:
        name, number = f"{wanted} {number}", number + 1
    return name


def _root_of(archive: ArchiveFolder) -> str | None:
    """The folder of an archive's photos; None: it is broken, and its name is taken all the same."""
    try:
        return archive.record().root
    except CastlistError:
        return None


def _ending(name: str) -> str:
    """What a file's name tells of its kind; nothing else of it is used."""
    found = re.search(r"\.(jpe?g|png|heic|heif|webp|avif|tiff?|gif|bmp)$", name.lower())
    return found[0] if found else ".jpg"
