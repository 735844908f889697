"""Whom a run came to call otherwise, told so that the name before stands nowhere."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

from castlist.media import one_form


@dataclass(frozen=True, kw_only=True)
class Called:
    """Somebody whom the run calls otherwise since a moment; only who knows the name before can tell who that is."""

    before: str  # digest of the name before
    name: str
    when: str  # ISO 8601, UTC

    @classmethod
    def now(cls, before: str, name: str) -> Called:
        """Somebody who was called something up to now."""
        when = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        return cls(before=_digest_of(before, when), name=name, when=when)

    def was(self, name: str) -> bool:
        """Whether that was the name before."""
        return _digest_of(name, self.when) == self.before


def _digest_of(name: str, when: str) -> str:
    return hashlib.sha256(f"{when} {one_form(name)}".encode()).hexdigest()
