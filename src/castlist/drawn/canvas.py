"""What the drawings are made with: colors, smooth curves, a supersampled canvas, and a head that turns.

Only `+ - * /` and square roots touch whole pictures, and coordinates are rounded to 1/64 of a pixel, so that the last
bit of a sine, which differs from machine to machine, can't change a picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

Color = tuple[int, int, int]
Points = np.ndarray | Sequence[tuple[float, float]]  # shape (n, 2): x to the right, y down

BODY, SKIN, HAIR, HAT = 1, 2, 3, 4  # the parts that the light tells apart

_STEPS = 6  # pieces per span of a smooth curve
_T = np.arange(_STEPS)[:, None, None] / _STEPS
# Catmull-Rom: the curve goes through its points, and a point given twice is a corner.
_BASIS = (
    0.5 * (-_T + 2 * _T**2 - _T**3),
    0.5 * (2 - 5 * _T**2 + 3 * _T**3),
    0.5 * (_T + 4 * _T**2 - 3 * _T**3),
    0.5 * (-(_T**2) + _T**3),
)


def mix(a: Color, b: Color, share: float) -> Color:
    """Blend two colors; `share` is the part of `b`."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def ink(color: Color) -> Color:
    """The darker, slightly violet line that goes with a fill."""
    return mix(color, (44, 26, 58), 0.62)


def curve(points: Points, *, closed: bool = False) -> np.ndarray:
    """A smooth curve through `points`: shape (n, 2) in, (6 n or so, 2) out."""
    p = np.asarray(points, dtype=np.float64)
    if closed:
        around = np.concatenate([p[-1:], p, p[:2]])
    else:
        around = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    spans = len(around) - 3
    smooth = np.asarray(sum(b * around[None, i : i + spans] for i, b in enumerate(_BASIS)))
    start = around[1 : 1 + spans]
    corner = (start == around[2 : 2 + spans]).all(axis=1)  # the curve would loop there
    smooth[:, corner] = start[corner]
    smooth = smooth.transpose(1, 0, 2).reshape(-1, 2)
    return smooth if closed else np.concatenate([smooth, p[-1:]])


def ellipse(x: float, y: float, rx: float, ry: float, *, points: int = 28) -> np.ndarray:
    """A closed ring of points, shape (points, 2)."""
    angle = np.arange(points) * (2 * math.pi / points)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def mirrored(points: Points) -> list[tuple[float, float]]:
    """Close a right half, listed from top to bottom, with its mirror image."""
    right = [(float(x), float(y)) for x, y in points]
    return right + [(-x, y) for x, y in reversed(right) if x > 1e-9]


def _grown(ring: np.ndarray, width: float) -> np.ndarray:
    """Move each point of a ring outwards by `width`."""
    ahead = np.concatenate([ring[1:], ring[:1]]) - ring
    area = float(np.sum(ring[:, 0] * ahead[:, 1] - ring[:, 1] * ahead[:, 0]))  # twice that; its sign tells the sense
    length = np.sqrt(ahead[:, 0] ** 2 + ahead[:, 1] ** 2)
    apart = length > 0.1 * width  # a corner is several points in one place
    ahead = ahead[apart] / length[apart, None]
    along = ahead + np.concatenate([ahead[-1:], ahead[:-1]])
    length = np.sqrt(along[:, 0] ** 2 + along[:, 1] ** 2) + 1e-9
    outwards = np.stack([along[:, 1], -along[:, 0]], axis=1) * (math.copysign(width, area) / length)[:, None]
    grown: np.ndarray = ring[apart] + outwards
    return grown


@dataclass
class Canvas:
    """A picture in the making: colors, and which part each pixel belongs to; several times the final size."""

    width: int
    height: int
    supersampling: int
    rgb: Image.Image = field(init=False)
    parts: Image.Image = field(init=False)

    def __post_init__(self) -> None:
        size = (self.width * self.supersampling, self.height * self.supersampling)
        self.rgb = Image.new("RGB", size)
        self.parts = Image.new("L", size)
        self._opaque = ImageDraw.Draw(self.rgb)
        self._glaze = ImageDraw.Draw(self.rgb, "RGBA")
        self._part = ImageDraw.Draw(self.parts)

    def _pixels(self, points: np.ndarray) -> list[float]:
        grid = np.floor(points * (64 * self.supersampling) + 0.5) / 64
        flat: list[float] = np.floor(grid + 0.5).ravel().tolist()
        return flat

    def fill(self, points: np.ndarray, color: Color, part: int, *, edge: float = 0.0) -> None:
        """Fill a ring of points given in final pixels, with an inked edge that many pixels wide."""
        ring = self._pixels(points)
        if edge > 0:
            outer = self._pixels(_grown(points, edge))
            # A grown ring crosses itself in sharp hollows and leaves a speck open; the line closes it.
            width = round(edge * self.supersampling)
            for draw, value in ((self._opaque, ink(color)), (self._part, part)):
                draw.polygon(outer, fill=value)
                draw.line(ring, fill=value, width=width)
        self._opaque.polygon(ring, fill=color)
        self._part.polygon(ring, fill=part)

    def glaze(self, points: np.ndarray, color: Color, opacity: float) -> None:
        """Lay a translucent color over what is there; it belongs to whatever lies below."""
        self._glaze.polygon(self._pixels(points), fill=(*color, round(255 * opacity)))


