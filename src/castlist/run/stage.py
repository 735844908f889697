"""Where a change of a run folder waits until all of it can be made."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import msgspec

from castlist.errors import PhotoError
from castlist.files import PRIVATE_FOLDER, flush_folder, place_bytes, read_regular
from castlist.run.inventory import STAGE, is_known

LIST = "list.json"


class _List(msgspec.Struct, forbid_unknown_fields=True):
    """What a change consists of; its being there is the decision to make the change."""

    write: dict[str, str]  # name in the run folder: name in the stage
    remove: list[str]


class Stage:
    """A change that waits in a run folder; whoever uses it holds the folder's lock."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._folder = run / STAGE
        self._list = _List({}, [])

    @property
    def is_begun(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._list.write or self._list.remove)

    @property
    def is_committed(self) -> bool:
        """Whether the change holds, so that it must be made."""
        return _is_regular(self._folder / LIST) and not self._folder.is_symlink()

    def write(self, name: str, data: bytes) -> None:
        """Have a file in the run."""
        _need_known(name)
        self._folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
        staged = self._list.write.setdefault(name, str(len(self._list.write)))
        place_bytes(self._folder / staged, data, private=True)
        if name in self._list.remove:
            self._list.remove.remove(name)

    def remove(self, name: str) -> None:
        """Have a file or folder no more in the run."""
        _need_known(name)
        self._list.remove.append(name)

    def commit(self) -> None:
        """Decide: from here on the change is made, by whomever."""
        flush_folder(self._folder)
        place_bytes(self._folder / LIST, msgspec.json.encode(self._list), private=True)
        flush_folder(self._folder)
        flush_folder(self._run)

    def apply(self) -> None:
        """Make a change that was decided on; going on with one that was begun is the same."""
        try:
            decided = msgspec.json.decode(read_regular(self._folder / LIST), type=_List)
            for name in (*decided.write, *decided.remove):
                _need_known(name)
        except (ValueError, PhotoError):  # of no castlist: a list is there whole or not at all
            return
        for name in decided.remove:
            delete(self._run / name)
        for name in decided.write:  # the record last, as it was written: it tells of the others
            staged = self._folder / Path(decided.write[name]).name
            if _is_regular(staged):  # else it is in its place
                staged.replace(self._run / name)
        flush_folder(self._run)
        self.discard()

    def discard(self) -> None:
        """Leave nothing of the stage."""
        # The list first: without the rest it would be a change that was made.
        if self._folder.is_dir() and not self._folder.is_symlink():
            delete(self._folder / LIST)
        delete(self._folder)


def _is_regular(path: Path) -> bool:
    """Whether there is a file: in a foreign run a link would lead elsewhere, and a pipe has no end."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def delete(path: Path) -> None:
    """Delete a file, a link or a folder with all in it; one that isn't there is no failure."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _need_known(name: str) -> None:
    if not is_known(name):
        raise ValueError(f"no file of a run folder: {name!r}")
