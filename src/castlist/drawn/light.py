"""Light on a finished drawing: shaded sides, cast shadows, a lit rim, and the color of the hour."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from castlist.drawn.canvas import BODY, HAIR, HAT, SKIN, Canvas
from castlist.drawn.look import Light

_FLESH = (0.17, 0.0, -0.03)  # skin stays warm in the shade: light comes through it


def light_picture(canvas: Canvas, scenery: np.ndarray, light: Light, unit: float) -> np.ndarray:
    """Bring a drawing down to its final size, light it and lay it over its background.

    Args:
        canvas: Heroes on nothing.
        scenery: Shape (height, width, 3), uint8, RGB.
        light: Where it comes from, and its colors.
        unit: Pixels per head unit; shadows are that large.

    Returns:
        Shape (height, width, 3), uint8, RGB.
    """
    masks = {part: _mask(canvas, part) for part in (BODY, SKIN, HAIR, HAT)}
    solid = ImageChops.add(ImageChops.add(masks[BODY], masks[SKIN]), ImageChops.add(masks[HAIR], masks[HAT]))
    skin, alpha = _share(masks[SKIN]), _share(solid)

    # A side is in shade where the part ends soon when going away from the light.
    shade = np.zeros_like(alpha)
    for part, reach, strength in ((BODY, 0.55, 0.9), (SKIN, 0.28, 0.75), (HAIR, 0.30, 0.9), (HAT, 0.30, 0.9)):
        beyond = _shifted(masks[part], light.x * reach * unit, light.y * reach * unit, blur=reach * unit * 0.45)
        shade += np.float32(strength) * _share(masks[part]) * (1 - _share(beyond))
    # Hair and hats throw a shadow on the face below them.
    above = ImageChops.add(masks[HAIR], masks[HAT])
    thrown = _shifted(above, -light.x * 0.10 * unit, -light.y * 0.13 * unit, blur=0.03 * unit)
    shade += np.float32(0.55) * skin * _share(thrown)
    shade = np.minimum(shade * np.float32(light.contrast), np.float32(1))

    rim = alpha * (1 - _share(_shifted(solid, -light.x * 0.05 * unit, -light.y * 0.05 * unit, blur=0.02 * unit)))
    rim *= np.float32(46 * light.contrast)
    behind = _share(_shifted(solid, -light.x * 0.22 * unit, 0.10 * unit, blur=0.22 * unit))
    clear = (1 - alpha) * (1 - np.float32(0.30) * behind)

    drawn = canvas.rgb.reduce(canvas.supersampling)
    picture = np.empty(scenery.shape, dtype=np.uint8)
    for channel, (tint, dark, flesh) in enumerate(zip(light.tint, light.shade, _FLESH, strict=True)):
        lit = np.float32(tint) + shade * (np.float32(dark - tint) + np.float32(dark * flesh) * skin)
        lit *= np.asarray(drawn.getchannel(channel), dtype=np.float32)
        lit += rim * np.float32(tint) + clear * (scenery[:, :, channel] * np.float32(0.30 + 0.70 * tint))
        picture[:, :, channel] = np.minimum(lit + np.float32(0.5), np.float32(255))
    return picture


def _mask(canvas: Canvas, part: int) -> Image.Image:
    table = [0] * 256
    table[part] = 255
    return canvas.parts.point(table).reduce(canvas.supersampling)


def _share(mask: Image.Image) -> np.ndarray:
    share: np.ndarray = np.asarray(mask, dtype=np.float32) / np.float32(255)
    return share


def _shifted(mask: Image.Image, x: float, y: float, *, blur: float) -> Image.Image:
    """Move a mask by whole pixels, continuing it beyond the picture's borders, and blur it."""
    coarse = max(1, min(4, int(blur / 2)))  # soft shadows need no fine pixels
    pixels = np.asarray(mask.reduce(coarse) if coarse > 1 else mask)
    rows = np.clip(np.arange(pixels.shape[0]) - round(y / coarse), 0, pixels.shape[0] - 1)
    columns = np.clip(np.arange(pixels.shape[1]) - round(x / coarse), 0, pixels.shape[1] - 1)
    moved = Image.fromarray(pixels[rows][:, columns]).filter(ImageFilter.BoxBlur(max(blur / coarse, 0.5)))
    return moved.resize(mask.size, Image.Resampling.BILINEAR) if coarse > 1 else moved
