"""Who is it, or "unknown": names, strangers named, calibration and wrong names, on photos never seen in fitting.

The statistics of faces in general are fitted here on the people of LFW's DevTrain alone, and all LFW people measured
are of DevTest: the two are disjoint. Near-duplicates of a known photo are never asked. Names are as found.

python benchmarks/strangers.py [--draws 100] [--cache FOLDER]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.gallery import NOBODY, Answers, Background, Gallery
from castlist.learning.dataset import load_dataset
from castlist.media import find_cast
from castlist.run import SIDES
from castlist.settings import Settings
from fit_background import PHOTOS, ROOT, Embedded, embed_folder, lfw_side

BINS = 15  # of probability, as calibration errors are commonly reported
RATES = (0.001, 0.01, 0.05)


@dataclass(frozen=True, eq=False)
class Task:
    """A cast with known photos, photos asked, and strangers."""

    people: list[str]
    known: np.ndarray  # (n, 128)
    known_person: np.ndarray  # (n,)
    asked: np.ndarray  # (k, 128)
    asked_person: np.ndarray  # (k,)

    def gallery(self, background: Background, rate: float = 0.01) -> Gallery:
        ids = [str(i) for i in range(len(self.known))]
        return Gallery.fit(self.people, self.known, self.known_person, ids, stranger_rate=rate, background=background)

    def with_wrong_names(self, share: float, rng: np.random.Generator) -> Task:
        person = self.known_person.copy()
        rows = rng.choice(len(person), round(share * len(person)), replace=False)
        person[rows] = (person[rows] + rng.integers(1, len(self.people), len(rows))) % len(self.people)
        return Task(self.people, self.known, person, self.asked, self.asked_person)


@dataclass(frozen=True, eq=False)
class Heroes:
    """avengers7 with the sides and groups of an honest split."""

    faces: Embedded
    person: np.ndarray
    side: np.ndarray
    group: np.ndarray
    people: list[str]

    def task(self, known: np.ndarray, asked: np.ndarray) -> Task:
        vectors = self.faces.embeddings
        return Task(self.people, vectors[known], self.person[known], vectors[asked], self.person[asked])

    def few(self, photos_each: int, rng: np.random.Generator) -> Task:
        """So many photos of each person known; the rest asked, without near-duplicates of the known ones."""
        rows = [
            rng.permutation(np.flatnonzero(self.person == person))[:photos_each] for person in range(len(self.people))
        ]
        known = np.concatenate(rows)
        return self.task(known, np.flatnonzero(~np.isin(self.group, self.group[known])))


def load_heroes(photos: Path, cache: Path) -> Heroes:
    dataset = load_dataset(find_cast(photos / "avengers7"), Settings(), path=cache / "avengers7.h5")
    faces = embed_folder(photos / "avengers7", cache)
    place = {name: row for row, name in enumerate(dataset.files)}
    rows = np.array([place[name] for name in faces.files.tolist()])
    return Heroes(faces, dataset.person[rows], dataset.side[rows], dataset.group[rows], list(dataset.people))


def lfw_task(faces: Embedded, n_people: int, rng: np.random.Generator) -> tuple[Task, np.ndarray]:
    """A cast of so many people, 1 to 3 photos known of each as there are, and all others as strangers."""
    names, counts = np.unique(faces.names, return_counts=True)
    cast = rng.permutation(names[counts >= 2])[:n_people].tolist()
    known: list[int] = []
    for name in cast:
        rows = rng.permutation(np.flatnonzero(faces.names == name))
        known += rows[: rng.integers(1, min(3, len(rows) - 1) + 1)].tolist()
    in_cast = np.isin(faces.names, cast)
    asked = np.setdiff1d(np.flatnonzero(in_cast), known)
    place = {name: i for i, name in enumerate(cast)}
    person = np.array([place.get(name, NOBODY) for name in faces.names.tolist()])
    vectors = faces.embeddings
    return Task(cast, vectors[known], person[known], vectors[asked], person[asked]), vectors[~in_cast]


def calibration_error(answers: Answers, right: np.ndarray) -> float:
    """Expected calibration error of the answers given, "unknown" being one."""
    columns = np.where(answers.named == NOBODY, len(answers.people), answers.named)
    sure = answers.probabilities[np.arange(len(columns)), columns]
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(sure[bins == i].sum() - right[bins == i].sum()) for i in np.unique(bins)]
    return float(sum(gaps) / len(right))


def named_share(gallery: Gallery, strangers: np.ndarray) -> float:
    return float((gallery.answer(strangers).named != NOBODY).mean())


def percent(values: list[float], digits: int = 1) -> str:
    return f"{100 * np.mean(values):.{digits}f}"


def table(title: str, header: str, rows: Iterator[str]) -> None:
    columns = header.count("|") + 1
    print(f"\n{title}\n\n| {header} |\n|{'---|' * columns}")
    for row in rows:
        print(f"| {row} |", flush=True)


def hero_rows(
    tasks: dict[str, Callable[[np.random.Generator], Task]],
    draws: dict[str, int],
    background: Background,
    lfw: np.ndarray,
    celebrities: np.ndarray,
    *,
    together: bool = False,
) -> Iterator[str]:
    for title, make in tasks.items():
        figures: dict[str, list[float]] = {key: [] for key in ("first", "named", "lfw", "celebrities", "error")}
        for seed in range(draws[title]):
            task = make(np.random.default_rng(seed))
            gallery = task.gallery(background)
            asked = np.concatenate([task.asked, lfw, celebrities])
            answers = gallery.answer_together(asked) if together else gallery.answer(asked)
            n, n_lfw = len(task.asked), len(lfw)
            named = answers.named != NOBODY
            strangers = {"lfw": named[n : n + n_lfw], "celebrities": named[n + n_lfw :]}
            answers = answers[:n]
            right = answers.named == task.asked_person
            figures["first"].append(float((answers.gains.argmax(axis=1) == task.asked_person).mean()))
            figures["named"].append(float(right.mean()))
            for kind, shares in strangers.items():
                figures[kind].append(float(shares.mean()))
            figures["error"].append(calibration_error(answers, right))
        cells = [percent(figures["first"]), percent(figures["named"])]
        cells += [percent(figures[key], 2) for key in ("lfw", "celebrities")]
        yield " | ".join([title, *cells, percent(figures["error"])])


def lfw_rows(faces: Embedded, draws: int, background: Background) -> Iterator[str]:
    for n_people in (2, 7, 50, 200):
        cells = []
        for rate in RATES:
            strangers_named, right = [], []
            for seed in range(draws):
                task, strangers = lfw_task(faces, n_people, np.random.default_rng(seed))
                gallery = task.gallery(background, rate)
                strangers_named.append(named_share(gallery, strangers))
                right.append(float((gallery.answer(task.asked).named == task.asked_person).mean()))
            cells.append(f"{percent(strangers_named, 2)} / {percent(right)}")
        yield " | ".join([str(n_people), *cells])


def wrong_name_rows(heroes: Heroes, draws: int, background: Background) -> Iterator[str]:
    train, test = (np.flatnonzero(heroes.side == SIDES.index(side)) for side in ("train", "test"))
    makers: dict[str, Callable[[np.random.Generator], Task]] = {
        "5": lambda rng: heroes.few(5, rng),
        "20": lambda rng: heroes.few(20, rng),
        "all of the training side": lambda rng: heroes.task(train, test),
    }
    for title, make in makers.items():
        cells = []
        for share in (0.0, 0.05, 0.1):
            first, named = [], []
            for seed in range(draws):
                rng = np.random.default_rng(seed)
                task = make(rng).with_wrong_names(share, rng)
                answers = task.gallery(background).answer(task.asked)
                first.append(float((answers.gains.argmax(axis=1) == task.asked_person).mean()))
                named.append(float((answers.named == task.asked_person).mean()))
            cells.append(f"{percent(first)} / {percent(named)}")
        yield " | ".join([title, *cells])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "embeddings")
    parser.add_argument("--draws", type=int, default=100)
    given = parser.parse_args()
    celebrities = embed_folder(given.photos / "strangers", given.cache).embeddings
    heroes = load_heroes(given.photos, given.cache)
    train, test = (lfw_side(given.photos, given.cache, side) for side in ("Train", "Test"))
    background = Background.fit(train.embeddings, np.unique(train.names, return_inverse=True)[1])

    learn, held_out = (np.flatnonzero(heroes.side == SIDES.index(side)) for side in ("train", "test"))
    tasks: dict[str, Callable[[np.random.Generator], Task]] = {
        "1": lambda rng: heroes.few(1, rng),
        "3": lambda rng: heroes.few(3, rng),
        "5": lambda rng: heroes.few(5, rng),
        "20": lambda rng: heroes.few(20, rng),
        f"honest split ({len(learn)} known, {len(held_out)} asked)": lambda rng: heroes.task(learn, held_out),
    }
    draws = {title: given.draws if title.isdigit() else 1 for title in tasks}
    for together in (False, True):
        how = "named together with all strangers as one album" if together else "each photo named for itself"
        table(
            f"avengers7, {how}, 1 % of strangers asked, mean of {given.draws} draws (%)",
            "photos known of each | first name right | named rightly | LFW named | celebrities named | "
            "calibration error",
            hero_rows(tasks, draws, background, test.embeddings, celebrities, together=together),
        )
    table(
        "People of LFW, 1 to 3 photos known of each, all other people as strangers: strangers named / cast named (%)",
        "people | 0.1 % asked | 1 % asked | 5 % asked",
        lfw_rows(test, given.draws, background),
    )
    table(
        "avengers7 with wrong names among the known photos: first name right / named rightly (%)",
        "photos known of each | as found | 5 % more wrong | 10 % more wrong",
        wrong_name_rows(heroes, given.draws, background),
    )


if __name__ == "__main__":
    main()
