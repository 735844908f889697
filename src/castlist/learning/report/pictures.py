"""Test photos as small pictures, in the report itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from castlist.errors import PhotoError
from castlist.media import read_still
from castlist.run import Run
from castlist.threads import work_ahead

SIDE = 220  # pixels, at most; shown at half of it, sharp on dense screens


def read_thumbnails(run: Run, files: Sequence[str]) -> dict[str, np.ndarray]:
    """Read photos small; those that are gone or unreadable are left out.

    Args:
        run: Whose they are.
        files: As its sides have them; one that leads out of their folder is left out.

    Returns:
        By file, shape (height, width, 3), uint8, RGB, at most SIDE pixels wide and high.
    """
    inside = {file: path for file in files if (path := run.photo_path(file))}

    def read(path: Path) -> np.ndarray | None:
        try:
            return shrink(read_still(path))
        except PhotoError:
            return None

    thumbnails = work_ahead(read, inside.values())
    return {file: pixels for file, pixels in zip(inside, thumbnails, strict=True) if pixels is not None}


def jpeg_uri(pixels: np.ndarray) -> str:
    """Pixels as the address of a JPEG that holds it whole."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80, optimize=True)
    return data_uri(file.getvalue(), "image/jpeg")


def data_uri(data: bytes, kind: str) -> str:
    """Bytes as an address that holds them whole."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def shrink(pixels: np.ndarray) -> np.ndarray:
    """A photo at most SIDE pixels wide and high."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
