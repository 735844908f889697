"""A file renamed within two folders, whatever anybody puts in the way meanwhile: no link on the way is followed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

# Windows has no such handles, and lets only administrators make links.
HAS_HANDLES = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def rename(source: tuple[Path, Sequence[str]], target: tuple[Path, Sequence[str]]) -> None:
    """Rename a file; folders that are missing on the way to the target are made.

    Args:
        source: A folder, and the names on the way from it to the file.
        target: The same, of where it goes.

    Raises:
        OSError: If the system refuses, or a folder on the way is a link.
    """
    if not HAS_HANDLES:
        place = target[0].joinpath(*target[1])
        place.parent.mkdir(parents=True, exist_ok=True)
        source[0].joinpath(*source[1]).rename(place)
        return
    *above, name = source[1]
    *into, new = target[1]
    with _opened(source[0], above, make=False) as here, _opened(target[0], into, make=True) as there:
        os.rename(name, new, src_dir_fd=here, dst_dir_fd=there)


def passes_link(folder: Path, names: Sequence[str]) -> bool:
    """Whether a file, or a folder on the way to it, is a link."""
    return any(folder.joinpath(*names[: i + 1]).is_symlink() for i in range(len(names)))


@contextlib.contextmanager
def _opened(folder: Path, names: Sequence[str], *, make: bool) -> Iterator[int]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    handle = os.open(folder, flags)
    try:
        for name in names:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, dir_fd=handle)  # Path knows no handles
            inner = os.open(name, flags, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)
