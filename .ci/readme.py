"""Type every command of README.md, block by block, as a reader does: beside folders of the names that it speaks of."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from castlist.drawn import HEROES, draw_cast
from castlist.media import FilmWriter, read_photo, resize_photo
from castlist.painting import save_picture

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What needs the internet or a window, is run by .ci/run, or needs very many people or a network of one's own.
ELSEWHERE = ("pip install ", "make ", "git clone ", "cd ", "castlist demo", "castlist background")


def main() -> None:
    photos, folder, command = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), Path(sys.argv[3]).absolute()
    lay_out(photos, folder)
    readme = (ROOT / "README.md").read_text("utf-8")
    lines = [line for block in BLOCK.findall(readme) for line in block.splitlines()]
    typed = [line for line in lines if line.startswith("castlist ") and not line.startswith(ELSEWHERE)]
    typed = [line for line in typed if "--network" not in line]
    assert len(typed) > 15, "the README shows fewer commands than it did"
    for line in typed:
        print(f"$ {line}", flush=True)
        words = ["bash", "-c", f"'{command}'{line.removeprefix('castlist')}"]
        done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{line}: exit {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-1000:]}")


def lay_out(photos: Path, folder: Path) -> None:
    """The folders and files that the README speaks of, filled with real faces and with drawings."""
    cast = sorted((photos / "avengers7").iterdir())
    for person, name in zip(cast, ("Ana Lima", "小滿", "Bo"), strict=False):
        take(person, folder / "photos" / name, slice(0, 12))
        take(person, folder / "holiday", slice(12, 15))
        take(person, folder / "party", slice(15, 17))
    take(cast[3], folder / "bo", slice(0, 3))
    faces = [resize_photo(read_photo(sorted(person.iterdir())[20]), 256) for person in cast[:5]]
    with FilmWriter(folder / "film.mp4", 5, (256, 256)) as film:
        for pixels in faces[:2]:
            for _ in range(5):
                film.write(pixels)
    save_picture(np.hstack(faces[3:]), folder / "group.jpg")
    save_picture(np.hstack(faces[:2]), folder / "photos" / "party.jpg")
    draw_cast(folder / "drawings", pictures_per_person=12, size=64, people=HEROES[:2])


def take(person: Path, folder: Path, which: slice) -> None:
    """Copy some of a person's photos, called by numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(person.iterdir())[which]:
        shutil.copy(file, folder / f"{len(list(folder.iterdir())) + 1}.jpg")


if __name__ == "__main__":
    main()
