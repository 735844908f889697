"""castlist: learn who is who from folders of photos; name them in new ones."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.errors import CastlistError
    from castlist.learning import Evaluation, learn, resume
    from castlist.naming import NamedFace, NamedPhoto, Recognizer
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
    "Evaluation": "learning",
    "NamedFace": "naming",
    "NamedPhoto": "naming",
    "Recognizer": "naming",
    "Run": "run",
    "Settings": "settings",
    "learn": "learning",
    "open_run": "run",
    "resume": "learning",
}

# Who uses castlist decides where its log goes; without a decision, nowhere.
logging.getLogger(__name__).addHandler(logging.NullHandler())

# Naming must not load what learning needs.
__getattr__ = open_door(__name__, _ROOMS)
