"""What tagging an archive would write, as data: a plan a file, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from castlist.archive import Archive, ArchivedPhoto
from castlist.arguments import checked
from castlist.errors import CastlistError, Message, reason_of
from castlist.media import UNKNOWN, Edges, Sidecars, TagPlan, Tags, look_inside, make_tags, plan_inside, plan_sidecar
from castlist.paths import is_folder, name_below
from castlist.tagging.journal import Journal
from castlist.threads import OnCount


@checked
def plan_tags(
    archive: Archive, *, embed: bool = False, perhaps: bool = False, on_count: OnCount | None = None
) -> Iterator[tuple[ArchivedPhoto, list[TagPlan], list[Message]]]:
    """What tagging would write, photo by photo; photos in which nobody is named, nor was, are left out.

    Args:
        archive: Whose names.
        embed: Write into photos, where they can hold it, and into sidecars that are there.
        perhaps: Write who somebody perhaps is, too, as keywords.
        on_count: Told how many photos were gone through, of how many.

    Yields:
        A photo, what would change in its files, and why something wouldn't.

    Raises:
        CastlistError: If the photos aren't there, or what was written before isn't known any more.
    """
    if not is_folder(archive.root):
        raise CastlistError(
            "tag-no-photos",
            "The photos of the archive aren't in {root!r}, where they lay. Bring them back, or make the archive again.",
            root=str(archive.root),
        )
    journal, sidecars = Journal(archive.folder.path), Sidecars()
    tagged = {photo for photo, _ in journal.files()}
    total = archive.counts().photos if on_count else 0
    for number, photo in enumerate(archive.photos(), start=1):
        if on_count:
            on_count(number, total)
        tags = _tags_of(photo, photo.orientation, perhaps)
        if tags.regions or tags.perhaps or photo.name in tagged:
            plans, problems = _plans_of(photo, tags, archive.root, journal, sidecars, embed)
            # An older castlist took phones' HEICs, which their container turns, for stored as they are seen.
            if plans and (turn := _turn_of(photo)) != photo.orientation:
                tags = _tags_of(photo, turn, perhaps)
                plans, problems = _plans_of(photo, tags, archive.root, journal, sidecars, embed)
            yield photo, plans, problems


def _tags_of(photo: ArchivedPhoto, orientation: int | None, perhaps: bool) -> Tags:
    """What is to stand in a photo's metadata."""
    named: list[tuple[str, Edges]] = []
    for face in photo.faces:
        if face.name != UNKNOWN:
            named.append((face.name, (face.box.left, face.box.top, face.box.right, face.box.bottom)))
    doubtful = [face.perhaps for face in photo.faces if face.perhaps] if perhaps else []
    return make_tags(named, photo.size, orientation, doubtful)


def _plans_of(
    photo: ArchivedPhoto, tags: Tags, root: Path, journal: Journal, sidecars: Sidecars, embed: bool
) -> tuple[list[TagPlan], list[Message]]:
    plans: list[TagPlan] = []
    problems: list[Message] = []
    if not _is_as_seen(photo):
        return [], [
            Message(
                "tag-photo-changed",
                "{path!r} is gone or has changed since the archive looked at it: make the archive again, then tag.",
                {"path": str(photo.path)},
            )
        ]
    found, sidecar = sidecars.find(photo.path), sidecars.place(photo.path)
    inside = journal.of(photo.name, "")
    into_photo = None
    try:
        into_photo = plan_inside(photo.path, tags, inside) if embed else None
    except CastlistError as error:
        problems.append(left_alone(photo.path, error))
    try:
        if not into_photo or found:
            # One that is to be made begins as what is in the photo, castlist's names included.
            ours = journal.of(photo.name, name_below(root, sidecar)) if found else inside
            plans.append(plan_sidecar(photo.path, sidecar, tags, ours))
    except CastlistError as error:
        problems.append(left_alone(sidecar, error))
    plans = [plan for plan in (into_photo, *plans) if plan]
    for name, other in dict(pair for plan in plans for pair in plan.change.conflicts).items():
        problems.append(
            Message(
                "tag-otherwise",
                "{path!r}: the face that the archive calls {name!r} is called {other!r} there; that stays.",
                {"path": str(photo.path), "name": name, "other": other},
            )
        )
    return [plan for plan in plans if plan.change], problems


def _is_as_seen(photo: ArchivedPhoto) -> bool:
    try:
        status = photo.path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (photo.bytes, photo.modified)


def _turn_of(photo: ArchivedPhoto) -> int | None:
    """How a photo is stored, as its own file says."""
    try:
        return look_inside(photo.path).orientation
    except CastlistError:  # gone in this moment: told where it is written
        return photo.orientation


def left_alone(path: Path, error: Exception) -> Message:
    """That a file isn't written, and why."""
    return Message(
        "tag-left-alone", "{path!r} is left as it is ({reason}).", {"path": str(path), "reason": reason_of(error)}
    )
