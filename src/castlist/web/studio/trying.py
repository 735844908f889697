"""Try it: pictures and films that are dropped, or a camera, named at once; nothing of them is kept."""

from __future__ import annotations

import base64
import contextlib
from typing import Annotated

from fastapi import File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from castlist.errors import CastlistError, PhotoError
from castlist.languages import translator
from castlist.media import UNKNOWN, read_photo
from castlist.naming import NamedFace, Seen
from castlist.painting import preview_pixels
from castlist.people import PointedFace, enrol_face
from castlist.run import list_runs
from castlist.web.desk import Desk, desk_of
from castlist.web.problems import scope_language
from castlist.web.studio.page import render, unreadable
from castlist.web.studio.routing import page_router
from castlist.web.uploads import name_sent_film, read_photos, seems_film

SHOWN = 1200  # pixels of a picture, at most

router = page_router()


@router.get("/try")
def trying(request: Request, run: str = "") -> Response:
    """Where pictures are dropped."""
    desk = desk_of(request)
    runs = [one for one in reversed(list_runs(desk.house.runs)) if one.complete and one.people]
    chosen = run or (runs[0].path.name if runs else "")
    page = render(request, "trying", runs=runs, chosen=chosen)
    page.background = BackgroundTask(_prepare, desk, chosen)
    return page


@router.post("/try")
def name_picture(request: Request, run: Annotated[str, Form()], photo: Annotated[UploadFile, File()]) -> Response:
    """Name the people in a picture, or in a film."""
    if seems_film(photo):
        return _answer_film(request, run, photo)
    data, seen = _look(request, run, photo)
    return _answer(request, run, data, seen)


@router.post("/try/frame")
def name_frame(request: Request, run: Annotated[str, Form()], photo: Annotated[UploadFile, File()]) -> Response:
    """Name the people in a camera's frame."""
    desk = desk_of(request)
    (data,) = read_photos(desk, [photo])
    (faces,) = desk.recognizer(run).name_pixels([read_photo(data)])
    translate = translator(scope_language(request.scope))
    told = [
        {
            "box": [face.box.left, face.box.top, face.box.width, face.box.height],
            "text": _text(face, translate("unknown"), translate("perhaps {name}")),
            "named": face.name != UNKNOWN,
        }
        for face in faces
        if face.box
    ]
    return JSONResponse({"faces": told})


@router.post("/try/enrol")
def enrol(
    request: Request,
    run: Annotated[str, Form()],
    photo: Annotated[UploadFile, File()],
    face: Annotated[int, Form()],
    name: Annotated[str, Form()],
) -> Response:
    """Have a run know a face of a picture, and name the picture anew."""
    data, seen = _look(request, run, photo)
    if not 0 <= face < len(seen.photo):
        raise PhotoError("face-not-there", "There is no such face in the picture.")
    done = enrol_face(desk_of(request).recognizer(run), name.strip(), seen, face, "dropped.jpg")
    return _answer(request, run, data, seen, done, name.strip())


def _prepare(desk: Desk, run: str) -> None:
    """Load what names, while somebody looks for a picture; whatever is wrong with it is told of that."""
    with contextlib.suppress(CastlistError):
        desk.recognizer(run)


def _answer(
    request: Request, run: str, data: bytes, seen: Seen, done: PointedFace | None = None, name: str = ""
) -> Response:
    """Who is in a picture, and what there is to say of a name that was just given there."""
    recognizer = desk_of(request).recognizer(run)
    (faces,) = recognizer.name(seen)
    picture = base64.b64encode(preview_pixels(read_photo(data), SHOWN)).decode()
    return render(
        request,
        "named",
        picture=picture,
        size=seen.sizes[0].tolist(),
        faces=list(enumerate(faces)),
        people=recognizer.run.people,
        can_enrol=not (seen.is_whole or recognizer.run.has_network),
        done=done,
        name=name,
    )


def _answer_film(request: Request, run: str, upload: UploadFile) -> Response:
    desk = desk_of(request)
    try:
        film = name_sent_film(desk, upload, desk.recognizer(run))
    except PhotoError as error:
        raise PhotoError(
            "dropped-film-unread", "The film can't be looked at ({reason}).", reason=error.message
        ) from error
    return render(request, "named_film", film=film)


def _look(request: Request, run: str, photo: UploadFile) -> tuple[bytes, Seen]:
    """The bytes of a picture, and what a run sees in it."""
    desk = desk_of(request)
    (data,) = read_photos(desk, [photo])
    seen = Seen.merge(desk.recognizer(run).eyes.see([data]))
    if problem := seen.problems[0]:
        raise unreadable(problem)
    return data, seen


def _text(face: NamedFace, unknown: str, perhaps: str) -> str:
    if face.name != UNKNOWN:
        return f"{face.name} {100 * face.probability:.0f} %"
    return perhaps.format(name=face.perhaps) if face.perhaps else unknown
