"""People as sets of embeddings: who a face is, or "unknown"; people enrolled and forgotten."""

from castlist.gallery.background import Background, default_background
from castlist.gallery.fitting import EVIDENCE, WRONG_NAMES, know
from castlist.gallery.gallery import NOBODY, Answers, Gallery
from castlist.gallery.people import People

__all__ = [
    "EVIDENCE",
    "NOBODY",
    "WRONG_NAMES",
    "Answers",
    "Background",
    "Gallery",
    "People",
    "default_background",
    "know",
]
