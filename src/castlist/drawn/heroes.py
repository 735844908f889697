"""The seven heroes: who they are, whatever they wear and wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass

from castlist.drawn.canvas import Color


@dataclass(frozen=True)
class Hero:
    """What stays the same in every picture of one hero; lengths in head units (a head is 2 high)."""

    name: str
    skin: Color
    hair: Color
    iris: Color
    brow_color: Color
    lips: Color
    # The face from above, half widths: temples, cheeks, jaw, chin; then where the chin ends.
    face: tuple[float, float, float, float, float]
    eye: tuple[float, float, float, float]  # half width, half height, slant (positive: outer corner up), distance
    lid: float  # 1: the eye opens round; less: the upper lid hangs
    lashes: bool
    brow: tuple[float, float, float, float]  # thickness, arch, half length, height
    nose: str  # button, broad, long, pointed, bulb, snub, hooked
    mouth: float  # half width
    ears: float
    neck: float
    shoulders: float
    hairstyles: tuple[str, ...]
    marks: tuple[str, ...]


CAST: tuple[Hero, ...] = (
    Hero(
        name="Miro",
        skin=(176, 116, 78),
        hair=(58, 38, 36),
        iris=(92, 56, 30),
        brow_color=(48, 30, 28),
        lips=(150, 78, 66),
        face=(0.80, 0.86, 0.72, 0.36, 0.96),
        eye=(0.17, 0.20, 0.00, 0.36),
        lid=1.0,
        lashes=False,
        brow=(0.13, 0.5, 0.20, -0.36),
        nose="button",
        mouth=0.30,
        ears=0.20,
        neck=0.27,
        shoulders=1.18,
        hairstyles=("curls", "curls high", "curls short"),
        marks=("dimples", "gap"),
    ),
    Hero(
        name="Juna",
        skin=(250, 214, 188),
        hair=(206, 92, 44),
        iris=(72, 140, 84),
        brow_color=(160, 70, 38),
        lips=(214, 104, 98),
        face=(0.74, 0.74, 0.56, 0.26, 1.04),
        eye=(0.19, 0.15, 0.05, 0.35),
        lid=1.0,
        lashes=True,
        brow=(0.06, 0.8, 0.20, -0.30),
        nose="snub",
        mouth=0.24,
        ears=0.15,
        neck=0.21,
        shoulders=1.0,
        hairstyles=("long", "ponytail", "side braid"),
        marks=("freckles",),
    ),
    Hero(
        name="Bo Tamarin",
        skin=(104, 66, 50),
        hair=(212, 212, 220),
        iris=(66, 44, 34),
        brow_color=(212, 210, 214),
        lips=(120, 62, 58),
        face=(0.78, 0.80, 0.78, 0.50, 1.04),
        eye=(0.15, 0.12, -0.02, 0.37),
        lid=0.75,
        lashes=False,
        brow=(0.12, 0.15, 0.22, -0.22),
        nose="broad",
        mouth=0.32,
        ears=0.17,
        neck=0.42,
        shoulders=1.5,
        hairstyles=("flat top", "cropped", "swept back"),
        marks=("beard",),
    ),
    Hero(
        name="小滿",
        skin=(246, 208, 168),
        hair=(38, 36, 52),
        iris=(76, 52, 44),
        brow_color=(44, 38, 50),
        lips=(206, 92, 92),
        face=(0.82, 0.82, 0.56, 0.20, 0.95),
        eye=(0.20, 0.22, 0.03, 0.39),
        lid=1.0,
        lashes=True,
        brow=(0.055, 0.35, 0.15, -0.36),
        nose="button",
        mouth=0.21,
        ears=0.15,
        neck=0.20,
        shoulders=0.95,
        hairstyles=("bob", "two buns", "bob tied"),
        marks=("mole",),
    ),
    Hero(
        name="Oska",
        skin=(252, 222, 204),
        hair=(238, 200, 104),
        iris=(76, 124, 190),
        brow_color=(196, 152, 72),
        lips=(216, 128, 118),
        face=(0.70, 0.68, 0.54, 0.24, 1.12),
        eye=(0.13, 0.17, 0.00, 0.29),
        lid=1.0,
        lashes=False,
        brow=(0.07, 0.2, 0.17, -0.34),
        nose="long",
        mouth=0.25,
        ears=0.30,
        neck=0.20,
        shoulders=1.02,
        hairstyles=("tousled", "tousled aside", "fringe"),
        marks=("red nose",),
    ),
    Hero(
        name="Wilmet",
        skin=(222, 168, 128),
        hair=(186, 176, 204),
        iris=(110, 96, 74),
        brow_color=(160, 148, 178),
        lips=(190, 84, 92),
        face=(0.78, 0.90, 0.82, 0.42, 0.92),
        eye=(0.16, 0.13, -0.05, 0.37),
        lid=0.8,
        lashes=False,
        brow=(0.08, 0.9, 0.18, -0.27),
        nose="bulb",
        mouth=0.27,
        ears=0.19,
        neck=0.28,
        shoulders=1.2,
        hairstyles=("bun", "waves", "crown braid"),
        marks=("wrinkles", "cheeks"),
    ),
    Hero(
        name="Kazo",
        skin=(206, 150, 104),
        hair=(40, 138, 140),
        iris=(190, 138, 44),
        brow_color=(40, 62, 68),
        lips=(172, 96, 82),
        face=(0.82, 0.76, 0.58, 0.16, 1.08),
        eye=(0.19, 0.12, 0.09, 0.36),
        lid=0.85,
        lashes=False,
        brow=(0.11, 0.25, 0.23, -0.24),
        nose="hooked",
        mouth=0.27,
        ears=0.18,
        neck=0.29,
        shoulders=1.22,
        hairstyles=("crest", "crest aside", "crest tied"),
        marks=("scar", "goatee"),
    ),
)
