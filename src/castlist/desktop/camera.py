"""The camera, live: frames are read and named on a thread, as fast as naming goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from castlist.desktop.worker import Task
from castlist.errors import CastlistError
from castlist.recognizer import NamedPhoto, Recognizer

NAME = "camera.jpg"  # what a frame is called where a photo has its file's name


class NoCameraError(CastlistError):
    """There is no camera, or it gives no picture."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture of the camera with its answers."""

    pixels: np.ndarray  # (height, width, 3), uint8, RGB
    answer: NamedPhoto
    rate: float  # frames a second, since the frame before


def watch(recognizer: Recognizer, task: Task, *, device: int = 0) -> Iterator[Frame]:
    """Name what the camera sees until the task is stopped.

    Raises:
        NoCameraError: If there is no camera, or it stops giving pictures.
    """
    camera = cv2.VideoCapture(device)
    try:
        before = time.monotonic()
        while not task.stopped.is_set():
            found, frame = camera.read()
            if not found:
                raise NoCameraError("No camera gives a picture.")
            pixels = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            answer = NamedPhoto(Path(NAME), recognizer.name_pixels([pixels])[0])
            now = time.monotonic()
            yield Frame(pixels, answer, 1 / max(now - before, 1e-6))
            before = now
    finally:
        camera.release()
