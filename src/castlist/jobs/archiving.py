"""Works on an archive: made of a folder, taught by what was decided, its unnamed faces brought together after each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from castlist.jobs.events import Copied, Counted, Filled, Stage, TagsWritten
from castlist.jobs.works import Fill, Group, Tell
from castlist.media import UNKNOWN


@dataclass(frozen=True)
class Gather:
    """Make an archive's rows those of its photos, and bring the unnamed together; stopped, what was seen is kept."""

    photos: Path
    archive: Path
    runs: Path
    run: Path | None = None  # None: a new one, which knows nobody yet

    def do(self, tell: Tell) -> Filled:
        from castlist.learning import begin

        done = Fill(self.photos, self.run or begin(self.runs).path, self.archive).do(tell)
        if done.is_whole:
            Group(self.archive).do(tell)
        return done


@dataclass(frozen=True)
class Teach:
    """Have an archive's run learn what was decided, and name the archive by it."""

    archive: Path
    runs: Path

    def do(self, tell: Tell) -> Filled:
        from castlist.archive import ArchiveFolder
        from castlist.people import teach

        folder = ArchiveFolder(self.archive)
        run = folder.run()
        tell(Stage("teach"))
        teach(run, self.archive)
        return Gather(Path(folder.record().root), self.archive, self.runs, Path(run)).do(tell)


@dataclass(frozen=True)
class CopySorted:
    """Copy the photos of an archive into a folder for each person who is named in them; nothing is overwritten."""

    archive: Path
    into: Path

    def do(self, tell: Tell) -> Copied:
        from castlist.archive import Archive, copy_photos

        archive = Archive(self.archive)
        faces = sorted((face for face in archive.faces() if face.name != UNKNOWN), key=lambda face: face.name)
        done = written = there = 0
        for name, some in groupby(faces, key=lambda face: face.name):
            shown = list(some)
            new, old = copy_photos(archive.folder, shown, self.into / name)
            done, written, there = done + len(shown), written + new, there + old
            tell(Counted(done, len(faces)))
        return Copied(self.into, written, there)


@dataclass(frozen=True)
class WriteTags:
    """Write an archive's names into the sidecars of its photos, for other programs, or take out what was written."""

    archive: Path
    undo: bool = False

    def do(self, tell: Tell) -> TagsWritten:
        from castlist.tagging import tag, undo_tags

        if self.undo:
            done = undo_tags(self.archive)
        else:
            done = tag(self.archive, on_count=lambda count, of: tell(Counted(count, of)))
        return TagsWritten(done.sidecars, done.photos)
