"""A film with names painted into it, or with faces hidden."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from castlist.errors import CastlistError
from castlist.faces import Box
from castlist.media import UNKNOWN, Film, FilmWriter
from castlist.naming import NamedFilm, Track, overlap
from castlist.painting.hiding import hide_faces, is_hidden
from castlist.painting.labels import COLORS, PLATE, Label
from castlist.threads import OnCount

MARGIN = 0.5  # seconds that a face is hidden before it is first found and after it is last found
SHORT_MARGIN = 0.15  # seconds, of what may be no face: hands and patterns are found for a moment
GROWTH = 1.0  # of the box, per second of the margin: where the face is becomes less sure
UNKNOWN_COLOR = "#c8ccd4"


def write_film(
    film: NamedFilm,
    path: str | os.PathLike[str],
    *,
    names: bool = True,
    hidden: str | None = None,
    on_count: OnCount | None = None,
) -> None:
    """Write the film with names, with faces hidden, or with both: who is hidden isn't named.

    A face is hidden in every frame of its track, also where it wasn't found in between, and half a second longer at
    either end, up to the next scene. The film has no sound: OpenCV can't keep it (see `FilmWriter`).

    Args:
        film: As `name_film` gives it; for hiding, with `thorough`.
        path: Ends in .mp4; not the film's own path.
        names: Whether to paint names.
        hidden: Who is hidden: "unknown", "all", or a name.
        on_count: Told how many frames are done, and of how many.

    Raises:
        PhotoError: If the film can't be read again.
        CastlistError: If the file can't be written.
        FontError: If no font of this machine has the characters of a name.
    """
    path = Path(path)
    if path.exists() and path.samefile(film.path):
        raise CastlistError("film-itself", "{path!r} is the film itself. Choose another name.", path=str(path))
    covered = [track for track in film.tracks if is_hidden(track.face, hidden)]
    shown = [track for track in film.tracks if names and track.is_sure and not is_hidden(track.face, hidden)]
    margins = [MARGIN if track.is_sure else SHORT_MARGIN for track in covered]
    cover = _Stage(covered, [math.ceil(margin * film.rate) for margin in margins])
    painter = _Painter(shown)
    with contextlib.ExitStack() as stack:
        writer = None
        for frame in Film.open(film.path).frames():
            height, width = frame.pixels.shape[:2]
            writer = writer or stack.enter_context(FilmWriter(path, film.rate, (width, height)))
            boxes = [hidden_box(track, frame.index, film.rate) for track in cover.at(frame.index)]
            writer.write(painter.paint(hide_faces(frame.pixels, boxes), frame.index))
            if on_count:
                on_count(frame.index + 1, film.n_frames)


def hidden_box(track: Track, frame: int, rate: float) -> Box:
    """Where a face may be in a frame of its track, or a little before or after: it moves on, less and less surely."""
    inside = min(max(frame, track.first), track.last)
    box = track.boxes[inside - track.first]
    away = abs(frame - inside)
    if away:
        # The motion of the last few frames, for as many frames again at most: a face doesn't fly off.
        few = min(5, len(track.boxes) - 1)
        neighbor = track.boxes[inside - track.first + (few if frame < inside else -few)]
        box = box + (box - neighbor) / max(few, 1) * min(away, 2 * few)
        grown = 0.5 * GROWTH * away / rate * np.array([box[2] - box[0], box[3] - box[1]])
        box = box + np.concatenate([-grown, grown])
    return Box(*box.tolist())


class _Stage:
    """Which tracks there are in each frame, asked in order."""

    def __init__(self, tracks: Sequence[Track], margins: Sequence[int]) -> None:
        """Bring on each track so many frames early, and keep it so many longer, but within its scene."""
        spans = [
            (max(track.first - margin, track.scene[0]), min(track.last + margin, track.scene[1] - 1), track)
            for track, margin in zip(tracks, margins, strict=True)
        ]
        self._coming = sorted(spans, key=lambda span: span[0], reverse=True)
        self._here: list[tuple[int, int, Track]] = []

    def at(self, frame: int) -> list[Track]:
        while self._coming and self._coming[-1][0] <= frame:
            self._here.append(self._coming.pop())
        self._here = [span for span in self._here if span[1] >= frame]
        return [track for _, _, track in self._here]


class _Painter:
    """Paints boxes and names that keep their color, size and side from frame to frame."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._stage = _Stage(tracks, [0] * len(tracks))
        people = dict.fromkeys(track.face.name for track in tracks if track.face.name != UNKNOWN)
        self._colors = {name: COLORS[i % (len(COLORS) - 1)] for i, name in enumerate(people)} | {UNKNOWN: UNKNOWN_COLOR}
        self._labels: dict[int, tuple[Label, float]] = {}  # by the track's identity, with the size of its letters
        self._below: dict[int, bool] = {}

    def paint(self, pixels: np.ndarray, frame: int) -> np.ndarray:
        """A frame with the names of those who are in it; shape (height, width, 3), uint8, RGB."""
        tracks = self._stage.at(frame)
        here = {id(track) for track in tracks}
        self._labels = {key: label for key, label in self._labels.items() if key in here}
        self._below = {key: below for key, below in self._below.items() if key in here}
        if not tracks:
            return pixels
        picture = Image.fromarray(pixels)
        draw = ImageDraw.Draw(picture)
        line = max(2, round(min(picture.size) / 300))
        boxes = [Box(*track.boxes[frame - track.first].tolist()) for track in tracks]
        for track, box in zip(tracks, boxes, strict=True):
            edges = (box.left, box.top, box.right, box.bottom)
            outer = (box.left - line, box.top - line, box.right + line, box.bottom + line)
            draw.rounded_rectangle(outer, 2 * line, outline=PLATE, width=3 * line)
            draw.rounded_rectangle(edges, 2 * line, outline=self._colors[track.face.name], width=line)
        taken: list[Box] = []
        for track, box in zip(tracks, boxes, strict=True):
            label, size = self._label(track, picture)
            plate = self._place(track, box, label.width + 0.8 * size, 1.5 * size, picture, taken)
            taken.append(plate)
            color = self._colors[track.face.name]
            draw.rounded_rectangle((plate.left, plate.top, plate.right, plate.bottom), 0.25 * size, color, PLATE, line)
            label.draw(draw, plate.left + 0.4 * size, (plate.top + plate.bottom) / 2, PLATE)
        return np.asarray(picture)

    def _label(self, track: Track, picture: Image.Image) -> tuple[Label, float]:
        if id(track) not in self._labels:
            side = min(picture.size)
            width = float(np.median(track.boxes[:, 2] - track.boxes[:, 0]))
            size = float(np.clip(0.17 * width, max(13.0, side / 60), max(16.0, side / 18)))
            self._labels[id(track)] = Label(track.face, size, picture.width - size), size
        return self._labels[id(track)]

    def _place(
        self, track: Track, box: Box, width: float, height: float, picture: Image.Image, taken: Sequence[Box]
    ) -> Box:
        """Above the box, or below where there is no room; the label stays on its side while it can."""

        def at(below: bool) -> Box:
            left = min(max(box.left, 0.0), max(picture.width - width, 0.0))
            top = box.bottom if below else box.top - height
            return Box(left, top, left + width, top + height)

        def is_free(plate: Box) -> bool:
            inside = plate.top >= 0 and plate.bottom <= picture.height
            return inside and not any(overlap(plate, other) for other in taken)

        sides = [self._below.get(id(track), False), not self._below.get(id(track), False)]
        self._below[id(track)] = next((below for below in sides if is_free(at(below))), sides[0])
        plate = at(self._below[id(track)])
        top = min(max(plate.top, 0.0), max(picture.height - height, 0.0))
        return Box(plate.left, top, plate.right, top + height)
