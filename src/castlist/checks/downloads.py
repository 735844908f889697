"""Decisions as the page gives them to a browser, which puts them where it puts all downloads."""

from __future__ import annotations

import logging
from pathlib import Path

from castlist.checks.decisions import Decisions, read_decisions
from castlist.errors import CastError

FILES = "DECISIONS*.toml"  # the page calls each download otherwise, so that none is taken for an older one

logger = logging.getLogger(__name__)


def find_decisions(path: Path, downloads: Path) -> Path:
    """The file that is meant: the one given or, where there is none and only a name was typed, that download.

    Raises:
        CastError: If it is neither here nor there.
    """
    if path.exists() or path.name != str(path):
        return path
    if (downloads / path).is_file():
        return downloads / path
    raise CastError(
        "decisions-nowhere",
        "{name!r} is neither here nor in {downloads!r}. Give the whole path of the file that the browser downloaded.",
        name=path.name,
        downloads=str(downloads),
    )


def need_decided(path: Path, decisions: Decisions, downloads: Path) -> None:
    """Make sure that the file isn't the one which keeps everything while what was chosen on the page lies elsewhere.

    Raises:
        CastError: If newer decisions on the same folder were downloaded.
    """
    if any(one.do != "keep" for one in decisions.photos):
        return
    age = path.stat().st_mtime
    for other in sorted(downloads.glob(FILES), key=lambda file: file.stat().st_mtime, reverse=True):
        if other.stat().st_mtime < age or other.resolve() == path.resolve():
            continue
        try:
            chosen = read_decisions(other)
        except CastError:
            logger.debug("no decisions: %s", other)
            continue
        if chosen.root == decisions.root.resolve():
            raise CastError(
                "decisions-elsewhere",
                "{path!r} keeps every photo. What was chosen on the page was downloaded: castlist check --apply "
                "{other!r}.",
                path=str(path),
                other=str(other),
            )
