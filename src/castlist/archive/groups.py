"""The unnamed faces of an archive by person, with numbers that stay from one time to the next."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated

import msgspec
import numpy as np

from castlist.archive.clustering import ALONE, Cut, group_faces
from castlist.archive.decisions import DecisionLog, Spot
from castlist.archive.folder import NUMBERS, ArchiveFolder
from castlist.archive.namer import open_same_eyes
from castlist.archive.reading import Archive
from castlist.archive.records import ArchivedFace
from castlist.archive.table import QUALITIES, lists_of, numbers_of
from castlist.archive.verdicts import Face
from castlist.arguments import checked
from castlist.errors import SettingsError
from castlist.faces import Quality
from castlist.files import PRIVATE_FOLDER, cannot_write, write_bytes
from castlist.media import UNKNOWN, settle_name

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FaceGroup:
    """Unnamed faces that are one person."""

    number: int | None  # None: a face that is alone
    faces: tuple[ArchivedFace, ...]  # those of a photo's copies, too


_Number = Annotated[int, msgspec.Meta(ge=1)]


class _Numbers(msgspec.Struct, frozen=True):
    """Which number each face's group had; groups.json."""

    next: _Number = 1  # so that no number is ever another group's
    of: dict[str, _Number] = {}  # by `_key`


@checked
def group_unnamed(path: str | os.PathLike[str]) -> list[FaceGroup]:
    """Bring the unnamed faces of an archive together by person: the largest group first, faces that are alone last.

    Faces that somebody decided to be strangers aren't asked for again. What people decided to be the same person or not
    holds, and two faces of a photo are two people.

    Args:
        path: The archive's folder.

    Raises:
        CastlistError: If somebody is at work there, it can't be read or written, or its run can't.
    """
    folder = ArchiveFolder.here(path)
    folder.record()
    with folder.alone():  # nobody is forgotten meanwhile
        archive = Archive(path)
        unnamed = _unnamed(archive)
        embeddings, poor = _looks(folder, unnamed)
        faces = sorted(embeddings)
        found = _group(archive, unnamed, embeddings, [poor[face] for face in faces]) if faces else np.zeros(0, int)
        members = [[faces[i] for i in np.flatnonzero(found == group)] for group in range(found.max(initial=ALONE) + 1)]
        members.sort(key=lambda some: -sum(len(unnamed[face]) for face in some))  # as they are shown, with copies
        numbers = _renumber(folder, unnamed, members)
    groups = [FaceGroup(number, _copies(unnamed, some)) for number, some in zip(numbers, members, strict=True)]
    alone = [FaceGroup(None, _copies(unnamed, [faces[i]])) for i in np.flatnonzero(found == ALONE)]
    logger.info("%d unnamed faces are %d groups, and %d are alone", len(faces), len(groups), len(alone))
    return groups + sorted(alone, key=lambda group: (group.faces[0].path, group.faces[0].number))


def read_groups(path: str | os.PathLike[str]) -> list[FaceGroup]:
    """The groups as `group_unnamed` last found them, without whoever has a name by now; the largest first.

    Raises:
        CastlistError: If the archive can't be read.
    """
    archive = Archive(path)
    known = _read_numbers(archive.folder).of
    unnamed = _unnamed(archive)
    members: dict[int, list[Face]] = {}
    for face, some in unnamed.items():
        if (number := known.get(_key(some[0]))) is not None:
            members.setdefault(number, []).append(face)
    groups = [FaceGroup(number, _copies(unnamed, some)) for number, some in members.items()]
    return sorted(groups, key=lambda group: (-len(group.faces), group.number))


@checked
def name_groups(path: str | os.PathLike[str], names: Mapping[int, str], *, who: str | None = None) -> list[FaceGroup]:
    """Decide who groups are, as they were last shown; one undo takes one back. All are decided, or none is.

    Args:
        path: The archive's folder.
        names: Of the people, by the groups' numbers.
        who: Who decides; by default the user of this machine.

    Raises:
        CastlistError: If there is no such group, nobody can be called so, or it can't be written.
    """
    archive = Archive(path)
    known, people = _read_numbers(archive.folder).of, archive.people()
    unnamed = _unnamed(archive)
    decided: dict[str, list[Spot]] = {}
    groups = []
    for number, name in names.items():
        group = [face for face, some in unnamed.items() if known.get(_key(some[0])) == number]
        if not group:
            raise SettingsError(
                "no-such-group",
                "There is no group {number} of unnamed faces. See which there are: castlist groups {path!r}.",
                number=number,
                path=str(path),
            )
        people.add(name := settle_name(name, people))
        decided.setdefault(name, []).extend(unnamed[face][0].spot for face in group)
        groups.append(FaceGroup(number, _copies(unnamed, group)))
    DecisionLog(archive.folder.decisions).add_names(decided, who=who)
    return groups


def known_numbers(folder: ArchiveFolder) -> Callable[[ArchivedFace], int | None]:
    """What tells the group of a face, as the faces were last brought together; None: it is alone."""
    of = _read_numbers(folder).of
    return lambda face: of.get(_key(face))


def _unnamed(archive: Archive) -> dict[Face, list[ArchivedFace]]:
    """The faces that wait for a name, with those of a photo's copies."""
    found: dict[Face, list[ArchivedFace]] = {}
    for face in archive.faces({UNKNOWN}):
        if not face.is_decided:
            found.setdefault((face.digest, face.number), []).append(face)
    return found


