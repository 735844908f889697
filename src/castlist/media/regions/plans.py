"""What is to be written for a photo, into its sidecar or into itself; and that done, if nobody has been at it since."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from castlist.errors import CastlistError, PhotoError, reason_of
from castlist.files import write_bytes
from castlist.media.regions.embedded import look_inside, need_writable, remove_copies, take_place, written
from castlist.media.regions.packet import EMPTY, Packet
from castlist.media.regions.reading import need_same_shape
from castlist.media.regions.records import REGIONS, TagItem, Tags
from castlist.media.regions.sidecars import read_sidecar
from castlist.media.regions.writing import Change, change, take_out

Stamp = tuple[int, ...]  # what is another after a file was changed
AT_ONCE = 16  # photos that exiftool writes before it ends
_NEW: Stamp = ()  # of a file that isn't there


@dataclass(frozen=True)
class TagPlan:
    """A change of one file's XMP."""

    photo: Path
    file: Path  # a sidecar, or the photo
    change: Change
    stamp: Stamp  # of the file as it was read

    @property
    def added(self) -> tuple[str, ...]:
        """The names, as keywords have them, that are to come."""
        return _names(self.change.added)

    @property
    def removed(self) -> tuple[str, ...]:
        """Those that are to go; a name that comes, too, is moved."""
        return _names(self.change.removed)

    @property
    def is_new(self) -> bool:
        """Whether the sidecar is to be made."""
        return self.stamp == _NEW

    @property
    def is_embedded(self) -> bool:
        """Whether the photo is to be written."""
        return self.file == self.photo


def _names(items: Collection[TagItem]) -> tuple[str, ...]:
    """Who is named by items, each once."""
    names = [item.text.removeprefix("People/") for item in items if item.kind == "digikam"]
    return tuple(dict.fromkeys(names + [item.text for item in items if item.kind in REGIONS]))


def plan_sidecar(
    photo: Path, sidecar: Path, tags: Tags, ours: Collection[TagItem] = (), *, marked: bool = False
) -> TagPlan:
    """What is to be written into a photo's sidecar.

    One that isn't there begins as what is inside the photo: where both are, most programs believe the sidecar.

    Args:
        photo: Its path.
        sidecar: Its place.
        tags: Who is to be named.
        ours: What castlist wrote into the sidecar before, or into the photo.
        marked: Write nothing but what castlist's marks tell of, since nobody keeps a journal.

    Raises:
        CastlistError: If the sidecar can't be read, or isn't understood.
    """
    try:
        data, stamp = read_sidecar(sidecar), stamp_of(sidecar)
    except OSError as error:
        # Where a link leads that leads to nothing, nobody has asked for a file.
        if not isinstance(error, FileNotFoundError) or sidecar.is_symlink():
            raise PhotoError("photo-unopened", "can't be opened ({reason})", reason=reason_of(error)) from error
        data, stamp = _packet_of(photo) or EMPTY, _NEW
    return TagPlan(photo, sidecar, _changed(photo, data, tags, ours, marked=marked), stamp)


def plan_inside(photo: Path, tags: Tags, ours: Collection[TagItem] = ()) -> TagPlan | None:
    """What is to be written into a photo; None where only a sidecar can hold it.

    Raises:
        CastlistError: If the photo can't be read, or what is in it isn't understood.
    """
    stamp = _stamp_of_photo(photo)
    inside = look_inside(photo)
    if not inside.is_writable:
        return None
    return TagPlan(photo, photo, _changed(photo, inside.packet or EMPTY, tags, ours), stamp)


def _changed(photo: Path, data: bytes, tags: Tags, ours: Collection[TagItem], *, marked: bool = False) -> Change:
    """What `change` gives, unless regions would come to those of a picture of another shape, which nobody heeds."""
    changed = change(data, tags, ours, marked=marked)
    if data != EMPTY and any(item.kind == "mwg" for item in changed.added):
        try:
            need_same_shape(Packet(changed.data), tags.size)
        except CastlistError:
            if not look_inside(photo).is_raw:  # whose preview may be cropped by the camera
                raise
    return changed


