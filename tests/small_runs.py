"""A small finished run of the model face, made without a photo: random embeddings, and a network that looks them up.

The network tells a crop by its first pixel. Each person of SOMEBODY has PHOTOS crops.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from castlist.errors import Message
from castlist.faces import DEFAULT_TEMPLATE, TEMPLATES, Box, Face, Quality
from castlist.faces.onnx_format import Graph
from castlist.gallery import Background, Gallery
from castlist.gallery.mixture import Mixture
from castlist.naming import Recognizer, Seen, Sight
from castlist.run import Run
from castlist.settings import Settings

VALUES, PHOTOS, SOMEBODY = 16, 8, 32
SPREAD = 0.2  # of a person's photos, where people are 1 apart
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # for processes that share the cores
_rng = np.random.default_rng(5)
_centers = np.repeat(_rng.normal(size=(SOMEBODY, VALUES)), PHOTOS, axis=0)
_table = _centers + SPREAD * _rng.normal(size=_centers.shape)
TABLE = (_table / np.linalg.norm(_table, axis=1, keepdims=True)).astype(np.float32)
BACKGROUND = Background(
    np.zeros(VALUES, np.float32),
    (np.eye(VALUES) * np.sqrt(VALUES) / SPREAD).astype(np.float32),
    np.full(VALUES, SPREAD**-2, np.float32),
    Mixture(
        np.ones(1, np.float32),
        np.zeros((1, VALUES), np.float32),
        ((SPREAD**-2 + 1) * np.eye(VALUES)[None]).astype(np.float32),
    ),
)


def crop(person: int, photo: int = 0, left: float = 10) -> Face:
    """A face that the network knows for a person."""
    size = DEFAULT_TEMPLATE.size
    return Face(
        pixels=np.full((size, size, 3), person * PHOTOS + photo, np.uint8),
        box=Box(left, 10, left + 80, 90),
        landmarks=np.zeros((5, 2), np.float32),
        confidence=1.0,
        quality=Quality(eye_distance=40, sharpness=0.3, yaw=0),
    )


def looked_at(recognizer: Recognizer, face: Face) -> Seen:
    """What a run's eyes see of a photo that shows a face."""
    return recognizer.face_eyes.keep([Sight(None, faces=[face])])


def network_bytes() -> bytes:
    """The network, as an ONNX file."""
    graph = Graph()
    first = graph.constant(np.array(0, np.int64))
    pixel = "faces"
    for _ in range(3):
        pixel = graph.node("Gather", pixel, first, axis=1)
    table = graph.constant(np.asarray(_table, np.float32))  # not of length 1, so that no embedding stands in it
    graph.node("Gather", table, graph.node("Cast", pixel, to=7), output="vectors")
    size = DEFAULT_TEMPLATE.size
    name = next(name for name, template in TEMPLATES.items() if template == DEFAULT_TEMPLATE)
    return graph.serialize(
        {"faces": (np.uint8, ("n", size, size, 3))},
        {"vectors": (np.float32, ("n", VALUES))},
        {"castlist": json.dumps({"template": name})},
    )


def make_small_run(path: Path, people: tuple[str, ...]) -> Run:
    """A run folder of people 0, 1, 2..., all of whose photos are known, the last two of them for the test."""
    photos = [f"{name}/{i}.jpg" for name in people for i in range(PHOTOS)]
    run = Run(
        path=path,
        people=people,
        settings=Settings(),
        photos_root=str(path.parent.parent / "photos"),
        photos_fingerprint="abc",
        sides={
            "train": tuple(photo for photo in photos if photo[-5] not in "67"),
            "validation": (),
            "test": tuple(photo for photo in photos if photo[-5] in "67"),
        },
        groups={"train": 6 * len(people), "validation": 0, "test": 2 * len(people)},
        refused=((f"{people[-1]}/blurred.jpg", Message("no-face", "no face found")),),
        notes=(
            Message("few-photos", "{name!r} has few photos.", {"name": people[-1]}),
            Message("strays", "{files} files belong to nobody.", {"files": 3}),
        ),
        complete=True,
    )
    run.save()
    rows = np.arange(len(photos))
    gallery = Gallery.fit(people, TABLE[rows], rows // PHOTOS, photos, background=BACKGROUND)
    run.gallery_path.write_bytes(gallery.to_bytes())
    run.face_network_path.write_bytes(network_bytes())
    return run
