"""Kept data sets deleted when somebody in them is forgotten."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from castlist.errors import CastError, reason_of
from castlist.learning.dataset import cache
from castlist.media import one_form, person_of

with contextlib.suppress(ImportError):  # Windows lets nobody delete what is open
    import fcntl

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeletedDataset:
    """A kept data set that a person was in."""

    path: Path  # where it was; nobody can open it any more
    in_use: bool  # by a training, which reads on to its end; its content goes then, and its run knows the person


def delete_datasets_of(is_meant: Callable[[str], bool]) -> list[DeletedDataset]:
    """Delete the kept data sets in which somebody is, whatever folder they are of; they can be made anew.

    Data sets that are being made count too. With them go what killed processes left, and files too damaged to tell who
    is in them.

    Args:
        is_meant: Tells of a name whether it means the person.

    Raises:
        CastError: If one can't be deleted; the others are. The same again goes on.
    """
    folder = cache.datasets_folder()
    deleted, failed = [], []
    # Parts first: one that gets its name meanwhile is found among the named.
    for path in [*folder.glob("*.part"), *folder.glob("*.h5")]:
        if not path.is_file():  # a pipe would be waited for; what castlist writes are files
            continue
        try:
            in_use = _is_in_use(path)
            people = _people_in(path)
            is_in = people is not None and any(map(is_meant, people))
            if people is not None and not is_in and (in_use or path.suffix == ".h5"):
                continue
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            failed.append(f"{str(path)!r} ({reason_of(error)})")
            continue
        logger.info("Deleted the data set %s%s", path.name, ", which a training reads" if in_use else "")
        if is_in:
            deleted.append(DeletedDataset(path, in_use))
    if failed:
        raise CastError(
            "datasets-not-deleted",
            "Kept data sets can't be deleted: {files}. End the training that uses them, or see to the right to write "
            "there, and forget again.",
            files=", ".join(failed),
        )
    return deleted


def _people_in(path: Path) -> set[str] | None:
    """Whose photos a data set holds or refused, by its own lists; None where it can't tell."""
    try:
        import h5py

        # By Python's own reading, which asks for no lock: a training of this process may have it open.
        with path.open("rb") as content, h5py.File(content, "r") as file:
            people = json.loads(file.attrs["people"])
            files = list(file["file"].asstr()[()]) if "file" in file else []
            files += [name for name, _ in json.loads(file.attrs.get("refused", "[]"))]
            return {*map(one_form, people), *map(person_of, files)}
    except FileNotFoundError:
        raise
    except (ImportError, OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError):
        return None


def _is_in_use(path: Path) -> bool:
    """Whether a process has a data set open; that of a killed one is not."""
    if os.name != "posix":
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return False
    return False
