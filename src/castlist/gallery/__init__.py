"""People as sets of embeddings: who a face is, or "unknown"; people enrolled and forgotten."""

from castlist.gallery.answers import NOBODY, Answers, name_best
from castlist.gallery.background import Background, default_background
from castlist.gallery.beside import background_file, keep_beside, read_beside
from castlist.gallery.fitting import EVIDENCE, WRONG_NAMES, fit_beside
from castlist.gallery.gallery import Gallery
from castlist.gallery.knowledge import Knowledge
from castlist.gallery.lookalikes import Lookalikes
from castlist.gallery.mixture import Mixture
from castlist.gallery.storage import read_arrays, write_arrays

__all__ = [
    "EVIDENCE",
    "NOBODY",
    "WRONG_NAMES",
    "Answers",
    "Background",
    "Gallery",
    "Knowledge",
    "Lookalikes",
    "Mixture",
    "background_file",
    "default_background",
    "fit_beside",
    "keep_beside",
    "name_best",
    "read_arrays",
    "read_beside",
    "write_arrays",
]
