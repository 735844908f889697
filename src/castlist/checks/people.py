"""What is wrong with names and with how many photos there are of each person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from castlist.checks.curve import Point, enough
from castlist.checks.folders import find_one_person, find_two_people
from castlist.checks.names import NOBODY, judge_names
from castlist.checks.records import Finding
from castlist.gallery import default_background

ENOUGH = 5  # different photos, where too few people have as many to try it
TYPICAL = 3  # photos
UNEVEN = 10  # times as many photos of the person with the most as of the one with the fewest


def check_names(
    people: Sequence[str],
    paths: Sequence[Path],
    person: np.ndarray,
    group: np.ndarray,
    embeddings: np.ndarray,
    poor: np.ndarray | None = None,
) -> list[Finding]:
    """Find wrong names, two folders of one person, and one folder of two.

    Args:
        people: In the order of the indices in `person`.
        paths: The n photos.
        person: Shape (n,), int64.
        group: Shape (n,), int64; copies of one photo share a number.
        embeddings: Shape (n, values), float32, L2 norm 1; of the face that is the person.
        poor: Shape (n,), bool; faces too poor to say that they are nobody's of the cast.
    """
    background = default_background()
    if embeddings.shape[1] != len(background.mean):
        return []  # of a network of the user's own, of which faces in general aren't known
    findings = []
    same = find_one_person(embeddings, person, background)
    for a, b in same:
        fewer, more = sorted((a, b), key=lambda index: int((person == index).sum()))
        photos = tuple(paths[row] for row in np.flatnonzero(person == fewer).tolist())
        findings.append(Finding("one-person", photos, (people[fewer], people[more])))
    for index in np.unique(person).tolist():
        rows = np.flatnonzero(person == index)
        second = find_two_people(embeddings[rows], background)
        if second is not None:
            photos = tuple(paths[row] for row in rows[second])
            detail = {"count": len(photos), "total": len(rows)}
            findings.append(Finding("two-people", photos, (people[index],), detail))
    judged = judge_names(embeddings, person, group, background, same=same, poor=poor)
    pictures: dict[tuple[int, int, int], list[int]] = {}  # copies are told once
    for row in np.flatnonzero(judged.right < 0.5).tolist():
        pictures.setdefault((int(group[row]), int(person[row]), int(judged.rather[row])), []).append(row)
    for (_, index, other), copies in pictures.items():
        rather = None if other == NOBODY else people[other]
        wrong = float(1 - judged.right[copies].min())
        photos = tuple(paths[row] for row in copies)
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
