"""OpenCV kept silent where it says more than its answer."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

import cv2

_silence_lock = threading.Lock()
_silent = 0  # who wants silence at this moment
_level = 0  # to be set again when nobody does


@contextlib.contextmanager
def silence_opencv() -> Iterator[None]:
    """Keep OpenCV and its FFmpeg from writing to stderr what is raised as an error.

    The level is one for the whole process: the first thread to come stores it, and the last to leave sets it again.
    """
    global _silent, _level
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read once, with the first film of the process
    with _silence_lock:
        if not _silent:
            _level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        _silent += 1
    try:
        yield
    finally:
        with _silence_lock:
            _silent -= 1
            if not _silent:
                cv2.utils.logging.setLogLevel(_level)
