"""Names of an archive written into the photos' metadata."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from castlist.archive import Archive, ArchiveFolder, Rewritten, content_digest, follow_contents
from castlist.arguments import checked
from castlist.errors import CastlistError, Message
from castlist.media import TagItem, TagPlan, need_exiftool, write_inside, write_planned
from castlist.paths import as_path, name_below
from castlist.tagging.journal import Journal, Line
from castlist.tagging.planning import left_alone, plan_tags
from castlist.tagging.settling import rewritten_of, settle
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


@checked
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
        CastlistError: If the archive can't be used, somebody is at work there, exiftool is missing, the disk is full,
            or of all that was to be written nothing could be.
    """
    folder = ArchiveFolder(as_path(archive))
    if embed:
        need_exiftool()
    folder.record()  # says so where there is no archive
    tell = tell or (lambda message: None)
    with folder.alone(), contextlib.ExitStack() as stack:
        stack.callback((writer := Writer(folder, tell)).finish)
        opened = Archive(folder.path)
        planned = plan_tags(opened, embed=embed, perhaps=perhaps, on_count=on_count)
        n_photos, n_right = 0, 0  # that name somebody, and that say so already
        while some := list(islice(planned, CHUNK)):
            for _, plans, problems in some:
                n_right += not plans and all(problem.code == "tag-otherwise" for problem in problems)
                for problem in problems:
                    tell(problem)
            n_photos += len(some)
            digests = {photo.name: photo.digest for photo, _, _ in some}
            writer.write([(photo.name, plan) for photo, plans, _ in some for plan in plans], digests)
    if n_photos and not writer.done and not n_right:
        raise CastlistError(
            "tags-unwritten",
            "Of {count} {count:photo|photos} with names, none could be written. Why is said of each.",
            count=n_photos,
        )
    logger.info("%d sidecars and %d photos of an archive were tagged", writer.done.sidecars, writer.done.photos)
    return writer.done


class Writer:
    """Carries plans out for an archive whose lock is held, each line of the journal before its file."""

    def __init__(self, folder: ArchiveFolder, tell: Tell) -> None:
        self._folder, self._tell = folder, tell
        self._root = Path(folder.record().root)
        self._rewritten: list[Rewritten] = []
        self.journal = Journal(folder.path)
        self.done = Tagged()
        follow_contents(folder, settle(folder, self.journal))

    def write(
        self, plans: Sequence[tuple[str, TagPlan]], digests: Mapping[str, str] | None = None
    ) -> list[tuple[str, TagPlan]]:
        """Write files, and give those that are written; what is wrong with the others is told.

        Args:
            plans: Each with its photo, as rows have it.
            digests: Of the photos that names are written for.

        Raises:
            CastlistError: If the disk is full, or the journal can't be written.
        """
        contents = digests or {}
        lines = (
            self._line(photo, plan, self._added(photo, plan), content=contents.get(photo, "")) for photo, plan in plans
        )
        self.journal.add(list(lines))
        written = [(photo, plan) for photo, plan in plans if not plan.is_embedded and self._write_sidecar(plan)]
        embedded = [(photo, plan) for photo, plan in plans if plan.is_embedded]
        names = {plan.file: photo for photo, plan in embedded}
        failures = write_inside(
            [plan for _, plan in embedded], lambda plan, copy: self._note(names[plan.file], plan.file, copy)
        )
        for (photo, plan), error in zip(embedded, failures, strict=True):
            if error is None:
                self._rewritten += rewritten_of(self.journal.noted[photo], plan.file)
                self.count(plan)
                written.append((photo, plan))
            else:
                self._tell_left(plan, error)
        self.journal.add([self._line(photo, plan, removed=plan.change.removed) for photo, plan in written])
        return written

    def _added(self, photo: str, plan: TagPlan) -> tuple[TagItem, ...]:
        """What is castlist's in a file from now on; a new sidecar begins as what is in the photo."""
        return (*plan.change.added, *(self.journal.of(photo, "") if plan.is_new else ()))

    def _write_sidecar(self, plan: TagPlan) -> bool:
        try:
            write_planned(plan)
        except CastlistError as error:
            self._tell_left(plan, error)
            return False
        self.count(plan)
        return True

    def _tell_left(self, plan: TagPlan, error: CastlistError) -> None:
        if error.code == "disk-full":
            raise error
        self._tell(left_alone(plan.file, error))

    def count(self, plan: TagPlan) -> None:
        """Count a file that was written."""
        done = self.done
        self.done = Tagged(done.sidecars + (not plan.is_embedded), done.photos + plan.is_embedded)

    def finish(self) -> None:
        """Have the archive know the photos that were written; only then the journal is shortened."""
        follow_contents(self._folder, self._rewritten)
        self._rewritten = []
        self.journal.shorten()

    def _note(self, photo: str, path: Path, copy: Path) -> None:
        """Note which content a photo is going to have."""
        self.journal.add([Line(photo, before=content_digest(path), after=content_digest(copy))])

    def _line(
        self,
        photo: str,
        plan: TagPlan,
        added: tuple[TagItem, ...] = (),
        removed: tuple[TagItem, ...] = (),
        content: str = "",
    ) -> Line:
        file = "" if plan.is_embedded else name_below(self._root, plan.file)
        return Line(photo, file, added, removed, made=plan.is_new, content=content)
