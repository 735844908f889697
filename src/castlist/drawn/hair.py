"""Hair, in each hero's three arrangements."""

from __future__ import annotations

import math

import numpy as np

from castlist.drawn.canvas import HAIR, Points, Sketch, ellipse, ink, mix
from castlist.drawn.heroes import Hero
from castlist.drawn.look import Look

_XY = tuple[float, float]


def draw_hair_behind(s: Sketch, hero: Hero, look: Look) -> None:
    """What hangs behind neck and shoulders."""
    v, style = look.hair_volume, look.hairstyle
    m = -1 if look.mirror_hair else 1
    dark = mix(hero.hair, ink(hero.hair), 0.35)
    if style == "long":
        side = [(0.80 + 0.08 * v, -0.5), (0.96 + 0.08 * v, 0.3), (0.98 + 0.1 * v, 1.0), (0.86 + 0.1 * v, 1.5)]
        ring = [(0.0, -1.0), *side, (0.60, 1.42), (0.30, 1.6), (0.0, 1.45), (-0.35, 1.58), (-0.65, 1.42)]
        s.shape(_flip([*ring, *[(-x, y) for x, y in reversed(side)]], m), dark, HAIR, lift=-0.35, flat=True)
    elif style == "ponytail":
        x = m * (0.85 + 0.12 * v)
        ring = [(m * 0.45, -0.75), (x, -0.72), (x + m * 0.28, -0.1), (x + m * 0.16, 0.75), (x - m * 0.05, 1.15)]
        s.shape([*ring, (x - m * 0.14, 0.5), (m * 0.62, -0.2)], dark, HAIR, lift=-0.4, flat=True)
        s.stroke(
            [(m * 0.66, -0.72), (m * 0.80, -0.5)], look.hat_color, HAIR, width=0.16, lift=-0.3, flat=True, edge=True
        )
    elif style in ("bob", "bob tied"):
        low = 0.62 + 0.22 * v if style == "bob" else 0.42
        side = [(0.86, -0.5), (0.98 + 0.05 * v, 0.1), (0.94 + 0.08 * v, low), (0.7, low + 0.12)]
        ring = [(0.0, -1.0), *side, *[(-x, y) for x, y in reversed(side)]]
        s.shape(ring, dark, HAIR, lift=-0.25, flat=True)
        if style == "bob tied":
            for side_x in (-1, 1):
                tail = [
                    (side_x * 0.8, 0.35),
                    (side_x * 1.15, 0.45),
                    (side_x * 1.22, 0.95),
                    (side_x * 1.02, 1.22),
                    (side_x * 0.9, 0.8),
                ]
                s.shape(tail, hero.hair, HAIR, lift=-0.2, flat=True)
                s.shape(ellipse(side_x * 0.9, 0.46, 0.1, 0.12), look.hat_color, HAIR, lift=-0.15, flat=True)
    elif style == "waves":
        side = [(0.84, -0.6), (0.98, -0.2), (0.94, 0.1), (1.06 + 0.06 * v, 0.4), (0.98, 0.68), (1.06, 0.92), (0.8, 1.1)]
        ring = [(0.0, -1.0), *side, *[(-x, y) for x, y in reversed(side)]]
        s.shape(ring, dark, HAIR, lift=-0.25, flat=True)
    elif style == "bun" and look.hat not in ("cap", "beanie", "brim"):
        r = 0.36 + 0.10 * v
        s.shape(ellipse(m * 0.08, -1.28, r, r * 0.86), hero.hair, HAIR, lift=-0.15, flat=True)
        for k in (0.62, 0.3):
            arc = [(m * 0.08 + r * k * math.cos(a), -1.28 + r * 0.86 * k * math.sin(a)) for a in (2.6, 3.8, 5.0, 6.2)]
            s.stroke(arc, ink(hero.hair), HAIR, width=[0.01, 0.035, 0.035, 0.01], lift=-0.1, flat=True)
    elif style == "two buns":
        y = 0.35 if look.hat in ("cap", "beanie", "brim") else -0.92
        for side_x in (-1, 1):
            r = 0.27 + 0.08 * v
            s.shape(ellipse(side_x * (0.72 if y < 0 else 0.95), y, r, r * 0.95), hero.hair, HAIR, lift=-0.15, flat=True)
            arc = [
                (side_x * (0.72 if y < 0 else 0.95) + r * 0.5 * math.cos(a), y + r * 0.5 * math.sin(a))
                for a in (3.2, 4.2, 5.4, 6.4)
            ]
            s.stroke(
                arc, mix(hero.hair, (255, 255, 255), 0.22), HAIR, width=[0.01, 0.04, 0.04, 0.01], lift=-0.1, flat=True
            )
        s.shape(
            [(0.8, -0.4), (0.9, 0.1), (0.78, 0.4), (-0.78, 0.4), (-0.9, 0.1), (-0.8, -0.4)],
            dark,
            HAIR,
            lift=-0.25,
            flat=True,
        )
    elif style == "crest tied":
        ring = [(m * 0.1, -0.9), (m * 0.95, -0.5), (m * 1.2, 0.2), (m * 1.02, 0.9), (m * 1.02, 0.9), (m * 0.86, 0.3)]
        s.shape([*ring, (m * 0.6, -0.2)], dark, HAIR, lift=-0.4, flat=True)
    elif style.startswith("curls") and style != "curls short":
        for x, y, r in _curls(v, -2.75, -0.4, 9):
            s.shape(ellipse(x * 0.98, y + 0.12, r * 1.05, r), dark, HAIR, lift=-0.25, flat=True)


