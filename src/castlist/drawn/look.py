"""What changes from picture to picture: pose, expression, light, what is worn, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.drawn.canvas import Color

CLOTH: tuple[Color, ...] = (
    (214, 84, 76),
    (232, 146, 84),
    (240, 196, 96),
    (128, 168, 112),
    (58, 132, 130),
    (82, 142, 196),
    (62, 78, 134),
    (134, 98, 166),
    (222, 138, 158),
    (244, 236, 220),
    (92, 86, 98),
    (138, 96, 72),
)
CLOTHES = ("cape", "tee", "stripes", "hoodie", "jacket", "turtleneck", "scarf")
HATS = ("cap", "beanie", "brim", "headband")
GLASSES = ("round", "square", "wide")


@dataclass(frozen=True)
class Expression:
    """A face's mood; 0 is at rest."""

    smile: float = 0.0  # -1: corners down
    open: float = 0.0  # of the mouth
    width: float = 1.0  # of the mouth
    smirk: float = 0.0  # one corner higher
    brow_up: float = 0.0
    anger: float = 0.0  # inner ends of the brows down; negative: up, as in sorrow
    eyes: float = 1.0  # how far they open
    wink: int = 0  # -1, 1: the eye on that side is shut


EXPRESSIONS: tuple[Expression, ...] = (
    Expression(smile=0.25),
    Expression(smile=0.8, width=1.05, brow_up=0.1),
    Expression(smile=0.9, open=0.55, width=1.15, brow_up=0.3),
    Expression(smile=1.0, open=0.9, width=1.2, brow_up=0.5, eyes=0.1),
    Expression(smile=-0.1, open=0.8, width=0.6, brow_up=1.0, eyes=1.2),
    Expression(smile=-0.8, width=0.9, anger=-0.8, eyes=0.85),
    Expression(smile=-0.4, width=0.9, anger=1.0, eyes=0.8),
    Expression(smile=0.4, smirk=0.8, brow_up=0.3, anger=0.2),
    Expression(smile=0.7, open=0.3, wink=1, brow_up=0.2),
    Expression(smile=0.0, width=0.75, brow_up=-0.1, eyes=0.75),
)


@dataclass(frozen=True)
class Light:
    """Where light comes from, how warm and how strong it is."""

    x: float  # the direction towards the light, in the picture; unit length
    y: float
    tint: tuple[float, float, float]  # of what is lit
    shade: tuple[float, float, float]  # of what is not
    contrast: float  # 0: none, 1: strong shadows


@dataclass(frozen=True)
class Look:
    """One picture of one hero, decided."""

    x: float  # where the head is, in parts of the picture
    y: float
    scale: float  # pixels per head unit, in parts of the picture's height
    yaw: float
    pitch: float
    roll: float
    gaze: tuple[float, float]
    expression: Expression
    hairstyle: str
    mirror_hair: bool
    hair_volume: float
    glasses: str | None
    glasses_color: Color
    hat: str | None
    hat_color: Color
    clothes: str
    cloth: Color
    cloth2: Color
    emblem: int


def choose_light(random: np.random.Generator) -> Light:
    """Draw a light: mostly from above, from cool to warm, from dim to bright."""
    x = float(random.uniform(-0.85, 0.85))
    y = -float(np.sqrt(1 - x * x))
    warmth = float(random.uniform(-1, 1))
    bright = float(random.uniform(0.88, 1.12))
    tint = (bright * (1 + 0.09 * warmth), bright, bright * (1 - 0.12 * warmth))
    dark = bright * float(random.uniform(0.66, 0.8))
    shade = (dark * (0.94 + 0.05 * warmth), dark * 0.94, dark * (1.04 - 0.06 * warmth))
    return Light(x=x, y=y, tint=tint, shade=shade, contrast=float(random.uniform(0.4, 0.9)))


def choose_look(random: np.random.Generator, hairstyles: tuple[str, ...]) -> Look:
    """Draw everything about one picture but the light and the background."""
    mood = EXPRESSIONS[int(random.integers(len(EXPRESSIONS)))]
    some = random.uniform(0.75, 1.1, size=2)
    side = 1 if random.uniform() < 0.5 else -1
    expression = Expression(
        smile=mood.smile * float(some[0]),
        open=mood.open * float(some[1]),
        width=mood.width * float(random.uniform(0.92, 1.08)),
        smirk=mood.smirk * side,
        brow_up=mood.brow_up + float(random.uniform(-0.15, 0.2)),
        anger=mood.anger * float(some[1]),
        eyes=mood.eyes * float(random.uniform(0.88, 1.08)),
        wink=mood.wink * side,
    )
    cloth, cloth2 = (int(i) for i in random.permutation(len(CLOTH))[:2])
    return Look(
        x=float(random.uniform(0.42, 0.58)),
        y=float(random.uniform(0.46, 0.54)),
        scale=float(random.uniform(0.22, 0.295)),
        yaw=float(random.uniform(-0.42, 0.42)),
        pitch=float(random.uniform(-0.16, 0.2)),
        roll=float(random.uniform(-0.24, 0.24)),
        gaze=(float(random.uniform(-0.35, 0.35)), float(random.uniform(-0.2, 0.25))),
        expression=expression,
        hairstyle=hairstyles[int(random.integers(len(hairstyles)))],
        mirror_hair=bool(random.uniform() < 0.5),
        hair_volume=float(random.uniform(0.8, 1.2)),
        glasses=GLASSES[int(random.integers(3))] if random.uniform() < 0.26 else None,
        glasses_color=((52, 46, 60), (150, 62, 62), (176, 132, 62), (60, 92, 136))[int(random.integers(4))],
        hat=HATS[int(random.integers(len(HATS)))] if random.uniform() < 0.28 else None,
        hat_color=CLOTH[int(random.integers(len(CLOTH)))],
        clothes=CLOTHES[int(random.integers(len(CLOTHES)))],
        cloth=CLOTH[cloth],
        cloth2=CLOTH[cloth2],
        emblem=int(random.integers(4)),
    )
