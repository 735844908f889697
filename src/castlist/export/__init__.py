"""A run as one file for other programs, with its names and what its photos must look like inside."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from castlist.arguments import checked
from castlist.errors import PhotoError, RunError, SettingsError
from castlist.export.formats import ask_keras, ask_litert, ask_onnx, to_keras, to_litert, to_onnx
from castlist.files import write_bytes
from castlist.media import UNKNOWN, read_still, resize_photo
from castlist.naming import Recognizer
from castlist.paths import as_path
from castlist.run import RunFolder, open_run

SUFFIXES: dict[str, str] = {"onnx": ".onnx", "litert": ".tflite", "keras": ".keras"}
PHOTOS = 10  # at most, that file and run are compared on
TOLERANCE = 1e-3  # of a probability
MOST_ODDS = 88.0  # natural logarithm; beyond, the exponential of a float is no number that JSON knows

logger = logging.getLogger(__name__)


@checked
def export_run(path: str | os.PathLike[str], kind: str, out: str | os.PathLike[str] | None = None) -> Path:
    """Write a run as one file, and compare its answers with the run's on up to ten photos first.

    Args:
        path: The run folder.
        kind: "onnx", "litert" or "keras"; a run of the model `face` only "onnx".
        out: The file; by default export.onnx, .tflite or .keras in the run folder.

    Returns:
        The file.

    Raises:
        SettingsError: If there is no such format, or the run can't be written in it.
        RunError: If the run isn't finished, its photos are gone, or the file answers differently.
        MissingExtraError: If what writes or reads the format isn't installed.
    """
    if not isinstance(kind, str) or kind not in SUFFIXES:
        raise SettingsError(
            "unknown-format", "Unknown format {kind!r}. Choose from: {choices}.", kind=kind, choices=", ".join(SUFFIXES)
        )
    recognizer = Recognizer.load(path)
    path = recognizer.run.path
    if recognizer.network is None and kind != "onnx":
        raise SettingsError(
            "nothing-to-export",
            "The run {path!r} has no Keras model to write as {kind}. Choose onnx.",
            path=str(path),
            kind=kind,
        )
    crops = _some_photos(recognizer)
    data = {"onnx": to_onnx, "litert": to_litert, "keras": to_keras}[kind](recognizer, describe_input(recognizer))
    ask: dict[str, Callable[[bytes, np.ndarray], np.ndarray]] = {
        "onnx": ask_onnx,
        "litert": ask_litert,
        "keras": functools.partial(ask_keras, recognizer=recognizer),
    }
    difference = float(np.abs(ask[kind](data, crops) - _expected(recognizer, crops)).max())
    if not difference <= TOLERANCE:
        raise RunError(
            "file-differs",
            "The exported file differs from the run by {difference:.2g} in a probability; at most {tolerance} is "
            "noise. Nothing was written; please report it.",
            difference=difference,
            tolerance=TOLERANCE,
        )
    if out is None:
        out = path / f"export{SUFFIXES[kind]}"
        with RunFolder(path).alone():
            if open_run(path).generation != recognizer.run.generation:  # somebody in the file may have left the run
                raise RunError(
                    "changed-while-exported",
                    "The run {path!r} was changed while it was exported. Nothing was written; export it again.",
                    path=str(path),
                )
            write_bytes(out, data, private=True)
    else:
        write_bytes(out := as_path(out), data, private=True)
    logger.info("exported as %s: %d bytes, compared on %d photos", kind, len(data), len(crops))
    logger.debug("exported to %s", out)
    return out


def describe_input(recognizer: Recognizer) -> dict[str, Any]:
    """What another program must know to use the file: the names in order, and how to prepare a photo."""
    run, network, faces = recognizer.run, recognizer.network, recognizer.face_network
    note: dict[str, Any] = {
        "names": [*run.people] if network else [*run.people, UNKNOWN],
        "image_size": network.image_size if network else faces.template.size if faces else None,
        "type": "float32" if network else "uint8",
        "values": "RGB, 0 to 255, shape (n, image_size, image_size, 3)",
        "photo": "the whole photo, upright, resized to a square; the aspect ratio isn't kept",
    }
    if network and network.frames:
        note["frames"] = network.frames
        note["values"] = "RGB, 0 to 255, shape (n, frames, image_size, image_size, 3)"
        note["sequence"] = "photos of one person, in order of time; of too few, some again"
    if faces is not None:
        template = faces.template
        scale = note["image_size"] / template.size
        note["photo"] = "a face, turned, scaled and moved so that its landmarks come nearest to those given"
        note["landmarks"] = [[x * scale, y * scale] for x, y in template.points]
        note["landmarks_order"] = "left eye, right eye, nose, left and right corner of the mouth, as seen; x and y"
    if network is None and recognizer.gallery is not None:
        gallery = recognizer.gallery
        odds = gallery.slope_ * (gallery.thresholds_ - gallery.offset_)
        note["name_from_odds"] = np.exp(np.minimum(odds, MOST_ODDS)).tolist()
    return note


def _some_photos(recognizer: Recognizer) -> np.ndarray:
    """Up to ten photos, or sequences of them, as the file will get them; first test photos, which are new to it."""
    run = recognizer.run
    crops: list[np.ndarray] = []
    for file in [*run.sides["test"], *run.sides["validation"], *run.sides["train"]]:
        path = run.photo_path(file)
        if path is None:
            raise RunError(
                "run-leads-out",
                "The run {path!r} names {file!r} among its photos, which leads out of their folder. It isn't exported.",
                path=str(run.path),
                file=file,
            )
        try:
            seen = recognizer.eyes.find(read_still(path))
        except PhotoError:
            continue
        if isinstance(seen, list):
            found = [face.pixels for face in seen[:1]]
            size = recognizer.network.image_size if recognizer.network else None
            crops += [resize_photo(pixels, size) if size else pixels for pixels in found]
        else:
            crops.append(seen)
        if len(crops) == PHOTOS:
            break
    if not crops:
        raise RunError(
            "no-photos-to-compare",
            "An export is compared with the run on its photos, and none is left in {root!r}. "
            "Bring the photos back first.",
            root=run.photos_root,
        )
    if recognizer.network is not None and recognizer.network.frames:
        crops = [recognizer.network.as_sequence(np.stack(crops[i:] + crops[:i])) for i in range(len(crops))]
    return np.stack(crops)


def _expected(recognizer: Recognizer, crops: np.ndarray) -> np.ndarray:
    if recognizer.network is not None:
        return recognizer.network.probabilities(crops)
    assert recognizer.face_network is not None and recognizer.gallery is not None, "a run of faces has both"
    vectors = recognizer.face_network.embed(crops, views=recognizer.run.settings.views)
    return recognizer.gallery.answer(vectors).probabilities
