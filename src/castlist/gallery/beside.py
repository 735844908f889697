"""Statistics of faces in general, kept beside the file of the network whose vectors they are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from castlist.errors import PhotoError, WeightsError, reason_of
from castlist.files import read_regular, write_bytes
from castlist.gallery.background import Background
from castlist.gallery.storage import read_arrays, texts_of, write_arrays

ENDING = ".background.npz"


def background_file(network: Path) -> Path:
    """Where the statistics of a network's file lie."""
    return network.with_suffix(ENDING)


def keep_beside(network: Path, digest: str, background: Background) -> Path:
    """Write the statistics beside a network, for it alone.

    Args:
        network: Its file.
        digest: What `FaceNetwork.digest` says of it.
        background: Fitted on its vectors.

    Raises:
        CastlistError: If they can't be written.
    """
    file = background_file(network)
    write_bytes(file, write_arrays({"network": np.array([digest]), **background.to_arrays()}), private=True)
    return file


def read_beside(network: Path, digest: str) -> Background | None:
    """Read the statistics that lie beside a network; None where there are none.

    Raises:
        WeightsError: If they can't be read, or are of another network.
    """
    file = background_file(network)
    try:
        arrays = read_arrays(read_regular(file))
        (of,) = texts_of(arrays["network"])
        background = Background.from_arrays(arrays)
    except FileNotFoundError:
        return None
    except (OSError, PhotoError, KeyError, ValueError) as error:
        raise WeightsError(
            "statistics-unreadable",
            "The statistics of faces in general {path!r} can't be read ({reason}). Delete the file, or make it anew "
            "with castlist background.",
            path=str(file),
            reason=reason_of(error),
        ) from error
    if of != digest:
        raise WeightsError(
            "statistics-of-another",
            "The statistics of faces in general {path!r} are of another network than {network!r}, or the TOML beside "
            "it was changed since. Delete the file, or make it anew with castlist background.",
            path=str(file),
            network=str(network),
        )
    return background
