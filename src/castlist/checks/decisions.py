"""What is decided about photos that were found wrong: a TOML file, to be read and edited by people."""

from __future__ import annotations

import hashlib
import logging
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w

from castlist.checks.records import Finding, Findings
from castlist.errors import CastError, PhotoError, reason_of
from castlist.escaping import for_terminal
from castlist.media import check_person, one_form, read_file
from castlist.paths import is_below, name_below

DEEDS = ("keep", "move", "aside")
VERSION = 1

logger = logging.getLogger(__name__)

HEAD = """\
# For each photo, `do` is "keep", "move" (to the person in `to`, who may be new) or "aside" (out of the cast, into the
# folder beside it whose name ends in -aside). `suggested` only proposes. Carry it out with: castlist check --apply FILE
"""


@dataclass(frozen=True)
class Decision:
    """What becomes of one photo."""

    file: str  # below the cast's folder, as `castlist.paths.name_below` calls it
    sha256: str  # of its bytes when it was checked
    do: str  # one of DEEDS
    to: str | None = None  # whose it becomes; only with "move"
    suggested: str | None = None  # as `do`, with the person's name after "move to"
    why: str = ""


@dataclass(frozen=True)
class Decisions:
    """What becomes of the photos of a folder."""

    root: Path
    photos: tuple[Decision, ...]

    def to_toml(self) -> str:
        """As a text for people to edit."""
        photos = [{key: value for key, value in vars(one).items() if value is not None} for one in self.photos]
        # TOML can't hold a name that isn't text; such a folder has to be given again beside --apply.
        root = for_terminal(str(self.root))
        return HEAD + tomli_w.dumps({"version": VERSION, "root": root, "photo": photos})


def open_decisions(findings: Findings) -> Decisions:
    """One undecided decision, to keep, for each photo that was found wrong.

    The first finding that suggests something for it gives the reason, or else the first on it at all.
    Photos outside the folder aren't decided on.
    """
    decided: dict[Path, Decision] = {}
    for finding in findings.findings:
        suggestions = suggest(finding)
        for path in finding.photos:
            if not path.is_relative_to(findings.root):
                continue
            if known := decided.get(path):
                if known.suggested is None and path in suggestions:
                    decided[path] = replace(known, suggested=suggestions[path], why=finding.message)
                continue
            try:
                digest = hashlib.sha256(read_file(path)).hexdigest()
            except PhotoError:
                continue
            file = name_below(findings.root, path)
            decided[path] = Decision(file, digest, "keep", None, suggestions.get(path), finding.message)
    return Decisions(findings.root.resolve(), tuple(decided.values()))


def suggest(finding: Finding) -> dict[Path, str]:
    """What is suggested for the photos of a finding: "aside" or "move to" somebody; nothing to keep them."""
    match finding.kind:
        case "wrong-name":
            return dict.fromkeys(finding.photos, f"move to {finding.rather}" if finding.rather else "aside")
        case "one-person":
            return dict.fromkeys(finding.photos, f"move to {finding.people[1]}")
        case "copy":
            return dict.fromkeys(finding.photos[1:], "aside")  # the first is the largest
        case "leak" | "unreadable" | "drawing":
            return dict.fromkeys(finding.photos, "aside")
        case _:
            return {}


def read_decisions(path: Path, root: Path | None = None) -> Decisions:
    """Read what `to_toml` wrote and a person edited.

    Args:
        path: The file.
        root: The folder that it is about; by default the one it names.

    Raises:
        CastError: If it can't be read, or decides what can't be.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))  # editors of Windows begin with a mark
    except OSError as error:
        raise CastError(
            "decisions-unreadable",
            "The decisions {path!r} can't be read ({reason}).",
            path=str(path),
            reason=reason_of(error),
        ) from error
    except (ValueError, RecursionError) as error:
        raise CastError(
            "decisions-no-toml",
            "The decisions {path!r} are no TOML that can be read ({reason}).",
            path=str(path),
            reason=reason_of(error),
        ) from error
    if table.get("version") != VERSION or not isinstance(table.get("root"), str):
        raise CastError(
            "decisions-of-another",
            "{path!r} holds no decisions of this castlist: version and root must be {expected} and a folder. "
            "Got {version} and {root}. Make it anew with castlist check --html.",
            path=str(path),
            expected=VERSION,
            version=repr(table.get("version")),
            root=repr(table.get("root")),
        )
    photos = table.get("photo", [])
    if not isinstance(photos, list):
        raise CastError(
            "decisions-no-tables",
            "In {path!r} each photo must be a table [[photo]]. Got {kind} instead.",
            path=str(path),
            kind=type(photos).__name__,
        )
    decisions = tuple(_read_one(row) for row in photos)
    files = [decision.file for decision in decisions]
    twice = next((file for file in files if files.count(file) > 1), None) if len(set(files)) < len(files) else None
    if twice:
        raise CastError(
            "decided-twice",
            "{file!r} is decided on twice in {path!r}. Leave one of the two out.",
            file=twice,
            path=str(path),
        )
    logger.debug("%d decisions read from %s", len(decisions), path)
    return Decisions(root or Path(table["root"]), decisions)


def _read_one(row: Any) -> Decision:
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("file", "sha256", "do")):
        raise CastError(
            "decision-incomplete",
            "A decision must have the texts file, sha256 and do. Got {row} instead.",
            row=repr(row),
        )
    file, deed, to = row["file"], row["do"], row.get("to")
    if not is_below(file) or not re.fullmatch("[0-9a-f]{64}", row["sha256"]):
        raise CastError(
            "decision-elsewhere",
            "A decision must be about a file below the folder, with its SHA-256. Got {row} instead.",
            row=repr(row),
        )
    if deed not in DEEDS:
        raise CastError(
            "unknown-deed",
            "What becomes of {file!r} must be one of {choices}. Got {deed!r} instead.",
            file=file,
            choices=", ".join(DEEDS),
            deed=deed,
        )
    if (deed == "move") != (to is not None and to != ""):
        raise CastError(
            "move-to-whom",
            '{file!r}: `to` names the person with "move", and only then. Got {deed!r} and {to}.',
            file=file,
            deed=deed,
            to=repr(to),
        )
    if deed == "move":
        if not isinstance(to, str):
            raise CastError(
                "move-to-no-name",
                "{file!r}: `to` must be a person's name. Got {to} instead.",
                file=file,
                to=repr(to),
            )
        to = one_form(to)
        check_person(to)
    return Decision(file, row["sha256"], deed, to or None)
