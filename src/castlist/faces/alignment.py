"""Cropping a face so that eyes, nose and mouth lie where a network expects them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from castlist.faces.similarity import similarity


@dataclass(frozen=True)
class Template:
    """Where the five landmarks lie on a square crop."""

    name: str
    size: int  # side of the crop in pixels
    points: tuple[tuple[float, float], ...]  # eye, eye, nose, mouth corner, mouth corner; x and y

    @property
    def eye_distance(self) -> float:
        """Between the eyes of a crop, in pixels."""
        return math.dist(*self.points[:2])


TEMPLATES = {
    template.name: template
    for template in (
        Template(
            "dlib-150",
            150,
            ((47.0, 45.6), (101.5, 45.3), (73.8, 78.2), (49.7, 101.9), (100.9, 102.3)),
        ),
        Template(
            "arcface-112",
            112,
            ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)),
        ),
    )
}
DEFAULT_TEMPLATE = TEMPLATES["arcface-112"]


def crop_face(pixels: np.ndarray, landmarks: np.ndarray, template: Template = DEFAULT_TEMPLATE) -> np.ndarray:
    """Cut a face out of a photo, turned and scaled so that its landmarks meet the template.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB.
        landmarks: Shape (5, 2), x and y in pixels of the photo.
        template: Where the landmarks shall lie.

    Returns:
        Shape (template.size, template.size, 3), uint8, RGB; outside the photo its edge is repeated.
    """
    # Half a pixel: landmarks count from the photo's edge, warps and templates from the center of the first pixel.
    matrix = similarity(np.asarray(landmarks) - 0.5, np.asarray(template.points))
    return _warp(pixels, matrix, template.size)


def _warp(pixels: np.ndarray, matrix: np.ndarray, side: int) -> np.ndarray:
    """A square of a photo, turned and scaled by a similarity."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5:
        # A bilinear warp looks at four pixels only: shrinking further would pick pixels at random.
        pixels, matrix = _shrunk_around(pixels, matrix, side, shrink=2 * scale)
    square: np.ndarray = cv2.warpAffine(
        pixels, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return square


def _shrunk_around(
    pixels: np.ndarray, matrix: np.ndarray, size: int, *, shrink: float
) -> tuple[np.ndarray, np.ndarray]:
    """The part of a photo that a crop needs, averaged down, and the matrix that crops from it."""
    height, width = pixels.shape[:2]
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) @ inverse[:, :2].T + inverse[:, 2]
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int) - 2, 0, [width - 1, height - 1])
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 2, [left + 1, top + 1], [width, height])
    part = pixels[top:bottom, left:right]
    new_width, new_height = max(round(part.shape[1] * shrink), 1), max(round(part.shape[0] * shrink), 1)
    x_scale, y_scale = part.shape[1] / new_width, part.shape[0] / new_height
    # Pixel (0, 0) of the small part has its center at half a small pixel of the large one.
    to_photo = np.array([[x_scale, 0, left + (x_scale - 1) / 2], [0, y_scale, top + (y_scale - 1) / 2], [0, 0, 1]])
    return cv2.resize(part, (new_width, new_height), interpolation=cv2.INTER_AREA), matrix @ to_photo
