"""One of several processes that enrol, forget and read one run at the same time, with several threads each.

    python many_hands.py RUN PROCESS SECONDS

Each thread has a person of its own, whom nobody else enrols or forgets: so it knows at each moment whether the person
must be there. Prints what was done and what went wrong, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from castlist.gallery import Gallery
from castlist.naming import Recognizer
from castlist.people import enrol_face, forget
from castlist.run import Run, RunFolder
from small_runs import crop, looked_at

PROCESSES, THREADS = 4, 4
PEOPLE = ("Ann", "王小明")
FIRST = len(PEOPLE)  # the network's first person who is a thread's own


def name_of(process: int, thread: int) -> str:
    """Whom a thread enrols and forgets."""
    return f"hand {process}.{thread}"


def read(path: Path) -> tuple[Run, Gallery]:
    """What a reader gets, nothing made to agree."""
    return RunFolder(path).read(
        lambda run: (run, Gallery.from_bytes(run.gallery_path.read_bytes(), str(run.gallery_path)))
    )


def is_torn(run: Run, gallery: Gallery) -> bool:
    """Whether the two are of different generations."""
    files = [file for side in run.sides.values() for file in side]
    return run.people != gallery.people or sorted(files) != sorted(gallery.photos)


class Hand(threading.Thread):
    """Enrols and forgets its own person by turns, and reads the run in between."""

    def __init__(self, path: Path, process: int, thread: int, deadline: float) -> None:
        super().__init__()
        self._path, self._deadline = path, deadline
        self._name = name_of(process, thread)
        self._face = crop(FIRST + process * THREADS + thread)
        self.counts: Counter[str] = Counter()
        self.errors: list[str] = []
        self.is_in = False

    def run(self) -> None:
        try:
            holder = Recognizer.load(self._path)  # kept: an old one must not bring anybody back
            while time.time() < self._deadline:
                if self.is_in:
                    forget(self._path, self._name)
                else:
                    enrol_face(holder, self._name, looked_at(holder, self._face), 0, "a.jpg")
                self.is_in = not self.is_in
                self.counts["changes"] += 1
                self._look()
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}")

    def _look(self) -> None:
        run, gallery = read(self._path)
        self.counts["reads"] += 1
        self.counts["torn"] += is_torn(run, gallery)
        files = [file for side in run.sides.values() for file in side if file.startswith(f"{self._name}/")]
        if (self._name in gallery.people, len(files)) != (self.is_in, int(self.is_in)):
            self.counts["lost" if self.is_in else "back"] += 1


def main(path: Path, process: int, seconds: float) -> None:
    deadline = time.time() + seconds
    hands = [Hand(path, process, thread, deadline) for thread in range(THREADS)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    counts: Counter[str] = Counter()
    for hand in hands:
        counts.update(hand.counts)
    errors = [error for hand in hands for error in hand.errors]
    print(json.dumps({"counts": counts, "in": [hand.is_in for hand in hands], "errors": errors}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
