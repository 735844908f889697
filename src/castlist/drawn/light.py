"""Light on a finished drawing: shaded sides, cast shadows, a lit rim, and the colour of the hour."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from castlist.drawn.canvas import BODY, HAIR, HAT, SKIN, Canvas
from castlist.drawn.look import Light


def light_picture(canvas: Canvas, scenery: np.ndarray, light: Light, unit: float) -> np.ndarray:
    """Bring a drawing down to its final size, light it and lay it over its background.

    Args:
        canvas: Heroes on nothing.
        scenery: Shape (height, width, 3), uint8, RGB.
        light: Where it comes from, and its colours.
        unit: Pixels per head unit; shadows are that large.

    Returns:
        Shape (height, width, 3), uint8, RGB.
    """
    masks = {part: _mask(canvas, part) for part in (BODY, SKIN, HAIR, HAT)}
    solid = canvas.parts.point([0] + [255] * 255).reduce(canvas.supersampling)
    rgb = np.asarray(canvas.rgb.reduce(canvas.supersampling), dtype=np.float32)
    alpha = _share(solid)

    # A side is in shade where the part ends soon when going away from the light.
    shade = np.zeros(alpha.shape, dtype=np.float32)
    for part, reach, strength in ((BODY, 0.55, 0.9), (SKIN, 0.34, 0.8), (HAIR, 0.30, 0.9), (HAT, 0.30, 0.9)):
        beyond = _shifted(masks[part], light.x * reach * unit, light.y * reach * unit, blur=reach * unit * 0.45)
        shade += strength * _share(masks[part]) * (1 - _share(beyond))
    # Hair and hats throw a shadow on the face below them.
    above = Image.fromarray(np.maximum(np.asarray(masks[HAIR]), np.asarray(masks[HAT])))
    thrown = _shifted(above, -light.x * 0.10 * unit, -light.y * 0.13 * unit, blur=0.03 * unit)
    shade += 0.55 * _share(masks[SKIN]) * _share(thrown)
    shade = np.minimum(shade * np.float32(light.contrast), 1.0)[:, :, None]

    tint, dark = (np.array(colour, dtype=np.float32) for colour in (light.tint, light.shade))
    lit = rgb * (tint * (1 - shade) + dark * shade)
    rim = alpha * (1 - _share(_shifted(solid, -light.x * 0.05 * unit, -light.y * 0.05 * unit, blur=0.02 * unit)))
    lit += (rim * np.float32(46 * light.contrast))[:, :, None] * tint

    ground = scenery.astype(np.float32) * (0.30 + 0.70 * tint)
    behind = _share(_shifted(solid, -light.x * 0.22 * unit, 0.10 * unit, blur=0.22 * unit))
    ground *= (1 - 0.30 * behind * (1 - alpha))[:, :, None]
    picture = lit + ground * (1 - alpha)[:, :, None]
    return np.floor(np.clip(picture, 0, 255) + 0.5).astype(np.uint8)


def _mask(canvas: Canvas, part: int) -> Image.Image:
    table = [0] * 256
    table[part] = 255
    return canvas.parts.point(table).reduce(canvas.supersampling)


def _share(mask: Image.Image) -> np.ndarray:
    return np.asarray(mask, dtype=np.float32) / np.float32(255)


def _shifted(mask: Image.Image, x: float, y: float, *, blur: float) -> Image.Image:
    """Move a mask by whole pixels, continuing it beyond the picture's borders, and blur it."""
    dx, dy = round(x), round(y)
    pixels = np.asarray(mask)
    rows = np.clip(np.arange(pixels.shape[0]) - dy, 0, pixels.shape[0] - 1)
    columns = np.clip(np.arange(pixels.shape[1]) - dx, 0, pixels.shape[1] - 1)
    return Image.fromarray(pixels[rows][:, columns]).filter(ImageFilter.BoxBlur(max(blur, 0.5)))
