"""A film with names painted into it, or with faces hidden."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.arguments import checked
from castlist.errors import CastlistError
from castlist.faces import Box
from castlist.media import Canvas, Film, FilmWriter, Frame
from castlist.naming import NamedFilm, Track, overlap
from castlist.painting.hiding import hide_in, is_hidden
from castlist.painting.labels import Label, color_of
from castlist.painting.signs import Sign, Stamp, draw_signs, line_width, plate_size
from castlist.threads import OnCount, work_ahead

MARGIN = 0.5  # seconds that a face is hidden before it is first found and after it is last found
SHORT_MARGIN = 0.15  # seconds, of what may be no face: hands and patterns are found for a moment
ALMOST = 1e-6  # seconds, of rounding
GROWTH = 1.0  # of the box, per second of the margin: where the face is becomes less sure


@checked
def write_film(
    film: NamedFilm,
    path: str | os.PathLike[str],
    *,
    names: bool = True,
    hidden: str | None = None,
    people: Sequence[str] = (),
    on_count: OnCount | None = None,
) -> None:
    """Write the film with names, with faces hidden, or with both: who is hidden isn't named.

    A face is hidden in every frame of its track, also where it wasn't found in between, and half a second, or at least
    a frame, longer at either end, up to the next scene. Times and sound are the film's own. Frames are decoded, painted
    and encoded side by side.

    Args:
        film: As `name_film` gives it; for hiding, with `thorough`.
        path: Ends in .mp4; not the film's own path.
        names: Whether to paint names.
        hidden: Who is hidden: "unknown", "all", or a name.
        people: As for `draw_names`.
        on_count: Told how many frames are done, and of how many.

    Raises:
        PhotoError: If the film can't be read again.
        CastlistError: If the file can't be written.
        FontError: If no font of this machine has the characters of a name.
    """
    path = Path(path)
    if path.exists() and path.samefile(film.path):
        raise CastlistError("film-itself", "{path!r} is the film itself. Choose another name.", path=str(path))
    source = Film.open(film.path)
    covered = [track for track in film.tracks if is_hidden(track.face, hidden)]
    shown = [track for track in film.tracks if names and track.is_sure and not is_hidden(track.face, hidden)]
    cover = _Stage(covered, [MARGIN if track.is_sure else SHORT_MARGIN for track in covered])
    painter = _Painter(shown, source.size, people)

    def plan() -> Iterator[_Plan]:  # in order, since labels keep their places
        for frame in source.frames():
            boxes = [hidden_box(track, frame.index, frame.seconds) for track in cover.at(frame.index, frame.seconds)]
            yield _Plan(frame, boxes, painter.signs(frame.index))

    with FilmWriter(path, source.rate, source.size, source=source) as writer:

        def paint(one: _Plan) -> tuple[Frame, Canvas]:
            canvas = writer.prepare(one.frame)
            if one.boxes:
                for plane, scale in canvas.planes():
                    hide_in(plane, [_smaller(box, scale) for box in one.boxes])
            if one.signs:
                draw_signs(canvas, one.signs)
            return one.frame, canvas

        for frame, painted in work_ahead(paint, plan()):
            writer.add(painted, frame)
            if on_count:
                on_count(frame.index + 1, film.n_frames)


def hidden_box(track: Track, frame: int, seconds: float) -> Box:
    """Where a face may be in a frame of its track, or a little before or after: it moves on, less and less surely."""
    inside = min(max(frame, track.first), track.last)
    box = track.boxes[inside - track.first]
    away = abs(frame - inside)
    if away:
        # The motion of the last few frames, for as many frames again at most: a face doesn't fly off.
        few = min(5, len(track.boxes) - 1)
        neighbor = track.boxes[inside - track.first + (few if frame < inside else -few)]
        box = box + (box - neighbor) / max(few, 1) * min(away, 2 * few)
        late = max(track.start - seconds, seconds - track.end, 0.0)
        grown = 0.5 * GROWTH * late * np.array([box[2] - box[0], box[3] - box[1]])
        box = box + np.concatenate([-grown, grown])
    return Box(*box.tolist())


@dataclass(frozen=True)
class _Plan:
    """What is to be done with a frame."""

    frame: Frame
    boxes: list[Box]  # of faces that are hidden
    signs: list[Sign]


def _smaller(box: Box, times: int) -> Box:
    return Box(box.left / times, box.top / times, box.right / times, box.bottom / times)


class _Stage:
    """Which tracks there are in each frame, asked in order."""

    def __init__(self, tracks: Sequence[Track], margins: Sequence[float]) -> None:
        """Bring on each track so many seconds early, one frame at least, and keep it so much longer, in its scene."""
        self._coming = sorted(zip(tracks, margins, strict=True), key=lambda one: one[0].first, reverse=True)
        self._most = max(margins, default=0.0) + ALMOST
        self._here: list[tuple[Track, float]] = []

    def at(self, frame: int, seconds: float) -> list[Track]:
        while self._coming and (
            self._coming[-1][0].first <= frame + 1 or self._coming[-1][0].start - self._most <= seconds
        ):
            self._here.append(self._coming.pop())
        self._here = [
            (track, margin)
            for track, margin in self._here
            if frame <= track.last + 1 or seconds + ALMOST < track.end + margin
        ]
        return [
            track
            for track, margin in self._here
            if (frame >= track.first - 1 or seconds + ALMOST >= track.start - margin)
            and track.scene[0] <= frame < track.scene[1]
        ]


class _Painter:
    """Places boxes and names that keep their color, size and side from frame to frame."""

    def __init__(self, tracks: Sequence[Track], size: tuple[int, int], people: Sequence[str]) -> None:
        self._coming = sorted(tracks, key=lambda track: track.first, reverse=True)
        self._here: list[Track] = []
        self._width, self._height = size
        people = people or list(dict.fromkeys(track.face.name for track in tracks))
        self._colors = {id(track): color_of(track.face, people) for track in tracks}
        self._labels: dict[int, tuple[Stamp, float, float]] = {}  # by the track's identity, with its plate's size
        self._below: dict[int, bool] = {}

    def signs(self, frame: int) -> list[Sign]:
        """What is to be painted into a frame; asked in order."""
        while self._coming and self._coming[-1].first <= frame:
            self._here.append(self._coming.pop())
        self._here = [track for track in self._here if track.last >= frame]
        here = {id(track) for track in self._here}
        self._labels = {key: label for key, label in self._labels.items() if key in here}
        self._below = {key: below for key, below in self._below.items() if key in here}
        signs: list[Sign] = []
        for track in self._here:
            box = Box(*track.boxes[frame - track.first].tolist())
            stamp, width, height = self._label(track)
            plate = self._place(track, box, width, height, [sign.plate for sign in signs])
            signs.append(Sign(box, plate, stamp, self._colors[id(track)]))
        return signs

    def _label(self, track: Track) -> tuple[Stamp, float, float]:
        if id(track) not in self._labels:
            side = min(self._width, self._height)
            width = float(np.median(track.boxes[:, 2] - track.boxes[:, 0]))
            size = float(np.clip(0.17 * width, max(13.0, side / 60), max(16.0, side / 18)))
            label = Label(track.face, size, self._width - size)
            stamp = Stamp.of(label, size, line_width(self._width, self._height))
            self._labels[id(track)] = stamp, *plate_size(label, size)
        return self._labels[id(track)]

    def _place(self, track: Track, box: Box, width: float, height: float, taken: Sequence[Box]) -> Box:
        """Above the box, or below where there is no room; the label stays on its side while it can."""

        def at(below: bool) -> Box:
            left = min(max(box.left, 0.0), max(self._width - width, 0.0))
            top = box.bottom if below else box.top - height
            return Box(left, top, left + width, top + height)

        def is_free(plate: Box) -> bool:
            inside = plate.top >= 0 and plate.bottom <= self._height
            return inside and not any(overlap(plate, other) for other in taken)

        sides = [self._below.get(id(track), False), not self._below.get(id(track), False)]
        self._below[id(track)] = next((below for below in sides if is_free(at(below))), sides[0])
        plate = at(self._below[id(track)])
        top = min(max(plate.top, 0.0), max(self._height - height, 0.0))
        return Box(plate.left, top, plate.right, top + height)
