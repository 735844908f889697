"""From a folder to what is wrong with it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from castlist.arguments import checked
from castlist.checks.cache import CheckedPhoto, open_cache
from castlist.checks.curve import Point
from castlist.checks.judging import judge
from castlist.checks.looking import find_pairs, look_at
from castlist.checks.people import check_counts, check_names, doubt_names, find_typical
from castlist.checks.records import Finding, Findings, worst_first
from castlist.duplicates import group_photos
from castlist.embeddings import choose_faces
from castlist.errors import CastError, Message
from castlist.faces import NO_FACE
from castlist.learning import ALONE, Dataset
from castlist.media import Cast, Photo, find_cast, find_marked_cast, find_photos, holds_people
from castlist.paths import as_path, is_folder, unspell
from castlist.threads import OnCount

HOW = ("exact", "near", "crop", "mirror")  # a photo may be a copy, in this order

logger = logging.getLogger(__name__)

T = TypeVar("T")
OnStage = Callable[[str], OnCount]  # told what begins; gives what is told how far it is


@checked
def check_photos(
    root: str | os.PathLike[str],
    *,
    against: str | os.PathLike[str] | None = None,
    from_regions: bool = False,
    on_stage: OnStage | None = None,
) -> Findings:
    """Look at every photo of a folder and say what is wrong; nothing is changed but the user's cache.

    Args:
        root: Holds one folder per person; or any folder of photos, of which names can't be judged then.
        against: Another folder, of which no picture should be in this one.
        from_regions: Whether people are told by faces that other programs have named, not by folders.
        on_stage: Told what begins, and asked for a callback for how far it is.

    Raises:
        CastlistError: If a folder can't be read, or the cache not be written.
    """
    root = as_path(root)
    stage = on_stage or (lambda what: lambda done, total: None)
    on_photo = stage("Photos")  # a whole disk takes minutes to list
    cast = find_marked_cast(root) if from_regions else _read_folder(root)
    others = () if against is None else _read_folder(as_path(against)).photos
    photos = (*cast.photos, *others)
    with open_cache() as cache:
        epoch = cache.epoch
        seen = look_at(photos, cache, on_photo)
        readable = [i for i, photo in enumerate(seen) if photo.signature is not None]
        signatures = [photo.signature for photo in seen if photo.signature is not None]
        pairs = find_pairs(signatures, cache, stage("Copies"))
    n = len(cast.photos)
    group_of = dict(zip(readable, group_photos(len(readable), pairs).tolist(), strict=True))
    near = [(readable[p.first], readable[p.second], p.kind) for p in pairs]
    findings = _check_copies(photos, seen, _of_photos(photos, near), group_of, n, cast.is_marked)
    findings += _check_reading(cast.photos, seen[:n])
    about_faces, faceless = _check_faces(cast.photos, seen[:n])
    findings += about_faces
    notes = list(cast.notes)
    typical: dict[str, tuple[Path, ...]] = {}
    if faceless:
        notes.append(
            Message(
                "names-not-judged",
                "No face was found in {faceless} of {photos} {photos:photo|photos}, so names aren't judged. To learn "
                "from drawings, use --whole.",
                {"faceless": faceless, "photos": n},
            )
        )
    elif cast.people:
        stage("Names")
        about_people, typical, curve = _check_people(cast, seen[:n], group_of, epoch)
        findings += about_people
        if curve:
            shares = ", ".join(f"{point.known}: {point.named:.1%}" for point in curve)
            notes.append(
                Message(
                    "known-photos",
                    "Known photos of each person, and how many others would be named rightly then: {shares}.",
                    {"shares": shares},
                )
            )
    logger.info("checked %d photos of %d people: %d findings", n, len(cast.people), len(findings))
    return Findings(cast.root, cast.people, n, worst_first(findings), tuple(notes), typical)


def quick_check(dataset: Dataset, root: Path) -> Findings:
    """What a data set that is read already tells without looking again: for training, which has just read it.

    Args:
        dataset: Of faces or of whole photos; names are judged by faces only.
        root: The folder that it is of.
    """
    findings = [
        Finding("no-face", (item.path,), ())
        if item.reason.code == NO_FACE.code
        else Finding("unreadable", (item.path,), (), {"how": item.reason})
        for item in dataset.refused
    ]
    files = [file.partition("/")[2] if dataset.is_marked else file for file in dataset.files]
    paths = [root / unspell(file) for file in files]
    findings += _copies_of(dataset, paths)
    if dataset.embeddings is not None:
        doubts = doubt_names(dataset.person, dataset.copies, dataset.embeddings, dataset.poor)
        findings += check_names(dataset.people, paths, dataset.person, dataset.copies, doubts)
    n = len(dataset.files) + len(dataset.refused)
    return Findings(root, dataset.people, n, worst_first(findings), dataset.notes)


def _copies_of(dataset: Dataset, paths: Sequence[Path]) -> Iterator[Finding]:
    for number in np.flatnonzero(np.bincount(dataset.group) > 1):
        rows = np.flatnonzero(dataset.group == number).tolist()
        if dataset.take[rows[0]] != ALONE and len(np.unique(dataset.take[rows])) == 1:
            continue  # one burst or film
        if len({paths[row] for row in rows}) == 1:
            continue  # several people in one photo
        people = tuple(dataset.people[i] for i in np.unique(dataset.person[rows]))
        kind = "two-names" if len(people) > 1 and not dataset.is_marked else "copy"
        detail: dict[str, str | int | Message] = {"count": len(rows), "how": "near"}
        yield Finding(kind, tuple(paths[row] for row in rows), people, detail)


def _read_folder(root: str | os.PathLike[str]) -> Cast:
    """A folder of people; or, where it holds no folders, of photos of nobody in particular."""
    root = as_path(root)
    if not is_folder(root):
        raise CastError(
            "nothing-to-check-there",
            "{root!r} is not a folder. Give a folder of photos, at best one folder per person in it.",
            root=str(root),
        )
    if holds_people(root):
        return find_cast(root)
    notes: list[Message] = []
    photos = tuple(Photo(path, "") for path in find_photos([root], tell=notes.append))
    return Cast(root, (), photos, tuple(notes))


def _people_of(*photos: Photo) -> tuple[str, ...]:
    return tuple(dict.fromkeys(photo.person for photo in photos if photo.person))


def _check_reading(photos: Sequence[Photo], seen: Sequence[CheckedPhoto]) -> list[Finding]:
    return [
        Finding("unreadable", (photo.path,), _people_of(photo), {"how": one.reason})
        for photo, one in zip(photos, seen, strict=True)
        if one.reason is not None
    ]


def _check_faces(photos: Sequence[Photo], seen: Sequence[CheckedPhoto]) -> tuple[list[Finding], int]:
    """Photos without a face, and drawings; how many are faceless, if that is most of them, else 0."""
    readable = [(photo, one) for photo, one in zip(photos, seen, strict=True) if one.reason is None]
    faceless = [(photo, one) for photo, one in readable if not one.faces]
    mostly = len(faceless) > len(readable) / 2
    findings = [
        Finding("drawing" if one.drawn and not mostly else "no-face", (photo.path,), _people_of(photo))
        for photo, one in faceless
    ]
    drawn = [photo for photo, one in readable if one.drawn and one.faces]
    if len(drawn) <= (len(photos) - len(faceless)) / 2:  # in a cast of drawings they are what is meant
        findings += [Finding("drawing", (photo.path,), _people_of(photo)) for photo in drawn]
    return findings, len(faceless) if mostly else 0


def _check_copies(
    photos: Sequence[Photo],
    seen: Sequence[CheckedPhoto],
    pairs: Sequence[tuple[int, int, str]],
    group_of: Mapping[int, int],
    n: int,
    is_marked: bool,
) -> list[Finding]:
    """What groups of copies are: leaks from the first n photos to the others, pictures under two names, or copies."""
    members = _gathered((group, index) for index, group in group_of.items())
    findings: list[Finding] = []
    for group, ways in _gathered((group_of[first], kind) for first, _, kind in pairs).items():
        once = {photos[i].path: i for i in reversed(members[group])}.values()
        inside = [photos[i] for i in sorted((i for i in once if i < n), key=lambda i: (-_area(seen[i]), i))]
        outside = [photos[i] for i in sorted(once) if i >= n]
        findings += _tell_copies(inside, outside, ", ".join(kind for kind in HOW if kind in ways), is_marked)
    return findings


def _tell_copies(inside: Sequence[Photo], outside: Sequence[Photo], how: str, is_marked: bool) -> Iterator[Finding]:
    if inside and outside:
        yield _copies("leak", [*inside, *outside], how)
    if len(inside) > 1:
        # Where people are marked, several are in one photo rightly.
        kind = "two-names" if len(_people_of(*inside)) > 1 and not is_marked else "copy"
        yield _copies(kind, inside, how)


def _gathered(entries: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    """What belongs to each group."""
    gathered: dict[int, list[T]] = {}
    for group, one in entries:
        gathered.setdefault(group, []).append(one)
    return gathered


def _of_photos(photos: Sequence[Photo], pairs: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Pairs but those of a photo with itself, in which two people are marked."""
    return [pair for pair in pairs if photos[pair[0]].path != photos[pair[1]].path]


