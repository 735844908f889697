"""Following faces from frame to frame: which of them are one face."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from castlist.faces import Box, Face

BRIDGE = 1.0  # seconds that a face may be unseen and still be the same track
BRIDGED_LOOKS = 2.5  # the same, in the time from one look to the next, of films with few frames a second
SURE = 0.85  # detector score that a face must reach once to be believed
NESTED = 0.4  # share of a box inside another from which it is the same face, found twice
NEAR = 3.0  # face sizes that a face may have jumped, when it looks the same
# Similarities of centered embeddings; of faces in neighboring looks of the test clip 95 % lie above 0.73. Of LFW's
# training photos 99 % of one person lie above 0.34, and 99.9 % of different people below 0.29.
ALIKE = 0.66
UNLIKE = 0.3
KEPT = 6  # looks of a track that are kept to name it by; more let the poorer ones outvote the better
APART = 0.25  # seconds between two of them, in long tracks: neighboring frames say nearly the same


@dataclass(frozen=True, eq=False)
class Look:
    """A face in one frame."""

    frame: int
    seconds: float
    face: Face
    vector: np.ndarray | None = None  # (values,), float32, L2 norm 1; an embedding, centered; None: not embedded
    embedding: np.ndarray | None = None  # the same as the network gave it

    @property
    def worth(self) -> float:
        """How much it helps to name the face; relative."""
        quality = self.face.quality
        frontal = max(float(np.cos(np.radians(quality.yaw))), 0.05)
        return min(quality.eye_distance, 60.0) * min(quality.sharpness, 0.2) * frontal**2 * self.face.confidence


@dataclass(eq=False)
class Trail:
    """A face so far: where it was seen, and its best looks."""

    frames: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    best: list[Look] = field(default_factory=list)
    confidence: float = 0.0  # the highest detector score
    _mean: np.ndarray | None = None  # of the vectors, the latest most
    _speed: np.ndarray = field(default_factory=lambda: np.zeros(2))  # pixels per frame, of the center

    def add(self, look: Look) -> None:
        box = look.face.box
        if self.frames:
            gone = look.frame - self.frames[-1]
            moved = _center(box) - _center(Box(*self.boxes[-1]))
            self._speed = (self._speed + moved / gone) / 2
        self.frames.append(look.frame)
        self.seconds.append(look.seconds)
        self.boxes.append((box.left, box.top, box.right, box.bottom))
        if look.vector is not None:
            self._mean = look.vector if self._mean is None else 0.8 * self._mean + 0.2 * look.vector
        self.confidence = max(self.confidence, look.face.confidence)
        self._keep(look)

    def expected(self, frame: int) -> Box:
        """Where it should be, if it moves on as it did; less surely so the longer it is unseen."""
        ahead = min(frame - self.frames[-1], 8)
        x, y = (self._speed * ahead).tolist()
        left, top, right, bottom = self.boxes[-1]
        return Box(left + x, top + y, right + x, bottom + y)

    def affinity(self, look: Look) -> float:
        """How well a look goes on with this face; 0: not at all."""
        expected, box = self.expected(look.frame), look.face.box
        size = np.sqrt(max(expected.area, 1.0) * max(box.area, 1.0)) ** 0.5
        growth = np.sqrt(max(box.area, 1.0) / max(expected.area, 1.0))
        likeness = UNLIKE  # where nothing tells, neither alike nor refused
        if look.vector is not None and self._mean is not None:
            likeness = float(look.vector @ self._mean) / max(float(np.linalg.norm(self._mean)), 1e-9)
        if not 0.5 < growth < 2 or likeness < UNLIKE:
            return 0.0
        distance = float(np.linalg.norm(_center(box) - _center(expected))) / size
        common = overlap(expected, box)
        if common < 0.25 and not (likeness >= ALIKE and distance < NEAR):
            return 0.0
        return float(1e-3 + common + max(likeness, 0.0) + max(0.0, 1 - distance))

    def _keep(self, look: Look) -> None:
        """Keep the best looks, no two of about the same moment."""
        apart = min(APART, (look.seconds - self.seconds[0]) / KEPT)
        near = [kept for kept in self.best if abs(kept.seconds - look.seconds) < apart]
        if not near and len(self.best) < KEPT:
            self.best.append(look)
            return
        worst = min(near or self.best, key=lambda kept: kept.worth)
        if look.worth > worst.worth:
            self.best[self.best.index(worst)] = look


class Tracker:
    """Joins looks to trails, one frame after the other."""

    def __init__(self, start: float = SURE) -> None:
        """Begin with nobody.

        Args:
            start: Detector score from which a face begins a trail; weaker ones only go on with one.
        """
        self._start = start
        self._seconds = 0.0  # of the frame before
        self._open: list[Trail] = []

    def update(self, looks: Sequence[Look], seconds: float, *, is_cut: bool = False) -> list[Trail]:
        """Take in the faces of a frame.

        Args:
            looks: All of one frame, later than those before.
            seconds: Of the frame.
            is_cut: Whether a new scene begins with it: nobody goes on.

        Returns:
            The trails that have ended.
        """
        ended = self.finish() if is_cut else self._expire(seconds)
        self._seconds = seconds
        free = set(range(len(looks)))
        pairs = [(trail.affinity(look), i, j) for i, trail in enumerate(self._open) for j, look in enumerate(looks)]
        taken: set[int] = set()
        for affinity, i, j in sorted(pairs, reverse=True):
            if affinity > 0 and i not in taken and j in free:
                self._open[i].add(looks[j])
                taken.add(i)
                free.remove(j)
        followed = [look.face.box for j, look in enumerate(looks) if j not in free]
        for j in sorted(free, key=lambda j: -looks[j].face.confidence):
            box = looks[j].face.box
            if looks[j].face.confidence >= self._start and all(_nested(box, other) < NESTED for other in followed):
                followed.append(box)
                self._open.append(Trail())
                self._open[-1].add(looks[j])
        return ended

    def finish(self) -> list[Trail]:
        """End all trails, and return those that were open."""
        ended, self._open = self._open, []
        return ended

    def _expire(self, seconds: float) -> list[Trail]:
        bridge = max(BRIDGE, BRIDGED_LOOKS * (seconds - self._seconds))
        ended = [trail for trail in self._open if seconds - trail.seconds[-1] > bridge]
        self._open = [trail for trail in self._open if seconds - trail.seconds[-1] <= bridge]
        return ended


def overlap(one: Box, other: Box) -> float:
    """The common area of two boxes, relative to their union (IoU)."""
    common = one.common(other)
    return common / max(one.area + other.area - common, 1e-9)


def fill_boxes(
    frames: Sequence[int], boxes: Sequence[Sequence[float]], smoothing: float, times: np.ndarray | None = None
) -> np.ndarray:
    """One box for each frame from the first to the last, straight between those known, without their jitter.

    Args:
        frames: Where boxes are known, rising.
        boxes: Of n such frames, left, top, right, bottom.
        smoothing: Standard deviation of the moving mean, in units of `times`; 0 leaves the boxes as they are.
        times: When each frame of the film is shown, rising; None: one after the other, by their numbers.

    Returns:
        Shape (last - first + 1, 4), float32.
    """
    every = np.arange(frames[0], frames[-1] + 1) if times is None else times[frames[0] : frames[-1] + 1]
    known = every[np.asarray(frames) - frames[0]]
    steps = np.diff(every)
    # As many steps as the closest frames need; in between, frames may be far apart.
    n_steps = 0 if len(every) < 2 else int(np.clip(round((every[-1] - every[0]) / steps.min()), 1, 8 * len(every)))
    even = np.linspace(every[0], every[-1], n_steps + 1)
    filled = _at(even, known, np.asarray(boxes, np.float64))
    reach = min(math.ceil(2 * smoothing * n_steps / max(every[-1] - every[0], 1e-9)), n_steps)
    if smoothing > 0 and reach:
        step = (every[-1] - every[0]) / n_steps
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / smoothing) ** 2)
        # Mirrored through the end points, so that a face that enters or leaves isn't held back.
        before, after = 2 * filled[0] - filled[reach:0:-1], 2 * filled[-1] - filled[-2 : -reach - 2 : -1]
        padded = np.concatenate([before, filled, after])
        filled = np.column_stack([np.convolve(padded[:, k], weights / weights.sum(), "valid") for k in range(4)])
    return _at(every, even, filled).astype(np.float32)


def _at(wanted: np.ndarray, times: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Boxes at other times than those where they are known, straight between these."""
    return np.column_stack([np.interp(wanted, times, boxes[:, k]) for k in range(4)])


def _nested(one: Box, other: Box) -> float:
    return one.common(other) / max(min(one.area, other.area), 1e-9)


def _center(box: Box) -> np.ndarray:
    return np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2])
