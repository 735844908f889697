"""Check: what is wrong with the photos of a cast, shown on the photos and decided there; nothing is ever deleted."""

from __future__ import annotations

import dataclasses
import json
import urllib.parse
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request, Response

from castlist.checks import (
    KINDS,
    Decision,
    Decisions,
    Finding,
    Findings,
    apply_decisions,
    check_photos,
    describe,
    open_decisions,
    titles,
    undo_moves,
)
from castlist.errors import CastlistError, PhotoError
from castlist.jobs import Check
from castlist.languages import translator
from castlist.painting import preview_photo
from castlist.paths import join_below, name_below
from castlist.web.desk import desk_of
from castlist.web.problems import scope_language
from castlist.web.studio.choosing import Choice, open_choice
from castlist.web.studio.page import go, picture, render, watch
from castlist.web.studio.routing import page_router

SHOWN = 100  # findings of a kind; more is nothing that is decided picture by picture
SMALL = 320  # pixels

router = page_router()


@dataclass(frozen=True)
class Card:
    """A finding, as the page shows it."""

    message: str
    decisions: tuple[Decision, ...]  # about its photos, as far as they can be decided on


@router.post("/check")
def check(request: Request, folder: Annotated[str, Form()]) -> Response:
    """Look at the photos of a cast, in the background."""
    chosen = open_choice(desk_of(request), folder)
    return watch(request, Check(chosen.path), _place(chosen))


@router.get("/checked")
def checked(request: Request, folder: str, moved: int | None = None, aside: str | None = None) -> Response:
    """What was found, to be decided; what was looked at isn't looked at again; and how many were moved before."""
    chosen = open_choice(desk_of(request), folder)
    findings = check_photos(chosen.path)
    language = scope_language(request.scope)
    decisions = {one.file: one for one in open_decisions(findings).photos}
    names = titles(translator(language))
    sections = []
    for kind in KINDS:
        some = [one for one in findings.findings if one.kind == kind]
        if some:
            cards = [_card(one, findings, decisions, language) for one in some[:SHOWN]]
            sections.append((names[kind], len(some), cards))
    return render(
        request,
        "checked",
        folder=chosen,
        findings=findings,
        sections=sections,
        people=findings.people,
        moved=moved,
        aside=aside,
    )


@router.post("/checked")
def decide(request: Request, folder: Annotated[str, Form()], choices: Annotated[str, Form()]) -> Response:
    """Carry out what was decided: photos are moved, to another person or out of the cast."""
    chosen = open_choice(desk_of(request), folder)
    wanted = _read(choices)
    known = {one.file: one for one in open_decisions(check_photos(chosen.path)).photos}
    decided = [
        dataclasses.replace(known[file], do="move" if to else "aside", to=to or None)
        for file, to in wanted.items()
        if file in known
    ]
    moved = apply_decisions(Decisions(chosen.path, tuple(decided))) if decided else None
    return go(request, _place(chosen, moved=moved.moved, aside=moved.aside.name) if moved else _place(chosen, moved=0))


@router.post("/checked/undo")
def undo(request: Request, folder: Annotated[str, Form()]) -> Response:
    """Move back what was moved last."""
    chosen = open_choice(desk_of(request), folder)
    return go(request, _place(chosen, moved=undo_moves(chosen.path).moved))


@router.get("/checked/small.jpg")
def small(request: Request, folder: str, file: str, digest: str) -> Response:
    """A photo of a cast."""
    path = join_below(open_choice(desk_of(request), folder).path, file)
    try:
        if path is not None:
            return picture(preview_photo(path, SMALL, digest=digest))
    except PhotoError:  # it can't be read, which is what was found
        pass
    return Response(status_code=404)


def _place(chosen: Choice, **more: object) -> str:
    """The address of what was found in a folder: to load it again does nothing again."""
    return f"/checked?{urllib.parse.urlencode({'folder': chosen.key, **more}, errors='surrogateescape')}"


def _card(finding: Finding, findings: Findings, decisions: dict[str, Decision], language: str) -> Card:
    files = (name_below(findings.root, path) for path in finding.photos if path.is_relative_to(findings.root))
    return Card(describe(finding, language), tuple(decisions[file] for file in files if file in decisions))


def _read(choices: str) -> dict[str, str]:
    """What becomes of files: whose they are to be; "": nobody's of the cast."""
    try:
        read = json.loads(choices)
    except ValueError:
        read = None
    if not isinstance(read, dict) or not all(isinstance(to, str) for to in read.values()):
        raise CastlistError("choices-unread", "The choices can't be read. Load the page again.")
    return read
