"""What is known of a face in a photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.errors import Message


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the upright photo; pixel centers lie at halves, as 0.5."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    def common(self, other: Box) -> float:
        """The area that two boxes have in common."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    def clipped(self, width: int, height: int) -> Box:
        """The part that lies inside a photo of this size."""
        left, right = (min(max(x, 0.0), float(width)) for x in (self.left, self.right))
        top, bottom = (min(max(y, 0.0), float(height)) for y in (self.top, self.bottom))
        return Box(left, top, right, bottom)


# Where telling pairs of LFW's training photos apart leaves its plateau of 98-99 % when one of the two is reduced or
# blurred (benchmarks/fit_constants.py).
MIN_EYE_DISTANCE = 10.0  # pixels: 99 % at 10, 95 % at 8, 57 % at 6
MIN_SHARPNESS = 0.035  # 98 % at 0.039, 92 % at 0.036, 79 % at 0.031; one sharp photo in a hundred has less than 0.086
MAX_YAW = 50.0  # degrees: only profiles show more, in which half of the face is guessed

NO_FACE = Message("no-face", "no face found")
TOO_SMALL = Message("face-too-small", "too small")
TOO_BLURRED = Message("face-too-blurred", "too blurred")
TURNED_AWAY = Message("face-turned-away", "turned away")


@dataclass(frozen=True)
class Quality:
    """How much of a face there is to recognize."""

    eye_distance: float  # pixels of the photo between the eyes
    sharpness: float  # fine detail of the crop relative to its contrast, about 0 to 1
    yaw: float  # degrees to the side, estimated from the landmarks; 0 looks into the camera

    @property
    def problem(self) -> Message | None:
        """Why a name can't be trusted, or None."""
        if self.eye_distance < MIN_EYE_DISTANCE:
            return TOO_SMALL
        if self.sharpness < MIN_SHARPNESS:
            return TOO_BLURRED
        if abs(self.yaw) > MAX_YAW:
            return TURNED_AWAY
        return None


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a photo, and its aligned crop."""

    pixels: np.ndarray  # (size, size, 3), uint8, RGB; the template's size, 112 by default
    box: Box
    landmarks: np.ndarray  # (5, 2), float32, x and y: left eye, right eye, nose, mouth corners, as seen in the photo
    confidence: float  # detector score, 0 to 1
    quality: Quality
    rotation: int = 0  # degrees that the photo was turned counterclockwise for the face to be found: 0, 90, 180, 270
