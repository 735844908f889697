"""Photos as learning sees them: decoded once, grouped, split without leaks, and kept in one HDF5 file."""

from castlist.faces import NO_FACE
from castlist.learning.dataset.cache import delete_datasets_of, load_dataset
from castlist.learning.dataset.reading import FRAMES_A_SECOND
from castlist.learning.dataset.records import Dataset

__all__ = [
    "FRAMES_A_SECOND",
    "NO_FACE",
    "Dataset",
    "delete_datasets_of",
    "load_dataset",
]
