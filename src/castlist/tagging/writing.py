"""Names of an archive written into the photos' metadata."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from castlist.archive import Archive, ArchivedPhoto, ArchiveFolder, Rewritten, content_digest, follow_contents
from castlist.errors import CastlistError, Message
from castlist.media import Exiftool, TagPlan, write_planned
from castlist.paths import as_path, join_below, name_below
from castlist.tagging.journal import Journal, Line
from castlist.tagging.planning import left_alone, plan_tags
from castlist.threads import OnCount

CHUNK = 64  # photos whose lines are written at once

logger = logging.getLogger(__name__)

Tell = Callable[[Message], None]


@dataclass(frozen=True)
class Tagged:
    """What tagging, or taking names out again, came to."""

    sidecars: int = 0  # that were written, or removed
    photos: int = 0  # that were written

    def __bool__(self) -> bool:
        return bool(self.sidecars or self.photos)


def tag(
    archive: str | os.PathLike[str],
    *,
    embed: bool = False,
    perhaps: bool = False,
    tell: Tell | None = None,
    on_count: OnCount | None = None,
) -> Tagged:
    """Write who is where in the photos of an archive into their metadata, for other programs; again: what has changed.

    Names and boxes go into sidecars, as MWG and Microsoft regions, people and keywords. Whatever else stands there
    stays, and so does what other programs say of a face. `undo_tags` takes all of it back.

    Args:
        archive: The archive's folder.
        embed: Write into the photos, where they can hold it; needs exiftool.
        perhaps: Write who somebody perhaps is, too, as keywords.
        tell: Told what was left alone, a sentence each.
        on_count: Told how many photos are done, of how many.

    Raises:
        CastlistError: If the archive can't be used, somebody is at work there, exiftool is missing, or the disk is
            full.
    """
    folder = ArchiveFolder(as_path(archive))
    folder.record()  # says so where there is no archive
    tell = tell or (lambda message: None)
    with folder.alone(), contextlib.ExitStack() as stack:
        exiftool = stack.enter_context(Exiftool()) if embed else None
        writer = Writer(folder, exiftool, tell)
        writer.settle()
        opened = Archive(folder.path)
        stack.callback(writer.follow)
        planned = plan_tags(opened, embed=embed, perhaps=perhaps, on_count=on_count)
        while some := list(islice(planned, CHUNK)):
            for _, _, problems in some:
                for problem in problems:
                    tell(problem)
            writer.write([(photo, plan) for photo, plans, _ in some for plan in plans])
    logger.info("%d sidecars and %d photos of an archive were tagged", writer.done.sidecars, writer.done.photos)
    return writer.done


class Writer:
    """Carries plans out for an archive whose lock is held, each line of the journal before its file."""

    def __init__(self, folder: ArchiveFolder, exiftool: Exiftool | None, tell: Tell) -> None:
        self._folder, self._exiftool, self._tell = folder, exiftool, tell
        self._root = Path(folder.record().root)
        self._rewritten: list[Rewritten] = []
        self.journal = Journal(folder.path)
        self.done = Tagged()

    def write(self, plans: Sequence[tuple[ArchivedPhoto, TagPlan]]) -> None:
        """Write files; what is wrong with one of them is told.

        Raises:
            CastlistError: If the disk is full, or the journal can't be written.
        """
        self.journal.add(
            [Line(photo.name, self._name(plan), plan.change.added, made=plan.is_new) for photo, plan in plans]
        )
        removed = []
        for photo, plan in plans:
            if self.carry_out(photo.name, photo.digest, plan) and plan.change.removed:
                removed.append(Line(photo.name, self._name(plan), removed=plan.change.removed))
        self.journal.add(removed)

    def carry_out(self, photo: str, digest: str, plan: TagPlan) -> bool:
        """Write one file; gives whether it is written."""
        try:
            write_planned(plan, self._exiftool, lambda copy: self._note(photo, digest, copy))
        except CastlistError as error:
            if error.code in ("disk-full", "exiftool-ended"):
                raise
            self._tell(left_alone(plan.file, error))
            return False
        if plan.is_embedded:
            line = self.journal.lines[-1]
            self._rewritten += _rewritten(photo, line.before, line.after, plan.file)
        self.count(plan)
        return True

    def count(self, plan: TagPlan) -> None:
        """Count a file that was written."""
        done = self.done
        self.done = Tagged(done.sidecars + (not plan.is_embedded), done.photos + plan.is_embedded)

    def follow(self) -> None:
        """Have the archive know the photos that were written."""
        follow_contents(self._folder, self._rewritten)
        self._rewritten = []

    def settle(self) -> None:
        """Have the archive know photos that a killed process has written."""
        lines = {line.photo: line for line in self.journal.lines if line.after}
        if not lines:
            return
        for unit in self._folder.units():
            rows, _ = self._folder.read(unit, ["photo", "digest"])
            for photo, digest in zip(rows["photo"].to_pylist(), rows["digest"].to_pylist(), strict=True):
                line = lines.get(photo)
                path = join_below(self._root, photo)
                if line and path and line.after in (digest, content_digest(path)):
                    self._rewritten += _rewritten(photo, line.before, line.after, path)
                    del lines[photo]
        self.follow()

    def _note(self, photo: str, digest: str, copy: Path) -> None:
        """Note which content a photo is going to have."""
        self.journal.add([Line(photo, before=digest, after=content_digest(copy))])

    def _name(self, plan: TagPlan) -> str:
        return "" if plan.is_embedded else name_below(self._root, plan.file)


def _rewritten(photo: str, before: str, after: str, path: Path) -> Iterator[Rewritten]:
    with contextlib.suppress(OSError):  # gone by now
        status = path.stat()
        yield Rewritten(photo, before, after, status.st_size, status.st_mtime_ns)
