"""Where data sets are kept: one HDF5 file for a cast, loaded while it is true, made anew when it isn't, deleted."""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
from pathlib import Path
from typing import Any

import platformdirs

from castlist.errors import CastError, needs_extra, reason_of
from castlist.learning.dataset.filling import fill, need_two
from castlist.learning.dataset.reading import image_size_of
from castlist.learning.dataset.records import Dataset
from castlist.media import Cast, RefusedPhoto, is_film
from castlist.settings import Settings
from castlist.threads import OnCount

VERSION = 4  # of the file's layout and of what fills it; a file of another version is made anew


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
    need_two(cast.people, cast.root)
    path = path or _default_path(cast, settings)
    stamp = _stamp(cast, settings)
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("stamp") == stamp:
                return _open(path, file, cast.root)
    except (OSError, KeyError, ValueError):
        pass  # missing or damaged: made anew below
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(beside, "w") as file:
            fill(file, cast, settings, on_count)
            file.attrs["stamp"] = stamp
        beside.replace(path)
    except OSError as error:
        raise CastError(
            f"The data set can't be written to {str(path)!r} ({reason_of(error)}). Free some space there."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    with h5py.File(path, "r") as file:
        return _open(path, file, cast.root)


def datasets_folder() -> Path:
    """Where data sets are kept unless a path is given; every file in it can be made anew."""
    return platformdirs.user_cache_path("castlist") / "datasets"


def delete_datasets_of(person: str) -> list[Path]:
    """Delete the kept data sets in which there is a person of this name; they can be made anew. Gives their files."""
    deleted = []
    for path in sorted(datasets_folder().glob("*.h5*")):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            holds = content.find(f"{person}/".encode()) >= 0  # the paths of the photos stand in it as they are
        if holds:
            path.unlink()
            deleted.append(path)
    return deleted


def _default_path(cast: Cast, settings: Settings) -> Path:
    parts = (
        cast.root.resolve(),
        settings.faces,
        settings.network,
        image_size_of(settings),
        _reads_films(cast, settings),
    )
    return datasets_folder() / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}.h5"


def _reads_films(cast: Cast, settings: Settings) -> bool:
    return settings.takes_sequences and any(is_film(photo.path) for photo in cast.photos)


def _stamp(cast: Cast, settings: Settings) -> str:
    """What the file's content depends on: the photos as the file system tells of them, and some settings."""
    digest = hashlib.sha256()
    parts = [
        VERSION,
        image_size_of(settings),
        settings.pictures_per_person,
        settings.faces,
        settings.network,
        settings.views,
        settings.min_face,
        settings.validation_share,
        settings.test_share,
        settings.seed,
        _reads_films(cast, settings),
        cast.people,
        list(map(str, cast.notes)),
    ]
    digest.update(json.dumps(parts).encode())
    for photo in cast.photos:
        status = photo.path.stat()
        digest.update(f"{photo.path.relative_to(cast.root)}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _open(path: Path, file: Any, root: Path) -> Dataset:
    return Dataset(
        path=path,
        people=tuple(json.loads(file.attrs["people"])),
        files=tuple(file["file"].asstr()[()]),
        person=file["person"][()],
        side=file["side"][()],
        group=file["group"][()],
        take=file["take"][()],
        embeddings=file["embedding"][()] if "embedding" in file else None,
        image_size=file["images"].shape[1],
        refused=tuple(RefusedPhoto(path=root / name, reason=why) for name, why in json.loads(file.attrs["refused"])),
        notes=tuple(json.loads(file.attrs["notes"])),
        fingerprint=file.attrs["fingerprint"],
    )
