"""The works of a house, told in files: any process begins, watches and stops them, one alone runs them.

ID.work      what is to be done, and who runs it by then takes it
ID.jsonl     what it told so far, an event a line
ID.stop      somebody wants it to stop
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from castlist.files import make_folder, write_bytes
from castlist.jobs import ENDS, Event, Work, read_event, write_work
from castlist.web.problems import HouseError

WORK, TOLD, STOP = ".work", ".jsonl", ".stop"
_ID = re.compile(r"\d{13}-[0-9a-f]{8}")  # the millisecond it was begun in, first: names are in order


@dataclass(frozen=True)
class JobNote:
    """A work as it is known from outside."""

    id: str
    kind: str  # of work: Learn, Check, Fill...
    begun: float  # seconds of UTC since 1970
    told: int  # events so far
    last: Event | None  # the last of them
    is_over: bool


class JobBook:
    """The works of a house."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, work: Work) -> str:
        """Have a work done; gives its id."""
        job = f"{time.time_ns() // 1_000_000:013}-{secrets.token_hex(4)}"
        write_bytes(self.folder / f"{job}{WORK}", write_work(work), private=True)
        return job

    def notes(self) -> list[JobNote]:
        """All works, the newest first."""
        if not self.folder.is_dir():
            return []
        ids = (path.stem for path in self.folder.glob(f"*{WORK}") if _ID.fullmatch(path.stem))
        return [self.note(job) for job in sorted(ids, reverse=True)]

    def waiting(self) -> list[str]:
        """The ids of works that nobody has begun yet, the oldest first."""
        ids = sorted(path.stem for path in self.folder.glob(f"*{WORK}") if _ID.fullmatch(path.stem))
        return [job for job in ids if not (self.folder / f"{job}{TOLD}").exists()]

    def note(self, job: str) -> JobNote:
        """A work as it is now.

        Raises:
            HouseError: If there is none of that id.
        """
        kind = json.loads(self._existing(job).read_bytes())["work"].rpartition(":")[2]
        told = self.events(job)
        last = told[-1] if told else None
        return JobNote(job, kind, int(job[:13]) / 1000, len(told), last, isinstance(last, ENDS))

    def events(self, job: str, start: int = 0) -> list[Event]:
        """What a work told so far, from event number `start` on.

        Raises:
            HouseError: If there is none of that id.
        """
        self._existing(job)
        return list(self._events(job))[start:]

    def stop(self, job: str) -> None:
        """Ask a work to stop and keep what it has.

        Raises:
            HouseError: If there is none of that id.
        """
        self._existing(job)
        write_bytes(self.folder / f"{job}{STOP}", b"", private=True)

    def prepare(self) -> None:
        """Make the folder."""
        make_folder(self.folder, private=True)

    def _events(self, job: str) -> Iterator[Event]:
        path = self.folder / f"{job}{TOLD}"
        data = path.read_bytes() if path.exists() else b""
        for line in data.split(b"\n")[:-1]:  # what follows the last end is being written
            yield read_event(line)

    def _existing(self, job: str) -> Path:
        path = self.folder / f"{job}{WORK}"
        if not _ID.fullmatch(job) or not path.exists():
            raise HouseError(HTTPStatus.NOT_FOUND, "no-such-job", "There is no work {job!r}.", job=job)
        return path
