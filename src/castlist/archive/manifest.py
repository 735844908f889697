"""Manifests: which photos there are, listed once, so that nobody lists a hundred million of them again and again."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

from castlist.archive.listing import COLUMNS, SOME, File, Files, files_of, list_files, look_around
from castlist.archive.originals import Originals, Tell, open_originals
from castlist.errors import CastlistError, Message, PhotoError, needs_extra, reason_of
from castlist.files import need_regular, need_replaceable, write_bytes
from castlist.paths import as_path, is_below, is_folder, spell
from castlist.places import Place, is_address
from castlist.threads import work_ahead

with needs_extra("archive", "A manifest"):
    import pyarrow as pa
    import pyarrow.parquet as pq

_ROOT = b"castlist.root"


def write_manifest(photos: str | os.PathLike[str], out: str | os.PathLike[str], *, tell: Tell | None = None) -> int:
    """List photos into a Parquet file, with sizes and times; gives how many.

    Args:
        photos: A folder, an address, or a text file that has a path or an address a line.
        out: The file; what is there is replaced.
        tell: Told what was passed over, a sentence each.

    Raises:
        CastlistError: If there is nothing to be listed, or nothing can be written.
    """
    if is_address(photos) or is_folder(as_path(photos)):
        originals = open_originals(photos)
        root, files = originals.root, list_files(originals.files(as_path(out), tell))
    else:
        root, files = _read_list(as_path(photos), tell)
    _write(as_path(out), root, files)
    return len(files)


def open_manifest(path: str | os.PathLike[str]) -> Originals:
    """The photos that a manifest lists, and no others.

    Raises:
        CastlistError: If it can't be read, or what it is of can't be used.
    """
    listed = _Manifest(as_path(path))
    return open_originals(listed.root, listed)


class _Manifest:
    """The files of a manifest, read from it as often as they are asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as file:
            self.root = (file.schema_arrow.metadata or {})[_ROOT].decode()

    def __iter__(self) -> Iterator[File]:
        schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in COLUMNS.items()])
        with self._open() as file:
            for one in files_of(batch.cast(schema) for batch in file.iter_batches(SOME, columns=schema.names)):
                if not is_below(one.photo):
                    raise CastlistError(
                        "manifest-leads-out",
                        "The manifest {path!r} tells of files that aren't below {root!r}.",
                        path=str(self._path),
                        root=self.root,
                    )
                yield one

    @contextlib.contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        try:
            need_regular(self._path)  # a pipe can't be read from its end, and waiting for one couldn't be stopped
            with pq.ParquetFile(self._path) as file:
                yield file
        except (OSError, PhotoError, ValueError, KeyError, NotImplementedError) as error:
            raise CastlistError(
                "manifest-unreadable",
                "{path!r} is no manifest that can be read ({reason}). Make it: castlist manifest.",
                path=str(self._path),
                reason=reason_of(error),
            ) from error


def _read_list(path: Path, tell: Tell | None) -> tuple[str, Files]:
    """What a text file lists: what is above all of it, and the files below that which are there."""
    try:
        if not path.is_fifo():  # of another program's, as a shell's <(...)
            need_regular(path)
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except (OSError, PhotoError, ValueError) as error:
        raise CastlistError(
            "list-unreadable",
            "{path!r} is neither a folder, an address, nor a text file of paths ({reason}).",
            path=str(path),
            reason=reason_of(error),
        ) from error
    names = sorted({line for line in lines if line})
    far = [is_address(name) for name in names]
    if not names or any(far) != all(far):
        raise CastlistError(
            "list-mixed",
            "{path!r} must list paths, or addresses, one a line: one at least, and not both.",
            path=str(path),
        )
    if not far[0]:
        paths = [Path(name).absolute() for name in names]
        root = Path(os.path.commonpath([one.parent for one in paths]))
        files = list_files(look_around(root, paths))
        _tell_missing(path, len(names) - len(files), len(names), tell)
        return str(root), files
    # Both slashes after the scheme stay.
    scheme, *others = sorted({name.partition("://")[0] for name in names})
    above = os.path.commonpath([name.partition("://")[2].rpartition("/")[0] for name in names])
    if others or not above:
        raise CastlistError(
            "list-apart",
            "{path!r} must list addresses of one bucket. Make a manifest and an archive of each.",
            path=str(path),
        )
    address = f"{scheme}://{above}"
    place = Place(address)
    below = [name[len(address) + 1 :] for name in names]
    listed = [one for one in work_ahead(place.look_up, below) if one]
    _tell_missing(path, len(names) - len(listed), len(names), tell)
    return address, list_files(File(spell(one.name), one.bytes, one.modified) for one in listed)


def _tell_missing(path: Path, missing: int, total: int, tell: Tell | None) -> None:
    message = Message(
        "list-missing",
        "Of {total} {total:file|files} that {path!r} lists, {missing} {missing:isn't|aren't} there.",
        {"total": total, "path": str(path), "missing": missing},
    )
    if missing == total:
        raise CastlistError(message.code, message.text, **message.values)
    if missing and tell:
        tell(message)


def _write(path: Path, root: str, files: Files) -> None:
    data = io.BytesIO()
    pq.write_table(files.replace_schema_metadata({_ROOT: root.encode()}), data, compression="zstd")
    need_replaceable(path, b"par1")
    write_bytes(path, data.getvalue(), private=True)
