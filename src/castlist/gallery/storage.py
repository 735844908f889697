"""Arrays as the bytes of an .npz file, read with mistrust: a file may come from anybody.

NumPy's own reader believes what a file says of itself, and asks for the memory first.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

LARGEST = 1e6  # of any number; beyond, scores would overflow


def write_arrays(arrays: Mapping[str, Any]) -> bytes:
    """The bytes of an .npz file, not compressed."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def read_arrays(data: bytes) -> dict[str, np.ndarray]:
    """Read what `write_arrays` gave, in no more memory than twice its bytes.

    Raises:
        ValueError: If it is no such file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            # Nor may what is compressed unpack to more, or a part be listed very often.
            if sum(entry.file_size for entry in entries) > len(data):
                raise ValueError("its parts say that they are larger than the whole")
            return {entry.filename.removesuffix(".npy"): _read_array(archive.read(entry)) for entry in entries}
    except ValueError:
        raise
    except Exception as error:  # zipfile and NumPy meet an odd file with errors that share no base
        raise ValueError(f"{type(error).__name__}: {error}") from error


def numbers_of(array: np.ndarray, *shape: int, least: float = -LARGEST, most: float = LARGEST) -> np.ndarray:
    """An array, if it holds float numbers within bounds and has the shape.

    Raises:
        ValueError: If not.
    """
    if array.dtype.kind != "f" or array.itemsize < 4 or array.shape != shape:  # shorter ones don't reach the bounds
        raise ValueError(f"numbers of shape {shape} are {array.dtype} of {array.shape}")
    if not ((array >= least) & (array <= most)).all():  # what is no number isn't within bounds either
        raise ValueError(f"numbers that should lie between {least:g} and {most:g} don't")
    return array


def texts_of(array: np.ndarray) -> tuple[str, ...]:
    """The texts that an array holds.

    Raises:
        ValueError: If it holds something else.
    """
    if array.dtype.kind != "U" or array.ndim != 1:
        raise ValueError(f"a row of texts is {array.dtype} of {array.shape}")
    texts = tuple(array.tolist())
    for text in texts:
        text.encode()  # half of a pair of code units can't be shown or written
    return texts


def _read_array(data: bytes) -> np.ndarray:
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array is of a format that is never written")
    shape, in_columns, kind = np.lib.format.read_array_header_1_0(file)
    rest = len(data) - file.tell()
    if not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"an array is of shape {shape}")
    if math.prod(shape) * kind.itemsize != rest:
        raise ValueError(f"an array of {shape} has {rest} bytes")
    return np.frombuffer(bytearray(data[file.tell() :]), kind).reshape(shape, order="F" if in_columns else "C")
