"""What driver and workers tell each other, as lines of JSON: the same for processes and actors."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import msgspec

from castlist.archive.planning import Unit
from castlist.errors import CastlistError, Message, SettingsError


class Post(msgspec.Struct, frozen=True):
    """What a worker is started with."""

    archive: str
    root: str
    run: str
    eyes: str  # digest of what must see
    ticket: str  # by which the archive's owner knows its workers
    together: bool
    stranger_rate: float | None
    finder: str  # as `name_of` gives it
    threads: int


class Order(msgspec.Struct, frozen=True):
    """A piece of work."""

    plan: int  # its number
    unit: Unit
    aside: tuple[str, ...] = ()  # photos that nobody looks at any more
    is_trial: bool = False  # whether to look only, and write nothing


class News(msgspec.Struct, frozen=True):
    """How a worker stands; it tells so once it can take orders, and then again and again."""

    beats: int  # rises as long as anything goes on
    looked: int  # photos of the order
    is_done: bool = False  # whether the order is
    problem: dict[str, Any] | None = None  # why the order, or all work, can't be done; as of `Message.to_dict`

    @property
    def error(self) -> CastlistError | None:
        """The problem, to be raised."""
        if self.problem is None:
            return None
        message = Message.from_dict(self.problem)
        return CastlistError(message.code, message.text, **message.values)


def name_of(function: Callable[..., Any]) -> str:
    """By which another Python finds a function.

    Raises:
        SettingsError: If it can't: the function isn't one of a module, but was made on the way.
    """
    name = f"{function.__module__}:{getattr(function, '__qualname__', '<an object>')}"
    if "<" in name:
        raise SettingsError(
            "finder-nameless", "Workers need a finder that is a function of a module. Got {name} instead.", name=name
        )
    return name


def find_function(name: str) -> Callable[..., Any]:
    """What `name_of` named."""
    module, _, place = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in place.split("."):
        found = getattr(found, part)
    return found
