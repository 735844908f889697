"""The camera, live: frames are read and named on a thread, as fast as naming goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from castlist.desktop.album import Album
from castlist.desktop.asking import name_pixels
from castlist.desktop.desk import Desk
from castlist.desktop.picture import Picture
from castlist.desktop.worker import Task
from castlist.errors import CastlistError
from castlist.naming import NamedPhoto, Recognizer, Seen
from castlist.silence import silence_opencv

NAME = Path("camera.jpg")  # what a frame is called where a photo has its file's name


class Camera:
    """Shows in the album what the camera sees, until it is stopped."""

    def __init__(self, desk: Desk, album: Album) -> None:
        self._desk, self._album = desk, album
        self._task: Task | None = None

    def start(self, recognizer: Recognizer) -> None:
        """Name what the camera sees."""
        self._album.stop()
        self.stop()
        self._desk.status.busy(0)
        self._task = self._desk.worker.start(lambda task: watch(recognizer, task), self._take, self._end)

    def stop(self) -> None:
        """Let go of the camera; its last picture stays."""
        if self._task:
            self._task.stop()
            self._task = None
            self._desk.status.idle()

    def _take(self, frame: Frame) -> None:
        self._album.put(Picture(NAME, frame.pixels), frame.pixels, frame.answer, frame.seen)
        self._desk.status.say(
            lambda translate: translate("{rate} pictures a second").format(rate=f"{frame.rate:.1f}"),
        )

    def _end(self, error: CastlistError | None) -> None:
        self.stop()
        self._desk.notice.complain(error)


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture of the camera with its answers."""

    pixels: np.ndarray  # (height, width, 3), uint8, RGB
    answer: NamedPhoto
    seen: Seen | None  # as of `Looked`
    rate: float  # frames a second, since the frame before


def watch(recognizer: Recognizer, task: Task, *, device: int = 0) -> Iterator[Frame]:
    """Name what the camera sees until the task is stopped.

    Raises:
        CastlistError: If there is no camera, or it stops giving pictures.
    """
    with silence_opencv():
        camera = cv2.VideoCapture(device)
    try:
        before = time.monotonic()
        while not task.stopped.is_set():
            found, frame = camera.read()
            if not found:
                raise CastlistError("no-camera", "No camera gives a picture. Is one connected?")
            pixels = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            seen, answer = name_pixels(recognizer, pixels, NAME)
            now = time.monotonic()
            yield Frame(pixels, answer, seen, 1 / max(now - before, 1e-6))
            before = now
    finally:
        camera.release()
