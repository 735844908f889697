"""Training photos varied on the fly: one warp each, the same for the same seed, epoch and photo."""

from __future__ import annotations

import cv2
import numpy as np

from castlist.settings import Augmentation


def augment_photo(pixels: np.ndarray, augmentation: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Rotate, shift, zoom and flip a photo by random amounts within the settings' bounds.

    Args:
        pixels: Shape (size, size, 3), uint8, RGB.
        augmentation: The bounds.
        rng: Where the amounts come from; always six draws, so that one setting doesn't move the others' amounts.

    Returns:
        Shape (size, size, 3), uint8, RGB; the border is repeated outward where the warp looks past it.
    """
    draws = rng.uniform(-1, 1, size=6)
    rotation, shift, most_zoom = augmentation.amounts
    size = pixels.shape[0]
    middle = (size - 1) / 2
    angle = np.deg2rad(draws[0] * rotation)
    zoom = 1 + draws[3] * most_zoom
    cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
    flip_x = -1.0 if augmentation.horizontal_flip and draws[4] < 0 else 1.0
    flip_y = -1.0 if augmentation.vertical_flip and draws[5] < 0 else 1.0
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([flip_x, flip_y])
    center = np.array([middle, middle])
    offset = center + draws[1:3] * shift * size - linear @ center
    # The linear part and the offset say where each result pixel is looked up: no inversion, one interpolation.
    return cv2.warpAffine(
        pixels,
        np.column_stack([linear, offset]),
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
