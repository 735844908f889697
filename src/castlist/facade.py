"""The doors of rooms: a room's names are loaded when they are first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def open_door(room: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Give a room's `__getattr__`: it loads what a name needs, and nothing else.

    Args:
        room: The room's dotted name.
        names: For each public name the module below the room that has it.
    """

    def load(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{room}.{names[name]}"), name)

    return load
