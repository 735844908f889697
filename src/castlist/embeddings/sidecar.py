"""The TOML beside a user's own face network, which says how the network wants its crops."""

from __future__ import annotations

import reprlib
import tomllib
from typing import Any

import numpy as np

from castlist.faces import TEMPLATES, Template

SIZES = range(16, 1025)  # pixels of a crop's side
LARGEST = 1_000_000  # a mean or scale beyond would leave nothing of a pixel
LEAST_APART = 1 / 20  # of the side, that the eyes are apart: points in shares of the side are nearer


def read_sidecar(text: bytes) -> dict[str, Any]:
    """What a TOML says: the template, the mean of each channel, scale, channels and layout, as `FaceNetwork` has them.

    Raises:
        ValueError: If it says something else, or nothing of the template.
    """
    try:
        table = tomllib.loads(text.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    template = _read_template(table.pop("template", None), table.pop("size", None))
    r, g, b = np.broadcast_to(_numbers("mean", table.pop("mean", 0), (), (1,), (3,)), 3).tolist()
    scale = float(_numbers("scale", table.pop("scale", 1), ()))
    if abs(scale) < 1 / LARGEST:
        raise ValueError(f"scale must be {1 / LARGEST} or more, not {scale}")
    settings: dict[str, Any] = {"template": template, "mean": (r, g, b), "scale": scale}
    for key, choices in (("channels", ("rgb", "bgr")), ("layout", ("nhwc", "nchw"))):
        settings[key] = table.pop(key, choices[0])
        if settings[key] not in choices:
            raise ValueError(f"{key} must be {' or '.join(choices)}, not {reprlib.repr(settings[key])}")
    if table:
        raise ValueError(f"unknown keys: {', '.join(table):.100}")
    return settings


def _read_template(template: Any, size: Any) -> Template:
    """The template of a name, or one of five points on a crop of a size."""
    if template is None:
        raise ValueError(f"template is missing: {', '.join(TEMPLATES)}, or five points and size")
    if isinstance(template, str):
        if template not in TEMPLATES:
            raise ValueError(f"unknown template {reprlib.repr(template)}; choose from: {', '.join(TEMPLATES)}")
        if size not in (None, TEMPLATES[template].size):
            raise ValueError(f"size must be {TEMPLATES[template].size} or left out, not {reprlib.repr(size)}")
        return TEMPLATES[template]
    points = _numbers("template", template, (5, 2))
    if type(size) is not int or size not in SIZES:
        raise ValueError(f"size must be a whole number, {SIZES[0]} to {SIZES[-1]}, not {reprlib.repr(size)}")
    (left_eye, right_eye), (left_corner, right_corner) = points[:2], points[3:]
    lie_so = right_eye[0] - left_eye[0] >= LEAST_APART * size and right_corner[0] > left_corner[0]
    is_upright = left_eye[1] + right_eye[1] < left_corner[1] + right_corner[1]
    if points.min() < 0 or points.max() > size or not (lie_so and is_upright):
        raise ValueError(
            "the five points must be the left eye, the right eye, the nose and both corners of the mouth, left and "
            f"right as seen, in pixels of a crop of {size}, not {points.tolist()}"
        )
    return Template("own", size, tuple((x, y) for x, y in points.tolist()))


def _numbers(key: str, value: Any, *shapes: tuple[int, ...]) -> np.ndarray:
    """An array of one of some shapes, of numbers that are none too large."""
    try:
        numbers = np.asarray(value)
    except ValueError:  # rows of different lengths
        numbers = np.asarray(None)
    if numbers.dtype.kind not in "if" or numbers.shape not in shapes or not (np.abs(numbers) <= LARGEST).all():
        kinds = {(): "a number", (1,): "a number", (3,): "three", (5, 2): "a name or five points, [[x, y], ...]"}
        wanted = " or ".join(dict.fromkeys(kinds[shape] for shape in shapes))
        raise ValueError(f"{key} must be {wanted}, none beyond {LARGEST}, not {reprlib.repr(value)}")
    return numbers