def plan_untagging(photo: Path, file: Path, ours: Collection[TagItem] | None) -> TagPlan | None:
    """How castlist's names are taken out of a file again; None where there is no XMP any more.

    Args:
        photo: Its path.
        file: The photo, or its sidecar.
        ours: What castlist wrote into it; None: whatever bears castlist's mark.

    Raises:
        CastlistError: If the file can't be read, or isn't understood.
    """
    try:
        stamp = stamp_of(file)
        data = look_inside(photo).packet if file == photo else read_sidecar(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PhotoError("photo-unopened", "can't be opened ({reason})", reason=reason_of(error)) from error
    return TagPlan(photo, file, take_out(data, ours), stamp) if data else None


def write_planned(plan: TagPlan) -> None:
    """Write a sidecar as planned; a new one has the readers that its photo has.

    Args:
        plan: Of which the change isn't empty.

    Raises:
        CastlistError: If somebody has changed the file since it was read, or it can't be written; then it is intact.
    """
    # What a link leads to is written, not the link replaced; unless it came meanwhile.
    file = plan.file if plan.is_new else Path(os.path.realpath(plan.file))
    if not plan.is_new:
        need_writable(file)
    like = plan.photo if plan.is_new else file
    write_bytes(file, plan.change.data, like=like, on_ready=lambda: _need_same(plan))


def write_inside(plans: Sequence[TagPlan], on_copy: Callable[[TagPlan, Path], None]) -> Iterator[CastlistError | None]:
    """Write into photos as planned, a few at a time.

    Args:
        plans: For photos themselves.
        on_copy: Told the copy that is about to take a photo's place.

    Yields:
        Of each why it wasn't written, if it wasn't; then it is intact.

    Raises:
        MissingExtraError: If exiftool isn't installed.
    """
    for folder in {Path(os.path.realpath(plan.file)).parent for plan in plans}:
        remove_copies(folder)
    for start in range(0, len(plans), AT_ONCE):
        some = plans[start : start + AT_ONCE]
        files = [Path(os.path.realpath(plan.file)) for plan in some]
        with written([(file, plan.change.data) for file, plan in zip(files, some, strict=True)]) as copies:
            for file, plan, copy in zip(files, some, copies, strict=True):
                try:
                    if isinstance(copy, CastlistError):
                        raise copy
                    on_copy(plan, copy)
                    take_place(copy, file, functools.partial(_need_same, plan))
                except CastlistError as error:
                    yield error
                else:
                    yield None


def remove_sidecar(plan: TagPlan) -> bool:
    """Remove a sidecar that castlist made, if all that would be left is what the photo itself says; gives whether.

    Raises:
        CastlistError: If it can't be removed.
    """
    left = plan.change.data.strip()
    if plan.is_embedded or not (Packet(left).says_nothing or left == (_packet_of(plan.photo) or EMPTY).strip()):
        return False
    _need_same(plan)
    try:
        plan.file.unlink()
    except OSError as error:
        raise CastlistError(
            "sidecar-not-removed", "{path!r} can't be removed ({reason}).", path=str(plan.file), reason=reason_of(error)
        ) from error
    return True


def stamp_of(path: Path) -> Stamp:
    """What is another after a file was changed."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _stamp_of_photo(path: Path) -> Stamp:
    try:
        return stamp_of(path)
    except OSError as error:
        raise PhotoError("photo-unopened", "can't be opened ({reason})", reason=reason_of(error)) from error


def _need_same(plan: TagPlan) -> None:
    try:
        stamp = stamp_of(plan.file)
    except OSError:
        stamp = _NEW
    if stamp != plan.stamp:
        raise CastlistError(
            "xmp-changed", "{path!r} has been changed meanwhile and is left as it is. Try again.", path=str(plan.file)
        )


def _packet_of(photo: Path) -> bytes | None:
    """The XMP in a photo; of one that can't be read, and of what no sidecar can begin as, none."""
    try:
        packet = look_inside(photo).packet
        take_out(packet or EMPTY, ())
    except CastlistError:
        return None
    return packet
