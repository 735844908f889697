"""A house as somebody at a terminal asks for one: checked, with a token of its own where none is given."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from castlist.errors import CastlistError, SettingsError, reason_of
from castlist.files import write_bytes
from castlist.paths import is_folder
from castlist.web.house import LOOPBACK, STATE, TOKEN, House

SHORTEST = 16  # letters of a token


def open_house(
    runs: Path, roots: Sequence[Path] = (), *, hosts: Sequence[str] = (), port: int = 8765, token: str | None = None
) -> House:
    """Put a house together.

    Args:
        runs: The folder of run folders.
        roots: Folders of photos that may be looked at.
        hosts: Where it listens, and what else it is called; by default this machine alone.
        port: Where it listens.
        token: Opens the door; None: one is made, once, and kept where the user alone reads it.

    Raises:
        CastlistError: If a folder isn't there, the token is too short, or others could come in without a given one.
    """
    for root in roots:
        if not is_folder(root):
            raise SettingsError("root-no-folder", "--root must be a folder. Got {path!r} instead.", path=str(root))
    if not 0 <= port <= 65535:
        raise SettingsError("port-number", "--port must be a number up to 65535. Got {port} instead.", port=port)
    hosts = tuple(hosts) or (LOOPBACK[0],)
    if hosts[0] not in LOOPBACK and token is None:
        raise SettingsError(
            "host-needs-token",
            "Others can come to {host!r}: choose a token of {shortest} letters or more for them, and give it in the "
            "variable CASTLIST_TOKEN or with --token-file.",
            host=hosts[0],
            shortest=SHORTEST,
        )
    if token is None:
        token = _kept_token(runs / STATE / TOKEN)
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable():
        raise SettingsError(
            "token-short", "A token must have {shortest} letters or more, all of them ASCII.", shortest=SHORTEST
        )
    return House(runs=runs, roots=tuple(root.absolute() for root in roots), hosts=hosts, port=port, token=token)


def read_token(path: Path) -> str:
    """Read a token from a file.

    Raises:
        CastlistError: If it can't be read, or others can read it.
    """
    try:
        if os.name != "nt" and path.stat().st_mode & 0o077:
            raise SettingsError(
                "token-open",
                "Others can read the token in {path!r}. Let nobody else: chmod 600 {path!r}.",
                path=str(path),
            )
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CastlistError(
            "token-unreadable",
            "The token in {path!r} can't be read ({reason}).",
            path=str(path),
            reason=reason_of(error),
        ) from error


def _kept_token(path: Path) -> str:
    if not path.exists():
        write_bytes(path, secrets.token_urlsafe(32).encode() + b"\n", private=True)
    return read_token(path)
