"""Choose a folder of those that the house shows: what may be chosen, and the page where one does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from castlist import run
from castlist.errors import CastlistError
from castlist.paths import name_below, unspell
from castlist.web.desk import Desk, desk_of
from castlist.web.studio.page import render

if TYPE_CHECKING:
    from castlist.archive import ArchiveFolder
    from castlist.run import Run


@dataclass(frozen=True)
class Choice:
    """A folder of photos that can be chosen."""

    key: str  # "0:2019/summer": which root, and the folder below it
    title: str
    path: Path


def start(request: Request) -> Response:
    """Choose a folder of those that the house shows."""
    desk, folder = desk_of(request), request.query_params.get("folder", "")
    top = open_choice(desk, folder) if folder else None
    crumbs = []
    if top:
        root, _, below = top.key.partition(":")
        parts = Path(below).parts[:-1]
        crumbs = [(desk.house.roots[int(root)].name, f"{root}:")] if below else []
        crumbs += [(part, f"{root}:{'/'.join(parts[: i + 1])}") for i, part in enumerate(parts)]
    known = {root: name for name, root in roots_of_archives(desk).items()}
    return render(
        request,
        "start",
        top=top,
        crumbs=crumbs,
        folders=folders_in(top) if top else roots_of(desk),
        runs=runs_for_faces(desk),
        known=known.get(str(top.path)) if top else None,
    )


def roots_of_archives(desk: Desk) -> dict[str, str | None]:
    """The folder of photos of each archive, by its name; None: it is broken, and its name is taken all the same."""
    return {one.path.name: _root_of(one) for one in desk.archives()}


def _root_of(archive: ArchiveFolder) -> str | None:
    try:
        return archive.record().root
    except CastlistError:
        return None


def roots_of(desk: Desk) -> list[Choice]:
    """The folders that the house shows."""
    return [Choice(f"{i}:", root.name or str(root), root) for i, root in enumerate(desk.house.roots)]


def folders_in(top: Choice) -> list[Choice]:
    """The folders in one, by name, but hidden ones."""
    root, _, below = top.key.partition(":")
    before = f"{below}/" if below else ""
    try:
        paths = sorted(path for path in top.path.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:  # nobody may look
        return []
    return [Choice(f"{root}:{before}{name_below(top.path, path)}", path.name, path) for path in paths]


def open_choice(desk: Desk, key: str) -> Choice:
    """A folder by its key, which may come from anywhere.

    Raises:
        CastlistError: If there is none, or it isn't of those that the house shows.
    """
    root, _, below = key.partition(":")
    path = desk.photos(int(root) if re.fullmatch(r"\d{1,4}", root) else -1, below)
    return Choice(key, unspell(below.rpartition("/")[2]) or path.name, path)


def runs_for_faces(desk: Desk) -> Sequence[Run]:
    """The runs that know somebody and can name an archive, the newest first."""
    return [
        one for one in reversed(run.list_runs(desk.house.runs)) if one.people and one.complete and one.settings.faces
    ]
