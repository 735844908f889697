"""An archive of drawn heroes, for pictures that may be published: no detector finds their faces, so this tells them."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from castlist import drawn
from castlist.archive import fill_archive, group_unnamed
from castlist.faces import Box, Face
from castlist.media import read_photo
from castlist.testing import LOOKS, level_of, make_face, make_run

SIZE = 512
KNOWN = drawn.HEROES[:3]
DAYS = datetime.datetime(2024, 5, 4, 10, 30)


def make_drawn_archive(home: Path, *, pictures: int = 8, name: str = "Heroes") -> None:
    """Draw photos into home/photos, and make home/runs/heroes, which knows three heroes, and home/archives/NAME."""
    finder = _Finder(home / "photos")
    for i in range(pictures):
        for hero in drawn.HEROES:
            finder.save(f"{hero}-{i}.jpg", [hero], i, drawn.draw_hero(hero, i, size=SIZE))
    for i in range(3):
        group = [drawn.HEROES[(2 * i + k) % len(drawn.HEROES)] for k in range(3)]
        finder.save(f"together-{i}.jpg", group, i, drawn.draw_group(group, size=SIZE, seed=i))
    make_run(home / "runs" / "heroes", KNOWN)
    archive = home / "archives" / name
    fill_archive(home / "photos", home / "runs" / "heroes", archive, finder=finder)
    group_unnamed(archive)


class _Finder:
    """Finds the heroes where they were drawn; each face is the level of grey that the run knows a hero by."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, list[Face]] = {}
        self._places: list[tuple[float, float, float]] = []
        draw = drawn._draw_figure

        def remember(*args: Any, x: float, y: float, unit: float) -> None:
            self._places.append((x, y, unit))
            draw(*args, x=x, y=y, unit=unit)

        drawn._draw_figure = remember

    def save(self, name: str, heroes: list[str], look: int, pixels: np.ndarray) -> None:
        """Write a picture, of which the places were remembered, with a date."""
        places, self._places = self._places, []
        picture, path = Image.fromarray(pixels), self._folder / name
        exif = picture.getexif()
        number = len(self._known)
        exif.get_ifd(0x8769)[0x9003] = (DAYS + datetime.timedelta(days=2 * number)).strftime("%Y:%m:%d %H:%M:%S")
        self._folder.mkdir(parents=True, exist_ok=True)
        picture.save(path, quality=92, exif=exif)
        faces = [
            dataclasses.replace(
                make_face(level_of(drawn.HEROES.index(hero), look % LOOKS)),
                box=Box(x - 0.8 * unit, y - unit, x + 0.8 * unit, y + 1.1 * unit),
            )
            for hero, (x, y, unit) in zip(heroes, places, strict=True)
        ]
        self._known[_key(read_photo(path))] = faces

    def __call__(self, pixels: np.ndarray, **wishes: Any) -> list[Face]:
        return self._known[_key(pixels)]


def _key(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()