def _copies(kind: str, photos: Sequence[Photo], how: str) -> Finding:
    return Finding(kind, tuple(photo.path for photo in photos), _people_of(*photos), {"count": len(photos), "how": how})


def _area(photo: CheckedPhoto) -> int:
    assert photo.signature is not None, "only readable photos are compared"
    return photo.signature.height * photo.signature.width


def _check_people(
    cast: Cast, seen: list[CheckedPhoto], group_of: dict[int, int], epoch: int
) -> tuple[list[Finding], dict[str, tuple[Path, ...]], tuple[Point, ...]]:
    """What is wrong with faces and people; typical photos of each person; and what few photos are worth."""
    findings = []
    paths, person, group, embeddings, poor = [], [], [], [], []
    for index, (name, mine) in enumerate(cast.by_person().items()):
        rows = [i for i in mine if seen[i].faces]
        chosen = choose_faces([seen[i].faces for i in rows], [seen[i].embeddings for i in rows])
        for row, face in zip(rows, chosen, strict=True):
            assert face is not None, "each of these photos has a face"
            path, faces = cast.photos[row].path, seen[row].faces
            paths.append(path)
            person.append(index)
            group.append(group_of[row])
            embeddings.append(seen[row].embeddings[face])
            problem = faces[face].problem
            poor.append(faces[face].is_poor)
            if problem:
                findings.append(Finding("poor-face", (path,), (name,), {"how": problem}))
            if len(faces) > 1:
                box = faces[face].box
                detail: dict[str, str | int | Message] = {"count": len(faces), "x": round((box.left + box.right) / 2)}
                detail["y"] = round((box.top + box.bottom) / 2)
                findings.append(Finding("several-faces", (path,), (name,), detail))
    if not embeddings:
        return findings, {}, ()
    who, groups, vectors, bad = np.array(person), np.array(group), np.stack(embeddings), np.array(poor)
    judged = judge(who, groups, vectors, bad, epoch)
    findings += check_names(cast.people, paths, who, groups, judged.doubts)
    findings += check_counts(cast.people, who, groups, judged.curve)
    return findings, find_typical(cast.people, paths, who, groups, vectors), judged.curve
