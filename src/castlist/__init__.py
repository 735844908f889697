"""castlist: learn who is who from folders of photos; name them in new ones."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from castlist.errors import CastlistError
    from castlist.evaluation import Evaluation
    from castlist.learning import learn, resume
    from castlist.recognizer import NamedFace, NamedPhoto, Recognizer
    from castlist.run import Run, open_run
    from castlist.settings import Augmentation, Settings

__version__ = "0.1.0"

__all__ = [
    "Augmentation",
    "CastlistError",
    "Evaluation",
    "NamedFace",
    "NamedPhoto",
    "Recognizer",
    "Run",
    "Settings",
    "learn",
    "open_run",
    "resume",
]

_ROOMS = {
    "Augmentation": "settings",
    "CastlistError": "errors",
    "Evaluation": "evaluation",
    "NamedFace": "recognizer",
    "NamedPhoto": "recognizer",
    "Recognizer": "recognizer",
    "Run": "run",
    "Settings": "settings",
    "learn": "learning",
    "open_run": "run",
    "resume": "learning",
}


def __getattr__(name: str) -> Any:
    """Load a public name's room when it is first asked for: naming must not load what learning needs."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'castlist' has no attribute {name!r}")
    return getattr(importlib.import_module(f"castlist.{_ROOMS[name]}"), name)
