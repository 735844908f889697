"""What a check finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from castlist.arguments import checked
from castlist.errors import Message, SettingsError, fill
from castlist.faces import NO_FACE
from castlist.languages import Translate, translate_message, translator

SEVERITIES = ("high", "medium", "low")

# The severity of each kind, worst first.
KINDS = {
    "leak": "high",
    "two-names": "high",
    "wrong-name": "high",
    "one-person": "high",
    "two-people": "high",
    "unreadable": "medium",
    "no-face": "medium",
    "drawing": "medium",
    "copy": "medium",
    "few-photos": "medium",
    "poor-face": "low",
    "several-faces": "low",
    "uneven": "low",
}


def severities_from(least: str) -> tuple[str, ...]:
    """A severity and the worse ones.

    Raises:
        SettingsError: If there is no such severity.
    """
    if least not in SEVERITIES:
        raise SettingsError(
            "unknown-severity",
            "Unknown severity {severity!r}. Choose from: {choices}.",
            severity=least,
            choices=", ".join(SEVERITIES),
        )
    return SEVERITIES[: SEVERITIES.index(least) + 1]


def titles(translate: Translate) -> dict[str, str]:
    """What the findings of each kind are called, in a language."""
    return {
        "leak": translate("pictures that are in both folders"),
        "two-names": translate("pictures under two names"),
        "wrong-name": translate("probable wrong names"),
        "one-person": translate("pairs of folders that seem to be one person"),
        "two-people": translate("folders that seem to hold two people"),
        "unreadable": translate("files that can't be read"),
        "no-face": translate("photos without a face"),
        "drawing": translate("drawings among photos"),
        "copy": translate("pictures that a person has more than once"),
        "few-photos": translate("people with few photos"),
        "poor-face": translate("faces too small, too blurred, turned away or half hidden"),
        "several-faces": translate("photos with several faces"),
        "uneven": translate("casts of very uneven people"),
    }


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: str  # a key of KINDS
    photos: tuple[Path, ...]  # what it is about; empty where it is about people
    people: tuple[str, ...]  # whose folders these are in
    detail: Mapping[str, str | int | Message] = field(default_factory=dict)  # what `describe` needs for its kind
    rather: str | None = None  # of a wrong name: who it is rather; None is nobody of the cast
    probability: float | None = None  # of a wrong name: that it is wrong

    @property
    def severity(self) -> str:
        return KINDS[self.kind]

    @property
    def message(self) -> str:
        """One line, in English."""
        return describe(self, "en")


def describe(finding: Finding, language: str) -> str:
    """One line on a finding, in a language: one of castlist.languages.LANGUAGES."""
    translate = translator(language)
    words = {
        "exact": translate("the same file"),
        "near": translate("the same picture"),
        "crop": translate("cropped"),
        "mirror": translate("mirrored"),
    }
    how = finding.detail.get("how", "")
    if isinstance(how, Message):  # what is wrong with a face, why a photo can't be read
        how = translate_message(how, language)
    else:  # copies differ
        how = translate(", ").join(words.get(word, word) for word in str(how).split(", "))
    texts = {
        "leak": translate("in both folders: {how}"),
        "two-names": translate("one picture under two names: {how}"),
        "wrong-name": translate("not {person} ({percent}), rather {rather}"),
        "one-person": translate("{person} and {other} look like one person"),
        "two-people": translate("{count} of {total} photos {count:seems|seem} to be of somebody else, the same one"),
        "unreadable": translate("can't be read: {how}"),
        "no-face": translate_message(NO_FACE, language),
        "drawing": translate("looks drawn"),
        "copy": translate("{count} times one picture: {how}"),
        "few-photos": translate(
            "different photos of {person} with a face: {count}; {more} more would help: here {then} are named rightly "
            "with {goal} known, {now} with {known}"
        )
        if "now" in finding.detail
        else translate("different photos of {person} with a face: {count}; {more} more would help"),
        "poor-face": translate("the face is {how}"),
        "several-faces": translate("{count} faces; {person} seems to be the one at {x}, {y}"),
        "uneven": translate("photos of {person}: {count}, of {other}: {total}; Keras models favour the latter"),
    }
    person, other, *_ = (*finding.people, "", "")
    return fill(
        texts[finding.kind],
        {
            **finding.detail,
            "how": how,
            "person": person,
            "other": other,
            "rather": finding.rather or translate("nobody of the cast"),
            "percent": f"{finding.probability or 0:.1%}",
        },
    )


@dataclass(frozen=True)
class Findings:
    """What a check found in a folder, worst first."""

    root: Path
    people: tuple[str, ...]
    n_photos: int  # that were looked at, unreadable ones too
    findings: tuple[Finding, ...]
    notes: tuple[Message, ...] = ()  # what was passed over
    typical: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)  # of each person some photos to compare with

    @checked
    def at_least(self, severity: str) -> tuple[Finding, ...]:
        """The findings of a severity and of worse ones.

        Raises:
            SettingsError: If there is no such severity.
        """
        wanted = severities_from(severity)
        return tuple(finding for finding in self.findings if finding.severity in wanted)

    @checked
    def summary_lines(self, language: str = "en") -> tuple[str, ...]:
        """What was found, in a language, in three lines, one per severity."""
        found = summarize(self.counts, translator(language))
        return tuple(f"{severity:<6} {line}" for severity, line in zip(SEVERITIES, found, strict=True))

    @property
    def counts(self) -> Mapping[str, int]:
        """How many findings there are of each kind that there are any of."""
        return Counter(finding.kind for finding in self.findings)


def summarize(counts: Mapping[str, int], translate: Translate) -> list[str]:
    """How many findings there are, in a language, one line per severity."""
    lines = []
    for severity in SEVERITIES:
        parts = [
            translate("{title} ({count})").format(title=title, count=counts[kind])
            for kind, title in titles(translate).items()
            if KINDS[kind] == severity and counts.get(kind)
        ]
        lines.append(translate(", ").join(parts) or translate("nothing found"))
    return lines


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort findings by kind, surest wrong names first, then by path."""
    order = list(KINDS)
    return tuple(
        sorted(findings, key=lambda one: (order.index(one.kind), -(one.probability or 0), one.people, one.photos))
    )