def draw_hair(s: Sketch, hero: Hero, look: Look) -> None:
    """What lies on the head and falls over the face."""
    v = look.hair_volume * (0.3 if _covered(look) else 1.0)
    m = -1 if look.mirror_hair else 1
    style = look.hairstyle
    draw = {"long": _swept, "ponytail": _swept, "side braid": _side_braid, "flat top": _flat_top, "cropped": _cropped}
    draw |= {"bob": _bangs, "bob tied": _bangs, "two buns": _bangs, "bun": _parted, "waves": _parted}
    if style.startswith("curls"):
        _curly(s, hero, look, v)
    elif style.startswith("tousled") or style == "fringe":
        _tousled(s, hero, look, v, m)
    elif style.startswith("crest"):
        _crest(s, hero, look, v, m)
    elif style == "swept back":
        _swept_back(s, hero, look, v)
    elif style == "crown braid":
        _parted(s, hero, look, v, m)
        if not _covered(look):
            _plait(
                s, hero, [(0.86 * math.cos(a), 0.1 + 1.02 * math.sin(a)) for a in np.linspace(-2.9, -0.25, 10)], 0.17
            )
    else:
        draw[style](s, hero, look, v, m)


def _covered(look: Look) -> bool:
    return look.hat in ("cap", "beanie", "brim")


def _flip(points: Points, m: int) -> list[_XY]:
    return [(m * float(x), float(y)) for x, y in points]


def _tuck(points: Points, look: Look) -> np.ndarray:
    """Press what is above the brow line onto the skull when there is a hat on it."""
    p = np.asarray(points, dtype=np.float64).copy()
    if _covered(look):
        reach = np.sqrt((p[:, 0] / 0.84) ** 2 + (p[:, 1] / 1.0) ** 2)
        high = (p[:, 1] < -0.25) & (reach > 1)
        p[high] /= reach[high, None]
    return p


def _shell(hero: Hero, v: float, ends: float, hairline: list[_XY]) -> list[_XY]:
    """Hair that hugs the skull: its outer line from the left over the crown, then `hairline` from right to left."""
    t, c = hero.face[0] + 0.07 * v, hero.face[1] + 0.03 + 0.05 * v
    right = [(t * 0.70, -0.92 - 0.10 * v), (t + 0.02, -0.42), (c, ends)]
    left = [(-x, y) for x, y in reversed(right)]
    return [*left, (0.0, -1.08 - 0.14 * v), *right, *hairline]


def _shine(s: Sketch, hero: Hero, paths: list[list[_XY]], look: Look) -> None:
    light = mix(hero.hair, (255, 250, 235), 0.34)
    for path in paths:
        s.stroke(_tuck(path, look), light, HAIR, width=[0.01, 0.05, 0.05, 0.01])


