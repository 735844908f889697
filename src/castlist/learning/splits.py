"""Which photo is for training, which for validation, which for the test: by groups, per person, from a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from castlist.settings import SplitSettings

TRAIN, VALIDATION, TEST = 0, 1, 2


def assign_sides(person: np.ndarray, group: np.ndarray, digests: Sequence[str], settings: SplitSettings) -> np.ndarray:
    """Give every group of photos one side, so that each person is on each side in the shares asked for.

    A person's groups are put in an order drawn from the seed and the photos' content; the first ones that fit fill the
    test side, then validation, and the rest is for training. So a photo keeps its side when photos are added to other
    people, renamed, or listed in another order. A group too large for a side's share goes to training: twenty copies
    of one photo would measure one photo. A group that spans people counts as that of the person with most of it.

    Args:
        person: Shape (n,), int; index of each photo's person.
        group: Shape (n,), int; photos of one group are copies of each other.
        digests: n content digests, the same for the same bytes.
        settings: For the shares and the seed.

    Returns:
        Shape (n,), uint8; TRAIN, VALIDATION or TEST. Someone with one group is in training only, with two in training
        and test.
    """
    members: dict[int, list[int]] = {}
    for photo, number in enumerate(group.tolist()):
        members.setdefault(number, []).append(photo)
    owned: dict[int, list[tuple[str, list[int]]]] = {}
    for photos in members.values():
        owner = int(np.bincount(person[photos]).argmax())
        key = min(order_key(settings.seed, digests[photo]) for photo in photos)
        owned.setdefault(owner, []).append((key, photos))

    sides = np.full(len(person), TRAIN, np.uint8)
    for groups in owned.values():
        n_photos = sum(len(photos) for _, photos in groups)
        shares = {TEST: settings.test_share, VALIDATION: settings.validation_share}
        room = {side: max(1, round(share * n_photos)) for side, share in list(shares.items())[: len(groups) - 1]}
        groups.sort()
        groups.remove(max(groups, key=lambda item: len(item[1])))  # the largest is always for training
        for side in room:  # each side gets a group, however large the smallest is
            first = min(groups, key=lambda item: len(item[1]))
            groups.remove(first)
            sides[first[1]] = side
            room[side] -= len(first[1])
        for _, photos in groups:
            for side in room:
                if len(photos) <= room[side]:
                    sides[photos] = side
                    room[side] -= len(photos)
                    break
    return sides


def order_key(seed: int, text: str) -> str:
    """A key that sorts texts in an order that looks random and depends only on the seed and each text."""
    return hashlib.sha256(f"{seed}:{text}".encode()).hexdigest()
