"""Settings held to their types and bounds."""

from __future__ import annotations

import dataclasses
import os
import sys
import types
import typing
from collections.abc import Hashable
from typing import Any, Literal

from castlist.arguments import plain
from castlist.errors import SettingsError, shown
from castlist.paths import as_text

LARGEST = 2**63 - 1  # whole number; TOML has none beyond


def check(settings: Any, name: str, holds: bool, bounds: str) -> None:
    """Raise a SettingsError that names the bounds, unless a setting is within them."""
    if not holds:
        raise _out_of_bounds(name, bounds, getattr(settings, name))


def check_names(cls: type, values: dict[str, Any]) -> None:
    """Raise a SettingsError if there is no setting of one of the names."""
    known = {item.name for item in dataclasses.fields(cls)}
    for name in values:
        if name not in known:
            raise SettingsError(
                "unknown-setting",
                "Unknown setting {name!r}. Choose from: {choices}.",
                name=name,
                choices=", ".join(sorted(known)),
            )


def check_types(settings: Any) -> None:
    """Raise a SettingsError if a setting isn't what its annotation says; NumPy's numbers, a path and a list are."""
    for name, hint in typing.get_type_hints(type(settings)).items():
        value = _plain(getattr(settings, name))
        if not _fits(value, hint):
            raise _out_of_bounds(name, _describe(hint), value)
        object.__setattr__(settings, name, value)


def _out_of_bounds(name: str, bounds: str, value: Any) -> SettingsError:
    return SettingsError(
        "setting-out-of-bounds",
        "{name} must be {bounds}. Got {value} instead.",
        name=name,
        bounds=bounds,
        value=shown(value),
    )


def _plain(value: Any) -> Any:
    """A value as files hold it: NumPy's as Python's, a path as text, a list as a tuple."""
    if isinstance(value, os.PathLike):
        return as_text(value)
    value = value.tolist() if type(value).__module__ == "numpy" else plain(value)
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


def _fits(value: Any, hint: Any) -> bool:
    origin, choices = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return isinstance(value, Hashable) and value in choices
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, choice) for choice in choices)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(item, choices[0]) for item in value)
    if hint is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and abs(value) <= sys.float_info.max  # whole numbers can be larger than any float
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
    return isinstance(value, hint)


def _describe(hint: Any) -> str:
    origin, choices = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(str, choices))}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_describe(choice) for choice in choices if choice is not type(None)) + " (or left out)"
    if origin is tuple:
        return "a list of numbers"
    names = {float: "a number", int: "a whole number below 2**63", bool: "true or false", str: "a text"}
    return names.get(hint, hint.__name__)
