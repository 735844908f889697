"""Type every command of docs/api.md that asks, and its photo booth, as a reader does: of a house opened as it says.

    python .ci/api.py PHOTOS FOLDER CASTLIST RUN

PHOTOS is ../shared/photos, FOLDER one that isn't there, CASTLIST the command, RUN a run of the avengers7. Needs curl, and
port 8765.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from castlist.media import FilmWriter, read_photo, resize_photo
from castlist.painting import save_picture
from castlist.people import rename

DOCS = Path(__file__).parents[1] / "docs" / "api.md"
BLOCK = re.compile(r"^```(?:python)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CURL = "silent\nshow-error\nfail-with-body\n"  # else an answer of 404 is none of its failures
BO, ANN, DEE = "avengers7/chris_evans", "strangers/gal_gadot", "strangers/elon_musk"


def main() -> None:
    photos, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).absolute()
    lay_out(photos, Path(sys.argv[4]), folder)
    blocks = BLOCK.findall(DOCS.read_text("utf-8"))
    opening = next(line for block in blocks for line in block.splitlines() if line.startswith("castlist serve"))
    asking = "set -eo pipefail\n" + "".join(block for block in blocks if "curl " in block)
    (booth,) = (block for block in blocks if block.startswith('"""A photo booth'))
    (folder / "booth.py").write_text(booth, "utf-8")
    (folder / ".curlrc").write_text(CURL, "ascii")
    here = {**os.environ, "CURL_HOME": str(folder), "BROWSER": "true", "PYTHONUNBUFFERED": "1"}
    words = [str(Path(sys.argv[3]).absolute()), *opening.split()[1:]]
    house = subprocess.Popen(words, cwd=folder, env=here, stdout=subprocess.PIPE, text=True)
    try:
        assert house.stdout and "/open" in house.stdout.readline()
        for typed, keys in ((["bash", "-c", asking], ""), ([sys.executable, "booth.py", "family", "dee.jpg"], "Dee\n")):
            done = subprocess.run(typed, cwd=folder, env=here, input=keys, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{typed[0]}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr}")
        assert "Hello, Dee - 1 photo added" in done.stdout, done.stdout
    finally:
        house.terminate()
        house.wait(15)
    print(f"docs/api.md: {asking.count('curl ')} commands and the photo booth, typed as they stand")


def lay_out(photos: Path, run: Path, folder: Path) -> None:
    """What the page speaks of: a run of a family that knows Bo, and photos of Bo, of Ann, and of one more."""
    shutil.copytree(run, folder / "runs" / "family")
    rename(folder / "runs" / "family", Path(BO).name, "Bo")
    bo, ann, dee = (sorted((photos / who).iterdir()) for who in (BO, ANN, DEE))
    for name, file in (("ann1", ann[0]), ("ann2", ann[1]), ("dee", dee[0])):
        shutil.copy(file, folder / f"{name}.jpg")
    both = np.hstack([resize_photo(read_photo(file), 256) for file in (ann[0], bo[0])])
    for name in ("party.jpg", "photos/both.jpg"):
        save_picture(both, folder / name)
    with FilmWriter(folder / "film.mp4", 5, (512, 256)) as film:
        for _ in range(5):
            film.write(both)


if __name__ == "__main__":
    main()
