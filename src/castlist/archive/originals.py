"""Where an archive's photos lie: a folder of this machine, or an address."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeAlias

from castlist.archive.listing import File, look_around
from castlist.archive.planning import content_digest
from castlist.errors import CastlistError, Message, PhotoError
from castlist.media import check_bytes, each_photo, is_film
from castlist.paths import as_path, is_below, is_folder, join_below, spell, unspell
from castlist.places import Place, is_address

Tell: TypeAlias = Callable[[Message], None]

AT_ONCE = 8  # files fetched together: enough to hide what each has to wait for, and little to be kept
# Of an address nobody looks into each file first.
FILMS = frozenset([".3gp", ".avi", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv"])


class Originals(Protocol):
    """Photos and films, as `File` names them."""

    @property
    def root(self) -> str:
        """The path or the address above them all."""

    def files(self, archive: Path, tell: Tell | None) -> Iterable[File]:
        """All that is there, but an archive among them, one by one."""

    def digest(self, photo: str) -> str | None:
        """The digest of one's content; "" where it can't be read, None where asking would take as long as looking."""

    def is_film(self, file: File) -> bool:
        """Whether it is a film."""

    def show(self, files: Iterable[File]) -> Iterator[Path | bytes | PhotoError]:
        """What is to be looked at of each, as `Eyes.see` takes it."""

    def at_hand(self, file: File) -> contextlib.AbstractContextManager[Path]:
        """A path of this machine that has its content while the block runs."""


def open_originals(photos: str | os.PathLike[str], listed: Iterable[File] | None = None) -> Originals:
    """The photos below a path or an address; all of them, or those that are listed.

    Raises:
        CastlistError: If it is neither a folder nor an address that can be used.
    """
    if is_address(photos):
        return Far(Place(photos), listed)
    folder = as_path(photos).absolute()
    if not is_folder(folder):
        raise CastlistError(
            "archive-no-folder", "An archive is made of a folder of photos. {path!r} is none.", path=str(photos)
        )
    return Near(folder, listed)


class Near:
    """Photos in a folder of this machine."""

    def __init__(self, folder: Path, listed: Iterable[File] | None) -> None:
        self._folder, self._listed = folder, listed
        self.root = str(folder)

    def files(self, archive: Path, tell: Tell | None) -> Iterable[File]:
        """As of `Originals`."""
        if self._listed is not None:
            return self._listed
        paths, home = each_photo([self._folder], tell=tell), archive.resolve()
        if home.is_relative_to(self._folder.resolve()):
            own = self._folder / home.relative_to(self._folder.resolve())
            paths = (path for path in paths if own not in path.parents)
        return look_around(self._folder, paths)

    def digest(self, photo: str) -> str:
        """As of `Originals`."""
        path = join_below(self._folder, photo)
        return "" if path is None else content_digest(path)

    def is_film(self, file: File) -> bool:
        """As of `Originals`: by its content."""
        return is_film(self._path(file))

    def show(self, files: Iterable[File]) -> Iterator[Path]:
        """As of `Originals`."""
        return map(self._path, files)

    def at_hand(self, file: File) -> contextlib.AbstractContextManager[Path]:
        """As of `Originals`."""
        return contextlib.nullcontext(self._path(file))

    def _path(self, file: File) -> Path:
        return self._folder / unspell(file.photo)


class Far:
    """Photos at an address; each is fetched once, and nothing of it stays."""

    def __init__(self, place: Place, listed: Iterable[File] | None) -> None:
        self._place, self._listed = place, listed
        self.root = place.address

    def files(self, archive: Path, tell: Tell | None) -> Iterator[File]:
        """As of `Originals`; hidden files are passed over, and names that are none below a folder."""
        if self._listed is not None:
            yield from self._listed
            return
        odd = 0
        for one in self._place.files():
            name = spell(one.name)
            if not is_below(name):
                odd += 1
            elif not any(part.startswith(".") for part in one.name.split("/")):
                yield File(name, one.bytes, one.modified)
        if odd and tell:
            tell(
                Message(
                    "address-odd-names",
                    "{count} {count:name|names} below {address!r} can't be those of files, and {count:was|were} "
                    "passed over.",
                    {"count": odd, "address": self.root},
                )
            )

    def digest(self, photo: str) -> None:
        """As of `Originals`: copies are looked at like any other."""

    def is_film(self, file: File) -> bool:
        """As of `Originals`: by its name."""
        return PurePosixPath(file.photo).suffix.lower() in FILMS

    def show(self, files: Iterable[File]) -> Iterator[Path | bytes | PhotoError]:
        """As of `Originals`; what no photo is as large as isn't fetched."""
        rest = iter(files)
        while some := list(islice(rest, AT_ONCE)):
            refused = [_refusal(file) for file in some]
            wanted = [file for file, refusal in zip(some, refused, strict=True) if refusal is None]
            fetched = iter(self._place.read_all([(unspell(file.photo), file.bytes) for file in wanted]))
            for refusal in refused:
                data = next(fetched) if refusal is None else refusal
                yield Path("/", "\0") if data is None else data  # a file that can't be there: told as of any folder

    @contextlib.contextmanager
    def at_hand(self, file: File) -> Iterator[Path]:
        """As of `Originals`."""
        with tempfile.TemporaryDirectory(prefix="castlist-") as folder:
            path = Path(folder, PurePosixPath(unspell(file.photo)).name)
            with contextlib.suppress(FileNotFoundError):
                self._place.fetch(unspell(file.photo), path)
            yield path


def _refusal(file: File) -> PhotoError | None:
    """Why a file's size alone tells that it is no photo."""
    try:
        check_bytes(file.bytes)
    except PhotoError as error:
        return error
    return None
