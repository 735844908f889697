"""The page on what a check found: pictures side by side, and for each the choice to keep, move or set aside."""

from __future__ import annotations

import base64
import hashlib
import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from castlist.checks.decisions import HEAD, VERSION, Decision, open_decisions
from castlist.checks.records import KINDS, Finding, Findings, describe, titles
from castlist.errors import PhotoError
from castlist.escaping import for_terminal
from castlist.files import need_replaceable, write_text
from castlist.languages import translate_message, translator
from castlist.learning import TAGS, jpeg_uri, shrink, template
from castlist.media import read_photo
from castlist.paths import unspell
from castlist.threads import work_ahead

SHOWN = 300  # findings of a kind; more is nothing that is decided picture by picture
FILE = "DECISIONS.toml"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tile:
    """A photo of a finding."""

    file: str
    picture: str | None  # address; None where it can't be read
    decision: Decision | None  # None where it is none of the folder's


@dataclass(frozen=True)
class Card:
    """A finding."""

    message: str
    tiles: tuple[Tile, ...]
    compare: tuple[tuple[str, tuple[str, ...]], ...]  # people with addresses of typical photos

    @property
    def suggests(self) -> bool:
        """Whether it suggests something."""
        return any(tile.decision and tile.decision.suggested for tile in self.tiles)


@dataclass(frozen=True)
class Section:
    """The findings of a kind."""

    kind: str
    title: str
    severity: str
    cards: tuple[Card, ...]
    number: int  # of all, shown or not

    @property
    def suggests(self) -> bool:
        """Whether more than one of the cards suggests something."""
        return sum(card.suggests for card in self.cards) > 1


def write_check(findings: Findings, page: Path, *, language: str = "en") -> Path:
    """Write the page, and beside it DECISIONS.toml, which keeps everything until it is edited.

    Args:
        findings: What was found.
        page: The file of the page.
        language: One of castlist.languages.LANGUAGES.

    Returns:
        The path of DECISIONS.toml.

    Raises:
        SettingsError: If the language is unknown.
        CastlistError: If a file can't be written.
        MissingExtraError: If Jinja2 is missing.
    """
    translate = translator(language)
    need_replaceable(page, b"<!doctype html")
    decisions = open_decisions(findings)
    decided = {findings.root / unspell(one.file): one for one in decisions.photos}
    kinds = {kind: [one for one in findings.findings if one.kind == kind] for kind in KINDS}
    shown = {kind: some[:SHOWN] for kind, some in kinds.items() if some}
    pictures = _read_pictures(_paths_of(findings, list(itertools.chain(*shown.values()))))

    def card(finding: Finding) -> Card:
        tiles = tuple(Tile(_below(path, findings.root), pictures[path], decided.get(path)) for path in finding.photos)
        compare = tuple((name, _pictures_of(findings, name, pictures)) for name in _compared(finding))
        return Card(describe(finding, language), tiles, compare)

    script = resources.files(__package__).joinpath("check.js").read_text("utf-8")
    severities = {"high": translate("high"), "medium": translate("medium"), "low": translate("low")}
    names = titles(translate)
    text = template("check.html.jinja", __package__).render(
        findings=findings,
        notes=[translate_message(note, language) for note in findings.notes],
        counts=[
            (word, sum(one.severity == severity for one in findings.findings)) for severity, word in severities.items()
        ],
        sections=[
            Section(kind, names[kind], severities[KINDS[kind]], tuple(map(card, some)), len(kinds[kind]))
            for kind, some in shown.items()
        ],
        root=Path(for_terminal(str(decisions.root))),
        version=VERSION,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        head=HEAD,
        translate=translate,
        language=TAGS[language],
    )
    write_text(page, text)
    file = page.with_name(FILE)
    write_text(file, decisions.to_toml())
    logger.info("page of a check written: %d photos to decide on", len(decisions.photos))
    logger.debug("page of a check written to %s, decisions to %s", page, file)
    return file


def _compared(finding: Finding) -> list[str]:
    """Of whom typical photos help to decide."""
    if finding.kind not in ("wrong-name", "two-names", "one-person", "two-people"):
        return []
    return [*finding.people, *([finding.rather] if finding.rather else [])]


def _paths_of(findings: Findings, shown: Sequence[Finding]) -> Iterator[Path]:
    """The photos of findings, and typical ones of those whom they are compared with."""
    for one in shown:
        yield from one.photos
    for name in sorted({name for one in shown for name in _compared(one)}):
        yield from findings.typical.get(name, ())


def _pictures_of(findings: Findings, name: str, pictures: Mapping[Path, str | None]) -> tuple[str, ...]:
    return tuple(picture for path in findings.typical.get(name, ()) if (picture := pictures[path]))


def _below(path: Path, root: Path) -> str:
    return for_terminal(path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path))


def _read_pictures(paths: Iterable[Path]) -> dict[Path, str | None]:
    def read(path: Path) -> str | None:
        try:
            return jpeg_uri(shrink(read_photo(path)))
        except PhotoError:
            return None

    wanted = list(dict.fromkeys(paths))
    return dict(zip(wanted, work_ahead(read, wanted), strict=True))
