"""What is wrong with names and with how many photos there are of each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.checks.curve import Point, enough
from castlist.checks.folders import find_one_person, find_two_people
from castlist.checks.names import judge_names
from castlist.checks.records import Finding
from castlist.gallery import NOBODY, default_background

ENOUGH = 5  # different photos, where too few people have as many to try it
TYPICAL = 3  # photos
UNEVEN = 10  # times as many photos of the person with the most as of the one with the fewest


@dataclass(frozen=True)
class Doubts:
    """What the faces of n photos say against their names; photos and people by number."""

    same: tuple[tuple[int, int], ...] = ()  # people who seem to be one, the one with fewer photos first
    divided: tuple[tuple[int, tuple[int, ...]], ...] = ()  # a person, and the photos that seem to be of a second one
    wrong: tuple[tuple[int, int, float], ...] = ()  # a photo, who it is rather or NOBODY, how probably it is wrong


def doubt_names(person: np.ndarray, group: np.ndarray, embeddings: np.ndarray, poor: np.ndarray) -> Doubts:
    """Find wrong names, two folders of one person, and one folder of two.

    Args:
        person: Shape (n,), int64.
        group: Shape (n,), int64; copies of one photo share a number.
        embeddings: Shape (n, values), float32, L2 norm 1; of the face that is the person.
        poor: Shape (n,), bool; faces too poor to say that they are nobody's of the cast.
    """
    background = default_background()
    if embeddings.shape[1] != len(background.mean):
        return Doubts()  # of a network of the user's own, of which faces in general aren't known
    counts = np.bincount(person)
    same = find_one_person(embeddings, person, background)
    divided = []
    for index in np.unique(person).tolist():
        rows = np.flatnonzero(person == index)
        second = find_two_people(embeddings[rows], background)
        if second is not None:
            divided.append((index, tuple(rows[second].tolist())))
    judged = judge_names(embeddings, person, group, background, same=same, poor=poor)
    wrong = [
        (row, int(judged.rather[row]), float(1 - judged.right[row]))
        for row in np.flatnonzero(judged.right < 0.5).tolist()
    ]
    fewer_first = tuple((a, b) if counts[a] <= counts[b] else (b, a) for a, b in same)
    return Doubts(fewer_first, tuple(divided), tuple(wrong))


def check_names(
    people: Sequence[str], paths: Sequence[Path], person: np.ndarray, group: np.ndarray, doubts: Doubts
) -> list[Finding]:
    """Say by name and path what there is against names.

    Args:
        people: In the order of the indices in `person`.
        paths: The n photos.
        person: Shape (n,), int64.
        group: Shape (n,), int64; copies of one photo share a number.
        doubts: Of these n photos.
    """
    findings = []
    for fewer, more in doubts.same:
        photos = tuple(paths[row] for row in np.flatnonzero(person == fewer).tolist())
        findings.append(Finding("one-person", photos, (people[fewer], people[more])))
    for index, rows in doubts.divided:
        detail = {"count": len(rows), "total": int((person == index).sum())}
        findings.append(Finding("two-people", tuple(paths[row] for row in rows), (people[index],), detail))
    pictures: dict[tuple[int, int, int], list[tuple[Path, float]]] = {}  # copies are told once
    for row, other, probability in doubts.wrong:
        pictures.setdefault((int(group[row]), int(person[row]), other), []).append((paths[row], probability))
    for (_, index, other), copies in pictures.items():
        rather = None if other == NOBODY else people[other]
        photos = tuple(path for path, _ in copies)
        wrong = max(probability for _, probability in copies)
        findings.append(Finding("wrong-name", photos, (people[index],), {}, rather, wrong))
    return findings


def check_counts(
    people: Sequence[str], person: np.ndarray, group: np.ndarray, curve: tuple[Point, ...] = ()
) -> list[Finding]:
    """Find people with few different photos with a face, and a cast whose people have very unlike numbers.

    Args:
        people: In the order of the indices in `person`.
        person: Shape (n,), int64.
        group: Shape (n,), int64; copies of one photo share a number.
        curve: What few photos are worth in this cast, as far as it could be tried.
    """
    counts = [len(np.unique(group[person == index])) for index in range(len(people))]
    goal = enough(curve)
    needed = goal.known if goal else ENOUGH
    findings = []
    for name, count in zip(people, counts, strict=True):
        if count >= needed:
            continue
        detail: dict[str, str | int] = {"count": count, "more": needed - count}
        now = next((point for point in reversed(curve) if point.known <= count), None)
        if goal and now:
            detail |= {"known": now.known, "now": f"{now.named:.1%}", "then": f"{goal.named:.1%}", "goal": goal.known}
        findings.append(Finding("few-photos", (), (name,), detail))
    most, fewest = int(np.argmax(counts)), int(np.argmin(counts))
    if counts[most] > UNEVEN * counts[fewest]:
        detail = {"count": counts[fewest], "total": counts[most]}
        findings.append(Finding("uneven", (), (people[fewest], people[most]), detail))
    return findings


def find_typical(
    people: Sequence[str], paths: Sequence[Path], person: np.ndarray, group: np.ndarray, embeddings: np.ndarray
) -> dict[str, tuple[Path, ...]]:
    """Of each person the few different photos that are most like all others, to compare a doubtful one with."""
    typical = {}
    for index, name in enumerate(people):
        rows = np.flatnonzero(person == index)
        like = embeddings[rows] @ embeddings[rows].sum(axis=0)
        best: dict[int, Path] = {}  # by group
        for row in rows[np.argsort(-like)].tolist():
            best.setdefault(int(group[row]), paths[row])
        typical[name] = tuple(best.values())[:TYPICAL]
    return typical
