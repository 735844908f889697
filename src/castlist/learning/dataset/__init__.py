"""Photos as learning sees them: decoded once, grouped, split without leaks, and kept in one HDF5 file."""

from castlist.learning.dataset.cache import load_dataset
from castlist.learning.dataset.forgetting import DeletedDataset, delete_datasets_of
from castlist.learning.dataset.reading import FRAMES_A_SECOND, read_rows
from castlist.learning.dataset.records import Dataset

__all__ = [
    "FRAMES_A_SECOND",
    "Dataset",
    "DeletedDataset",
    "delete_datasets_of",
    "load_dataset",
    "read_rows",
]
