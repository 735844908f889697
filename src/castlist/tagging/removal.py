"""Names that castlist wrote taken out of the photos' metadata again: all of them, or one person's."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from castlist.archive import ArchiveFolder, content_digest
from castlist.errors import CastlistError
from castlist.media import Exiftool, TagItem, one_form, plan_untagging, remove_sidecar, tag_texts
from castlist.paths import as_path, join_below
from castlist.tagging.journal import Journal, Line, united
from castlist.tagging.planning import left_alone
from castlist.tagging.writing import Tagged, Tell, Writer

Which = Callable[[TagItem], bool]


def undo_tags(archive: str | os.PathLike[str], *, tell: Tell | None = None) -> Tagged:
    """Take out of all metadata what `tag` wrote, and nothing else; sidecars that it made go, too, if empty by then.

    Args:
        archive: The archive's folder.
        tell: Told what was left alone, a sentence each.

    Raises:
        CastlistError: If nothing was written, the archive can't be used, somebody is at work there, or names stand in
            photos and exiftool is missing.
    """
    folder = ArchiveFolder(as_path(archive))
    folder.record()
    with folder.alone():
        journal = Journal(folder.path)
        if not journal.files():
            raise CastlistError(
                "nothing-tagged",
                "Nothing that castlist wrote for the archive {path!r} stands in any metadata.",
                path=str(archive),
            )
        return _take_out(folder, lambda item: True, tell or (lambda message: None), embed=True)


def remove_person(folder: ArchiveFolder, name: str, *, embed: bool, tell: Tell) -> Tagged:
    """Take a person's name out of all metadata that `tag` wrote it into; whoever calls it holds the archive's lock.

    Args:
        folder: The archive's.
        name: Of the person.
        embed: Whether out of photos, too; else they stay as they are.
        tell: Told what was left alone, a sentence each.

    Raises:
        CastlistError: If what was written isn't known any more, or names stand in photos and exiftool is missing.
    """
    return _take_out(folder, _about(name), tell, embed=embed)


def where_named(folder: ArchiveFolder, name: str) -> list[Path]:
    """The sidecars and photos in which a person's name stands that `tag` wrote.

    Raises:
        CastlistError: If what was written isn't known any more.
    """
    journal, root, which = Journal(folder.path), Path(folder.record().root), _about(name)
    return [
        path
        for photo, file in journal.files()
        if any(map(which, journal.of(photo, file))) and (path := join_below(root, file or photo))
    ]


def _about(name: str) -> Which:
    texts = {(kind, one_form(text)) for kind, text in tag_texts(one_form(name))}
    return lambda item: (item.kind, one_form(item.text)) in texts


def _take_out(folder: ArchiveFolder, which: Which, tell: Tell, *, embed: bool) -> Tagged:
    root = Path(folder.record().root)
    with contextlib.ExitStack() as stack:
        journal = Journal(folder.path)
        files = [(photo, file) for photo, file in journal.files() if any(map(which, journal.of(photo, file)))]
        files = [(photo, file) for photo, file in files if file or embed]
        exiftool = stack.enter_context(Exiftool()) if any(not file for _, file in files) else None
        writer = Writer(folder, exiftool, tell)
        writer.settle()
        stack.callback(writer.journal.shorten)
        stack.callback(writer.follow)
        for photo, file in files:
            _take_out_of(root, photo, file, which, writer, tell)
    return writer.done


def _take_out_of(root: Path, photo: str, file: str, which: Which, writer: Writer, tell: Tell) -> None:
    journal = writer.journal
    path, target = join_below(root, photo), join_below(root, file or photo)
    assert path is not None and target is not None, "the journal was checked"
    # A sidecar began as what was in the photo, castlist's names included.
    ours = list(filter(which, united((journal.of(photo, file), journal.of(photo, "")))))
    try:
        plan = plan_untagging(path, target, ours)
        if plan and plan.change:
            if file in journal.made and remove_sidecar(plan):
                writer.count(plan)
            elif not writer.carry_out(photo, content_digest(path) if not file else "", plan):
                return
    except CastlistError as error:
        if error.code == "disk-full":
            raise
        tell(left_alone(target, error))
        return
    journal.add([Line(photo, file, removed=tuple(filter(which, journal.of(photo, file))))])
