"""`castlist serve` as it is started, for what is measured and checked in a browser."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def open_house(home: Path, token: str, roots: Sequence[Path] = ()) -> Iterator[str]:
    """Open a house on a folder; gives its address."""
    with launch_house(home, token, roots) as launch:
        yield launch.partition("/open")[0]


@contextlib.contextmanager
def launch_house(home: Path, token: str, roots: Sequence[Path] = ()) -> Iterator[str]:
    """Open a house on a folder; gives the address that lets one browser in."""
    command = [sys.executable, "-m", "castlist", "serve", "--out", str(home / "runs"), "--port", "0", "--no-browser"]
    command += [word for root in roots for word in ("--root", str(root))]
    environment = {**os.environ, "CASTLIST_TOKEN": token, "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+/open\S+", process.stdout.readline())
        assert found, "castlist serve doesn't say where it is"
        yield found[0]
    finally:
        process.terminate()
        process.wait(20)