def _strands(s: Sketch, hero: Hero, paths: list[list[_XY]], look: Look) -> None:
    for path in paths:
        s.stroke(_tuck(path, look), mix(hero.hair, ink(hero.hair), 0.6), HAIR, width=[0.01, 0.035, 0.03, 0.01])


def _swept(s: Sketch, hero: Hero, look: Look, v: float, m: int) -> None:
    low = 0.55 if look.hairstyle == "long" else 0.10
    line = [(0.74, low), (0.68, 0.0), (0.60, -0.32), (0.30, -0.40), (-0.02, -0.60), (-0.26, -0.84), (-0.26, -0.84)]
    line += [(-0.44, -0.62), (-0.62, -0.36), (-0.70, 0.0), (-0.74, low)]
    ring = _shell(hero, v, low, line)
    s.shape(_tuck(_flip(ring, m), look), hero.hair, HAIR)
    _strands(s, hero, [_flip([(-0.24, -0.9), (0.1, -0.78), (0.42, -0.62), (0.64, -0.34)], m)], look)
    _shine(s, hero, [_flip([(0.0, -0.98), (0.3, -0.9), (0.52, -0.74), (0.66, -0.5)], m)], look)


def _side_braid(s: Sketch, hero: Hero, look: Look, v: float, m: int) -> None:
    _swept(s, hero, look, v, m)
    _plait(s, hero, [(m * (0.84 + 0.03 * k), 0.18 + 0.2 * k) for k in range(7)], 0.19, flat=True)
    end = m * 1.04
    s.shape(
        [(end - 0.06, 1.56), (end + 0.06, 1.56), (end + 0.10, 1.86), (end - 0.04, 1.82)], hero.hair, HAIR, flat=True
    )
    s.shape(ellipse(end, 1.54, 0.11, 0.08), look.hat_color, HAIR, flat=True)


def _plait(s: Sketch, hero: Hero, centers: Points, r: float, *, flat: bool = False) -> None:
    for i, (x, y) in enumerate(centers):
        s.shape(ellipse(float(x), float(y), r, r * 0.84), hero.hair, HAIR, flat=flat)
        bend = r * 0.5 * (1 if i % 2 else -1)
        s.stroke(
            [(x - bend, y - r * 0.4), (x, y), (x + bend, y + r * 0.5)],
            ink(hero.hair),
            HAIR,
            width=[0.01, 0.03, 0.01],
            flat=flat,
        )


def _parted(s: Sketch, hero: Hero, look: Look, v: float, m: int) -> None:
    low = 0.50 if look.hairstyle == "waves" else 0.12
    line = [(0.76, low), (0.72, 0.0), (0.64, -0.30), (0.36, -0.58), (0.06, -0.86), (0.06, -0.86)]
    line += [(-0.24, -0.62), (-0.58, -0.36), (-0.70, 0.0), (-0.76, low)]
    s.shape(_tuck(_flip(_shell(hero, v, low, line), m), look), hero.hair, HAIR)
    _strands(s, hero, [_flip([(0.06, -1.1), (0.07, -1.0), (0.07, -0.95), (0.06, -0.86)], m)], look)
    sides: list[list[_XY]] = [[(q * 0.14, -0.98), (q * 0.4, -0.84), (q * 0.6, -0.6), (q * 0.72, -0.3)] for q in (-1, 1)]
    _shine(s, hero, sides, look)


def _bangs(s: Sketch, hero: Hero, look: Look, v: float, m: int) -> None:
    low = 0.55 if look.hairstyle == "bob" else 0.18
    line = [(0.74, low), (0.72, -0.1), (0.70, -0.30), (0.70, -0.30), (0.36, -0.25), (0.0, -0.235), (-0.36, -0.25)]
    line += [(-0.70, -0.30), (-0.70, -0.30), (-0.72, -0.1), (-0.74, low)]
    s.shape(_tuck(_shell(hero, v, low, line), look), hero.hair, HAIR)
    _strands(
        s, hero, [[(x * 0.7, -0.72), (x * 0.9, -0.55), (x, -0.4), (x, -0.27)] for x in (-0.42, -0.12, 0.16, 0.45)], look
    )
    _shine(s, hero, [[(-0.56, -0.62), (-0.25, -0.70), (0.1, -0.72), (0.4, -0.68)]], look)


