"""Hats and headbands."""

from __future__ import annotations

import numpy as np

from castlist.drawn.canvas import HAT, Color, Sketch, ellipse, ink, mix
from castlist.drawn.look import Look


def draw_hat(s: Sketch, look: Look) -> None:
    """A hat, when this picture has one."""
    color, trim = look.hat_color, mix(look.hat_color, ink(look.hat_color), 0.45)
    if look.hat == "headband":
        ring = [(-0.86, -0.42), (-0.45, -0.60), (0.0, -0.65), (0.45, -0.60), (0.86, -0.42)]
        ring += [(0.90, -0.62), (0.46, -0.80), (0.0, -0.85), (-0.46, -0.80), (-0.90, -0.62)]
        s.shape(ring, color, HAT, lift=0.03)
        s.stroke([(-0.6, -0.63), (0.0, -0.75), (0.6, -0.63)], mix(color, (255, 255, 255), 0.35), HAT, lift=0.04)
    elif look.hat == "beanie":
        dome = [
            (-0.90, -0.40),
            (-0.90, -0.72),
            (-0.58, -1.12),
            (0.0, -1.30),
            (0.58, -1.12),
            (0.90, -0.72),
            (0.90, -0.40),
        ]
        s.shape(ellipse(0.0, -1.36, 0.20, 0.19), mix(color, (255, 255, 255), 0.55), HAT, flat=True)
        s.shape([*dome, (0.45, -0.55), (0.0, -0.60), (-0.45, -0.55)], color, HAT, lift=0.04)
        band = [(-0.92, -0.34), (-0.48, -0.50), (0.0, -0.55), (0.48, -0.50), (0.92, -0.34)]
        s.shape(
            [*band, (0.93, -0.60), (0.48, -0.78), (0.0, -0.83), (-0.48, -0.78), (-0.93, -0.60)], trim, HAT, lift=0.05
        )
        for x in (-0.66, -0.4, -0.14, 0.14, 0.4, 0.66):
            y = -0.56 + 0.3 * x * x
            s.stroke([(x, y), (x * 1.02, y - 0.22)], mix(trim, color, 0.6), HAT, width=0.05, lift=0.06)
    elif look.hat == "cap":
        dome = [
            (-0.88, -0.38),
            (-0.88, -0.72),
            (-0.56, -1.10),
            (0.0, -1.24),
            (0.56, -1.10),
            (0.88, -0.72),
            (0.88, -0.38),
        ]
        s.shape([*dome, (0.45, -0.54), (0.0, -0.58), (-0.45, -0.54)], color, HAT, lift=0.03)
        s.stroke([(0.0, -1.2), (0.0, -0.9), (0.0, -0.62)], trim, HAT, width=0.03, lift=0.05)
        s.shape(ellipse(0.0, -0.86, 0.17, 0.15), mix(color, (255, 252, 240), 0.8), HAT, lift=0.06)
        peak = [
            (-0.70, -0.50),
            (0.0, -0.64),
            (0.70, -0.50),
            (0.80, -0.34),
            (0.40, -0.34),
            (0.0, -0.36),
            (-0.40, -0.34),
            (-0.80, -0.34),
        ]
        s.shape(peak, trim, HAT, lift=np.array([0.05, 0.08, 0.05, 0.22, 0.36, 0.42, 0.36, 0.22]))
    elif look.hat == "brim":
        brim = [
            (-1.42, -0.50),
            (-0.8, -0.40),
            (0.0, -0.37),
            (0.8, -0.40),
            (1.42, -0.50),
            (0.8, -0.68),
            (0.0, -0.74),
            (-0.8, -0.68),
        ]
        s.shape(brim, color, HAT, lift=np.array([0.0, 0.3, 0.42, 0.3, 0.0, -0.1, -0.1, -0.1]), flat=True)
        crown = [
            (-0.80, -0.56),
            (-0.72, -1.0),
            (-0.45, -1.32),
            (0.0, -1.24),
            (0.45, -1.32),
            (0.72, -1.0),
            (0.80, -0.56),
            (0.0, -0.50),
        ]
        s.shape(crown, color, HAT, lift=0.0, flat=True)
        band = [(-0.80, -0.56), (0.0, -0.50), (0.80, -0.56), (0.77, -0.76), (0.0, -0.70), (-0.77, -0.76)]
        s.shape(band, _accent(color), HAT, flat=True)


def _accent(color: Color) -> Color:
    return mix(color, (250, 244, 228), 0.75) if sum(color) < 540 else mix(color, (90, 60, 70), 0.6)
