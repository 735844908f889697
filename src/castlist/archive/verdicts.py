"""What the decisions of people say about the faces that an archive has now; and where they contradict each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from castlist.archive.decisions import Decision, Spot
from castlist.errors import Message
from castlist.faces import Box
from castlist.naming import overlap

SAME_FACE = 0.5  # overlap of two boxes, relative to their union, from which they are of one face

Face = tuple[str, int]  # the digest of the photo's content, and the face's number in it
Place = tuple[Box, float | None]  # of a face, and of a track of a film the second in which it begins


@dataclass(frozen=True)
class Verdict:
    """What was decided about a face."""

    name: str | None = None  # who it is
    not_names: frozenset[str] = frozenset()
    is_stranger: bool = False
    is_face: bool = True

    @property
    def is_final(self) -> bool:
        """Whether nothing is left to compute."""
        return self.name is not None or self.is_stranger or not self.is_face


NOTHING = Verdict()


@dataclass(frozen=True)
class Verdicts:
    """What was decided about the faces of an archive."""

    of: Mapping[Face, Verdict]
    same: tuple[tuple[Face, Face], ...]  # that are one person
    different: tuple[tuple[Face, Face], ...]  # that aren't
    conflicts: tuple[Message, ...]
    portraits: Mapping[str, Face]  # whom to show for a person, where somebody chose


def judge(
    decisions: Sequence[Decision],
    places: Mapping[str, Mapping[int, Place]],
    called: Mapping[str, str],
    numbers: dict[Spot, int | None],
) -> Verdicts:
    """Bring decisions together with faces.

    Where two decisions about a face contradict each other, the later one holds, and the conflict is told.

    Args:
        decisions: Those that hold, in their order.
        places: Of the faces of photos by their numbers, by the photo's digest.
        called: What a photo of a digest is called.
        numbers: Of faces that were decided on, as far as they were looked up; what is looked up now is added.
    """
    of: dict[Face, Verdict] = {}
    pairs: dict[str, list[tuple[Face, Face]]] = {"same": [], "different": []}
    conflicts = []
    portraits: dict[str, Face] = {}
    for one in (apart for decision in decisions for apart in _apart_by_face(decision)):
        faces = []
        for spot in filter(None, (one.face, one.other)):
            face, problem = _find(spot, one, places, called, numbers)
            faces += [face] if face else []
            conflicts += [problem] if problem else []
        if len(faces) < 1 + (one.other is not None):
            continue
        if one.kind in pairs:
            pairs[one.kind].append((faces[0], faces[1]))
            continue
        if one.kind == "portrait":
            portraits[str(one.name)] = faces[0]
            continue
        before = of.get(faces[0], NOTHING)
        if _contradicts(one, before):
            conflicts.append(
                Message(
                    "decided-otherwise",
                    "{photo!r}, face {face}: decided as {before}, later as {after}; the later one holds.",
                    {
                        "photo": called[faces[0][0]],
                        "face": faces[0][1],
                        "before": " ".join(_told(before)),
                        "after": _words(one),
                    },
                )
            )
        of[faces[0]] = _after(one, before)
    conflicts += _spread(of, pairs["same"], pairs["different"], called)
    return Verdicts(of, tuple(pairs["same"]), tuple(pairs["different"]), tuple(conflicts), portraits)


def _apart_by_face(decision: Decision) -> Iterator[Decision]:
    """A decision about several faces as one about each."""
    for face in decision.faces:
        yield msgspec.structs.replace(decision, face=face, more=())


def _find(
    spot: Spot,
    decision: Decision,
    places: Mapping[str, Mapping[int, Place]],
    called: Mapping[str, str],
    numbers: dict[Spot, int | None],
) -> tuple[Face | None, Message | None]:
    """The face that a decision is about, or why there is none."""
    there = places.get(spot.photo)
    if there is None:
        return None, Message(
            "decided-photo-gone",
            "A photo that was decided on ({words}) is gone or has changed; the decision waits for it. Its content "
            "was {digest}.",
            {"words": _words(decision), "digest": spot.photo[:12]},
        )
    if spot not in numbers:
        numbers[spot] = face_at(there, Box(*spot.box), spot.start)
    number = numbers[spot]
    if number is None:
        return None, Message(
            "decided-face-gone",
            "{photo!r}: a face that was decided on ({words}) isn't found any more.",
            {"photo": called[spot.photo], "words": _words(decision)},
        )
    return (spot.photo, number), None


def face_at(places: Mapping[int, Place], box: Box, start: float | None = None) -> int | None:
    """The number of the face that a box is around; of a film, of the track that begins about then."""
    overlaps = {number: overlap(other, box) for number, (other, _) in places.items()}
    likely = [number for number in places if overlaps[number] >= SAME_FACE]
    return min(likely, key=lambda number: (_apart(places[number][1], start), -overlaps[number]), default=None)


def _apart(one: float | None, other: float | None) -> float:
    return 0.0 if one is None or other is None else abs(one - other)


def _after(decision: Decision, before: Verdict) -> Verdict:
    """What is decided about a face once a decision is added."""
    match decision.kind:
        case "is":
            return Verdict(decision.name, before.not_names - {decision.name})
        case "is-not":
            name = None if before.name == decision.name else before.name
            return dataclasses.replace(before, name=name, not_names=before.not_names | {str(decision.name)})
        case "stranger":
            return Verdict(is_stranger=True, not_names=before.not_names)
        case _:
            return Verdict(is_face=False)


def _contradicts(decision: Decision, before: Verdict) -> bool:
    match decision.kind:
        case "is":
            return (before.is_final and before.name != decision.name) or decision.name in before.not_names
        case "is-not":
            return before.name == decision.name
        case "stranger":
            return before.name is not None or not before.is_face
        case _:
            return before.name is not None or before.is_stranger


def _spread(
    of: dict[Face, Verdict],
    same: list[tuple[Face, Face]],
    different: list[tuple[Face, Face]],
    called: Mapping[str, str],
) -> list[Message]:
    """Give faces that are one person the name of one of them; gives where that can't be."""
    conflicts = []
    groups: dict[Face, set[Face]] = {}
    for pair in same:
        joined = set().union(*(groups.get(face, {face}) for face in pair))
        groups.update(dict.fromkeys(joined, joined))
    for group in {id(group): group for group in groups.values()}.values():
        names = sorted({one.name for face in group if (one := of.get(face)) and one.name is not None})
        parted = any(set(pair) <= group for pair in different)
        if len(names) > 1 or parted:
            photos = ", ".join(sorted({called[photo] for photo, _ in group}))
            conflicts.append(
                Message(
                    "decided-one-and-two",
                    "Faces in {photos} were decided to be one person, and not to be.",
                    {"photos": photos},
                )
            )
        elif names:
            for face in group:
                verdict = of.get(face, NOTHING)
                if not verdict.is_final and names[0] not in verdict.not_names:
                    of[face] = dataclasses.replace(verdict, name=names[0])
    return conflicts


def _words(decision: Decision) -> str:
    """A decision as it is typed."""
    return f"--{decision.kind}{f' {decision.name}' if decision.name else ''}"


def _told(verdict: Verdict) -> list[str]:
    """A verdict in the words of the decisions that made it."""
    return [
        *([f"--is {verdict.name}"] if verdict.name is not None else []),
        *(f"--is-not {name}" for name in sorted(verdict.not_names)),
        *(["--stranger"] if verdict.is_stranger else []),
        *([] if verdict.is_face else ["--no-face"]),
    ]
