"""Memory while very many photos are named: read after every thousand.

python benchmarks/naming_memory.py runs/avengers ../shared/photos/avengers7 --photos 10000
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

import psutil

from castlist.media import find_photos
from castlist.naming.recognizer import Recognizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=10_000, help="the folder's are named again and again")
    options = parser.parse_args()
    files = find_photos([options.folder])
    paths = list(itertools.islice(itertools.cycle(files), options.photos))
    recognizer = Recognizer.load(options.run)
    process, began = psutil.Process(), time.monotonic()
    print("| photos named | memory, MB | photos/s |\n|---|---|---|")
    for count, _ in enumerate(recognizer.name_photos(paths), start=1):
        if count % 1000 == 0:
            speed = count / (time.monotonic() - began)
            print(f"| {count} | {process.memory_info().rss / 1e6:.0f} | {speed:.0f} |", flush=True)


if __name__ == "__main__":
    main()
