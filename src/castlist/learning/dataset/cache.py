"""Where data sets are kept: one HDF5 file for a cast, loaded while it is true, made anew when it isn't.

Who loads one holds its file open: it can be read on when its name is deleted, by somebody who is forgotten, or given to
a newer one. HDF5 locks what it has open, so whoever deletes it can tell that it is in use.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from castlist.caches import cache_folder
from castlist.embeddings import face_network
from castlist.errors import CastError, Message, needs_extra, reason_of
from castlist.learning.dataset.contents import Content, look_into
from castlist.learning.dataset.filling import fill, need_two
from castlist.learning.dataset.reading import image_size_of
from castlist.learning.dataset.records import Dataset
from castlist.media import Cast, RefusedPhoto, is_film
from castlist.paths import is_below, unspell
from castlist.settings import Settings
from castlist.threads import OnCount

with contextlib.suppress(ImportError):  # Windows lets nobody delete what is open
    import fcntl

logger = logging.getLogger(__name__)

VERSION = 11  # of the file's layout and of what fills it; a file of another version is made anew


def load_dataset(
    cast: Cast, settings: Settings, *, path: Path | None = None, on_count: OnCount | None = None
) -> Dataset:
    """Load a cast's data set, from its HDF5 file if that is still true, else from the photos.

    Args:
        cast: The people and their files.
        settings: For faces or whole photos, the size, the shares, the seed and how many pictures a person.
        path: The HDF5 file; by default one in the user's cache folder that belongs to the cast's folder, to faces or
            whole photos, and the size.
        on_count: Called with photos done and photos in all, while photos are decoded.

    Raises:
        CastError: If fewer than two people have photos to learn from, or a Keras model has none left to validate or
            test with.
        MissingExtraError: If h5py is missing.
    """
    with needs_extra("learn", "Keeping the data set"):
        import h5py
    need_two(cast.people, cast)
    network = face_network(settings).digest if settings.network else None
    path = path or _default_path(cast, settings, network)
    contents = look_into(cast, _known_contents(path))
    stamp = _stamp(cast, settings, network, contents)
    try:
        return _open(path, stamp, cast.root)
    except (OSError, KeyError, ValueError, TypeError):
        logger.info("Makes the data set %s", path.name)  # missing, damaged, or no longer true
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
        os.close(handle)
        try:
            file = h5py.File(part, "w")
            try:
                # At once, and on disk: who is forgotten while it is made is found in it.
                file.attrs["people"] = json.dumps(cast.people)
                file.flush()
                fill(file, cast, settings, on_count)
                file.attrs["contents"] = json.dumps({name: dataclasses.astuple(one) for name, one in contents.items()})
                file.attrs["stamp"] = stamp
                file.flush()
            except BaseException:
                file.close()
                raise
            file = _publish(file, Path(part), path)
        finally:
            Path(part).unlink(missing_ok=True)
    except OSError as error:
        raise CastError(
            "dataset-unwritten",
            "The data set can't be written to {path!r} ({reason}). It needs room there, and the right to write.",
            path=str(path),
            reason=reason_of(error),
        ) from error
    return _dataset(path, file, cast.root)


def datasets_folder() -> Path:
    """Where data sets are kept unless a path is given; every file in it can be made anew."""
    return cache_folder("datasets")


def _default_path(cast: Cast, settings: Settings, network: str | None) -> Path:
    parts = (
        cast.root.resolve(),
        settings.faces,
        network,
        image_size_of(settings),
        _reads_films(cast, settings),
        cast.is_marked,
    )
    return datasets_folder() / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}.h5"


def _reads_films(cast: Cast, settings: Settings) -> bool:
    return settings.takes_sequences and any(is_film(photo.path) for photo in cast.photos)


def _stamp(cast: Cast, settings: Settings, network: str | None, contents: Mapping[str, Content]) -> str:
    """What the file's content depends on: what the photos hold, and some settings."""
    digest = hashlib.sha256()
    parts = [
        VERSION,
        image_size_of(settings),
        settings.pictures_per_person,
        settings.faces,
        network,
        settings.views,
        settings.min_face,
        settings.validation_share,
        settings.test_share,
        settings.seed,
        _reads_films(cast, settings),
        cast.people,
        [note.to_dict() for note in cast.notes],
        [photo.mark for photo in cast.photos] if cast.is_marked else None,
    ]
    digest.update(json.dumps(parts).encode())
    for name, content in contents.items():
        digest.update(f"{name}:{content.digest}\n".encode())
    return digest.hexdigest()


def _known_contents(path: Path) -> dict[str, Content]:
    """What the files held when the data set was made; nothing where there is none that can be read."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return {
                name: Content(digest, tuple(touched) if touched else None)
                for name, (digest, touched) in json.loads(file.attrs["contents"]).items()
            }
    except (OSError, KeyError, ValueError, TypeError, AttributeError):
        return {}


def _publish(file: Any, part: Path, path: Path) -> Any:
    """Give a data set that was just written its name, and let others read it, without ever letting go of it."""
    if os.name != "posix":
        file.close()
        part.replace(path)
        return type(file)(path, "r")
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(file.id.get_vfd_handle(), fcntl.LOCK_SH)
    try:
        part.replace(path)
    except FileNotFoundError:  # somebody in it was forgotten meanwhile: it ends with who reads it
        logger.info("The data set %s was deleted while it was made, and is used this once", path.name)
    return file


def _open(path: Path, stamp: str, root: Path) -> Dataset:
    """Open a data set that is there.

    Raises:
        OSError, KeyError, ValueError, TypeError: If it is missing, damaged, or not the one with this stamp.
    """
    import h5py

    file = h5py.File(path, "r")
    if file.attrs["stamp"] != stamp or not all(map(is_below, file["file"].asstr()[()])):
        raise ValueError("another stamp, or files elsewhere")
    return _dataset(path, file, root)


def _dataset(path: Path, file: Any, root: Path) -> Dataset:
    return Dataset(
        path=path,
        content=file,
        people=tuple(json.loads(file.attrs["people"])),
        files=tuple(file["file"].asstr()[()]),
        person=file["person"][()],
        side=file["side"][()],
        copies=file["copies"][()],
        group=file["group"][()],
        take=file["take"][()],
        embeddings=file["embedding"][()] if "embedding" in file else None,
        poor=file["poor"][()],
        image_size=file["images"].shape[1],
        refused=tuple(
            RefusedPhoto(path=root / unspell(name), reason=Message.from_dict(why))
            for name, why in json.loads(file.attrs["refused"])
        ),
        notes=tuple(map(Message.from_dict, json.loads(file.attrs["notes"]))),
        is_marked=bool(file.attrs["is_marked"]),
        fingerprint=file.attrs["fingerprint"],
    )
