"""Names that castlist wrote taken out of the photos' metadata again: all of them, or one person's."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from castlist.archive import Archive, ArchiveFolder
from castlist.arguments import checked
from castlist.errors import CastlistError, Message
from castlist.media import (
    MarkReader,
    Sidecars,
    TagItem,
    find_photos,
    folded,
    need_exiftool,
    one_form,
    plan_untagging,
    remove_sidecar,
    tag_texts,
    write_planned,
)
from castlist.paths import as_path, join_below, name_below
from castlist.tagging.journal import Journal, Line
from castlist.tagging.planning import left_alone
from castlist.tagging.writing import CHUNK, Tagged, Tell, Writer

Which = Callable[[TagItem], bool]


@checked
def undo_tags(archive: str | os.PathLike[str], *, tell: Tell | None = None) -> Tagged:
    """Take out of all metadata what `tag` wrote, and nothing else; sidecars that it made go, too, if empty by then.

    Args:
        archive: The archive's folder; or photos, out of whose sidecars goes what bears castlist's mark, as `predict`
            writes it.
        tell: Told what was left alone, a sentence each.

    Raises:
        CastlistError: If nothing was written, or of all that was nothing could be taken out, the archive can't be used,
            somebody is at work there, or names stand in photos and exiftool is missing.
    """
    tell = tell or (lambda message: None)
    folder = ArchiveFolder(as_path(archive))
    if not folder.is_there:
        return _take_out_marked(as_path(archive), tell)
    with folder.alone():
        journal = Journal(folder.path)
        if not journal.files():
            journal.shorten()  # of a process that was killed when all was done
            raise CastlistError(
                "nothing-tagged",
                "Nothing that castlist wrote for the archive {path!r} stands in any metadata.",
                path=str(archive),
            )
        done = _take_out(folder, lambda item: True, tell, embed=True)
        if not done and (left := Journal(folder.path).files()):
            raise CastlistError(
                "tags-not-taken-back",
                "Of {count} {count:file|files} with names, none could be cleared. Why is said of each.",
                count=len(left),
            )
        return done


def remove_person(folder: ArchiveFolder, *names: str, embed: bool, tell: Tell) -> Tagged:
    """Take a person's names out of all metadata that `tag` wrote them into; whoever calls it holds the archive's lock.

    Args:
        folder: The archive's.
        names: Of the person.
        embed: Whether out of photos, too; else they stay as they are.
        tell: Told what was left alone, a sentence each.

    Raises:
        CastlistError: If what was written isn't known any more, or names stand in photos and exiftool is missing.
    """
    return _take_out(folder, _about(names), tell, embed=embed)


def where_named(folder: ArchiveFolder, *names: str) -> list[Path]:
    """The sidecars and photos in which one of a person's names stands that `tag` wrote.

    Raises:
        CastlistError: If what was written isn't known any more.
    """
    journal, root, which = Journal(folder.path), Path(folder.record().root), _about(names)
    return [
        path
        for photo, file in journal.files()
        if any(map(which, journal.of(photo, file))) and (path := join_below(root, file or photo))
    ]


def named_by_others(folder: ArchiveFolder, *names: str) -> list[Path]:
    """The photos of a person whom other programs have named there, too.

    Raises:
        CastlistError: If what castlist wrote isn't known any more.
    """
    journal, which, reader = Journal(folder.path), _about(names), MarkReader()
    own = Counter(photo for photo, file in journal.files() for _ in filter(which, journal.of(photo, file)))
    texts = {folded(text) for name in names for _, text in tag_texts(name)}
    found = []
    for photo in Archive(folder.path).photos():
        if any({face.name, face.perhaps} & set(names) for face in photo.faces):
            with contextlib.suppress(CastlistError):  # gone or changed by now
                said = reader.read(photo.path).texts
                if sum(folded(text) in texts for text in said) > own[photo.name]:
                    found.append(photo.path)
    return found


def tagged_names(folder: ArchiveFolder) -> set[str]:
    """Everybody whose name stands in metadata that `tag` wrote.

    Raises:
        CastlistError: As of `where_named`.
    """
    journal = Journal(folder.path)
    items = (item for key in journal.files() for item in journal.of(*key))
    return {item.text.partition("/")[2] for item in items if item.kind == "digikam"}


def _about(names: Iterable[str]) -> Which:
    texts = {(kind, one_form(text)) for name in names for kind, text in tag_texts(one_form(name))}
    return lambda item: (item.kind, one_form(item.text)) in texts


def _take_out(folder: ArchiveFolder, which: Which, tell: Tell, *, embed: bool) -> Tagged:
    root = Path(folder.record().root)
    with contextlib.ExitStack() as stack:
        stack.callback((writer := Writer(folder, tell)).finish)
        journal = writer.journal
        files = [(photo, file) for photo, file in journal.files() if any(map(which, journal.of(photo, file)))]
        photos, sidecars = ([one for one in files if bool(one[1]) is beside] for beside in (False, True))
        if photos and embed:
            need_exiftool()
        # Photos first: a sidecar that says no more than its photo goes.
        for some in (photos if embed else [], sidecars):
            for start in range(0, len(some), CHUNK):
                _take_out_of(some[start : start + CHUNK], root, which, writer, tell)
    return writer.done


def _take_out_marked(photos: Path, tell: Tell) -> Tagged:
    """What no journal tells of: sidecars whose regions bear castlist's mark."""
    sidecars, n_done = Sidecars(), 0
    for photo in find_photos([photos], tell=tell):
        if (file := sidecars.find(photo)) is None:
            continue
        try:
            plan = plan_untagging(photo, file, None)
            if plan and plan.change:
                if not remove_sidecar(plan):
                    write_planned(plan)
                n_done += 1
        except CastlistError as error:
            if error.code == "disk-full":
                raise
            tell(left_alone(file, error))
    if not n_done:
        raise CastlistError(
            "nothing-marked",
            "{path!r} is no archive, and no sidecar of a photo there bears castlist's mark.",
            path=str(photos),
        )
    return Tagged(sidecars=n_done)


def _take_out_of(files: Sequence[tuple[str, str]], root: Path, which: Which, writer: Writer, tell: Tell) -> None:
    journal, plans, done = writer.journal, [], []
    ours = {(photo, file): tuple(filter(which, journal.of(photo, file))) for photo, file in files}
    for photo, file in files:
        path, target = join_below(root, photo), join_below(root, file or photo)
        assert path is not None and target is not None, "the journal was checked"
        if not path.exists():  # its disk may come back
            tell(Message("tag-photo-gone", "{path!r} is gone; what was written stays known.", {"path": str(path)}))
            continue
        try:
            plan = plan_untagging(path, target, ours[photo, file])
            if plan and plan.change and not (file in journal.made and remove_sidecar(plan)):
                plans.append((photo, plan))
                continue
        except CastlistError as error:
            tell(left_alone(target, error))
            continue
        if plan and plan.change:
            writer.count(plan)
        done.append((photo, file))
    done += [(photo, "" if plan.is_embedded else name_below(root, plan.file)) for photo, plan in writer.write(plans)]
    # Whatever others have made of it meanwhile, nothing of castlist's stands there any more.
    journal.add([Line(photo, file, removed=ours[photo, file]) for photo, file in done])
