"""Finders for the tests of workers: they do to a picture of the worst level what their name says."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from castlist.faces import Face
from castlist.testing import level_of, tell_faces

WORST = level_of(31, look=7)
ONCE = Path("died-once")  # beside what the worker was started in


def is_worst(pixels: np.ndarray) -> bool:
    return bool((pixels[50, 50] == WORST).all())


def kill(pixels: np.ndarray, **wishes: Any) -> list[Face]:
    if is_worst(pixels):
        os.kill(os.getpid(), signal.SIGKILL)
    return tell_faces(pixels, **wishes)


def kill_once(pixels: np.ndarray, **wishes: Any) -> list[Face]:
    if is_worst(pixels) and not ONCE.exists():
        ONCE.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return tell_faces(pixels, **wishes)


def hang(pixels: np.ndarray, **wishes: Any) -> list[Face]:
    if is_worst(pixels):
        time.sleep(1000)
    return tell_faces(pixels, **wishes)


class Death(BaseException):
    """What a finder raises instead of ending the tests."""


def die(pixels: np.ndarray, **wishes: Any) -> list[Face]:
    if is_worst(pixels):
        raise Death
    return tell_faces(pixels, **wishes)
