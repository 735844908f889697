"""A photo decoded no larger than it is wanted: the smaller picture lies in the photo where it should."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from castlist.media import open_photo
from test_photos import encode, two_colors


def dotted(width: int, height: int) -> tuple[Image.Image, np.ndarray]:
    """A grey picture with four dots near its corners, and where they are."""
    points = np.array([(40, 32), (width - 40, 32), (40, height - 32), (width - 40, height - 32)])
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    dots = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / 200) for px, py in points)
    return Image.fromarray((60 + 190 * dots).clip(0, 255).astype(np.uint8)).convert("RGB"), points


def dots_of(pixels: np.ndarray) -> np.ndarray:
    """The middles of a picture's four dots, one a quarter of it: left and right above, then below."""
    height, width = pixels.shape[:2]
    bright = np.maximum(pixels[..., 1].astype(float) - 80, 0)
    middles = []
    for top in (0, height // 2):
        for left in (0, width // 2):
            part = bright[top : top + height // 2, left : left + width // 2]
            rows, columns = np.indices(part.shape) + 0.5
            middles.append((left + (columns * part).sum() / part.sum(), top + (rows * part).sum() / part.sum()))
    return np.array(middles)


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_smaller_picture_lies_in_the_photo_wherever_it_was_turned(orientation: int, scale: int) -> None:
    image, _ = dotted(401, 299)  # no multiple of any scale
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = open_photo(encode(image, "JPEG", quality=95, exif=exif))
    small, whole = opened.decode(scale), opened.decode()
    assert (small.scale, whole.scale) == (scale, 1)
    assert opened.size == whole.pixels.shape[1::-1] == ((299, 401) if orientation > 4 else (401, 299))
    assert small.pixels.shape[1::-1] == tuple(-(-side // scale) for side in opened.size)
    dots = dots_of(whole.pixels)
    np.testing.assert_allclose(small.to_photo(dots_of(small.pixels)), dots, atol=0.4)
    np.testing.assert_allclose(small.from_photo(dots), dots_of(small.pixels), atol=0.4)


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "CMYK", {}),
        ("JPEG", "L", {}),
        ("MPO", "RGB", {"save_all": True, "append_images": [two_colors(400, 300)]}),
    ],
)
def test_jpgs_of_each_kind_are_decoded_smaller(form: str, mode: str, options: dict[str, object]) -> None:
    image, _ = dotted(400, 300)
    opened = open_photo(encode(image.convert(mode), form, quality=95, **options))
    small = opened.decode(4)
    assert small.scale == 4
    assert small.pixels.shape == (75, 100, 3)
    np.testing.assert_allclose(small.to_photo(dots_of(small.pixels)), dots_of(opened.decode().pixels), atol=0.4)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_formats_that_hold_no_smaller_pictures_are_decoded_whole_and_once(form: str) -> None:
    opened = open_photo(encode(two_colors(), form))
    assert opened.size == (60, 40)
    whole = opened.decode()
    assert opened.decode(4) is whole