def _copies(unnamed: Mapping[Face, Sequence[ArchivedFace]], some: Sequence[Face]) -> tuple[ArchivedFace, ...]:
    return tuple(sorted((copy for face in some for copy in unnamed[face]), key=lambda one: (one.path, one.number)))


def _looks(folder: ArchiveFolder, unnamed: Mapping[Face, object]) -> tuple[dict[Face, np.ndarray], dict[Face, bool]]:
    """The embeddings of faces that have one, and which faces tell little."""
    embeddings: dict[Face, np.ndarray] = {}
    poor: dict[Face, bool] = {}
    for _, rows in folder.embedded(["digest", "face", *QUALITIES]):
        faces = zip(rows["digest"].to_pylist(), rows["face"].to_pylist(), strict=True)
        qualities = numbers_of(rows, *QUALITIES).tolist()
        for face, embedding, quality in zip(faces, lists_of(rows["embedding"]), qualities, strict=True):
            if face in unnamed:
                embeddings[face], poor[face] = embedding, Quality(*quality).problem is not None
    return embeddings, poor


def _group(
    archive: Archive,
    unnamed: Mapping[Face, Sequence[ArchivedFace]],
    embeddings: Mapping[Face, np.ndarray],
    poor: Sequence[bool],
) -> np.ndarray:
    """The group of each face, in their order."""
    places = {face: i for i, face in enumerate(sorted(embeddings))}
    vectors = np.stack([embeddings[face] for face in places])
    background = open_same_eyes(archive.folder, archive.folder.run()).background
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)  # they were kept at half precision
    tracks = {place: face[0] for face, place in places.items() if unnamed[face][0].start is not None}
    digests = {digest: i for i, digest in enumerate({face[0] for face in places})}
    # Somebody may come again in a film, but isn't there twice at a time.
    photo = [len(digests) + i if i in tracks else digests[face[0]] for face, i in places.items()]
    at_once = _at_once({place: unnamed[face][0] for face, place in places.items() if place in tracks})
    same, different = (
        [(places[one], places[other]) for one, other in pairs if one in places and other in places]
        for pairs in (archive.verdicts.same, archive.verdicts.different)
    )
    return group_faces(
        vectors,
        np.array(photo),
        Cut.choose(background, len(vectors)),
        poor=np.array(poor, bool),
        same=np.array(same, int).reshape(-1, 2),
        different=np.array(different + at_once, int).reshape(-1, 2),
    )


def _at_once(tracks: Mapping[int, ArchivedFace]) -> list[tuple[int, int]]:
    """The pairs of tracks that are in a film at the same time."""
    films: dict[str, list[tuple[int, float, float]]] = {}
    for place, one in tracks.items():
        assert one.start is not None, "tracks have a start"
        films.setdefault(one.digest, []).append((place, one.start, one.end if one.end is not None else one.start))
    return [
        (one, other)
        for film in films.values()
        for (one, start, end), (other, begin, stop) in combinations(film, 2)
        if start <= stop and begin <= end
    ]


def _renumber(
    folder: ArchiveFolder, unnamed: Mapping[Face, Sequence[ArchivedFace]], groups: Sequence[Sequence[Face]]
) -> list[int]:
    """Give each group the number that most of its faces had, or a new one, and keep that."""
    known = _read_numbers(folder)
    keys = [[_key(unnamed[face][0]) for face in group] for group in groups]
    chosen, following = _elect(known, keys), known.next
    for i in range(len(groups)):
        if i not in chosen:
            chosen[i], following = following, following + 1
    # Who has a name keeps a number, for when that is taken back; who is alone now doesn't.
    waiting = {_key(some[0]) for some in unnamed.values()}
    of = {key: number for key, number in known.of.items() if key not in waiting}
    of |= {key: chosen[i] for i, group in enumerate(keys) for key in group}
    try:
        folder.index.mkdir(PRIVATE_FOLDER, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder.index, error) from error
    write_bytes(folder.index / NUMBERS, msgspec.json.encode(_Numbers(following, of)), private=True)
    return [chosen[i] for i in range(len(groups))]


def _elect(known: _Numbers, groups: Sequence[Sequence[str]]) -> dict[int, int]:
    """The numbers that groups keep: each goes where most of its faces are."""
    votes = [
        (-count, i, number)
        for i, group in enumerate(groups)
        for number, count in Counter(known.of[key] for key in group if key in known.of).items()
    ]
    chosen: dict[int, int] = {}
    for _, i, number in sorted(votes):
        if i not in chosen and number not in chosen.values():
            chosen[i] = number
    return chosen


def _read_numbers(folder: ArchiveFolder) -> _Numbers:
    try:
        return msgspec.json.decode((folder.index / NUMBERS).read_bytes(), type=_Numbers)
    except (OSError, ValueError):  # an index may be deleted, or broken, at any time: numbers begin again
        return _Numbers()


def _key(face: ArchivedFace) -> str:
    """A face by what it is: the photo's content and where it is in it."""
    edges = (face.box.left, face.box.top, face.box.right, face.box.bottom)
    return f"{face.digest} {' '.join(f'{edge:.1f}' for edge in edges)} {face.start or 0:.1f}"
