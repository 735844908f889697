"""Learning from Python shows how far it is at a terminal, and nowhere else."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from castlist.watching import shown


def work(photos: str, **callbacks: Any) -> set[str]:
    return set(callbacks)


def test_only_a_terminal_is_shown_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(work)("photos") == set()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert shown(work)("photos") == {"on_count", "on_start", "on_progress"}
    assert shown(work)("photos", on_count=print) == {"on_count"}  # its caller shows it otherwise