def _flat_top(s: Sketch, hero: Hero, look: Look, v: float, m: int) -> None:
    top = -1.10 - 0.13 * v
    t, c = hero.face[0], hero.face[1]
    outer = [(-c - 0.01, -0.06), (-t - 0.05, -0.5), (-t - 0.04, top + 0.24), (-t + 0.12, top + 0.03), (0.0, top - 0.04)]
    outer += [(-x, y) for x, y in reversed(outer[:-1])]
    line = [(0.76, -0.06), (0.68, -0.36), (0.60, -0.58), (0.60, -0.58), (0.3, -0.62), (0.0, -0.63), (-0.3, -0.62)]
    line += [(-0.60, -0.58), (-0.60, -0.58), (-0.68, -0.36), (-0.76, -0.06)]
    s.shape(_tuck(outer + line, look), hero.hair, HAIR)
    xs = (-0.5, -0.2, 0.15, 0.48)
    _strands(s, hero, [[(x, -0.64), (x * 1.02, -0.72), (x * 1.04, -0.8), (x * 1.05, -0.9)] for x in xs], look)
    _shine(s, hero, [[(-0.5, top + 0.16), (-0.2, top + 0.11), (0.1, top + 0.11), (0.4, top + 0.15)]], look)


def _cropped(s: Sketch, hero: Hero, look: Look, v: float, m: int) -> None:
    line = [(0.77, -0.06), (0.70, -0.30), (0.60, -0.54), (0.34, -0.60), (0.0, -0.70), (-0.34, -0.60), (-0.60, -0.54)]
    line += [(-0.70, -0.30), (-0.77, -0.06)]
    s.shape(_tuck(_shell(hero, 0.2 * v, -0.06, line), look), hero.hair, HAIR)
    _shine(s, hero, [[(-0.42, -0.86), (-0.15, -0.95), (0.15, -0.96), (0.36, -0.9)]], look)


def _swept_back(s: Sketch, hero: Hero, look: Look, v: float) -> None:
    line = [(0.77, -0.06), (0.70, -0.32), (0.66, -0.58), (0.40, -0.76), (0.0, -0.66), (-0.40, -0.76), (-0.66, -0.58)]
    line += [(-0.70, -0.32), (-0.77, -0.06)]
    s.shape(_tuck(_shell(hero, 0.9 * v, -0.06, line), look), hero.hair, HAIR)
    paths: list[list[_XY]] = [
        [(x * 0.6, -0.74), (x * 0.85, -0.86), (x, -0.96), (x * 1.05, -1.02)] for x in (-0.5, -0.25, 0.0, 0.25, 0.5)
    ]
    _strands(s, hero, paths, look)


def _curls(v: float, start: float, end: float, count: int) -> list[tuple[float, float, float]]:
    spots = []
    for i, a in enumerate(np.linspace(start, end, count)):
        r = (0.27 + 0.05 * (i % 2)) * (0.75 + 0.25 * v)
        spots.append(((0.80 + 0.12 * v) * math.cos(a), -0.12 + (0.86 + 0.16 * v) * math.sin(a), r))
    return spots


def _curly(s: Sketch, hero: Hero, look: Look, v: float) -> None:
    high = {"curls": 1.0, "curls high": 1.3, "curls short": 0.35}[look.hairstyle]
    line: list[_XY] = [
        (0.76, 0.02),
        (0.72, -0.3),
        (0.58, -0.52),
        (0.0, -0.60),
        (-0.58, -0.52),
        (-0.72, -0.3),
        (-0.76, 0.02),
    ]
    s.shape(_tuck(_shell(hero, 0.5 * v, 0.02, line), look), hero.hair, HAIR)
    light = mix(hero.hair, (255, 226, 190), 0.22)
    if look.hairstyle == "curls high":
        spots = _curls(v * 1.5, -2.5, -0.64, 7) + _curls(0.2 * v, -2.3, -0.84, 5)
    else:
        spots = _curls(v * high, -3.25, 0.11, 11) + _curls(-1.4, -2.7, -0.44, 6)
    for x, y, r in spots:
        if _covered(look) and y < -0.35:
            continue
        s.shape(ellipse(x, y, r, r * 0.95), hero.hair, HAIR)
        arc = [(x + r * 0.55 * math.cos(a), y + r * 0.55 * math.sin(a)) for a in (3.4, 4.2, 5.0)]
        s.stroke(arc, light, HAIR, width=[0.01, 0.045, 0.01])


