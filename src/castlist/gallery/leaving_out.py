"""How much oftener somebody resembles a cast than is guessed from it: its people asked in turn, as strangers."""

from __future__ import annotations

import numpy as np

from castlist.gallery.fitting import reach_of_strangers
from castlist.gallery.guessing import guess_background
from castlist.gallery.knowledge import Knowledge, add_up

TURNS = 10  # of leaving out; of more people several at a time
BELIEVED = 8.0  # people that the guess itself is worth; set where networks whose vectors are even lose no names
LEAST = 0.2  # from a smaller power nothing would be named


def measure_tail(embeddings: np.ndarray, person: np.ndarray) -> float:
    """The power of a guessed share of strangers that is the real one: 1, or less where more of them come close.

    Args:
        embeddings: Shape (n, values), L2 norm 1.
        person: Shape (n,), int.
    """
    person = np.unique(person, return_inverse=True)[1]
    n_people = int(person.max()) + 1
    if n_people < 3:  # who is left out would be asked of a single person
        return 1.0
    rarities: list[float] = []
    for turn in range(min(n_people, TURNS)):
        out = person % TURNS == turn
        others, rest = embeddings[~out], np.unique(person[~out], return_inverse=True)[1]
        background = guess_background(others, rest)
        sums = add_up(background.place(others), rest, np.ones(len(rest)))
        known = Knowledge.from_sums(background.between, *sums)
        thresholds, above, _ = reach_of_strangers(known, background)
        reached = (known.scores(background.place(embeddings[out])) - thresholds).max(axis=1)
        rarer = len(above) - np.searchsorted(np.sort(above), reached)
        logs = -np.log((rarer + 0.5) / (len(above) + 1))
        rarities += [float(logs[person[out] == one].mean()) for one in np.unique(person[out])]
    # Of the guess's own strangers the logarithms would be 1 on average.
    return float(np.clip((BELIEVED + n_people) / (BELIEVED + sum(rarities)), LEAST, 1.0))
