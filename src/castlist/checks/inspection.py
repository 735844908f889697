"""From a folder to what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from castlist.checks.cache import SeenPhoto, open_cache
from castlist.checks.looking import OnCount, find_pairs, look_at
from castlist.checks.people import check_counts, check_names
from castlist.checks.records import Finding, Findings, worst_first
from castlist.dataset import NO_FACE, Dataset
from castlist.duplicates import DuplicatePair, group_photos
from castlist.embeddings import choose_faces
from castlist.errors import CastError
from castlist.photos import Cast, Photo, find_cast, find_photos

OnStage = Callable[[str], OnCount]  # told what begins; gives what is told how far it is

_HOW = {"exact": "the same file", "near": "the same picture", "crop": "cropped", "mirror": "mirrored"}


def check_photos(root: Path, *, against: Path | None = None, on_stage: OnStage | None = None) -> Findings:
    """Look at every photo of a folder and say what is wrong; nothing is changed but the user's cache.

    Args:
        root: Holds one folder per person; or any folder of photos, of which names can't be judged then.
        against: Another folder, of which no picture should be in this one.
        on_stage: Told what begins, and asked for a callback for how far it is.

    Raises:
        CastlistError: If a folder can't be read, or the cache not be written.
    """
    cast = _read_folder(root)
    others = _read_folder(against).photos if against else ()
    stage = on_stage or (lambda what: lambda done, total: None)
    photos = (*cast.photos, *others)
    with open_cache() as cache:
        seen = look_at(photos, cache, stage("Photos"))
        readable = [i for i, photo in enumerate(seen) if photo.signature is not None]
        signatures = [photo.signature for photo in seen if photo.signature is not None]
        pairs = find_pairs(signatures, cache, stage("Copies"))
    n = len(cast.photos)
    inside = [pair for pair in pairs if readable[pair.second] < n]
    group = group_photos(len(readable), inside)
    findings = [_check_pair(pair, photos, readable, n) for pair in pairs if readable[pair.first] < n]
    own = [(photo, one) for photo, one in zip(cast.photos, seen[:n], strict=True)]
    notes = list(cast.notes)
    for photo, one in own:
        if one.reason is not None:
            findings.append(Finding("unreadable", (photo.path,), _people_of(photo), one.reason))
    faceless = [photo for photo, one in own if one.reason is None and not one.faces]
    findings += [Finding("no-face", (photo.path,), _people_of(photo), NO_FACE) for photo in faceless]
    drawn = len(faceless) > sum(one.reason is None for _, one in own) / 2
    if drawn:
        notes.append(
            f"No face was found in {len(faceless)} of {n} photos, so names aren't judged. To learn from drawings, use "
            "--whole."
        )
    elif cast.people:
        group_of = dict(zip(readable, group.tolist(), strict=True))
        findings += _check_people(cast, seen[:n], group_of)
    return Findings(root, n, len(cast.people), worst_first(findings), tuple(notes))


def quick_check(dataset: Dataset, root: Path) -> Findings:
    """What a data set that is read already tells without looking again: for training, which has just read it.

    Args:
        dataset: Of faces or of whole photos; names are judged by faces only.
        root: The folder that it is of.
    """
    findings = [
        Finding("no-face" if item.reason == NO_FACE else "unreadable", (item.path,), (), item.reason)
        for item in dataset.refused
    ]
    paths = [root / file for file in dataset.files]
    for number in np.flatnonzero(np.bincount(dataset.group) > 1):
        rows = np.flatnonzero(dataset.group == number)
        people = tuple(dataset.people[i] for i in np.unique(dataset.person[rows]))
        kind = "two-names" if len(people) > 1 else "copy"
        findings.append(Finding(kind, tuple(paths[row] for row in rows), people, f"{len(rows)} copies of one picture"))
    if dataset.embeddings is not None:
        findings += check_names(dataset.people, paths, dataset.person, dataset.group, dataset.embeddings)
    n = len(dataset.files) + len(dataset.refused)
    return Findings(root, n, len(dataset.people), worst_first(findings), dataset.notes)


def _read_folder(root: Path) -> Cast:
    """A folder of people; or, where it holds no folders, of photos of nobody in particular."""
    if root.is_dir() and not any(entry.is_dir() and not entry.name.startswith(".") for entry in root.iterdir()):
        return Cast(root, (), tuple(Photo(path, "") for path in find_photos([root])))
    if not root.is_dir():
        raise CastError(f"{str(root)!r} is not a folder. Give a folder of photos, at best one folder per person in it.")
    return find_cast(root)


def _people_of(*photos: Photo) -> tuple[str, ...]:
    return tuple(dict.fromkeys(photo.person for photo in photos if photo.person))


def _check_pair(pair: DuplicatePair, photos: tuple[Photo, ...], readable: list[int], n: int) -> Finding:
    first, second = readable[pair.first], readable[pair.second]
    people = _people_of(photos[first], photos[second])
    kind = "leak" if second >= n else "two-names" if len(people) > 1 else "copy"
    return Finding(kind, (photos[first].path, photos[second].path), people, _HOW[pair.kind])


def _check_people(cast: Cast, seen: list[SeenPhoto], group_of: dict[int, int]) -> list[Finding]:
    """What is wrong with the face that is the person, and with the people."""
    findings = []
    paths, person, group, embeddings, poor = [], [], [], [], []
    for index, name in enumerate(cast.people):
        rows = [i for i, photo in enumerate(cast.photos) if photo.person == name and seen[i].faces]
        chosen = choose_faces([seen[i].faces for i in rows], [seen[i].embeddings for i in rows])
        for row, face in zip(rows, chosen, strict=True):
            assert face is not None, "each of these photos has a face"
            path, faces = cast.photos[row].path, seen[row].faces
            paths.append(path)
            person.append(index)
            group.append(group_of[row])
            embeddings.append(seen[row].embeddings[face])
            problem = faces[face].quality.problem
            poor.append(problem is not None)
            if problem:
                findings.append(Finding("poor-face", (path,), (name,), f"the face is {problem}"))
            if len(faces) > 1:
                box = faces[face].box
                where = f"{(box.left + box.right) / 2:.0f}, {(box.top + box.bottom) / 2:.0f}"
                message = f"{len(faces)} faces; {name} seems to be the one at {where}"
                findings.append(Finding("several-faces", (path,), (name,), message))
    if embeddings:
        who, groups = np.array(person), np.array(group)
        findings += check_names(cast.people, paths, who, groups, np.stack(embeddings), np.array(poor))
        findings += check_counts(cast.people, who, groups)
    return findings
