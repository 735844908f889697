"""Look-alikes of the people of a run: who isn't somebody, and isn't taken for that person any more."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from castlist.gallery import Lookalikes
from castlist.paths import spell
from castlist.people.changing import APART, free_name, open_people, put_people
from castlist.people.enrolment import SAME
from castlist.run import Enrolled, Run, RunFolder, need_same

Faces = tuple[np.ndarray, Sequence[tuple[str, Path | None]]]  # embeddings (n, values); n names of photos, and places


def set_apart(
    began: Run, refused: Mapping[str, Faces], is_judged: Callable[[np.ndarray], np.ndarray]
) -> tuple[dict[str, int], int]:
    """Have a run know who isn't a person, and nobody else of those who were judged now.

    Args:
        began: The run as it was when its network made the embeddings.
        refused: By the person whom they aren't; whom the run doesn't know is passed over.
        is_judged: Tells of embeddings, shape (n, values), which are of faces that whoever asks knows about.

    Returns:
        How many faces were added for each of the people, and how many left.
    """
    with RunFolder(began.path).change() as change:
        need_same(change.run, began)
        if not refused and not any(one.apart for one in change.run.enrolled):
            return {}, 0
        gallery = open_people(change)
        people = gallery.people
        known = {people.index(name): faces for name, faces in refused.items() if name in people}
        lookalikes = _staying(gallery.lookalikes, known, is_judged)
        freed = len(gallery.lookalikes) - len(lookalikes)
        places, enrolled, added = {}, [], {}
        for person, (vectors, sources) in known.items():
            there = lookalikes.embeddings[lookalikes.person == person]
            new = [i for i, vector in enumerate(vectors) if not _is_among(vector, there)]
            ids: list[str] = []
            for i in new:
                source, place = sources[i]
                ids.append(free_name(f"{APART}{source}", {*gallery.lookalikes.photos, *lookalikes.photos, *ids}))
                if place:
                    places[ids[-1]] = spell(str(place.absolute()))
            added[people[person]] = len(new)
            if new:
                lookalikes = lookalikes.add(person, vectors[new], ids)
                enrolled.append(Enrolled(name=people[person], files=(), apart=tuple(ids)))
        if freed or enrolled:
            put_people(change, dataclasses.replace(gallery, lookalikes=lookalikes), {})
            run = change.run
            change.run = dataclasses.replace(run, enrolled=(*run.enrolled, *enrolled), places={**run.places, **places})
    return added, freed


def _staying(
    before: Lookalikes, known: Mapping[int, Faces], is_judged: Callable[[np.ndarray], np.ndarray]
) -> Lookalikes:
    """Those that weren't judged now, or were told again not to be the person."""
    judged = is_judged(before.embeddings) if len(before) else np.zeros(0, bool)
    stays = [
        not is_known_now or (person in known and _is_among(vector, known[person][0]))
        for person, vector, is_known_now in zip(before.person.tolist(), before.embeddings, judged, strict=True)
    ]
    return before[np.array(stays, bool)]


def _is_among(vector: np.ndarray, vectors: np.ndarray) -> bool:
    return bool(len(vectors)) and bool((vectors @ vector >= SAME).any())
