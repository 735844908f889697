"""Paths as callers give them, and as castlist's own files hold them: texts that are believed only below a folder."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from castlist.errors import CastlistError, shown

# What no file of texts can hold: bytes of a name that aren't UTF-8, as Python gives them; and the mark they get there.
_HALVES = re.compile("[\\\\\ud800-\udfff]")
_FAR = re.compile("[a-z][a-z0-9+.-]+:/", re.IGNORECASE)  # an address, or what Path makes of one; of one letter: a drive
# After the scheme: a user, a password beside one (what follows a host's colon is a port), or a signed link's key.
_SECRET = re.compile(
    r"[^:]*:/+([^/]*@|(?!\[)[^/:]*:(?!\d*(/|$))|.*[?&][^=/]*(key|sig|secret|token|password)[^=/]*=)", re.I | re.S
)
_WRITTEN = re.compile(r"\\\\|\\u([dD][89a-fA-F][0-9a-fA-F]{2})")


def as_path(path: str | os.PathLike[str]) -> Path:
    """A path that a user of the library gave.

    Raises:
        CastlistError: If it is none, empty, or an address.
    """
    text = as_text(path)
    if not text or not _is_writable(text):
        raise CastlistError("path-impossible", "No file can be called {path!r}. Give a path.", path=text)
    if _FAR.match(text):  # else a folder called "s3:" would be made
        raise needed_here(text)
    return Path(text)


def _is_writable(text: str) -> bool:
    """Whether a file's name can be written as the system's bytes, which half a character can't."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def needed_here(address: str) -> CastlistError:
    """What is said of an address where none can be used; one that is a Path is none any more."""
    return CastlistError(
        "address-here",
        "{address!r} is an address, where a folder or a file of this machine is needed. Copy it to one.",
        address=address.partition(":")[0] + "://..." if bears_secret(address) else address,
    )


def bears_secret(address: str) -> bool:
    """Whether an address holds what nobody else may read, and must stand in no file and no sentence."""
    return _SECRET.match(address) is not None


def by_own_name(path: Path) -> Path:
    """A folder by its own name: "." and ".." have none, and are others once it was exchanged."""
    with contextlib.suppress(OSError, RuntimeError):  # the folder one is in is gone, or links lead in a circle
        return path.resolve() if path.name in ("", "..") else path
    return path


def from_anywhere(path: Path) -> Path:
    """A path that means the same file wherever the program goes to."""
    with contextlib.suppress(OSError):  # the folder one is in is gone
        return path.absolute()
    return path


def as_text(path: str | os.PathLike[str]) -> str:
    """The text of something that must be a path; any text is one, whether there can be such a file or not.

    Raises:
        CastlistError: If it is something else.
    """
    text: Any = None
    with contextlib.suppress(Exception):  # a program's own kind of path may raise anything
        text = os.fspath(path)
    if not isinstance(text, str):
        raise CastlistError(
            "path-none", "A path must be a text or a Path. Got {kind} instead.", kind=type(path).__name__
        )
    return text


def as_several(photos: Any) -> Iterable[Any]:
    """What a caller gave as several photos; a single path is one, else a text would be as many as it has letters.

    Raises:
        CastlistError: If it is neither.
    """
    if isinstance(photos, str | os.PathLike):
        return [photos]
    if isinstance(photos, bytes) or not isinstance(photos, Iterable):
        raise CastlistError(
            "not-several",
            "Photos must be given as a list or another iterable. Got {got} instead.",
            got=shown(photos),
        )
    return photos


def is_folder(path: Path) -> bool:
    """Whether there is a folder that one may look at; whatever the system says of the path."""
    try:
        return path.is_dir()
    except OSError:  # no right to, or too long a name
        return False


def is_file(path: Path) -> bool:
    """Whether there is a file that one may look at; whatever the system says of the path."""
    try:
        return path.is_file()
    except OSError:  # as above
        return False


def need_entry(folder: str | os.PathLike[str]) -> None:
    """Make sure that one may look at what is in a folder: who may list it may still have no right to that.

    Raises:
        OSError: If not.
    """
    os.lstat(f"{os.fspath(folder)}/.")


def name_below(folder: Path, path: Path) -> str:
    """What a file below a folder is called in a run, a data set, a table: `join_below` finds it again.

    With forward slashes; bytes that aren't UTF-8 are spelled out, and so that this can be undone, backslashes doubled.
    """
    return spell(path.relative_to(folder).as_posix())


def spell(name: str) -> str:
    """A file's name as a text that can be written anywhere."""
    return _HALVES.sub(lambda found: "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}", name)


def unspell(text: str) -> str:
    """The name that `spell` was given."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\\", text)


def is_below(file: Any) -> bool:
    """Whether something, as `spell` gives it, is a path below a folder."""
    if not isinstance(file, str) or "\0" in file:
        return False
    name = unspell(file)
    if os.path.splitdrive(name)[0] or (os.name == "nt" and "\\" in name):
        return False
    # A backslash is part of a name here, but no way up for whoever reads the same file on Windows.
    return not {"", ".", ".."} & set(name.split("/")) and ".." not in name.split("\\")


def join_below(folder: Path, file: str) -> Path | None:
    """The path of a file below a folder, by its name there; None where it would lead out of it.

    Links are followed as everywhere: people keep photos behind them. Who moves files must not, see `castlist.checks`.
    """
    return folder / unspell(file) if is_below(file) else None
