"""What a check finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SEVERITIES = ("high", "medium", "low")

# Of each kind its severity and what it is called, worst first.
KINDS = {
    "leak": ("high", "pictures that are in both folders"),
    "two-names": ("high", "pictures under two names"),
    "wrong-name": ("high", "probable wrong names"),
    "one-person": ("high", "pairs of folders that seem to be one person"),
    "two-people": ("high", "folders that seem to hold two people"),
    "unreadable": ("medium", "files that can't be read"),
    "no-face": ("medium", "photos without a face"),
    "copy": ("medium", "pictures that a person has more than once"),
    "few-photos": ("medium", "people with few photos"),
    "poor-face": ("low", "faces too small, too blurred or turned away"),
    "several-faces": ("low", "photos with several faces"),
    "uneven": ("low", "casts of very uneven people"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: str  # a key of KINDS
    photos: tuple[Path, ...]  # what it is about; empty where it is about people
    people: tuple[str, ...]  # whose folders these are in
    message: str  # one line
    rather: str | None = None  # of a wrong name: who it is rather; None is nobody of the cast
    probability: float | None = None  # of a wrong name: that it is wrong

    @property
    def severity(self) -> str:
        return KINDS[self.kind][0]


@dataclass(frozen=True)
class Findings:
    """What a check found in a folder, worst first."""

    root: Path
    n_photos: int  # that were looked at, unreadable ones too
    n_people: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()  # what was passed over, a sentence each

    def at_least(self, severity: str) -> tuple[Finding, ...]:
        """The findings of a severity and of worse ones."""
        wanted = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return tuple(finding for finding in self.findings if finding.severity in wanted)

    @property
    def summary_lines(self) -> tuple[str, str, str]:
        """What was found, in three lines, one per severity."""
        counts = Counter(finding.kind for finding in self.findings)
        lines = []
        for severity in SEVERITIES:
            parts = [
                f"{counts[kind]} {title}" for kind, (own, title) in KINDS.items() if own == severity and counts[kind]
            ]
            lines.append(f"{severity:<6} {', '.join(parts) or 'nothing found'}")
        return lines[0], lines[1], lines[2]


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort findings by kind, surest wrong names first, then by path."""
    order = list(KINDS)
    return tuple(
        sorted(findings, key=lambda one: (order.index(one.kind), -(one.probability or 0), one.people, one.photos))
    )
