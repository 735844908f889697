"""Folders at addresses, such as s3://bucket/photos: whatever fsspec knows, credentials from where its libraries look.

There is no rename and no half-written file there: what is put is there as a whole, or isn't. What fails for a moment is
tried again, and what comes in half isn't taken for the whole.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard, TypeVar

from castlist.errors import CastlistError, needs_extra, reason_of
from castlist.paths import as_path, bears_secret, from_anywhere

logger = logging.getLogger(__name__)

T = TypeVar("T")

TRIES, PAUSE = 5, 0.5  # seconds before the second try; twice as long before each other
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://(.*)", re.DOTALL | re.IGNORECASE)  # of one letter is a drive
_SQUEEZED = re.compile(r"^([a-z][a-z0-9+.-]+):/(?!/)", re.IGNORECASE)
_MODIFIED = ("LastModified", "last_modified", "mtime", "updated", "created")  # as the libraries call it


@dataclass(frozen=True)
class Listed:
    """A file as a folder's listing tells it."""

    name: str  # below the folder, with forward slashes
    bytes: int
    modified: int  # nanoseconds since 1970; 0: not told


def is_address(place: str | os.PathLike[str]) -> TypeGuard[str]:
    """Whether a text is an address, and not a path of this machine."""
    return isinstance(place, str) and _ADDRESS.match(place) is not None


def spelled(path: Path) -> str:
    """A path below a root as people know it: below an address, `Path` has made one slash of two."""
    return _SQUEEZED.sub(r"\1://", str(path))


def whole(place: str | os.PathLike[str]) -> str:
    """An address as it is, or the whole path: what another process finds."""
    return place if is_address(place) else str(from_anywhere(as_path(place)))


