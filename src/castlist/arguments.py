"""What is handed in at the public door, held to what its signature says: a wrong kind of value ends in a sentence."""

from __future__ import annotations

import builtins
import functools
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from castlist.errors import CastlistError, RecordError, shown
from castlist.paths import as_text

P = ParamSpec("P")
R = TypeVar("R")

_PLAIN = ("builtins", "numpy", "pathlib")  # whose values are none of castlist's
_NUMBERS: dict[Any, type] = {int: numbers.Integral, float: numbers.Real}  # NumPy's in lists, too


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Have a public function refuse values of another kind than it takes, before it does anything.

    Left to the function is what an iterator will give, and what is known to type checkers alone.
    """
    signed = inspect.unwrap(function)
    names = signed.__code__.co_varnames[: signed.__code__.co_argcount]

    def take(name: str, value: Any) -> Any:
        kind = _kinds(signed).get(name, Any)
        # First what nearly always holds: some of these functions are called for each of very many faces.
        if kind is Any or type(value) is kind:
            return value
        taken = plain(value)
        if _fits(taken, kind):
            return taken
        raise CastlistError(
            "argument-kind",
            "{name} of {function} must be {kind}. Got {value} instead.",
            name=name,
            function=function.__name__,
            kind=signed.__annotations__[name],
            value=shown(value),
        )

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        given = (*map(take, names, args), *args[len(names) :])
        return function(*given, **{name: take(name, value) for name, value in kwargs.items()})

    return call


def rows_of(count: int, index: Any) -> Any:
    """Which of so many rows a number, a slice, a list or a mask means: shape (k,), int64.

    Raises:
        RecordError: If there are no such rows.
    """
    import numpy as np  # late: the public door opens without it

    try:
        rows = np.arange(count)[index]
    except (IndexError, OverflowError, TypeError, ValueError):
        rows = None
    if rows is None or rows.ndim > 1:
        raise RecordError(
            "no-such-rows",
            "Of {count} rows some are chosen by a number, a slice, a list of numbers or a mask of as many. "
            "Got {index} instead.",
            count=count,
            index=shown(index),
        )
    return np.atleast_1d(rows)


class _Names(dict[str, Any]):
    """What a module's annotations mean; anything where only a type checker has loaded it."""

    def __init__(self, module: dict[str, Any]) -> None:
        super().__init__(module)

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, Any)


@functools.cache
def _kinds(function: Callable[..., Any]) -> dict[str, Any]:
    return typing.get_type_hints(function, localns=_Names(function.__globals__))


def plain(value: Any) -> Any:
    """A value as files and JSON hold it: NumPy's numbers and fractions as Python's, a path of another kind as text."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return value.item()
    if isinstance(value, numbers.Rational) and not isinstance(value, int):
        return int(value.numerator) / int(value.denominator)
    return as_text(value) if isinstance(value, os.PathLike) and not isinstance(value, Path) else value


@functools.cache
def _shown_by(kind: type) -> tuple[str, ...]:
    """What a program can ask of a kind of castlist's own."""
    return tuple(name for name in (*dir(kind), *getattr(kind, "__dataclass_fields__", ())) if not name.startswith("_"))


def _fits(value: Any, kind: Any) -> bool:
    origin, inside = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, one) for one in inside)
    if origin is typing.Literal:
        return isinstance(value, str) and value in inside
    if origin is Callable or getattr(origin, "_is_protocol", False):
        return callable(value)
    if origin is tuple:
        return isinstance(value, tuple | list) and len(value) == len(inside) and all(map(_fits, value, inside))
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(one, inside[0]) for one in value)
    if origin in (Iterable, Collection, Sequence):
        if isinstance(value, str | bytes | os.PathLike) and origin is Iterable:
            # A single photo, where several are asked for; the function tells the two apart.
            return _fits(value, inside[0])
        return (origin is Iterable or hasattr(value, "__len__")) and _are_several(value, inside[0])
    return _is_one(value, origin)


def _are_several(value: Any, kind: Any) -> bool:
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        return False
    return not hasattr(value, "__len__") or all(_fits(one, kind) for one in value)


def _is_one(value: Any, kind: Any) -> bool:
    if isinstance(kind, type) and kind.__module__.startswith("castlist."):
        # What behaves as castlist's own will do: a program's tests have fakes of it.
        is_other = type(value).__module__ not in _PLAIN
        return isinstance(value, kind) or (is_other and any(hasattr(value, name) for name in _shown_by(kind)))
    if isinstance(value, bool) and kind in (int, float):
        return False
    return kind is Any or isinstance(value, _NUMBERS.get(kind, kind))