def _tousled(s: Sketch, hero: Hero, look: Look, v: float, m: int) -> None:
    style = look.hairstyle
    lean = {"tousled": 0.06, "tousled aside": 0.2, "fringe": 0.12}[style]
    reach = {"tousled": 0.34, "tousled aside": 0.30, "fringe": 0.14}[style] * v
    ring: list[_XY] = [(-0.75, 0.08)]
    angles = np.linspace(-3.0, -0.2, 7)
    for i, a in enumerate(angles):
        ring.append((0.80 * math.cos(a - 0.2), -0.18 + 0.92 * math.sin(a - 0.2)))
        far = 1 + reach * (1.0 - 0.4 * abs(math.cos(a))) * (1.0 if i % 2 else 0.75)
        ring.append((0.82 * far * math.cos(a + lean - 0.05), -0.18 + 0.92 * far * math.sin(a + lean - 0.05)))
        ring.append((0.82 * far * math.cos(a + lean + 0.08), -0.18 + 0.92 * far * math.sin(a + lean + 0.08)))
    ring.append((0.75, 0.08))
    line: list[_XY] = [(0.69, -0.06), (0.64, -0.36)]
    low = -0.22 if style == "fringe" else -0.42
    for x in (0.40, 0.08, -0.26, -0.54):
        line += [(x + 0.14, -0.58), (x + 0.02, low - 0.04), (x - 0.06, low + 0.02), (x - 0.06, low - 0.08)]
    line += [(-0.65, -0.40), (-0.69, -0.06)]
    s.shape(_tuck(_flip(ring + line, m), look), hero.hair, HAIR)
    paths = []
    for a in angles[1:-1]:
        spots = [(k, lean * max(0.0, k - 0.5)) for k in (0.56, 0.68, 0.80, 0.92)]
        paths.append(_flip([(0.84 * k * math.cos(a + t), -0.2 + 0.94 * k * math.sin(a + t)) for k, t in spots], m))
    _strands(s, hero, paths[::2], look)
    _shine(s, hero, paths[1::2], look)


def _crest(s: Sketch, hero: Hero, look: Look, v: float, m: int) -> None:
    sides = [
        (0.76, 0.06),
        (0.70, -0.3),
        (0.58, -0.56),
        (0.2, -0.64),
        (-0.2, -0.64),
        (-0.58, -0.56),
        (-0.70, -0.3),
        (-0.76, 0.06),
    ]
    s.shape(_tuck(_shell(hero, 0.0, 0.06, sides), look), mix(hero.brow_color, hero.skin, 0.42), HAIR)
    aside = look.hairstyle != "crest"
    lean = 0.34 if aside else 0.10
    high = (0.42 if aside else 0.56) * v
    ring: list[_XY] = [(-0.36, -0.60), (-0.46, -0.9)]
    for x, up in ((-0.36, 0.62), (-0.02, 1.0), (0.28, 0.72)):  # three flames, leaning the way they are combed
        tip = (x + lean + 0.08, -1.10 - high * up)
        ring += [
            (x - 0.06, -1.04 - high * up * 0.6),
            (tip[0] - 0.05, tip[1] + 0.05),
            tip,
            (x + 0.2, -1.02 - 0.45 * high),
        ]
    ring += [(0.46, -0.84), (0.36, -0.58)]
    tips: list[_XY] = (
        [(0.26, -0.44), (0.02, -0.34), (-0.18, -0.46)] if aside else [(0.2, -0.52), (0.02, -0.40), (-0.2, -0.52)]
    )
    for tip in tips:
        ring += [(tip[0] + 0.08, -0.58), tip, tip]
    s.shape(_tuck(_flip(ring, m), look), hero.hair, HAIR, lift=0.04)
    strands = [
        _flip([(x, -0.68), (x + 0.02, -0.85), (x + lean * 0.4, -1.0), (x + lean * 0.8, -1.12)], m)
        for x in (-0.25, 0.0, 0.24)
    ]
    _strands(s, hero, strands[::2], look)
    _shine(s, hero, strands[1:2], look)
