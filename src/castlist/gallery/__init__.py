"""People as sets of embeddings: who a face is, or "unknown"; people enrolled and forgotten."""

from castlist.gallery.background import Background, default_background
from castlist.gallery.gallery import UNKNOWN, Answers, Gallery

__all__ = ["UNKNOWN", "Answers", "Background", "Gallery", "default_background"]
