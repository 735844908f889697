"""What a work tells while it goes on, and at its end: one of these a line of JSON.

Stage, Counted          photos are looked at
Begun, Progress, Trial  a training has begun, stands here, has ended within a search
Stopping                it was asked to stop, and keeps what it has
Finished                the end: done; one kind of it for each kind of work
Failed, Stopped         the end: not done
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from castlist.errors import CastlistError, Message
from castlist.jobs.records import from_json, to_json
from castlist.learning import Progress, Trial


@dataclass(frozen=True, slots=True)
class Stage:
    """Something else begins, which is counted anew."""

    what: str  # as `check_photos` calls it


@dataclass(frozen=True, slots=True)
class Counted:
    """So much is done."""

    done: int
    of: int  # 0: not known


@dataclass(frozen=True, slots=True)
class Begun:
    """The photos are split and a training begins; `castlist resume` can go on with it from now on."""

    run: Path
    found: Mapping[str, int]  # of each kind of finding how many, as a quick check of the photos tells


@dataclass(frozen=True, slots=True)
class Stopping:
    """The wish to stop has come through."""


class Finished:
    """The end of a work that is done."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Learnt(Finished):
    """A training is done, or was stopped and has kept its best."""

    run: Path
    report: Path | None  # None where too few photos were left to test with
    accuracy: float | None  # on the test photos


@dataclass(frozen=True, slots=True)
class Checked(Finished):
    """The photos of a folder were looked at."""

    counts: Mapping[str, int]  # of each kind of finding how many


@dataclass(frozen=True, slots=True)
class Copied(Finished):
    """Photos were copied into folders."""

    into: Path
    written: int
    there: int  # before, or gone meanwhile


@dataclass(frozen=True, slots=True)
class TagsWritten(Finished):
    """Names were written into the metadata of an archive's photos, or taken out."""

    sidecars: int
    photos: int


@dataclass(frozen=True, slots=True)
class Filled(Finished):
    """An archive's rows are those of its photos; or was stopped, and has what was seen so far."""

    looked: int  # photos that were looked at
    renamed: int  # faces that were named anew, without a look
    is_whole: bool  # whether nothing is left to do


@dataclass(frozen=True, slots=True)
class Forgotten(Finished):
    """Somebody is deleted for good: the receipt's own fields, since reading it must not load all of learning."""

    name: str
    removed: tuple[Message, ...]  # a sentence each
    remaining: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Grouped(Finished):
    """The unnamed faces of an archive are brought together by person."""

    groups: int


@dataclass(frozen=True, slots=True)
class Refreshed(Finished):
    """A run is learnt anew with the newest networks."""

    photos: int
    lost: int  # photos that it knew, and doesn't any more
    report: Path | None  # None where the run has no photos to test with


@dataclass(frozen=True, slots=True)
class Searched(Finished):
    """A search for settings is done, or was stopped and has its best so far."""

    finished: int  # trials
    run: Path  # the best one's
    accuracy: float  # its, on validation
    settings_file: Path


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a work that can't be done."""

    message: Message

    @property
    def error(self) -> CastlistError:
        """What went wrong, to be raised."""
        return CastlistError(self.message.code, self.message.text, **self.message.values)


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end of a work that was stopped before there was anything to keep."""


Event: TypeAlias = Stage | Counted | Begun | Progress | Trial | Stopping | Finished | Failed | Stopped

ENDS = (Finished, Failed, Stopped)
UNREADABLE = Failed(Message("job-garbled", "The process that works told what castlist doesn't know."))
ENDINGS = tuple(kind.__name__ for kind in (*Finished.__subclasses__(), Failed, Stopped))
KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Stage, Counted, Begun, Progress, Trial, Stopping, *Finished.__subclasses__(), Failed, Stopped)
}


def write_event(event: Event) -> bytes:
    """An event as a line of JSON, in ASCII, with its end."""
    return json.dumps({"event": type(event).__name__, "is": to_json(event)}).encode() + b"\n"


def read_event(line: bytes) -> Event:
    """Read what `write_event` gave.

    Raises:
        ValueError: If it is anything else.
    """
    record = json.loads(line)
    if not isinstance(record, dict) or record.keys() != {"event", "is"} or record["event"] not in KINDS:
        raise ValueError(f"not an event: {line[:200]!r}")
    return from_json(KINDS[record["event"]], record["is"])
