"""Dataclasses as JSON between two processes: written by their fields, read strictly by their types."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from castlist.arguments import plain
from castlist.errors import CastlistError

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """A dataclass, or what may be in one, as JSON holds it; `from_json` reads it."""
    if hasattr(value, "to_dict"):  # it knows best itself
        return value.to_dict()
    if dataclasses.is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    return str(value) if isinstance(value, Path) else plain(value)


def from_json(kind: type[T], value: Any) -> T:
    """Read what `to_json` gave of a dataclass.

    Raises:
        ValueError: If a field is missing, unknown or of another type.
    """
    return _read(kind, value)


def _read(kind: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _read_either(arguments, value)
    if hasattr(kind, "from_dict") or dataclasses.is_dataclass(kind):
        return _read_own(kind, value)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(arguments[0], one) for one in value)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        return {key: _read(arguments[1], one) for key, one in value.items()}
    if kind is Path and isinstance(value, str):
        return Path(value)
    # True is an int to Python; a whole number is a float to JSON.
    if type(value) is kind or (kind is float and type(value) is int):
        return kind(value) if value is not None else None
    raise _refusal(kind, value)


def _read_own(kind: Any, value: Any) -> Any:
    if hasattr(kind, "from_dict"):  # it knows best itself
        try:
            return kind.from_dict(value)
        except (CastlistError, TypeError) as error:
            raise _refusal(kind, value) from error
    hints = typing.get_type_hints(kind)
    if not isinstance(value, dict) or value.keys() != {field.name for field in dataclasses.fields(kind)}:
        raise _refusal(kind, value)
    return kind(**{name: _read(hints[name], one) for name, one in value.items()})


def _read_either(kinds: tuple[Any, ...], value: Any) -> Any:
    for kind in kinds:
        try:
            return _read(kind, value)
        except ValueError:
            continue
    raise _refusal(kinds, value)


def _refusal(kind: Any, value: Any) -> ValueError:
    return ValueError(f"not {kind}: {str(value)[:200]}")
