"""Heads and faces: ears, outline, eyes, brows, nose, mouth, marks, glasses."""

from __future__ import annotations

import numpy as np

from castlist.drawn.canvas import SKIN, Color, Sketch, ellipse, ink, mirrored, mix
from castlist.drawn.heroes import Hero
from castlist.drawn.look import Look

WHITE: Color = (255, 252, 246)


def draw_head(s: Sketch, hero: Hero) -> None:
    """Ears and the bare head."""
    cheek = hero.face[1]
    for side in (-1, 1):
        s.shape(
            ellipse(side * (cheek + hero.ears * 0.25), 0.12, hero.ears * 0.8, 0.24),
            hero.skin,
            SKIN,
            lift=-0.12,
            flat=True,
        )
        inner = ellipse(side * (cheek + hero.ears * 0.38), 0.12, hero.ears * 0.42, 0.14)
        s.glaze(inner, ink(hero.skin), 0.3, lift=-0.12, flat=True)
    s.shape(outline(hero), hero.skin, SKIN, lift=outline_depth(), flat=True)


def outline(hero: Hero) -> list[tuple[float, float]]:
    """The head seen from the front."""
    temple, cheek, jaw, chin, end = hero.face
    half = [(0.0, -1.02), (temple * 0.62, -0.9), (temple, -0.42), (cheek, 0.16), (jaw, 0.62 * end), (chin, 0.95 * end)]
    return mirrored([*half, (0.0, end)])


def outline_depth() -> np.ndarray:
    """How near to the viewer the points of `outline` are: the chin leads when a head turns."""
    half = [-0.05, -0.02, 0.0, 0.0, 0.10, 0.26]
    return np.array([*half, 0.30, *half[:0:-1]])


def draw_face(s: Sketch, hero: Hero, look: Look) -> None:
    """Everything on the skin, from blush to brows."""
    _draw_cheeks(s, hero)
    if "beard" in hero.marks:
        _draw_beard(s, hero, look)
    _draw_mouth(s, hero, look)
    _draw_marks(s, hero)
    for side in (-1, 1):
        _draw_eye(s, hero, look, side)
    _draw_nose(s, hero)
    for side in (-1, 1):
        _draw_brow(s, hero, look, side)


def _draw_cheeks(s: Sketch, hero: Hero) -> None:
    strong = "cheeks" in hero.marks
    rosy = mix(hero.skin, (226, 70, 74), 0.75)
    for side in (-1, 1):
        s.glow(side * hero.face[1] * 0.58, 0.36, hero.face[1] * 0.25, 0.15, rosy, 0.62 if strong else 0.34)
        if "dimples" in hero.marks:
            x = side * (hero.mouth + 0.16)
            s.stroke([(x, 0.52), (x + side * 0.045, 0.60), (x, 0.68)], ink(hero.skin), SKIN, width=[0.01, 0.045, 0.01])
        if "wrinkles" in hero.marks:
            line = mix(hero.skin, ink(hero.skin), 0.55)
            for y in (0.02, 0.10):
                s.stroke([(side * 0.60, 0.04 + y * 0.4), (side * 0.70, y)], line, SKIN, width=[0.035, 0.015])
            s.stroke(
                [(side * 0.24, 0.42), (side * 0.37, 0.54), (side * 0.41, 0.66)], line, SKIN, width=[0.04, 0.035, 0.01]
            )


