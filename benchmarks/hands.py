"""Many hands on one run: processes and threads enrol and forget at once; then both are killed at random moments.

    python benchmarks/hands.py [--seconds 60] [--kills 20]

Prints how many changes and reads there were, how many lost somebody, brought somebody back or were torn, and how many
of the kills were finished by the same command again, with no byte of the forgotten left.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from many_hands import PROCESSES, THREADS
from test_hands import race
from test_kills import check_enrolments, check_forgets, kill


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        counts = race(Path(home), options.seconds)
    print(f"{PROCESSES} processes, {THREADS} threads each, {options.seconds:.0f} s: {counts['changes']} changes,")
    print(f"{counts['reads']} reads; torn {counts['torn']}, lost {counts['lost']}, back {counts['back']}")
    for action, check in (("forget", check_forgets), ("enrol", check_enrolments)):
        with tempfile.TemporaryDirectory() as home:
            kills = kill(action, Path(home), str(options.kills))
        check(kills)  # raises at the first that isn't finished
        killed = sum(one["killed"] for one in kills)
        print(f"{action}: {len(kills)} of {options.kills} finished, {killed} of them killed before their end")


if __name__ == "__main__":
    main()
