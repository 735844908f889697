"""For tests of whatever uses castlist: runs made without a photo of anybody, and pictures that say who is in them.

A picture is of grey tiles, each a face; its level of grey says of whom, and which of that person's looks it is. Nothing
is detected, and a network of a few kilobytes knows each level by heart; all else is as with photos of people:

    run = make_run(folder / "run", ("Ann", "Bo"))
    recognizer = Recognizer.load(run.path, finder=tell_faces)
    picture = save_picture(folder / "both.png", [level_of(0), level_of(1, look=3)])
    (photo,) = recognizer.name_photos([picture])  # Ann and Bo

`enrol` takes the same finder. `castlist.set_cache_folder` keeps what castlist makes on the way out of the user's cache.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from castlist.arguments import checked
from castlist.embeddings import normalize
from castlist.errors import Message, RecordError
from castlist.faces import DEFAULT_TEMPLATE, TEMPLATES, Box, Face, Graph, Quality, Template
from castlist.files import make_folder, write_bytes
from castlist.gallery import Background, Gallery, Mixture
from castlist.run import Run
from castlist.settings import Settings

PEOPLE, LOOKS = 32, 8  # that can be told apart, and how many looks each of them has
VALUES = 16  # of an embedding
SPREAD = 0.2  # of a person's looks, where people are 1 apart
TILE, MARGIN = 100, 10  # pixels; a face's box is this much smaller than its tile, on each side


@checked
def level_of(person: int, look: int = 0) -> int:
    """The level of grey that is a person's look, 0 to 255.

    Args:
        person: 0 to PEOPLE - 1; a run of n people knows the first n, and the others are strangers.
        look: 0 to LOOKS - 1.

    Raises:
        RecordError: If there is no such person or look.
    """
    _need_within("person", person, range(PEOPLE))
    _need_within("look", look, range(LOOKS))
    return person * LOOKS + look


@checked
def draw_picture(levels: Sequence[int]) -> np.ndarray:
    """Faces side by side, none of them in an empty picture: shape (height, width, 3), uint8, RGB.

    Raises:
        RecordError: If a level isn't from 0 to 255.
    """
    for level in levels:
        _need_within("level", level, range(256))
    picture = np.zeros((TILE, TILE * max(len(levels), 1), 3), np.uint8)
    picture[..., 0] = 255  # red is nobody
    for place, level in enumerate(levels):
        picture[:, place * TILE : (place + 1) * TILE] = level
    return picture


def save_picture(path: str | os.PathLike[str], levels: Sequence[int]) -> Path:
    """Write `draw_picture` into a file that keeps its pixels as they are, such as a PNG; gives its path."""
    path = Path(path)
    make_folder(path.parent)
    Image.fromarray(draw_picture(levels)).save(path)
    return path


def make_face(level: int, left: float = 0, top: float = 0, template: Template = DEFAULT_TEMPLATE) -> Face:
    """A face that shows a level of grey, in the tile that begins at these pixels."""
    box = Box(left + MARGIN, top + MARGIN, left + TILE - MARGIN, top + TILE - MARGIN)
    scale = box.width / template.size
    return Face(
        pixels=np.full((template.size, template.size, 3), level, np.uint8),
        box=box,
        landmarks=(np.array(template.points) * scale + (box.left, box.top)).astype(np.float32),
        confidence=1.0,
        quality=Quality(eye_distance=40, sharpness=0.3, yaw=0),
    )


def tell_faces(
    pixels: np.ndarray, *, min_face: float | None = None, template: Template = DEFAULT_TEMPLATE
) -> list[Face]:
    """Find the faces of a drawn picture, from left to right, from the top down: each tile of one grey is one."""
    faces = []
    for top in range(0, pixels.shape[0] - TILE + 1, TILE):
        for left in range(0, pixels.shape[1] - TILE + 1, TILE):
            tile = pixels[top : top + TILE, left : left + TILE]
            if tile.min() == tile.max():
                faces.append(make_face(int(tile[0, 0, 0]), left, top, template))
    return faces


def embedding_of(level: int) -> np.ndarray:
    """What the network of `make_run` says of a level: shape (VALUES,), float32, L2 norm 1."""
    return np.asarray(normalize(_table())[level])


def network_bytes(seed: int = 5) -> bytes:
    """A face network that looks a crop's level up, as an ONNX file; of another seed it is another network."""
    graph = Graph()
    first = graph.constant(np.array(0, np.int64))
    pixel = "faces"
    for _ in range(3):
        pixel = graph.node("Gather", pixel, first, axis=1)
    table = graph.constant(np.asarray(_table(seed), np.float32))  # not of length 1: no embedding stands in the file
    graph.node("Gather", table, graph.node("Cast", pixel, to=7), output="vectors")
    size = DEFAULT_TEMPLATE.size
    name = next(name for name, template in TEMPLATES.items() if template == DEFAULT_TEMPLATE)
    return graph.serialize(
        {"faces": (np.uint8, ("n", size, size, 3))},
        {"vectors": (np.float32, ("n", VALUES))},
        {"castlist": json.dumps({"template": name})},
    )


