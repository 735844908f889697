"""Files of castlist's own networks that a user hands over, should the package that ships them be gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from castlist.embeddings import sface
from castlist.errors import WeightsError
from castlist.faces import YUNET, ZOO, ZooWeights
from castlist.inference import read_network

KNOWN = (sface.WEIGHTS, YUNET)


@dataclass(frozen=True)
class KeptWeights:
    """A file of weights that castlist finds from now on."""

    title: str  # of the network
    file: Path


def keep_weights(files: Iterable[Path]) -> list[KeptWeights]:
    """Copy files of OpenCV's zoo into castlist's cache, once their checksums say that all of them are known.

    Raises:
        CastlistError: If a file can't be read, isn't known, or can't be copied.
    """
    read = [(file, read_network(file)) for file in files]
    known = [(_known(file, data), data) for file, data in read]
    return [KeptWeights(weights.title, weights.keep(data)) for weights, data in known]


def _known(file: Path, data: bytes) -> ZooWeights:
    found = hashlib.sha256(data).hexdigest()
    for weights in KNOWN:
        if found in weights.digests:
            return weights
    raise WeightsError(
        "weights-unknown",
        "{path!r} is no file that castlist knows: its SHA-256 is {found}. It takes SFace and YuNet as OpenCV's zoo has "
        "them, in floats or quantized by blocks: {source}. For another network: castlist train --network FILE.",
        path=str(file),
        found=found,
        source=ZOO,
    )