@contextlib.contextmanager
def at_hand(place: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder as one of this machine, while the block runs: itself, or a copy of what lies right in it.

    Raises:
        CastlistError: If it can't be copied.
    """
    if not is_address(place):
        yield as_path(place)
        return
    far = Place(place)
    with tempfile.TemporaryDirectory(prefix="castlist-") as folder:
        for one in far.files():
            if "/" not in one.name:
                far.fetch(one.name, Path(folder, one.name))
        yield Path(folder)


class Place:
    """A folder at an address."""

    def __init__(self, address: str) -> None:
        """Open it; nobody is asked yet.

        Raises:
            CastlistError: If it bears a secret, or what reaches it isn't installed.
        """
        found = _ADDRESS.fullmatch(address)
        if not found or not found[2].strip("/"):
            raise CastlistError("address-none", "An address must be such as s3://bucket/photos.")
        if bears_secret(address):  # told to nobody, not even in this sentence
            raise CastlistError(
                "address-password",
                "An address must bear no user, no password and no key: it is written into files. Give them where the "
                "library that reaches it looks, such as ~/.aws/credentials.",
            )
        if found[1].lower() in ("http", "https"):
            # One that isn't reached would even be an empty folder, and all photos of an archive gone.
            raise _untold(address)
        self.address = address.rstrip("/")
        with needs_extra("s3", "An address"):
            from fsspec.core import url_to_fs
        try:
            # What others put there meanwhile is seen.
            options = {"auto_mkdir": True} if found[1].lower() in _FOLDERS else {}
            self._files, self._root = url_to_fs(self.address, use_listings_cache=False, **options)
        except ImportError as error:
            raise CastlistError(
                "address-extra",
                "{address!r} needs {package}, which is not installed: pip install {package}.",
                address=self.address,
                package=_PACKAGES.get(found[1].lower(), error.name or "a package of fsspec"),
            ) from error
        except ValueError as error:
            raise self._failed(error) from error

    def files(self, prefix: str = "") -> Iterator[Listed]:
        """All files below the folder, or below one in it, in the order of their names.

        Raises:
            CastlistError: If it can't be listed.
        """
        found: Mapping[str, Any] = self._persist(
            lambda: self._files.find(self._path(prefix) if prefix else self._root, detail=True)
        )
        for path in sorted(found):
            about = found[path]
            if about["type"] == "file" and path.startswith(f"{self._root}/"):
                if about["size"] is None:
                    raise _untold(self.address)
                yield Listed(path[len(self._root) + 1 :], about["size"], _modified(about))

    def look_up(self, name: str) -> Listed | None:
        """A file as its listing would tell it; None where it isn't there.

        Raises:
            CastlistError: If it can't be asked for.
        """
        try:
            about = self._persist(lambda: self._files.info(self._path(name)))
        except FileNotFoundError:
            return None
        return Listed(name, about["size"], _modified(about)) if about["type"] == "file" else None

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return bool(self._persist(lambda: self._files.isfile(self._path(name))))

    def read(self, name: str, size: int | None = None) -> bytes:
        """Read a file.

        Args:
            name: Its.
            size: What the listing said: if less comes, it is read again, unless it has become as small as that.

        Raises:
            FileNotFoundError: If it isn't there.
            CastlistError: If it can't be read.
        """

        def read() -> bytes:
            data: bytes = self._files.cat_file(self._path(name))
            self._need_whole(name, data, size)
            return data

        return self._persist(read)

    def read_all(self, files: Iterable[tuple[str, int]]) -> list[bytes | None]:
        """Read some files at once, given by name and size; None where one isn't there.

        Raises:
            CastlistError: If one can't be read.
        """
        some = list(files)
        paths = [self._path(name) for name, _ in some]
        try:
            # Of a range s3fs doesn't ask first how large the file is, which would be as many requests again.
            found = self._files.cat_ranges(paths, 0, None, on_error="return")
        except Exception as error:  # nobody's in particular: one by one, they tell
            logger.debug("several files can't be read at once: %s", type(error).__name__)
            found = [None] * len(some)
        return [self._taken(name, size, data) for (name, size), data in zip(some, found, strict=True)]

    def open(self, name: str) -> BinaryIO:
        """Open a file of which only parts are wanted.

        Raises:
            FileNotFoundError: If it isn't there.
            CastlistError: If it can't be reached.
        """
        return self._persist(lambda: self._files.open(self._path(name), "rb", block_size=2**16))

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file, however large, to this machine.

        Raises:
            FileNotFoundError: If it isn't there.
            CastlistError: If it can't be read.
        """
        self._persist(lambda: self._files.get_file(self._path(name), str(path)))

    def write(self, name: str, data: bytes) -> None:
        """Put a file there; what was there is replaced as a whole.

        Raises:
            CastlistError: If it can't be written.
        """
        self._persist(lambda: self._files.pipe_file(self._path(name), data))

    def create(self, name: str, data: bytes) -> bool:
        """Put a file there unless there is one of that name; gives whether it did.

        The store decides between two who do so at once, as S3, Google's and Azure's do.

        Raises:
            CastlistError: If it can't be written.
        """
        try:
            self._persist(lambda: self._files.pipe_file(self._path(name), data, mode="create"))
        except FileExistsError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Delete a file; it may be gone."""
        try:
            self._persist(lambda: self._files.rm_file(self._path(name)))
        except FileNotFoundError:
            return

    def _taken(self, name: str, size: int, found: Any) -> bytes | None:
        """A file that was read beside others; read again, alone, if that went wrong."""
        if isinstance(found, bytes) and len(found) == size:
            return found
        try:
            return self.read(name, size)
        except FileNotFoundError:
            return None

    def _need_whole(self, name: str, data: bytes, size: int | None) -> None:
        if size is not None and len(data) != size and self._files.info(self._path(name))["size"] != len(data):
            raise EOFError(f"{len(data)} of {size} bytes came")

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _persist(self, work: Callable[[], T]) -> T:
        """Do what may fail for a moment, again and again."""
        for left in reversed(range(TRIES)):
            try:
                return work()
            except (FileNotFoundError, FileExistsError):
                raise
            except Exception as error:  # each library has its own
                if _is_there_already(error):
                    raise FileExistsError from error
                if isinstance(error, PermissionError) or not left:
                    raise self._failed(error) from error
                logger.info("%s fails and is tried again: %s", self.address, type(error).__name__)
            time.sleep(PAUSE * 2 ** (TRIES - 1 - left))
        raise AssertionError

    def _failed(self, error: Exception) -> CastlistError:
        return CastlistError(
            "address-fails",
            "{address!r} can't be used ({reason}). Try again once it can be reached and you may use it.",
            address=self.address,
            reason=reason_of(error),
        )


_FOLDERS = ("file", "local")  # addresses of this machine, where there is no file without a folder
_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


def _is_there_already(error: Exception) -> bool:
    """Whether a store refuses a file because there is one: for this, s3fs has no exception of its own."""
    response = getattr(error.__cause__ or error, "response", None)  # of Azure's library it is an object
    told = response.get("Error", {}) if isinstance(response, dict) else {}
    return told.get("Code") in ("PreconditionFailed", "ConditionalRequestConflict")


def _untold(address: str) -> CastlistError:
    return CastlistError(
        "address-untold",
        "{address!r} doesn't tell which files there are and how large, as web servers don't. Copy them to a folder of "
        "this machine, or to a store such as s3://bucket.",
        address=address,
    )


def _modified(about: Mapping[str, Any]) -> int:
    when = next((about[key] for key in _MODIFIED if about.get(key)), 0)
    if isinstance(when, str):
        when = datetime.datetime.fromisoformat(when)
    seconds = when.timestamp() if isinstance(when, datetime.datetime) else float(when)
    return round(seconds * 1e6) * 1000
