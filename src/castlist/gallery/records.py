"""A gallery as a file holds it: what is written, and what is read and checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from castlist.errors import ShapeError
from castlist.gallery.background import Background, default_background
from castlist.gallery.fitting import DLIB_LIMITS, Limits
from castlist.gallery.lookalikes import Lookalikes
from castlist.gallery.storage import numbers_of, texts_of

VERSION = 4  # of the file
APART_VERSION = 6  # of a file with look-alikes, whom older castlists would name again
OWN_VERSION = 5  # of a file whose background is its own, so that a castlist that would keep it on forget reads none
VERSIONS = (VERSION, OWN_VERSION, APART_VERSION)


def to_arrays(parts: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """What a gallery is made of, by the names of its fields, as a file holds it; `read_parts` reads it."""
    lookalikes = parts["lookalikes"]
    version = OWN_VERSION if parts["own_background"] else VERSION
    apart = {}
    if len(lookalikes):
        version = APART_VERSION
        apart = {
            "apart": lookalikes.embeddings,
            "apart_person": lookalikes.person,
            "apart_photos": np.array(lookalikes.photos),
        }
    return {
        "version": np.array(version),
        "people": np.array(parts["people"], str),
        "embeddings": parts["embeddings"],
        "person": parts["person"],
        "photos": np.array(parts["photos"], str),
        **parts["background"].to_arrays(),
        "own_background": np.array(parts["own_background"]),
        "trust": parts["trust_"],
        "thresholds": parts["thresholds_"],
        "numbers": np.array([parts["stranger_rate"], parts["slope_"], parts["offset_"]]),
        "limits": np.array(dataclasses.astuple(parts["limits"])),
        **apart,
    }


def read_parts(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """What a gallery is made of, by the names of its fields; the arrays are from anybody, so nothing is believed.

    Raises:
        KeyError: If one is missing.
        ValueError: If they are of another version, or don't belong together; also `ShapeError`.
    """
    version, person = arrays["version"], arrays["person"]
    if version.dtype.kind not in "iu" or version.shape != () or version not in VERSIONS:
        raise ValueError(f"its version is {version}, not {VERSION} to {APART_VERSION}: train the run anew")
    people, photos = texts_of(arrays["people"]), texts_of(arrays["photos"])
    if person.dtype.kind not in "iu":
        raise ValueError(f"indices of people are {person.dtype}")
    default = default_background()
    is_default = default.is_in(arrays)  # then strangers are drawn once, for all galleries
    background = default if is_default else Background.from_arrays(arrays)
    # Older files don't say whose the background is; what never shipped was fitted on the cast.
    own = arrays.get("own_background", np.array(not is_default and not background.is_former))
    if own.dtype.kind != "b" or own.shape != ():
        raise ValueError("whether the background is its own is neither yes nor no")
    embeddings = numbers_of(arrays["embeddings"], len(photos), len(background.mean)).astype(np.float32)
    check_parts(people, embeddings, person, photos, len(background.mean))
    rate, slope, offset = numbers_of(arrays["numbers"], 3, least=-1e9, most=1e9).tolist()
    if not (0 < rate <= 0.5 and slope > 0):
        raise ValueError("its numbers are out of bounds")
    return {
        "people": people,
        "embeddings": embeddings,
        "person": person.astype(np.int64),
        "photos": photos,
        "stranger_rate": rate,
        "background": background,
        "own_background": bool(own),
        "trust_": numbers_of(arrays["trust"], len(photos), least=0, most=1).astype(np.float32),
        "thresholds_": numbers_of(arrays["thresholds"], len(people)).astype(np.float32),
        "slope_": slope,
        "offset_": offset,
        "limits": _limits_of(arrays),
        "lookalikes": _lookalikes_of(arrays, len(people), len(background.mean)),
    }


def check_parts(
    people: Sequence[str], embeddings: np.ndarray, person: np.ndarray, photos: Sequence[str], values: int | None
) -> None:
    """Make sure that these belong together; `values` None allows any number.

    Raises:
        ShapeError: If they don't.
    """
    n = len(photos)
    if values is None and embeddings.ndim == 2:
        values = embeddings.shape[1]
    if embeddings.shape != (n, values) or person.shape != (n,):
        raise ShapeError(
            "gallery-shape",
            "Embeddings must be ({n}, {values}) and person ({n},), as there are {n} photos. "
            "Got {embeddings} and {person} instead.",
            n=n,
            values="n" if values is None else values,
            embeddings=str(embeddings.shape),
            person=str(person.shape),
        )
    if len(set(people)) != len(people):
        raise ShapeError("people-not-once", "People must be names, each once.")
    if set(person.tolist()) != set(range(len(people))):  # np.unique would load a tenth of a second of NumPy more
        raise ShapeError(
            "person-without-photo",
            "Each of the {count} people needs at least one photo, and each photo one of them.",
            count=len(people),
        )
    if not np.isfinite(embeddings).all():
        raise ShapeError("embeddings-not-numbers", "Embeddings must be numbers. Got some that are not instead.")


def _limits_of(arrays: dict[str, np.ndarray]) -> Limits:
    """The limits of a file; of older files, those of the network that there was."""
    if "limits" not in arrays:
        return DLIB_LIMITS
    limits = arrays["limits"]
    if limits.shape == (3,):
        limits = np.append(limits, 1.0)
    rarity, spread, sure, tail = numbers_of(limits, 4, least=0, most=1000).tolist()
    if not 0 < tail <= 1:
        raise ValueError(f"the power of strangers is {tail}")
    return Limits(rarity, spread, sure, tail)


def _lookalikes_of(arrays: dict[str, np.ndarray], n_people: int, values: int) -> Lookalikes:
    """The look-alikes of a file; most have none."""
    if "apart" not in arrays:
        return Lookalikes()
    photos, person = texts_of(arrays["apart_photos"]), arrays["apart_person"]
    embeddings = numbers_of(arrays["apart"], len(photos), values).astype(np.float32)
    if (
        person.dtype.kind not in "iu"
        or person.shape != (len(photos),)
        or not set(person.tolist()) <= {*range(n_people)}
    ):
        raise ValueError("its look-alikes are of nobody")
    return Lookalikes(embeddings, person.astype(np.int64), photos)