@checked
def make_run(path: str | os.PathLike[str], people: Sequence[str]) -> Run:
    """Make a finished run of the model `face`: all looks of each person are known, the last two kept for the test.

    Args:
        path: The run folder; the photos are said to have lain in `photos`, two folders further up.
        people: Names, 1 to PEOPLE of them; the run's settings are the defaults.

    Raises:
        RecordError: If they are fewer or more.
    """
    _need_within("people", len(people), range(1, PEOPLE + 1))
    path = Path(path)
    photos = [f"{name}/{look}.jpg" for name in people for look in range(LOOKS)]
    tested = tuple(photo for photo in photos if photo.endswith(("6.jpg", "7.jpg")))
    run = Run(
        path=path,
        people=tuple(people),
        settings=Settings(),
        photos_root=str(path.parent.parent / "photos"),
        photos_fingerprint="abc",
        sides={"train": tuple(photo for photo in photos if photo not in tested), "validation": (), "test": tested},
        groups={"train": len(photos) - len(tested), "validation": 0, "test": len(tested)},
        refused=((f"{people[-1]}/blurred.jpg", Message("no-face", "no face found")),),
        notes=(
            Message(
                "cast-empty-folder", "The folder {person!r} holds no photo and was left out.", {"person": people[-1]}
            ),
            Message("cast-stray-file", "1 file beside the people's folders belongs to nobody and was left out."),
        ),
        complete=True,
    )
    run.save()
    levels = np.arange(len(photos))
    embeddings = normalize(_table())[levels].astype(np.float32)
    gallery = Gallery.fit(run.people, embeddings, levels // LOOKS, photos, background=faces_in_general())
    write_bytes(run.gallery_path, gallery.to_bytes(), private=True)
    write_bytes(run.face_network_path, network_bytes(), private=True)
    return run


def faces_in_general() -> Background:
    """The statistics of these people, as a gallery of them needs them."""
    within, between = SPREAD**-2, 1.0
    kinds = Mixture(
        np.ones(1, np.float32),
        np.zeros((1, VALUES), np.float32),
        ((within + between) * np.eye(VALUES)[None]).astype(np.float32),
    )
    directions = (np.eye(VALUES) * np.sqrt(VALUES) / SPREAD).astype(np.float32)
    return Background(np.zeros(VALUES, np.float32), directions, np.full(VALUES, within, np.float32), kinds)


def _need_within(name: str, number: int, numbers: range) -> None:
    if number not in numbers:
        raise RecordError(
            "not-drawn",
            "{name} must be from {first} to {last}. Got {number} instead.",
            name=name,
            first=numbers[0],
            last=numbers[-1],
            number=number,
        )


@functools.cache
def _table(seed: int = 5) -> np.ndarray:
    """For each level what the network says of it: shape (PEOPLE * LOOKS, VALUES), float64."""
    rng = np.random.default_rng(seed)
    centers = np.repeat(rng.normal(size=(PEOPLE, VALUES)), LOOKS, axis=0)
    return centers + SPREAD * rng.normal(size=centers.shape)