@dataclass(frozen=True)
class Frame:
    """Where head coordinates go in the picture.

    A head is about 2 units high: crown at y = -1, chin at y = 1, eyes near y = 0. It is round: points on its face are
    given flat, as seen from the front, and `project` turns and nods them as on a ball.
    """

    x: float  # where the neck's top lies, in final pixels
    y: float
    unit: float  # pixels per unit
    yaw: float = 0.0  # radians; positive looks to the right of the picture
    pitch: float = 0.0  # positive looks down
    roll: float = 0.0  # positive leans to the right

    def project(self, points: Points, *, lift: float | np.ndarray = 0.0, flat: bool = False) -> np.ndarray:
        """Map head coordinates to final pixels, both of shape (n, 2).

        `lift` raises points above the face, or, with `flat`, is their depth (positive: nearer to the viewer).
        """
        p = np.asarray(points, dtype=np.float64)
        x, y = p[:, 0], p[:, 1]
        depth = lift if flat else 0.62 * np.sqrt(np.maximum(0.0, 1 - (x / 0.98) ** 2 - (y / 1.25) ** 2)) + lift
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        x, depth = x * cos + depth * sin, depth * cos - x * sin
        y = y * math.cos(self.pitch) + depth * math.sin(self.pitch) - 1.0  # heads lean about the top of the neck
        sin, cos = math.sin(self.roll), math.cos(self.roll)
        return np.stack([self.x + self.unit * (x * cos - y * sin), self.y + self.unit * (x * sin + y * cos)], axis=1)


@dataclass(frozen=True)
class Sketch:
    """Draws on a canvas in the coordinates of one head or body."""

    canvas: Canvas
    frame: Frame
    edge: float = 0.03  # the width of inked edges, in units

    def shape(
        self,
        points: Points,
        color: Color,
        part: int,
        *,
        lift: float | np.ndarray = 0.0,
        flat: bool = False,
        smooth: bool = True,
        edge: bool = True,
    ) -> None:
        """Fill a closed shape."""
        width = self.edge * self.frame.unit if edge else 0.0
        ring = self.frame.project(points, lift=lift, flat=flat)
        self.canvas.fill(curve(ring, closed=True) if smooth else ring, color, part, edge=width)

    def glaze(
        self,
        points: Points,
        color: Color,
        opacity: float,
        *,
        lift: float = 0.0,
        flat: bool = False,
        smooth: bool = True,
    ) -> None:
        """Lay a translucent closed shape over what is there."""
        ring = self.frame.project(points, lift=lift, flat=flat)
        self.canvas.glaze(curve(ring, closed=True) if smooth else ring, color, opacity)

    def glow(
        self, x: float, y: float, rx: float, ry: float, color: Color, opacity: float, *, lift: float = 0.0
    ) -> None:
        """Lay a soft translucent spot over what is there."""
        for share in (1.0, 0.8, 0.6, 0.4):
            self.glaze(ellipse(x, y, rx * share, ry * share), color, opacity / 4, lift=lift, smooth=False)

    def stroke(
        self,
        points: Points,
        color: Color,
        part: int,
        *,
        width: float | Sequence[float] = 0.045,
        lift: float | np.ndarray = 0.0,
        flat: bool = False,
        edge: bool = False,
    ) -> None:
        """Draw a brush line through `points`; `width` is one for all, or one per point."""
        path = curve(self.frame.project(points, lift=lift, flat=flat))
        if isinstance(width, Sequence):
            along = np.linspace(0, len(width) - 1, len(path))
            half = np.interp(along, np.arange(len(width)), np.asarray(width)) * (self.frame.unit / 2)
        else:
            half = np.full(len(path), width * self.frame.unit / 2)
            half[0] = half[-1] = half[0] * 0.6  # rounded ends
        ahead = np.concatenate([path[1:2] - path[:1], path[2:] - path[:-2], path[-1:] - path[-2:-1]])
        length = np.sqrt(ahead[:, 0] ** 2 + ahead[:, 1] ** 2) + 1e-9
        normal = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * (half / length)[:, None]
        ring = np.concatenate([path + normal, (path - normal)[::-1]])
        self.canvas.fill(ring, color, part, edge=self.edge * self.frame.unit if edge else 0.0)
