"""OpenCV looks for cameras without a word, whoever else does so at the same moment."""

from __future__ import annotations

import random
import threading
import time

import cv2

from castlist.silence import silence_opencv


def test_opencv_is_silent_as_long_as_anybody_wants_it() -> None:
    """Threads that come and go in any order leave the level as it was; none is loud while it wants silence."""
    level = cv2.utils.logging.getLogLevel()
    assert level != cv2.utils.logging.LOG_LEVEL_SILENT
    first, second = silence_opencv(), silence_opencv()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert cv2.utils.logging.getLogLevel() == cv2.utils.logging.LOG_LEVEL_SILENT
    second.__exit__(None, None, None)
    assert cv2.utils.logging.getLogLevel() == level
    loud = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(200):
            with silence_opencv():
                time.sleep(rng.random() * 1e-4)
                if cv2.utils.logging.getLogLevel() != cv2.utils.logging.LOG_LEVEL_SILENT:
                    loud.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not loud
    assert cv2.utils.logging.getLogLevel() == level
