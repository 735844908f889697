"""Faces in general, fitted on a folder of many people, for a network that a user brings."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.embeddings import FaceNetwork, face_network
from castlist.errors import CastError, PhotoError, WeightsError
from castlist.gallery import Background, keep_beside, read_beside
from castlist.learning.dataset import read_rows
from castlist.media import find_cast
from castlist.settings import DLIB, FaceSettings, Settings
from castlist.threads import OnCount

logger = logging.getLogger(__name__)

# On LFW's training people strangers are named as often as asked from about so many on; below, statistics of few people
# are more careful, but no better than what the cast itself tells.
PEOPLE = 100
SEVERAL = 50  # of them with two photos or more: how photos of one person differ is told by nobody else
ALIKE = 1e-5  # embeddings that differ by no more in any value differ by the last digits of numbers alone


@dataclass(frozen=True)
class FittedBackground:
    """Statistics of faces in general, as they were fitted and written."""

    file: Path
    people: int
    photos: int
    left_out: int  # photos without a face, copies, and files that can't be read


def fit_background(
    photos: str | os.PathLike[str], network: str | os.PathLike[str], *, on_count: OnCount | None = None
) -> FittedBackground:
    """Fit how faces of people in general lie for a network: means and covariances, nobody's face.

    They are kept beside the network, and every training with it uses them.

    Args:
        photos: Holds one folder of photos per person, of at least 100 people.
        network: A face network's file, ONNX with a TOML beside it; or "dlib".
        on_count: Told how many photos are looked at, of how many.

    Raises:
        CastlistError: If the network can't be used, or the people are too few.
    """
    settings = Settings(network=str(network) if network == DLIB else str(Path(network).resolve()))
    used = face_network(settings)
    cast = find_cast(photos)
    by_person = cast.by_person()
    _need_many(len(by_person), sum(len(rows) > 1 for rows in by_person.values()), cast.root)
    found: dict[tuple[str, str], np.ndarray] = {}  # by person and content: a copy tells nothing new
    for photo, row in read_rows(list(cast.photos), settings, on_count):
        if not isinstance(row, PhotoError) and row.embedding is not None:
            found[photo.person, row.still.signature.digest] = row.embedding
    names, person = np.unique([name for name, _ in found], return_inverse=True)
    _need_many(len(names), int((np.bincount(person) > 1).sum()) if found else 0, cast.root)
    embeddings = np.stack(list(found.values()))
    need_different(embeddings, used)
    background = Background.fit(embeddings, person)
    file = keep_beside(used.file, used.digest, background)
    logger.info("faces in general fitted on %d photos of %d people", len(found), len(names))
    return FittedBackground(file, len(names), len(found), len(cast.photos) - len(found))


def known_background(settings: FaceSettings, network: FaceNetwork) -> Background | None:
    """What is known of faces in general for a network that isn't castlist's own.

    Raises:
        WeightsError: If the statistics beside it can't be read, or are of another network.
    """
    return read_beside(network.file, network.digest) if settings.network else None


def need_different(embeddings: np.ndarray, network: FaceNetwork) -> None:
    """Make sure that a network tells faces from each other at all.

    Raises:
        WeightsError: If all its embeddings, shape (n, values), are the same.
    """
    if np.ptp(embeddings, axis=0).max() <= ALIKE:
        raise WeightsError(
            "network-all-alike",
            "The network {path!r} gives the same vector for every face, and so can tell nobody apart. Compare the TOML "
            "beside it, its mean, scale, channels and layout, with what the network was trained on.",
            path=str(network.file),
        )


def _need_many(people: int, several: int, folder: Path) -> None:
    if people < PEOPLE or several < SEVERAL:
        raise CastError(
            "people-too-few",
            "Faces in general are learnt from at least {needed} people, {needed_several} of them with two photos or "
            "more. {folder!r} shows {people} people, {several} of them so. Give a folder of more people; without one, "
            "train goes by what the cast itself tells.",
            needed=PEOPLE,
            needed_several=SEVERAL,
            folder=str(folder),
            people=people,
            several=several,
        )
