"""Who is it? One question after the other; each answer is in effect at once."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Annotated

from fastapi import Form, Request, Response

from castlist.archive import Archive, ArchivedFace, Question
from castlist.jobs import Teach
from castlist.languages import speaker
from castlist.media import UNKNOWN
from castlist.web.desk import desk_of
from castlist.web.problems import scope_language
from castlist.web.studio.deciding import decide
from castlist.web.studio.page import place, render, watch
from castlist.web.studio.routing import OpenAlbum, page_router
from castlist.web.studio.shelf import Album

MOST = 40  # faces shown of a question, until all are asked for; what is decided is decided of all
SOON = 12  # faces of the next question that are fetched before

router = page_router()


@router.get("/in/{archive}/who")
def who(request: Request, album: OpenAlbum, at: str = "", every: bool = False) -> Response:
    """The first question, or the one that was shown before the page was loaded again; also with every face of it."""
    return _ask(request, album, at, most=None if every else MOST)


@router.post("/in/{archive}/who")
def answer(
    request: Request,
    album: OpenAlbum,
    key: Annotated[str, Form()],
    shown: Annotated[int, Form()],
    kind: Annotated[str, Form()],
    without: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    perhaps: Annotated[str, Form()] = "",
) -> Response:
    """Take an answer, and ask the next question."""
    translate = speaker(scope_language(request.scope))
    refuse = functools.partial(_ask, request, album, key, is_taken=False)
    before = album.questions()
    now = next((i for i, one in enumerate(before) if one.key == key), None)
    if now is None or len(before[now].faces) != shown:
        return refuse(translate("Somebody else decided on these meanwhile. Look again."))
    following = before[now + 1].key if now + 1 < len(before) else ""
    if kind == "later":
        return _ask(request, album, following)
    if kind == "is" and not name.strip():
        kind = "yes" if perhaps else "later-named"
    if kind == "later-named":
        return refuse(translate("Type a name first."))
    faces = [face for face in before[now].faces if f"{face.digest}-{face.number}" not in without.split()]
    if not faces:
        return refuse(translate("No face is ticked."))
    decided, named = {"yes": ("is", perhaps), "is-not": ("is-not", perhaps)}.get(kind, (kind, name))
    who_is = decide(album.archive(), decided, faces, named)
    said = {
        "is": translate("{count} {count:face is|faces are} {name} now.", count=len(faces), name=who_is or ""),
        "is-not": translate("Not {name}.", name=who_is or ""),
        "stranger": translate("Strangers: {count}.", count=len(faces)),
        "no-face": translate("No faces: {count}.", count=len(faces)),
    }
    return _ask(request, album, key if decided == "is-not" else following, said[decided])


@router.post("/in/{archive}/who/undo")
def undo(request: Request, album: OpenAlbum) -> Response:
    """Take the last decision back, and ask about it again."""
    archive = album.archive()
    taken = archive.undo()
    spot = taken.face
    key = next((one.key for one in album.questions() for face in one.faces if face.spot == spot), "")
    translate = speaker(scope_language(request.scope))
    return _ask(request, album, key, translate("Taken back."))


@router.post("/in/{archive}/teach")
def teach(request: Request, album: OpenAlbum) -> Response:
    """Have the run learn what was decided, and name the archive by it."""
    work = Teach(album.folder.path, desk_of(request).house.runs)
    return watch(request, work, place(album.name, "who"))


def _ask(
    request: Request, album: Album, at: str, said: str = "", *, is_taken: bool = True, most: int | None = MOST
) -> Response:
    questions = album.questions()
    now = next((i for i, one in enumerate(questions) if one.key == at), 0)
    archive = album.archive()
    answer = render(
        request,
        "question" if "hx-request" in request.headers else "who",
        album=album,
        question=questions[now] if questions else None,
        most=most,
        said=said,
        is_taken=is_taken,
        soon=_soon(questions, now),
        waiting=sum(len(one.faces) for one in questions),
        groups=len(questions),
        decided=_count(archive),
        people=sorted(archive.people() - {UNKNOWN}, key=str.casefold),
    )
    if questions:
        answer.headers["HX-Replace-Url"] = f"?at={questions[now].key}"
    return answer


def _soon(questions: Sequence[Question], now: int) -> Sequence[ArchivedFace]:
    return questions[now + 1].faces[:SOON] if now + 1 < len(questions) else ()


def _count(archive: Archive) -> int:
    return len({one.id for one in archive.decisions})
