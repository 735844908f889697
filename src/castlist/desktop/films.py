"""What the window shows of a film: a still for each sighting, with everybody who is in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from castlist.faces import Box
from castlist.naming import NamedFace, NamedFilm


@dataclass(frozen=True)
class Still:
    """A frame of a film, and who is seen in it."""

    frame: int
    faces: tuple[NamedFace, ...]  # first whoever it is shown for


def choose_still(film: NamedFilm, row: int) -> Still:
    """What shows a row of a film's sightings: the middle of its first track; of a film without any, the first frame."""
    if not film.tracks:  # nobody is seen, or an archive knows no more than when
        return Still(0, ())
    sighting = film.sightings[row]
    sure = [track for track in film.tracks if track.is_sure]
    chosen = next(track for track in sure if (track.start, track.face.name) == (sighting.start, sighting.name))
    frame = chosen.first + len(chosen.boxes) // 2
    seen = [chosen, *(track for track in sure if track is not chosen and track.first <= frame <= track.last)]
    return Still(
        frame,
        tuple(dataclasses.replace(track.face, box=Box(*track.boxes[frame - track.first].tolist())) for track in seen),
    )
