"""Backgrounds: eight kinds of place, each different every time."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from castlist.drawn.canvas import Color, curve, ellipse, mix

PAPER: tuple[Color, ...] = (
    (244, 228, 200),
    (250, 212, 176),
    (240, 178, 164),
    (178, 210, 222),
    (150, 196, 190),
    (196, 212, 166),
    (206, 190, 222),
    (246, 218, 130),
    (120, 148, 186),
    (228, 232, 236),
    (110, 120, 140),
    (168, 120, 120),
)
_WHITE: Color = (255, 252, 246)
_NIGHT: Color = (36, 42, 84)


class _Sheet:
    """A picture drawn in parts of its height: (0, 0) is the left top, y = 1 the bottom."""

    def __init__(self, width: int, height: int, random: np.random.Generator) -> None:
        self.scale = height * 2  # drawn at twice the size
        self.image = Image.new("RGB", (width * 2, height * 2))
        self.draw = ImageDraw.Draw(self.image)
        self.random = random
        self.right = width / height

    def uniform(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def pick(self, colors: tuple[Color, ...] = PAPER) -> Color:
        return colors[int(self.random.integers(len(colors)))]

    def ring(self, points: np.ndarray | list[tuple[float, float]], color: Color) -> None:
        pixels: list[float] = np.floor(np.asarray(points) * self.scale + 0.5).ravel().tolist()
        self.draw.polygon(pixels, fill=color)

    def disc(self, x: float, y: float, r: float, color: Color) -> None:
        self.ring(ellipse(x, y, r, r, points=40), color)

    def box(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        self.ring([(left, top), (right, top), (right, bottom), (left, bottom)], color)

    def fade(self, top: Color, bottom: Color, end: float = 1.0) -> None:
        """A vertical gradient from the top to `end`, and its last color below."""
        rows = self.image.height
        share = np.minimum(1.0, np.arange(rows) / (rows * end))[:, None]
        column = np.array(top) * (1 - share) + np.array(bottom) * share
        strip = Image.fromarray(np.floor(column[:, None, :] + 0.5).astype(np.uint8))
        self.image.paste(strip.resize(self.image.size, Image.Resampling.NEAREST))

    def hill(self, level: float, height: float, color: Color) -> None:
        count = 3 + int(4 * self.right)
        tops = [(-0.2 + (self.right + 0.4) * i / (count - 1), level - self.uniform(0, height)) for i in range(count)]
        line = curve(tops)
        self.ring(np.concatenate([line, [(self.right + 0.3, 1.1), (-0.3, 1.1)]]), color)


def draw_scenery(width: int, height: int, random: np.random.Generator) -> np.ndarray:
    """Draw a place.

    Returns:
        Shape (height, width, 3), uint8, RGB.
    """
    sheet = _Sheet(width, height, random)
    kind = _KINDS[int(random.integers(len(_KINDS)))]
    kind(sheet)
    image = sheet.image.reduce(2)
    # A little out of focus, so that the hero stands out.
    return np.asarray(image.filter(ImageFilter.BoxBlur(height / 256 * sheet.uniform(0.3, 1.3))))


def _sky(s: _Sheet) -> None:
    top, low = (
        ((88, 160, 220), (206, 234, 244)),
        ((242, 150, 120), (252, 222, 168)),
        ((120, 130, 200), (244, 196, 200)),
    )[int(s.random.integers(3))]
    s.fade(top, low, 0.85)
    s.disc(s.uniform(0.05, s.right - 0.05), s.uniform(0.08, 0.4), s.uniform(0.06, 0.12), mix(low, _WHITE, 0.7))
    for _ in range(round(4 * s.right)):
        _cloud(s, s.uniform(-0.1, s.right), s.uniform(0.08, 0.6), s.uniform(0.05, 0.1), mix(low, _WHITE, 0.75))
    green = s.pick(((122, 176, 104), (96, 158, 128), (168, 176, 96)))
    s.hill(0.86, 0.16, mix(green, low, 0.45))
    s.hill(0.98, 0.14, green)


def _cloud(s: _Sheet, x: float, y: float, r: float, color: Color) -> None:
    for dx, dy, k in ((-1.3, 0.25, 0.7), (0.0, 0.0, 1.0), (1.2, 0.2, 0.75), (2.1, 0.4, 0.45), (-2.1, 0.45, 0.4)):
        s.disc(x + dx * r, y + dy * r, r * k, color)
    s.ring(ellipse(x, y + r * 0.55, r * 2.5, r * 0.38), color)


def _wall(s: _Sheet) -> None:
    color = s.pick()
    s.fade(mix(color, _WHITE, 0.12), mix(color, (90, 70, 90), 0.10))
    panel = s.uniform(0.62, 0.8)
    dark = mix(color, s.pick(), 0.5)
    s.box(-1, panel, 9, 1.1, dark)
    s.box(-1, panel - 0.012, 9, panel + 0.016, mix(dark, _WHITE, 0.5))
    step = s.uniform(0.12, 0.2)
    for i in range(int(s.right / step) + 2):
        s.box(i * step, panel + 0.016, i * step + 0.008, 1.1, mix(dark, (70, 56, 70), 0.22))
    for x in np.arange(s.uniform(0.0, 0.15), s.right, 0.55):
        w, h = s.uniform(0.09, 0.15), s.uniform(0.1, 0.17)
        y = s.uniform(0.1, 0.22)
        left = float(x)
        s.box(
            left - 0.015,
            y - 0.015,
            left + w + 0.015,
            y + h + 0.015,
            s.pick(((120, 84, 60), (232, 200, 120), (70, 66, 82))),
        )
        s.box(left, y, left + w, y + h, _WHITE)
        s.box(left, y + h * 0.55, left + w, y + h, s.pick())
        s.disc(left + w * 0.6, y + h * 0.4, h * 0.18, s.pick())


def _studio(s: _Sheet) -> None:
    color = s.pick()
    s.fade(color, mix(color, s.pick(), 0.6))
    x, y = s.right * s.uniform(0.4, 0.6), s.uniform(0.42, 0.55)
    for r in (0.58, 0.47, 0.36):
        s.disc(x, y, r, mix(color, _WHITE, 0.14 + (0.58 - r) * 0.9))


def _pattern(s: _Sheet) -> None:
    base = s.pick()
    other = mix(base, s.pick(), 0.55) if s.uniform(0, 1) < 0.5 else mix(base, _WHITE, 0.4)
    s.box(-1, -1, 9, 2, base)
    kind = int(s.random.integers(4))
    step = s.uniform(0.11, 0.2)
    if kind == 0:  # dots
        for j in range(int(1 / step) + 2):
            for i in range(int(s.right / step) + 2):
                s.disc((i + 0.5 * (j % 2)) * step, j * step * 0.87, step * 0.27, other)
    elif kind == 1:  # slanted stripes
        slant = s.uniform(-0.8, 0.8)
        for x in np.arange(-1.2, s.right + 1.2, step):
            left = float(x)
            s.ring([(left, 0), (left + step / 2, 0), (left + step / 2 + slant, 1), (left + slant, 1)], other)
    elif kind == 2:  # rays
        x, y, turn = s.right * s.uniform(0.35, 0.65), s.uniform(0.35, 0.6), s.uniform(0, 1)
        for i in range(14):
            a, b = (2 * math.pi * (i + k + turn) / 14 for k in (0.0, 0.5))
            s.ring(
                [(x, y), (x + 5 * math.cos(a), y + 5 * math.sin(a)), (x + 5 * math.cos(b), y + 5 * math.sin(b))], other
            )
    else:  # diamonds
        for j in range(int(1 / step) + 3):
            for i in range(int(s.right / step) + 3):
                x, y, r = (i + 0.5 * (j % 2)) * step, j * step * 0.5, step * 0.3
                s.ring([(x, y - r), (x + r, y), (x, y + r), (x - r, y)], other)


def _room(s: _Sheet) -> None:
    wall = s.pick()
    s.fade(mix(wall, _WHITE, 0.25), wall)
    floor = s.uniform(0.8, 0.9)
    s.box(-1, floor, 9, 1.1, s.pick(((168, 122, 88), (128, 96, 84), (196, 160, 120))))
    x = s.uniform(0.02, max(0.03, s.right - 0.45))
    w, top, low = s.uniform(0.28, 0.4), s.uniform(0.06, 0.14), s.uniform(0.48, 0.6)
    s.box(x - 0.025, top - 0.025, x + w + 0.025, low + 0.025, mix(wall, _WHITE, 0.75))
    sky = s.pick(((150, 204, 236), (250, 206, 160), (58, 66, 120), (196, 226, 214)))
    s.box(x, top, x + w, low, sky)
    s.ring(
        np.concatenate(
            [curve([(x, low - 0.1), (x + w * 0.4, low - 0.16), (x + w, low - 0.06)]), [(x + w, low), (x, low)]]
        ),
        mix(sky, (70, 120, 90), 0.6),
    )
    s.box(x + w / 2 - 0.01, top, x + w / 2 + 0.01, low, mix(wall, _WHITE, 0.75))
    s.box(x, (top + low) / 2 - 0.01, x + w, (top + low) / 2 + 0.01, mix(wall, _WHITE, 0.75))
    drape = s.pick()
    for side in (-1, 1):
        edge = x - 0.04 if side < 0 else x + w + 0.04
        s.ring(
            curve(
                [
                    (edge - side * 0.08, top - 0.05),
                    (edge + side * 0.05, top - 0.05),
                    (edge + side * 0.03, 0.3),
                    (edge + side * 0.06, low + 0.12),
                    (edge - side * 0.03, low + 0.12),
                    (edge - side * 0.02, 0.32),
                ],
                closed=True,
            ),
            drape,
        )
    shelf_left = x + w + 0.14 if x + w / 2 < s.right / 2 else x - 0.5
    for y in (s.uniform(0.2, 0.28), s.uniform(0.46, 0.54)):
        left = shelf_left + 0.02
        while left < shelf_left + 0.3:
            wide, high = s.uniform(0.018, 0.04), s.uniform(0.08, 0.13)
            s.box(left, y - high, left + wide, y, mix(s.pick(), (110, 70, 90), 0.3))
            left += wide + 0.004
        s.box(shelf_left, y, shelf_left + 0.36, y + 0.02, (126, 88, 66))


def _city(s: _Sheet) -> None:
    night = s.uniform(0, 1) < 0.45
    top, low = (_NIGHT, (132, 92, 140)) if night else ((136, 196, 226), (250, 226, 196))
    s.fade(top, low, 0.9)
    s.disc(s.uniform(0.05, s.right - 0.05), s.uniform(0.1, 0.3), 0.075, (250, 240, 206) if night else (255, 246, 214))
    for depth, base in ((0.6, 0.42), (0.25, 0.56), (0.0, 0.7)):
        tone = mix((66, 70, 116) if night else s.pick(((112, 136, 170), (168, 132, 146), (104, 150, 150))), low, depth)
        lit = (252, 214, 120) if night else mix(tone, _WHITE, 0.45)
        x = s.uniform(-0.12, 0.0)
        while x < s.right:
            w, y = s.uniform(0.09, 0.2), base - s.uniform(0, 0.2)
            s.box(x, y, x + w, 1.1, tone)
            for wy in np.arange(y + 0.03, 0.95, 0.055):
                for wx in np.arange(x + 0.018, x + w - 0.03, 0.042):
                    if s.random.uniform() < (0.5 if night else 0.8):
                        s.box(float(wx), float(wy), float(wx) + 0.018, float(wy) + 0.026, lit)
            x += w + s.uniform(0.0, 0.03)


def _forest(s: _Sheet) -> None:
    light = s.pick(((222, 236, 206), (250, 226, 188), (190, 220, 230)))
    green = s.pick(((70, 128, 96), (98, 138, 72), (66, 116, 122), (196, 128, 70)))
    s.fade(mix(light, _WHITE, 0.3), light)
    for depth, level in ((0.7, 0.66), (0.4, 0.78), (0.05, 0.92)):
        color = mix(green, light, depth)
        s.hill(level + 0.04, 0.08, color)
        for x in np.arange(s.uniform(-0.1, 0.0), s.right + 0.1, s.uniform(0.13, 0.2)):
            h, w, cx = s.uniform(0.26, 0.46), s.uniform(0.06, 0.09), float(x)
            s.box(cx - 0.01, level - 0.1, cx + 0.01, level + 0.05, mix(color, (96, 66, 56), 0.5))
            for k in (0.0, 0.28, 0.56):
                y = level - 0.04 - h * k
                s.ring([(cx - w * (1 - k * 0.8), y), (cx, y - h * 0.48), (cx + w * (1 - k * 0.8), y)], color)


def _stars(s: _Sheet) -> None:
    low = s.pick(((104, 74, 140), (52, 96, 140), (150, 84, 112), (44, 70, 104)))
    s.fade(_NIGHT, low)
    for _ in range(round(60 * s.right)):
        s.disc(s.uniform(0, s.right), s.uniform(0, 1), s.uniform(0.002, 0.007), mix(_WHITE, low, s.uniform(0, 0.5)))
    x, y, r = s.uniform(0.05, s.right - 0.05), s.uniform(0.08, 0.35), s.uniform(0.08, 0.17)
    planet = s.pick()
    s.disc(x, y, r, mix(planet, _NIGHT, 0.35))
    s.disc(x - r * 0.12, y - r * 0.10, r * 0.84, planet)
    for dx, dy, k in ((-0.3, -0.3, 0.2), (0.2, 0.15, 0.14), (-0.25, 0.3, 0.1)):
        s.disc(x + dx * r, y + dy * r, r * k, mix(planet, _NIGHT, 0.14))
    s.hill(1.0, 0.12, mix(low, _NIGHT, 0.5))


_KINDS = (_sky, _wall, _studio, _pattern, _room, _city, _forest, _stars)