def _draw_eye(s: Sketch, hero: Hero, look: Look, side: int) -> None:
    width, height, slant, distance = hero.eye
    x0, y0 = side * distance, 0.03
    wide = 0.0 if look.expression.wink == side else look.expression.eyes
    line = mix(ink(hero.skin), (38, 26, 44), 0.75)
    u = np.linspace(-1, 1, 15)
    arch = np.sqrt(1 - u * u)
    x = x0 + side * u * width
    tilt = -slant * u

    if wide < 0.3:  # shut, in joy
        lid = np.stack([x, y0 + tilt + 0.05 - 0.10 * (1 - u * u)], axis=1)
        s.stroke(lid[::2], line, SKIN, width=[0.02, 0.06, 0.07, 0.06, 0.02])
        if hero.lashes:
            _draw_lashes(s, x0, y0 + 0.03, side, width, line, slant)
        return

    upper = np.maximum(-height * wide * arch, -height * wide * hero.lid) + tilt
    lower = height * min(wide, 1.0) * 0.82 * arch + tilt
    s.shape(_ring(x, y0 + upper, y0 + lower), WHITE, SKIN, smooth=False, edge=False)
    s.glaze(_ring(x, y0 + upper, y0 + upper + 0.05), (90, 80, 130), 0.25, smooth=False)

    radius = min(0.115, height * 0.86)
    ix, iy = look.gaze[0] * (width - radius * 0.6), look.gaze[1] * height * 0.5

    def within(ring: np.ndarray) -> np.ndarray:
        """Push a ring of points into the open eye."""
        v = np.clip((ring[:, 0] - x0) * side / width, -1, 1)
        low, high = np.interp(v, u, y0 + upper), np.interp(v, u, y0 + lower)
        return np.stack([x0 + side * v * width, np.minimum(np.maximum(ring[:, 1], low), high)], axis=1)

    for size, color in ((1.0, mix(hero.iris, (20, 14, 24), 0.45)), (0.86, hero.iris), (0.5, (26, 18, 28))):
        s.shape(
            within(ellipse(x0 + ix, y0 + iy, radius * size, radius * size, points=20)),
            color,
            SKIN,
            smooth=False,
            edge=False,
        )
    s.shape(ellipse(x0 + ix - 0.04, y0 + iy - 0.045, 0.036, 0.036, points=10), WHITE, SKIN, smooth=False, edge=False)
    s.glaze(ellipse(x0 + ix + 0.035, y0 + iy + 0.045, 0.022, 0.022, points=8), WHITE, 0.8, smooth=False)

    lash = [0.02, 0.06, 0.075, 0.08, 0.06] if hero.lashes else [0.02, 0.05, 0.055, 0.05, 0.03]
    s.stroke(np.stack([x, y0 + upper], axis=1)[::2], line, SKIN, width=lash)
    s.stroke(np.stack([x, y0 + lower], axis=1)[2:-2:2], mix(line, hero.skin, 0.45), SKIN, width=0.025)
    crease = np.stack([x, y0 + upper - 0.065], axis=1)[3:-1:2]
    s.stroke(crease, mix(line, hero.skin, 0.5), SKIN, width=[0.01, 0.03, 0.03, 0.015])
    if hero.lashes:
        _draw_lashes(s, x0, y0 - height * wide * 0.45, side, width, line, slant)


