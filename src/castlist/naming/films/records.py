"""What is known of a film: tracks of faces, and the table of who is seen from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from castlist.arguments import checked
from castlist.errors import Message
from castlist.media import UNKNOWN
from castlist.naming.answers import NamedFace

JOINED = 1.5  # seconds between two tracks of a person that are one sighting


@dataclass(frozen=True, eq=False)
class Track:
    """One face, followed through the film until it is out of sight."""

    face: NamedFace  # who it is, and the box of its best look
    start: float  # seconds
    end: float  # seconds
    first: int  # frame of the first box
    boxes: np.ndarray  # (n, 4), float32; left, top, right, bottom in frame first, first + 1, ...
    scene: tuple[int, int]  # the scene's first frame, and the one after its last
    is_sure: bool  # whether it is surely a face, and seen for more than a moment; other tracks are only hidden

    @property
    def last(self) -> int:
        return self.first + len(self.boxes) - 1


@dataclass(frozen=True)
class Sighting:
    """A row of the table: somebody is seen from when to when."""

    name: str
    probability: float  # of the name, the highest of the tracks joined here
    start: float  # seconds
    end: float  # seconds
    perhaps: str | None = None  # as of `NamedFace`
    perhaps_probability: float | None = None


@dataclass(frozen=True, eq=False)
class NamedFilm:
    """A film, and who is in it."""

    path: Path
    rate: float  # frames per second
    n_frames: int
    tracks: tuple[Track, ...]  # in order of appearance
    sightings: tuple[Sighting, ...]  # in order of appearance
    problem: Message | None = None  # why the film ends early, or can't be read at all

    @classmethod
    @checked
    def unread(cls, path: Path, problem: Message) -> NamedFilm:
        """A film that can't be read, with the reason."""
        return cls(path, 0, 0, (), (), problem)

    @property
    def is_read(self) -> bool:
        """Whether anything of it could be seen."""
        return self.rate > 0


def join_tracks(tracks: Sequence[Track]) -> tuple[Sighting, ...]:
    """The table: tracks of a person that follow each other closely are one row; every stranger is a row."""
    rows: list[Sighting] = []
    open_rows: dict[str, int] = {}
    for track in sorted(tracks, key=lambda track: track.start):
        if not track.is_sure:
            continue
        name = track.face.name
        index = open_rows.get(name)
        if name != UNKNOWN and index is not None and track.start - rows[index].end <= JOINED:
            row = rows[index]
            rows[index] = replace(
                row, probability=max(row.probability, track.face.probability), end=max(row.end, track.end)
            )
        else:
            open_rows[name] = len(rows)
            perhaps = track.face.perhaps, track.face.perhaps_probability
            rows.append(Sighting(name, track.face.probability, track.start, track.end, *perhaps))
    return tuple(rows)


def clock(seconds: float) -> str:
    """A time in a film as players show it."""
    minutes, rest = divmod(round(10 * seconds), 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest // 10:02}.{rest % 10}"
    return f"{hours}:{minutes:02}:{text}" if hours else f"{minutes}:{text}"
