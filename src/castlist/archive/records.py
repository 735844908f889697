"""What an archive answers: faces, photos, counts."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.archive.decisions import Spot
from castlist.errors import Message

if TYPE_CHECKING:
    from castlist.faces import Box


@dataclass(frozen=True)
class ArchivedFace:
    """A face of an archive, and who it is: as computed, or as somebody decided."""

    path: Path
    digest: str  # of the photo's content
    number: int  # in the photo, counted from the left, from 1
    box: Box
    name: str  # of a person, or UNKNOWN
    probability: float  # of the name
    perhaps: str | None = None  # as of `NamedFace`
    others: tuple[tuple[str, float], ...] = ()  # as of `NamedFace`; of a face that was decided on, none
    is_decided: bool = False
    taken: datetime.datetime | None = None  # as the camera's clock showed it
    start: float | None = None  # seconds; of a track of a film
    end: float | None = None
    likeness: float | None = None  # cosine, to the face that was asked for

    @property
    def spot(self) -> Spot:
        """The face as decisions know it."""
        return Spot(self.digest, (self.box.left, self.box.top, self.box.right, self.box.bottom), self.start)


@dataclass(frozen=True)
class ArchivedPhoto:
    """A photo of an archive, with its faces as `Archive.faces` gives them."""

    path: Path
    name: str  # below the archive's root, as `castlist.paths.spell` writes it
    digest: str
    size: tuple[int, int]  # of the upright photo
    orientation: int | None  # of the stored one, as EXIF counts
    bytes: int  # of the file when it was looked at
    modified: int  # nanoseconds since 1970
    faces: tuple[ArchivedFace, ...]


@dataclass(frozen=True)
class Counts:
    """How much there is in an archive."""

    photos: int
    empty: int  # of them without a face
    failed: int  # of them that can't be read
    gone: int  # that were there once
    faces: int
    named: int
    perhaps: int


@dataclass(frozen=True)
class ArchivedFile:
    """A photo or film of an archive."""

    path: Path
    name: str  # below the archive's root, as `castlist.paths.spell` writes it
    digest: str  # of its content; "": it can't be opened
    size: tuple[int, int]  # width and height of the upright photo; 0: it can't be read
    taken: datetime.datetime | None  # as the camera's clock showed it
    problem: Message | None  # why it can't be read
