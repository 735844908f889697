"""The run of `castlist.testing` under the names of these tests: embeddings and crops of its people."""

from __future__ import annotations

import numpy as np

from castlist.faces import Face
from castlist.naming import Recognizer, Seen, Sight
from castlist.testing import LOOKS, PEOPLE, embedding_of, faces_in_general, level_of, make_face, make_run

PHOTOS, SOMEBODY = LOOKS, PEOPLE
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # for processes that share the cores
TABLE = np.stack([embedding_of(level) for level in range(LOOKS * PEOPLE)])
BACKGROUND = faces_in_general()
make_small_run = make_run


def crop(person: int, photo: int = 0, left: float = 0) -> Face:
    """A face that the network knows for a person."""
    return make_face(level_of(person, photo), left)


def looked_at(recognizer: Recognizer, face: Face) -> Seen:
    """What a run's eyes see of a photo that shows a face."""
    return recognizer.face_eyes.keep([Sight(None, faces=[face])])
