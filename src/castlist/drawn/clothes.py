"""Neck, shoulders and what is worn on them."""

from __future__ import annotations

import math

import numpy as np

from castlist.drawn.canvas import BODY, SKIN, Color, Sketch, ellipse, ink, mix
from castlist.drawn.heroes import Hero
from castlist.drawn.look import Look

_FLOOR = 4.5  # below every picture


def draw_body(s: Sketch, hero: Hero, look: Look) -> None:
    """Neck and clothes, in a frame that leans less than the head."""
    n, w = hero.neck, hero.shoulders
    cloth, second = look.cloth, look.cloth2
    torso = [(-n - 0.12, 1.22), (-w * 0.72, 1.42), (-w, 1.72), (-w - 0.16, 2.5), (-w - 0.2, _FLOOR), (-w - 0.2, _FLOOR)]
    torso += [(-x, y) for x, y in reversed(torso)]

    if look.clothes == "cape":
        cape = [(-n - 0.30, 1.05), (-w - 0.18, 1.55), (-w - 0.55, 2.4), (-w - 0.8, _FLOOR), (w + 0.8, _FLOOR)]
        s.shape([*cape, (w + 0.55, 2.4), (w + 0.18, 1.55), (n + 0.30, 1.05)], second, BODY, flat=True)
    elif look.clothes == "hoodie":
        s.shape(ellipse(0.0, 1.22, n + 0.62, 0.42), mix(cloth, ink(cloth), 0.35), BODY, flat=True)

    neck = [(-n, 0.5), (-n, 1.1), (-n - 0.14, 1.34), (0.0, 1.62), (n + 0.14, 1.34), (n, 1.1), (n, 0.5)]
    if look.clothes in ("cape", "tee", "stripes", "jacket"):
        s.shape(torso, cloth, BODY, flat=True)
        s.shape(neck, hero.skin, SKIN, flat=True)
    else:
        s.shape(neck, hero.skin, SKIN, flat=True)
        s.shape(torso, cloth, BODY, flat=True)
    chin = hero.face[4]
    shadow = [(-n - 0.02, 0.6), (-n, chin + 0.12), (0.0, chin + 0.30), (n, chin + 0.12), (n + 0.02, 0.6)]
    if look.clothes not in ("turtleneck", "scarf"):
        s.glaze(shadow, (70, 30, 70), 0.28, flat=True)

    _DRAW[look.clothes](s, n, w, cloth, second, look)
    if look.clothes in ("tee", "stripes", "hoodie", "turtleneck", "cape"):
        for side in (-1, 1):  # where the sleeves begin
            fold = [(side * (w - 0.18), 1.95), (side * (w - 0.26), 2.3), (side * (w - 0.24), 2.7)]
            s.stroke(fold, ink(cloth), BODY, width=[0.01, 0.04, 0.03], flat=True)


def _tee(s: Sketch, n: float, w: float, cloth: Color, second: Color, look: Look) -> None:
    collar = [(-n - 0.14, 1.24), (-n * 0.8, 1.50), (0.0, 1.64), (n * 0.8, 1.50), (n + 0.14, 1.24)]
    s.stroke(collar, second, BODY, width=0.13, flat=True, edge=True)
    if look.emblem:
        _emblem(s, 0.0, 2.12, 0.26, second, look.emblem)


def _stripes(s: Sketch, n: float, w: float, cloth: Color, second: Color, look: Look) -> None:
    for y in (1.90, 2.20, 2.50, 2.80):
        half = float(np.interp(y - 0.1, [1.42, 1.72, 2.5], [w * 0.72, w, w + 0.16])) - 0.07
        s.stroke([(-half, y - 0.1), (0.0, y + 0.04), (half, y - 0.1)], second, BODY, width=0.13, flat=True)
    collar = [(-n - 0.14, 1.24), (-n * 0.8, 1.50), (0.0, 1.64), (n * 0.8, 1.50), (n + 0.14, 1.24)]
    s.stroke(collar, cloth, BODY, width=0.13, flat=True, edge=True)


def _cape(s: Sketch, n: float, w: float, cloth: Color, second: Color, look: Look) -> None:
    for side in (-1, 1):
        drape = [(side * (n + 0.10), 1.20), (side * (n + 0.42), 1.30), (side * w * 0.98, 1.62), (side * w * 0.72, 1.78)]
        s.shape([*drape, (side * (n + 0.12), 1.64), (side * 0.12, 1.78)], second, BODY, flat=True)
    s.shape(ellipse(0.0, 1.76, 0.12, 0.12), (246, 206, 98), BODY, flat=True)
    s.shape(ellipse(0.0, 2.22, 0.34, 0.30), mix(cloth, (255, 250, 235), 0.85), BODY, flat=True)
    _emblem(s, 0.0, 2.22, 0.2, second, look.emblem)