def _ring(x: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    return np.concatenate([np.stack([x, upper], axis=1), np.stack([x, lower], axis=1)[::-1]])


def _draw_lashes(s: Sketch, x: float, y: float, side: int, width: float, line: Color, slant: float) -> None:
    for i, out in enumerate((0.86, 1.0)):
        start = (x + side * width * out * 0.98, y - slant + 0.05 * i + 0.02)
        s.stroke([start, (start[0] + side * 0.09, start[1] - 0.075 + 0.03 * i)], line, SKIN, width=[0.045, 0.01])


def _draw_brow(s: Sketch, hero: Hero, look: Look, side: int) -> None:
    thickness, arch, half, height = hero.brow
    mood = look.expression
    u = np.linspace(-1, 1, 5)  # from the nose outwards
    lift = mood.brow_up * 0.10 + (0.08 if mood.smirk * side > 0 else 0.0)
    y = height - lift - arch * 0.16 * (1 - (u - 0.2) ** 2) - mood.anger * 0.10 * u * np.where(u < 0, 1.3, 0.4)
    x = side * (hero.eye[3] + u * half)
    profile = [thickness * part for part in (0.75, 1.0, 1.0, 0.8, 0.25)]
    points = np.stack([x, y], axis=1)
    if "scar" in hero.marks and side == 1:  # the brow is cut in two
        s.stroke(points[:4], hero.brow_color, SKIN, width=profile[:4], lift=0.02)
        a, b = points[2] + (0.10, -0.12), points[2] + (0.03, 0.11)
        s.stroke([a, b], mix(hero.skin, (255, 226, 214), 0.55), SKIN, width=[0.03, 0.055], lift=0.025)
        s.stroke(
            [(a[0] + 0.0, 0.21), (a[0] - 0.05, 0.36)], mix(hero.skin, (255, 226, 214), 0.6), SKIN, width=[0.05, 0.02]
        )
        return
    s.stroke(points, hero.brow_color, SKIN, width=profile, lift=0.02)


def _draw_nose(s: Sketch, hero: Hero) -> None:
    line = mix(ink(hero.skin), hero.skin, 0.15)
    light = mix(hero.skin, (255, 250, 240), 0.5)
    if hero.nose in ("button", "snub"):
        up = 0.05 if hero.nose == "snub" else 0.0
        s.glow(0.0, 0.31 - up, 0.10, 0.08, mix(hero.skin, (220, 80, 70), 0.6), 0.35, lift=0.12)
        s.stroke(
            [(-0.085, 0.32 - up), (-0.03, 0.365), (0.03, 0.365), (0.085, 0.32 - up)],
            line,
            SKIN,
            width=[0.015, 0.045, 0.045, 0.015],
            lift=0.1,
        )
        s.glaze(ellipse(-0.02, 0.27 - up, 0.035, 0.028, points=10), light, 0.7, lift=0.12, smooth=False)
    elif hero.nose == "broad":
        s.glaze(
            [(-0.08, 0.0), (0.08, 0.0), (0.22, 0.34), (0.0, 0.42), (-0.22, 0.34)],
            mix(hero.skin, light, 0.3),
            0.35,
            lift=0.08,
        )
        wings = [(-0.21, 0.25), (-0.24, 0.34), (-0.15, 0.39), (0.0, 0.425), (0.15, 0.39), (0.24, 0.34), (0.21, 0.25)]
        s.stroke(wings, line, SKIN, width=[0.015, 0.05, 0.05, 0.055, 0.05, 0.05, 0.015], lift=0.08)
        s.glaze(ellipse(-0.03, 0.28, 0.06, 0.04, points=12), light, 0.5, lift=0.14, smooth=False)
    elif hero.nose == "bulb":
        s.shape(ellipse(0.0, 0.31, 0.17, 0.135), mix(hero.skin, (222, 110, 96), 0.3), SKIN, lift=0.16)
        s.glaze(ellipse(-0.05, 0.26, 0.055, 0.04, points=12), light, 0.75, lift=0.18, smooth=False)
    elif hero.nose == "long":
        tip = mix(hero.skin, (230, 104, 92), 0.45)
        ring = [(-0.05, -0.04), (0.05, -0.04), (0.09, 0.28), (0.13, 0.40), (0.0, 0.50), (-0.13, 0.40), (-0.09, 0.28)]
        lift = np.array([0.02, 0.02, 0.14, 0.16, 0.26, 0.16, 0.14])
        s.glaze(ring, tip, 0.25, lift=0.12)
        s.glow(0.0, 0.41, 0.13, 0.10, tip, 0.95, lift=0.22)
        edge = [(0.04, 0.0), (0.08, 0.26), (0.14, 0.39), (0.0, 0.505), (-0.14, 0.39), (-0.10, 0.33)]
        s.stroke(edge, line, SKIN, width=[0.01, 0.035, 0.045, 0.05, 0.045, 0.015], lift=np.roll(lift, -2)[:6])
        s.glaze(ellipse(-0.03, 0.37, 0.04, 0.035, points=10), light, 0.8, lift=0.24, smooth=False)
    else:  # hooked
        edge = [(-0.05, -0.06), (-0.10, 0.14), (-0.07, 0.30), (0.0, 0.42), (0.10, 0.35)]
        s.stroke(
            edge, line, SKIN, width=[0.01, 0.045, 0.04, 0.055, 0.02], lift=np.array([0.04, 0.16, 0.16, 0.16, 0.06])
        )
        s.glaze(
            [(-0.05, -0.06), (-0.10, 0.14), (-0.06, 0.30), (0.01, 0.40), (0.12, 0.34), (0.05, 0.1)],
            ink(hero.skin),
            0.14,
            lift=0.12,
        )


def _draw_mouth(s: Sketch, hero: Hero, look: Look) -> None:
    mood = look.expression
    half = hero.mouth * mood.width
    y0 = 0.66 + 0.3 * (hero.face[4] - 1.0)
    u = np.linspace(-1, 1, 13)
    arch = 1 - u * u
    middle = y0 + mood.smile * 0.13 * (arch - 0.5) - mood.smirk * 0.05 * u
    x = half * u
    line = mix(ink(hero.lips), (50, 22, 34), 0.45)

    if mood.open < 0.15:
        lower = np.stack([x, middle + 0.02 + 0.055 * arch], axis=1)[2:-2]
        s.glaze(_ring(lower[:, 0], middle[2:-2], lower[:, 1]), hero.lips, 0.75, smooth=False)
        s.stroke(np.stack([x, middle], axis=1)[::2], line, SKIN, width=[0.02, 0.05, 0.06, 0.065, 0.06, 0.05, 0.02])
        for end, out in ((0, -1), (-1, 1)):
            corner = (float(x[end]), float(middle[end]))
            bend = 0.05 * mood.smile
            s.stroke(
                [(corner[0] - out * 0.02, corner[1] + bend * 0.4), (corner[0] + out * 0.035, corner[1] - bend)],
                line,
                SKIN,
                width=[0.015, 0.045, 0.015],
            )
        return

    upper = middle - 0.10 * mood.open * arch * (0.4 if mood.smile > 0.5 else 1.0)
    lower = middle + 0.30 * mood.open * np.sqrt(arch)
    s.shape(_ring(x, upper - 0.03 * arch, lower + 0.045 * arch), hero.lips, SKIN, smooth=False)
    s.shape(_ring(x, upper, lower), (92, 26, 40), SKIN, smooth=False, edge=False)
    tongue = np.maximum(upper, lower - 0.11 * mood.open * np.maximum(0.0, 1 - (u / 0.7) ** 2))
    s.shape(_ring(x, tongue, lower), (214, 92, 98), SKIN, smooth=False, edge=False)
    teeth = np.minimum(upper + 0.085 * np.minimum(1.0, 3 * arch), lower)
    s.shape(_ring(x[1:-1], upper[1:-1], teeth[1:-1]), WHITE, SKIN, smooth=False, edge=False)
    if "gap" in hero.marks:
        s.stroke([(0.0, upper[6]), (0.0, teeth[6])], (92, 26, 40), SKIN, width=0.04)


def _draw_marks(s: Sketch, hero: Hero) -> None:
    if "freckles" in hero.marks:
        dot = mix(hero.skin, (190, 96, 50), 0.7)
        for x, y in ((0.30, 0.27), (0.41, 0.33), (0.52, 0.26), (0.47, 0.41), (0.35, 0.39), (0.62, 0.33), (0.10, 0.22)):
            for side in (-1, 1):
                spot = ellipse(side * x + 0.015, y + 0.01 * side, 0.03, 0.027, points=10)
                s.shape(spot, dot, SKIN, smooth=False, edge=False)
    if "mole" in hero.marks:
        s.shape(ellipse(-0.42, 0.36, 0.036, 0.036, points=12), (84, 50, 46), SKIN, smooth=False, edge=False)
    if "goatee" in hero.marks:
        end = hero.face[4]
        tuft = [
            (-0.14, end - 0.16),
            (0.0, end - 0.19),
            (0.14, end - 0.16),
            (0.12, end),
            (0.0, end + 0.15),
        ]
        s.shape([*tuft, (-0.12, end)], hero.brow_color, SKIN, lift=0.3, flat=True)


def _draw_beard(s: Sketch, hero: Hero, look: Look) -> None:
    _, cheek, jaw, chin, end = hero.face
    more = 0.04 + 0.05 * (look.hair_volume - 0.8)
    outer = [(cheek - 0.01, 0.12), (jaw + more, 0.62 * end), (chin + more, 0.97 * end), (0.0, end + more + 0.05)]
    inner = [(0.0, 0.50), (0.22, 0.49), (0.40, 0.56), (0.56, 0.42), (cheek - 0.10, 0.10)]
    ring = [*outer, *[(-x, y) for x, y in reversed(outer[:3])], *[(-x, y) for x, y in reversed(inner[1:])], *inner]
    depth = [0.0, 0.10, 0.26, 0.30, 0.26, 0.10, 0.0]
    # Towards the ears the beard lies in one plane with the outline, or it would fold over when the head turns.
    front = [0.62 * max(0.0, 1 - (x / (cheek - 0.08)) ** 2) ** 0.5 for x, _ in ring[7:]]
    s.shape(ring, hero.hair, SKIN, lift=np.array(depth + front), flat=True)


def draw_glasses(s: Sketch, hero: Hero, look: Look) -> None:
    """Frames on the nose, when this picture has any."""
    if look.glasses is None:
        return
    color = look.glasses_color
    shine = (255, 255, 255)
    distance = max(hero.eye[3], 0.33)
    for side in (-1, 1):
        x = side * distance
        if look.glasses == "round":
            ring = ellipse(x, 0.05, 0.27, 0.27)
        elif look.glasses == "square":
            ring = np.array(
                [
                    (x + 0.28 * i, 0.05 + 0.22 * j)
                    for i, j in ((-1, -0.7), (-0.8, -1), (0.8, -1), (1, -0.7), (1, 0.7), (0.8, 1), (-0.8, 1), (-1, 0.7))
                ]
            )
        else:
            ring = np.array(
                [
                    (x + side * 0.27 * i, 0.04 + 0.21 * j)
                    for i, j in ((-1, -0.5), (0.3, -0.9), (1.2, -1.2), (1.05, 0.2), (0.5, 1), (-0.6, 0.9))
                ]
            )
        s.glaze(ring, (206, 230, 244), 0.13, lift=0.14)
        s.glaze(
            [(x - 0.16, -0.05), (x - 0.05, -0.12), (x - 0.13, 0.12), (x - 0.19, 0.10)],
            shine,
            0.35,
            lift=0.14,
            smooth=False,
        )
        s.stroke([*ring, ring[0], ring[1]], color, SKIN, width=0.055, lift=0.14)
        temple = hero.face[1]
        s.stroke([(side * (distance + 0.27), 0.0), (side * (temple + 0.02), 0.0)], color, SKIN, width=0.06, lift=0.06)
    s.stroke([(-distance + 0.26, 0.03), (0.0, -0.03), (distance - 0.26, 0.03)], color, SKIN, width=0.055, lift=0.18)
