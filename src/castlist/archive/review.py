"""Who is it? The unnamed faces of an archive as questions, one after the other, each answered at once."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from castlist.archive.decisions import Spot
from castlist.archive.groups import known_numbers
from castlist.archive.reading import Archive
from castlist.archive.records import ArchivedFace
from castlist.archive.verdicts import NOTHING, Face, Verdict


@dataclass(frozen=True)
class Question:
    """Faces that are one person, as far as the computer can tell."""

    key: str  # stays the same as long as the group does
    faces: tuple[ArchivedFace, ...]  # each content of a photo once; the largest first

    @functools.cached_property
    def perhaps(self) -> str | None:
        """Whom most of them are like."""
        (name, count), *_ = Counter(face.perhaps for face in self.faces).most_common(1)
        return name if 2 * count > len(self.faces) else None

    @functools.cached_property
    def place(self) -> tuple[int, bool, float]:
        """Where it stands among all: the largest group first, then whoever is perhaps somebody, then large faces."""
        return -len(self.faces), self.perhaps is None, -_area(self.faces[0])

    @property
    def spots(self) -> list[Spot]:
        """The faces as decisions know them."""
        return [face.spot for face in self.faces]


class Review:
    """The questions of an archive, as its faces were when it was begun, without those that are decided by now.

    Of thousands of groups a decision changes a few: those alone are looked at anew.
    """

    def __init__(self, archive: Archive) -> None:
        number_of = known_numbers(archive.folder)
        groups: dict[str, dict[Face, ArchivedFace]] = {}
        for face in archive.unnamed():
            number = number_of(face)
            key = f"{face.digest[:16]}-{face.number}" if number is None else str(number)
            groups.setdefault(key, {}).setdefault((face.digest, face.number), face)
        self._groups = {key: sorted(some.values(), key=_area, reverse=True) for key, some in groups.items()}
        self._showing: defaultdict[str, set[str]] = defaultdict(set)  # which groups, by the photo's digest
        for key, some in groups.items():
            for digest, _ in some:
                self._showing[digest].add(key)
        self._asked = {key: Question(key, tuple(faces)) for key, faces in self._groups.items()}
        self._decided: Mapping[Face, Verdict] = {}
        self._order: list[Question] = sorted(self._asked.values(), key=lambda one: one.place)

    def questions(self, archive: Archive) -> list[Question]:
        """What is to be asked, in its order.

        Args:
            archive: As it is by now.
        """
        decided = archive.verdicts.of
        if decided is not self._decided:
            for key in self._touched(decided):
                self._asked[key] = Question(key, tuple(_open(self._groups[key], archive)))
            self._order = sorted((one for one in self._asked.values() if one.faces), key=lambda one: one.place)
            self._decided = decided
        return self._order

    def _touched(self, decided: Mapping[Face, Verdict]) -> set[str]:
        """The groups that show a photo of which something else is decided by now."""
        before = self._decided
        faces = before.keys() | decided.keys()
        digests = {face[0] for face in faces if before.get(face) != decided.get(face)}
        return {key for digest in digests for key in self._showing.get(digest, ())}


def _open(faces: Sequence[ArchivedFace], archive: Archive) -> Iterator[ArchivedFace]:
    """The faces that nobody has decided on, perhaps nobody whom they were decided not to be."""
    for face in faces:
        verdict = archive.verdicts.of.get((face.digest, face.number), NOTHING)
        if not verdict.is_final:
            others = verdict.not_names | archive.named_in(face.digest)
            yield replace(face, perhaps=None) if face.perhaps in others else face


def _area(face: ArchivedFace) -> float:
    return face.box.area
