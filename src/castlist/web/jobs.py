"""The works of a house, told in files: any process begins, watches and stops them, one alone runs them.

ID.work      what is to be done, and who runs it by then takes it
ID.jsonl     what it told so far, an event a line
ID.stop      somebody wants it to stop
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from castlist.errors import CastlistError
from castlist.files import make_folder, write_bytes
from castlist.jobs import ENDS, UNREADABLE, Event, Failed, Retrain, Work, read_event, write_work
from castlist.run import hold

WORK, TOLD, STOP, KEY, LOCK = ".work", ".jsonl", ".stop", ".key", ".lock"
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

    @property
    def may_name(self) -> bool:
        """Whether what is known of it may bear names of people."""
        return self.kind == Retrain.__name__ or isinstance(self.last, Failed)


class JobBook:
    """The works of a house."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, work: Work, *, key: str | None = None) -> str:
        """Have a work done; gives its id.

        Args:
            work: What is to be done.
            key: Of whoever asks, who may ask again when no answer came; of one key, one work is begun.

        Raises:
            CastlistError: If another work was begun with the key.
        """
        line = write_work(work)
        self.prepare()
        with hold(self.folder / LOCK):
            known = None if key is None else self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}{KEY}"
            if known and known.exists():
                job = known.read_text("ascii")
                if self._read_work(job) != line:
                    raise CastlistError("key-used", "Something else was begun with this Idempotency-Key.")
                return job
            job = f"{time.time_ns() // 1_000_000:013}-{secrets.token_hex(4)}"
            write_bytes(self.folder / f"{job}{WORK}", line, private=True)
            if known:
                write_bytes(known, job.encode(), private=True)
        return job

    def clear(self, kept: int) -> None:
        """Delete what is known of works that are over, but the newest, and of them what may bear names."""
        every = enumerate(self.notes())
        self._delete(note for place, note in every if note.is_over and (place >= kept or note.may_name))

    def forget(self, name: str) -> None:
        """Delete what is known of works that are over and tell of somebody."""
        said = re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])")  # as a word: "is" stands in every line
        self._delete(note for note in self.notes() if note.is_over and self._tells_of(note.id, said))

    def notes(self) -> list[JobNote]:
        """All works, the newest first."""
        if not self.folder.is_dir():
            return []
        ids = (path.stem for path in self.folder.glob(f"*{WORK}") if _ID.fullmatch(path.stem))
        notes = []
        for job in sorted(ids, reverse=True):
            with contextlib.suppress(CastlistError):  # somebody in it was forgotten meanwhile
                notes.append(self.note(job))
        return notes

    def waiting(self) -> list[str]:
        """The ids of works that nobody has begun yet, the oldest first."""
        ids = sorted(path.stem for path in self.folder.glob(f"*{WORK}") if _ID.fullmatch(path.stem))
        return [job for job in ids if not (self.folder / f"{job}{TOLD}").exists()]

    def place(self, job: str) -> Path | None:
        """The archive or run that a work changes: two on one wait for each other; None: nothing that is there."""
        asked = _asked(self._read_work(job))
        changed = asked.get("archive") or asked.get("run")
        return Path(changed).absolute() if isinstance(changed, str) else None

    def note(self, job: str) -> JobNote:
        """A work as it is now.

        Raises:
            CastlistError: If there is none of that id.
        """
        kind = _kind_of(self._read_work(job))
        lines, _ = self.told(job)
        last = _read(lines[-1]) if lines else None
        return JobNote(job, kind, int(job[:13]) / 1000, len(lines), last, isinstance(last, ENDS))

    def events(self, job: str, start: int = 0) -> list[Event]:
        """What a work told so far, from event number `start` on.

        Raises:
            CastlistError: If there is none of that id.
        """
        return [_read(line) for line in self.told(job)[0][start:]]

    def told(self, job: str, place: int = 0) -> tuple[list[bytes], int]:
        """The lines that were told from a place in the file on, and the place where the next will be.

        Raises:
            CastlistError: If there is no work of that id.
        """
        self._existing(job)
        try:
            with (self.folder / f"{job}{TOLD}").open("rb") as file:
                file.seek(place)
                data = file.read()
        except FileNotFoundError:  # nobody has begun it
            return [], place
        whole = data.rfind(b"\n") + 1  # what follows is being written
        return data[:whole].splitlines(), place + whole

    def stop(self, job: str) -> None:
        """Ask a work to stop and keep what it has.

        Raises:
            CastlistError: If there is none of that id.
        """
        self._existing(job)
        write_bytes(self.folder / f"{job}{STOP}", b"", private=True)

    def prepare(self) -> None:
        """Make the folder."""
        make_folder(self.folder, private=True)

    def _read_work(self, job: str) -> bytes:
        try:
            return self._existing(job).read_bytes()
        except FileNotFoundError as error:
            raise _no_such(job) from error

    def _tells_of(self, job: str, said: re.Pattern[str]) -> bool:
        """Whether a work's lines hold a text; of what nobody can read it is believed."""
        lines = [line for kind in (WORK, TOLD) for line in (self.folder / f"{job}{kind}").read_bytes().splitlines()]
        try:
            return any(said.search(text) for line in lines for text in _texts(json.loads(line)))
        except (ValueError, RecursionError):
            return True

    def _delete(self, notes: Iterable[JobNote]) -> None:
        """Delete what is known of works that are over, and what others left of such; their keys are free again."""
        self.prepare()
        with hold(self.folder / LOCK):
            for note in notes:
                (self.folder / f"{note.id}{WORK}").unlink()
            # Only then: a work that nothing is told of would be begun.
            for path in (path for kind in (TOLD, STOP) for path in self.folder.glob(f"*{kind}")):
                if not path.with_suffix(WORK).exists():
                    path.unlink(missing_ok=True)
            for known in self.folder.glob(f"*{KEY}"):
                if not (self.folder / f"{known.read_text('ascii')}{WORK}").exists():
                    known.unlink()

    def _existing(self, job: str) -> Path:
        path = self.folder / f"{job}{WORK}"
        if not _ID.fullmatch(job) or not path.exists():
            raise _no_such(job)
        return path


def _no_such(job: str) -> CastlistError:
    return CastlistError("no-such-job", "There is no work {job!r}.", job=job)


def _texts(value: Any) -> Iterator[str]:
    """The texts in what JSON holds, without the keys that castlist gave them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _asked(line: bytes) -> dict[str, Any]:
    """The fields of a work as `write_work` wrote it; none: another castlist did."""
    try:
        return dict(json.loads(line)["is"])
    except (ValueError, LookupError, TypeError):
        return {}


def _kind_of(line: bytes) -> str:
    """The kind of a work as `write_work` wrote it; "": another castlist did."""
    try:
        return str(json.loads(line)["work"]).rpartition(":")[2]
    except (ValueError, LookupError, TypeError):
        return ""


def _read(line: bytes) -> Event:
    """An event; what another castlist told, and this one doesn't know, is an end: nobody else could tell of one."""
    try:
        return read_event(line)
    except (ValueError, TypeError):
        return UNREADABLE
