"""Photos in, rows out: an archive is made, goes on where a killed one stood, and follows its photos and its run."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from castlist.archive.calling import hear_names
from castlist.archive.folder import FORMAT, ArchiveFolder, Record
from castlist.archive.forgetting import finish
from castlist.archive.manifest import open_manifest
from castlist.archive.namer import ArchiveNamer, open_namer
from castlist.archive.originals import Originals, Tell, open_originals
from castlist.archive.planning import Comparison, Plan, comparing, known_of, pack_unit
from castlist.archive.renaming import rename
from castlist.archive.table import FILE_COLUMNS
from castlist.archive.units import Worker
from castlist.archive.workers import Cluster, Crew, Post, Processes, drive, name_of
from castlist.arguments import checked
from castlist.errors import CastlistError, SettingsError
from castlist.faces import Finder, find_faces
from castlist.places import whole
from castlist.threads import OnCount, Stop, count_cores

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Filled:
    """What was done for an archive."""

    looked: int  # photos that were looked at
    moved: int  # photos that lie elsewhere now, known by their content
    renamed: int  # faces that were named anew, without a look
    is_whole: bool  # whether nothing is left to do: not stopped, and no share alone


@checked
def fill_archive(
    photos: str | os.PathLike[str] | None,
    run: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    together: bool = False,
    stranger_rate: float | None = None,
    manifest: str | os.PathLike[str] | None = None,
    share: tuple[int, int] | None = None,
    workers: int | None = None,
    ray: str | None = None,
    finder: Finder = find_faces,
    tell: Tell | None = None,
    on_count: OnCount | None = None,
    on_names: OnCount | None = None,
    stop: Stop | None = None,
) -> Filled:
    """Make an archive's rows those of the photos that lie there, named as the run names them now.

    What was seen stays seen: only new and changed photos are looked at, copies once, moved ones not at all; photos that
    are there no more are marked. Killed at any moment, the next call goes on.

    Args:
        photos: The folder of photos, with all below it; or its address, such as s3://bucket/photos; None with a
            manifest.
        run: A finished run that knows faces; or its address.
        out: The archive's folder, made if it isn't there; or its address.
        together: Let photos help each other to be named.
        stranger_rate: Share of strangers that may be given a name; None: the run's own.
        manifest: What `write_manifest` wrote: the photos that it lists, and no others.
        share: Do only this share of the work, which of how many, from 1; a call without it, afterwards, does the rest.
        workers: Have processes of this machine look, so many; they share its processors, and one that a photo ends is
            replaced. None: this process looks.
        ray: The address of a Ray cluster whose processors look instead; its machines see the folders as this one does.
        finder: What finds faces in photos; with `workers` or `ray`, a function of a module.
        tell: Told what was passed over, a sentence each.
        on_count: Told how many photos have been looked at, of how many.
        on_names: Told how many units have been named anew, of how many.
        stop: Asked before each photo; then what was done stays done.

    Raises:
        CastlistError: If the folders or the run can't be used, somebody else is at work there, or nothing can be
            written.
    """
    originals, folder = _open(photos, manifest), ArchiveFolder(out)
    _need_sense(folder, originals, share, workers, ray)

    def open_newest() -> ArchiveNamer:
        return open_namer(run, together=together, stranger_rate=stranger_rate, finder=finder)

    namer = open_newest()
    record = Record(
        format=FORMAT,
        root=originals.root,
        run=whole(run),
        eyes=namer.eyes_digest,
        names=namer.names_digest,
        stranger_rate=stranger_rate,
        together=together,
    )
    post = Post(
        archive=whole(out),
        root=record.root,
        run=record.run,
        eyes=record.eyes,
        ticket="",
        together=together,
        stranger_rate=stranger_rate,
        finder=name_of(finder) if workers or ray else "",
        threads=1 if ray else max(1, count_cores() // (workers or 1)),
    )
    worker = Worker(folder, originals, namer, on_count, stop)
    filling = _Filling(folder, originals, record, worker, _hiring(post, workers, ray), tell, on_count, stop)
    if share:
        filling.do_share(share)
        return Filled(worker.looked, worker.moved, 0, False)
    with folder.alone():
        _need_nobody_half_forgotten(folder, tell)
        if not filling.do_all():
            return Filled(worker.looked, worker.moved, 0, False)
        folder.end_plan()
        # As the run is by now: somebody may have been forgotten by it meanwhile.
        newest = open_newest()
        for doubt in () if folder.address else hear_names(folder, newest.recognizer.run):
            if tell:
                tell(doubt)
        renamed = rename(folder, newest if newest.eyes_digest == namer.eyes_digest else namer, on_names)
    return Filled(worker.looked, worker.moved, renamed, True)


def _open(photos: str | os.PathLike[str] | None, manifest: str | os.PathLike[str] | None) -> Originals:
    if photos is not None and manifest is None:
        return open_originals(photos)
    if manifest is None or photos is not None:
        raise SettingsError(
            "archive-of-what", "An archive is of photos, or of a manifest of them. Give one of the two."
        )
    return open_manifest(manifest)


def _need_sense(
    folder: ArchiveFolder,
    originals: Originals,
    share: tuple[int, int] | None,
    workers: int | None,
    ray: str | None,
) -> None:
    """Make sure that what is asked for can be."""
    if share and not 1 <= share[0] <= share[1]:
        raise SettingsError(
            "archive-share",
            "A share must be one of how many, such as 1/4. Got {which}/{count} instead.",
            which=share[0],
            count=share[1],
        )
    if workers is not None and (workers < 1 or ray is not None):
        raise SettingsError(
            "archive-workers",
            "There must be 1 worker or more, and none where a Ray cluster works. Got {workers} instead.",
            workers=workers,
        )
    if not folder.address and folder.path.resolve() == Path(originals.root).resolve():
        raise SettingsError(
            "archive-of-itself",
            "The folder of photos {path!r} can't be the archive, too. Give --out a folder of its own.",
            path=str(folder),
        )


def _hiring(post: Post, workers: int | None, ray: str | None) -> Callable[[str], Crew] | None:
    """What hires others with a ticket; None: this process looks."""

    def hire(ticket: str) -> Crew:
        hired = msgspec.structs.replace(post, ticket=ticket)
        return Processes(hired, workers) if workers else Cluster(hired, str(ray))

    return hire if workers or ray is not None else None


def _need_nobody_half_forgotten(folder: ArchiveFolder, tell: Tell | None) -> None:
    """Finish what a killed process left; an archive at an address may be a copy of one where somebody is at it."""
    if not folder.is_there:
        return
    if not folder.address:
        for left in finish(folder).remaining:
            if tell:
                tell(left)
    elif folder.record().forgetting:
        raise CastlistError(
            "archive-far-forgetting",
            "In the archive {path!r} somebody is still being forgotten. Finish that in a copy on this machine, with "
            "castlist forget or castlist archive, and put the copy back.",
            path=str(folder),
        )


@dataclass(frozen=True)
class _Filling:
    """An archive's work: planned, and done by this process or by whoever is hired."""

    folder: ArchiveFolder
    originals: Originals
    record: Record
    worker: Worker
    hire: Callable[[str], Crew] | None
    tell: Tell | None
    on_count: OnCount | None
    stop: Stop | None

    def do_share(self, share: tuple[int, int]) -> None:
        """Do a share of what was begun, or else of whatever has changed."""
        with self.folder.sharing(share, lambda: self.worker.under_way() or self._plan_anew()) as plan:
            if plan:
                self._do(plan, share)

    def do_all(self) -> bool:
        """Do what was begun, then whatever has changed since; gives whether nothing is left."""
        for planned in (self.worker.under_way, self._plan_anew):
            if (plan := planned()) and not self._do(plan):
                return False
        return True

    def _do(self, plan: Plan, share: tuple[int, int] | None = None) -> bool:
        units = self.worker.open_units(plan, share)
        self.worker.moved += sum(len(unit.moved) for unit in units)
        if self.hire is None:
            return self.worker.do(plan.number, units)
        before = self.worker.looked

        def count(done: int, total: int) -> None:
            self.worker.looked = before + done
            if self.on_count:
                self.on_count(self.worker.looked, before + total)

        with self.folder.admitting() as ticket, contextlib.closing(self.hire(ticket)) as crew:
            return drive(plan.number, units, crew, tell=self.tell, on_count=count, stop=self.stop)

    def _plan_anew(self) -> Plan | None:
        """Write down what is to be done; None: nothing."""
        folder, record = self.folder, self.record
        with comparing() as sides:
            sides.add_files(self.originals.files(folder.path, self.tell))
            last = _add_known(sides, folder, record.eyes)
            if folder.is_there:
                before = folder.record()
                record = msgspec.structs.replace(record, forgetting=before.forgetting)
                # A folder that lies elsewhere is the archive's: another's would mark all its photos as gone.
                if before.root != record.root and sides.has_strangers:
                    raise CastlistError(
                        "archive-of-others",
                        "The archive {path!r} is of {before!r}, and none of its photos is in {root!r}. "
                        "Give another --out.",
                        path=str(folder),
                        before=before.root,
                        root=record.root,
                    )
            folder.save(record)
            units = tuple(map(pack_unit, sides.cut(self.originals.digest, max(folder.units(), default=0) + 1)))
        if not units:
            return None
        plan = Plan(last + 1, record.eyes, units)
        folder.save_plan(plan)
        logger.info("%d units of an archive are to be done", len(units))
        return plan


def _add_known(sides: Comparison, folder: ArchiveFolder, eyes: str) -> int:
    """Take in what the rows say of each file; gives the number of the last plan that any of them is of."""
    last = 0
    for unit in folder.units():
        rows, about = folder.read(unit, [*FILE_COLUMNS, "reason"])
        last = max(last, about.plan)
        sides.add_known(known_of(rows, unit, is_current=about.eyes == eyes))
    return last
