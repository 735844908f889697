"""Who is it? The unnamed faces of an archive as questions, one after the other, each answered at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from castlist.archive.decisions import Spot
from castlist.archive.groups import known_numbers
from castlist.archive.reading import Archive
from castlist.archive.records import ArchivedFace
from castlist.archive.verdicts import NOTHING


@dataclass(frozen=True)
class Question:
    """Faces that are one person, as far as the computer can tell."""

    key: str  # stays the same as long as the group does
    faces: tuple[ArchivedFace, ...]  # each content of a photo once; the largest first
    perhaps: str | None  # whom most of them are like

    @property
    def spots(self) -> list[Spot]:
        """The faces as decisions know them."""
        return [face.spot for face in self.faces]


class Review:
    """The questions of an archive, as its faces were when it was begun, without those that are decided by now."""

    def __init__(self, archive: Archive) -> None:
        number_of = known_numbers(archive.folder)
        groups: dict[str, dict[tuple[str, int], ArchivedFace]] = {}
        for face in archive.unnamed():
            number = number_of(face)
            key = f"{face.digest[:16]}-{face.number}" if number is None else str(number)
            groups.setdefault(key, {}).setdefault((face.digest, face.number), face)
        self._groups = {key: sorted(some.values(), key=_area, reverse=True) for key, some in groups.items()}

    def questions(self, archive: Archive) -> list[Question]:
        """What is to be asked: the largest group first, then whoever is perhaps somebody.

        Args:
            archive: As it is by now.
        """
        asked = [one for key, faces in self._groups.items() if (one := _question(key, list(_open(faces, archive))))]
        return sorted(asked, key=lambda one: (-len(one.faces), one.perhaps is None, -_area(one.faces[0])))


def _open(faces: Sequence[ArchivedFace], archive: Archive) -> Iterator[ArchivedFace]:
    """The faces that nobody has decided on, perhaps nobody whom they were decided not to be."""
    for face in faces:
        verdict = archive.verdicts.of.get((face.digest, face.number), NOTHING)
        if not verdict.is_final:
            others = verdict.not_names | archive.named_in(face.digest)
            yield replace(face, perhaps=None) if face.perhaps in others else face


def _question(key: str, faces: Sequence[ArchivedFace]) -> Question | None:
    if not faces:
        return None
    (perhaps, count), *_ = Counter(face.perhaps for face in faces).most_common(1)
    return Question(key, tuple(faces), perhaps if 2 * count > len(faces) else None)


def _area(face: ArchivedFace) -> float:
    return face.box.area