def _hoodie(s: Sketch, n: float, w: float, cloth: Color, second: Color, look: Look) -> None:
    hood = [(-n - 0.46, 1.20), (-n - 0.1, 1.50), (0.0, 1.78), (n + 0.1, 1.50), (n + 0.46, 1.20)]
    s.stroke(hood, mix(cloth, (255, 255, 255), 0.12), BODY, width=[0.1, 0.26, 0.22, 0.26, 0.1], flat=True, edge=True)
    for side in (-1, 1):
        string = [(side * 0.16, 1.72), (side * 0.20, 1.95), (side * 0.17, 2.2)]
        s.stroke(string, (250, 244, 232), BODY, width=0.06, flat=True)


def _jacket(s: Sketch, n: float, w: float, cloth: Color, second: Color, look: Look) -> None:
    shirt = [
        (-n - 0.06, 1.26),
        (0.0, 1.62),
        (n + 0.06, 1.26),
        (0.30, 2.4),
        (0.26, _FLOOR),
        (-0.26, _FLOOR),
        (-0.30, 2.4),
    ]
    s.shape(shirt, second, BODY, flat=True, smooth=False)
    for side in (-1, 1):
        lapel = [
            (side * (n + 0.08), 1.16),
            (side * (n + 0.34), 1.34),
            (side * 0.66, 1.96),
            (side * 0.28, 2.7),
            (side * 0.14, 1.96),
        ]
        s.shape(lapel, mix(cloth, (255, 255, 255), 0.14), BODY, flat=True, smooth=False)
    for y in (1.92, 2.22, 2.52):
        s.shape(ellipse(0.0, y, 0.045, 0.045, points=10), ink(second), BODY, flat=True, smooth=False, edge=False)


def _turtleneck(s: Sketch, n: float, w: float, cloth: Color, second: Color, look: Look) -> None:
    roll = [(-n - 0.05, 1.02), (0.0, 1.12), (n + 0.05, 1.02), (n + 0.16, 1.42), (0.0, 1.56), (-n - 0.16, 1.42)]
    s.shape(roll, mix(cloth, (255, 255, 255), 0.12), BODY, flat=True)
    for x in np.linspace(-0.8, 0.8, 5):
        rib = [(x * n, 1.14 - 0.04 * x * x), (x * (n + 0.08), 1.42 - 0.04 * x * x)]
        s.stroke(rib, mix(cloth, ink(cloth), 0.5), BODY, width=0.035, flat=True)


def _scarf(s: Sketch, n: float, w: float, cloth: Color, second: Color, look: Look) -> None:
    side = -1 if look.mirror_hair else 1
    tail = [(side * 0.12, 1.5), (side * 0.46, 1.5), (side * 0.56, 2.3), (side * 0.50, 2.62), (side * 0.16, 2.62)]
    s.shape(tail, mix(second, ink(second), 0.15), BODY, flat=True)
    wrap = [(-n - 0.24, 1.10), (0.0, 1.24), (n + 0.24, 1.10), (n + 0.30, 1.42), (0.0, 1.70), (-n - 0.30, 1.42)]
    s.shape(wrap, second, BODY, flat=True)
    for y in (1.32, 1.46):
        s.stroke(
            [(-n - 0.2, y - 0.1), (0.0, y + 0.06), (n + 0.2, y - 0.1)],
            ink(second),
            BODY,
            width=[0.01, 0.035, 0.01],
            flat=True,
        )


_DRAW = {
    "tee": _tee,
    "stripes": _stripes,
    "cape": _cape,
    "hoodie": _hoodie,
    "jacket": _jacket,
    "turtleneck": _turtleneck,
    "scarf": _scarf,
}


def _emblem(s: Sketch, x: float, y: float, r: float, color: Color, which: int) -> None:
    if which == 0:  # a leaf
        ring = [(x, y - r), (x, y - r), (x + r * 0.7, y), (x, y + r), (x, y + r), (x - r * 0.7, y)]
        s.shape(ring, color, BODY, flat=True)
    elif which == 1:  # a star
        star = [
            (x + q * math.sin(a), y - q * math.cos(a))
            for a, q in ((i * math.pi / 5, r if i % 2 == 0 else r * 0.45) for i in range(10))
        ]
        s.shape(star, color, BODY, flat=True, smooth=False)
    elif which == 2:  # a moon
        outer = [(x + r * math.sin(a), y - r * math.cos(a)) for a in np.linspace(0.3, 5.0, 12)]
        inner = [
            (x + 0.3 * r + 0.75 * r * math.sin(a), y - 0.1 * r - 0.75 * r * math.cos(a))
            for a in np.linspace(4.6, 0.6, 8)
        ]
        s.shape(outer + inner, color, BODY, flat=True, smooth=False)
    else:  # a wave of three
        for k in (-0.55, 0.0, 0.55):
            line = [(x + r * u, y + r * k + r * 0.16 * math.sin(4.5 * u)) for u in np.linspace(-0.95, 0.95, 7)]
            s.stroke(line, color, BODY, width=0.08, flat=True)
