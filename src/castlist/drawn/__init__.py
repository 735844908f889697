"""A cast of seven drawn heroes of our own, for the demo, the tests and pictures that may be published.

A hero is who they are: the shape of face and eyes, nose, brows, marks, the colors of skin and hair. Pose, expression,
light, clothes, hair arrangement, glasses, hats and place change from picture to picture. The same name, index, seed and
size give the same pixels, whatever was drawn before.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from castlist.drawn.canvas import Canvas, Frame, Sketch
from castlist.drawn.clothes import draw_body
from castlist.drawn.face import draw_face, draw_glasses, draw_head
from castlist.drawn.hair import draw_hair, draw_hair_behind
from castlist.drawn.hats import draw_hat
from castlist.drawn.heroes import CAST, Hero
from castlist.drawn.light import light_picture
from castlist.drawn.look import Look, choose_light, choose_look
from castlist.drawn.scenery import draw_scenery
from castlist.errors import SettingsError

__all__ = ["HEROES", "draw_cast", "draw_group", "draw_hero"]

logger = logging.getLogger(__name__)

HEROES: tuple[str, ...] = tuple(hero.name for hero in CAST)

_SMALLEST, _LARGEST = 16, 2048


def draw_hero(name: str, index: int, *, size: int = 256, seed: int = 0) -> np.ndarray:
    """Draw one picture of one hero.

    Args:
        name: One of `HEROES`.
        index: Which picture of the hero, from 0.
        size: Side of the picture in pixels.
        seed: Another seed gives other pictures of the same heroes.

    Returns:
        Shape (size, size, 3), uint8, RGB.

    Raises:
        SettingsError: If there is no such hero, or a number is out of bounds.
    """
    hero = _find_hero(name)
    _check_size(size)
    random = _generator(index, seed, name)
    scenery = draw_scenery(size, size, random)
    light = choose_light(random)
    look = choose_look(random, hero.hairstyles)
    canvas = Canvas(size, size, _supersampling(size))
    _draw_figure(canvas, hero, look, x=look.x * size, y=look.y * size, unit=look.scale * size)
    return light_picture(canvas, scenery, light, look.scale * size)


def draw_group(names: Sequence[str], *, size: int = 256, seed: int = 0) -> np.ndarray:
    """Draw several heroes side by side in one place, from left to right in the order of `names`.

    Returns:
        Shape (size, width, 3), uint8, RGB; the width grows with the number of heroes and is `size` for one.

    Raises:
        SettingsError: If `names` is empty, there is no such hero, or a number is out of bounds.
    """
    heroes = [_find_hero(name) for name in names]
    if not heroes:
        raise SettingsError(
            "no-hero", "A group needs at least one hero. Choose from: {choices}.", choices=", ".join(HEROES)
        )
    _check_size(size)
    random = _generator(len(heroes), seed, *names)
    width = round(size * (0.4 + 0.6 * len(heroes)))
    scenery = draw_scenery(width, size, random)
    light = choose_light(random)
    canvas = Canvas(width, size, _supersampling(size))
    for i, hero in enumerate(heroes):
        look = choose_look(random, hero.hairstyles)
        x = (0.5 + 0.6 * i + (look.x - 0.5) * 0.4) * size
        _draw_figure(canvas, hero, look, x=x, y=(look.y + 0.04) * size, unit=0.2 * size)
    return light_picture(canvas, scenery, light, 0.2 * size)


def draw_cast(
    folder: Path,
    *,
    pictures_per_person: int,
    size: int = 256,
    seed: int = 0,
    people: Sequence[str] = HEROES,
    first: int = 0,
) -> None:
    """Write a cast as a folder of folders: `folder/<name>/<name>-0001.jpg` and so on.

    Files of the same name are replaced; each appears whole or not at all.

    Args:
        folder: Made if it isn't there.
        pictures_per_person: Pictures of each hero.
        size: Side of the pictures in pixels.
        seed: As in `draw_hero`.
        people: Which heroes.
        first: The index of the first picture; start above those already used to draw never-seen ones.

    Raises:
        SettingsError: If there is no such hero, or a number is out of bounds.
    """
    if pictures_per_person < 1:
        raise SettingsError(
            "too-few-pictures",
            "pictures_per_person must be at least 1. Got {pictures} instead.",
            pictures=pictures_per_person,
        )
    for name in people:
        _find_hero(name)
    for name in people:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(first, first + pictures_per_person):
            picture = Image.fromarray(draw_hero(name, index, size=size, seed=seed))
            path = folder / name / f"{name}-{index + 1:04d}.jpg"
            beside = path.with_name(f".{path.name}.part")
            picture.save(beside, format="JPEG", quality=92)
            beside.replace(path)
    logger.info("cast drawn: %d people, %d pictures each", len(people), pictures_per_person)
    logger.debug("cast drawn in %s", folder)


def _draw_figure(canvas: Canvas, hero: Hero, look: Look, *, x: float, y: float, unit: float) -> None:
    """Draw one hero, the middle of the face at (x, y), from the back to the front."""
    head = Sketch(canvas, Frame(x, y + unit, unit, yaw=look.yaw, pitch=look.pitch, roll=look.roll))
    body = Sketch(canvas, Frame(x, y + unit, unit, yaw=look.yaw * 0.4, roll=look.roll * 0.25))
    draw_hair_behind(head, hero, look)
    draw_body(body, hero, look)
    draw_head(head, hero)
    draw_face(head, hero, look)
    draw_hair(head, hero, look)
    draw_glasses(head, hero, look)
    draw_hat(head, look)


def _find_hero(name: str) -> Hero:
    for hero in CAST:
        if hero.name == name:
            return hero
    raise SettingsError(
        "unknown-hero", "Unknown hero {name!r}. Choose from: {choices}.", name=name, choices=", ".join(HEROES)
    )


def _check_size(size: int) -> None:
    if not _SMALLEST <= size <= _LARGEST:
        raise SettingsError(
            "size-out-of-bounds",
            "size must be {smallest} to {largest} pixels. Got {size} instead.",
            smallest=_SMALLEST,
            largest=_LARGEST,
            size=size,
        )


def _generator(index: int, seed: int, *names: str) -> np.random.Generator:
    if index < 0 or seed < 0:
        raise SettingsError(
            "negative-index",
            "index and seed must not be negative. Got {index} and {seed} instead.",
            index=index,
            seed=seed,
        )
    return np.random.default_rng([seed, index, zlib.crc32("\n".join(names).encode())])


def _supersampling(size: int) -> int:
    return 3 if size >= 128 else 4
