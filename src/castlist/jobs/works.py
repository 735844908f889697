"""Works that take long: each says what is to be done, and does it wherever it is, telling how it goes."""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from castlist.errors import CastlistError, shown
from castlist.jobs.events import (
    Begun,
    Checked,
    Counted,
    Event,
    Filled,
    Finished,
    Forgotten,
    Grouped,
    Learnt,
    Refreshed,
    Searched,
    Stage,
)
from castlist.jobs.records import from_json, to_json
from castlist.run import Run, open_run, read_history
from castlist.settings import Settings
from castlist.threads import OnCount

if TYPE_CHECKING:
    from castlist.learning import Dataset, Evaluation

Tell = Callable[[Event], None]


class StopAsked(BaseException):
    """Raised by `tell`, once, when a work is to end.

    No Exception: who looks at ten thousand photos catches those, so that a bad one doesn't stop the others.
    """


class Work(Protocol):
    """What is to be done: a dataclass, whose fields JSON can hold."""

    def do(self, tell: Tell) -> Finished:
        """Do it.

        Args:
            tell: Told how it goes; may raise StopAsked, after which it is told what becomes of what there is.

        Raises:
            CastlistError: If it can't be done.
            StopAsked: If it was to end before there was anything to keep.
        """
        ...


@dataclass(frozen=True)
class Learn:
    """Learn the people of a folder; stopped, the best epoch so far becomes the run."""

    photos: Path
    settings: Settings
    runs: Path
    name: str | None = None
    language: str = "en"
    from_regions: bool = False  # people are told by faces that other programs have named, not by folders

    def do(self, tell: Tell) -> Finished:
        from castlist.learning import check_installed, learn
        from castlist.media import find_marked_cast

        check_installed(self.settings)
        watch = _Watch(tell)
        cast = find_marked_cast(self.photos) if self.from_regions else self.photos
        return watch.train(
            lambda: learn(
                cast, self.settings, runs=self.runs, name=self.name, language=self.language, **watch.callbacks
            ),
            self.language,
        )


@dataclass(frozen=True)
class Resume:
    """Go on with a run; with so many epochs as are done, finish it as it stands."""

    run: Path
    epochs: int | None = None
    language: str = "en"

    def do(self, tell: Tell) -> Finished:
        from castlist.learning import resume

        watch = _Watch(tell)
        return watch.train(
            lambda: resume(self.run, epochs=self.epochs, language=self.language, **watch.callbacks), self.language
        )


@dataclass(frozen=True)
class Retrain:
    """Train a run anew without a person; stopped, the run stays as it was."""

    run: Path
    person: str
    language: str = "en"

    def do(self, tell: Tell) -> Finished:
        from castlist.people import discard_retraining, retrain_without

        try:
            receipt = retrain_without(
                self.run, self.person, language=self.language, on_count=_counter(tell), on_progress=tell
            )
        except StopAsked:
            discard_retraining(self.run)
            raise
        return Forgotten(receipt.name, receipt.removed, receipt.remaining)


@dataclass(frozen=True)
class Refresh:
    """Learn a run anew with the newest networks; stopped, the run stays as it was."""

    run: Path
    language: str = "en"

    def do(self, tell: Tell) -> Finished:
        from castlist.people import refresh, renew_report

        done = refresh(self.run, on_count=_counter(tell))
        return Refreshed(done.photos, len(done.lost), renew_report(self.run, language=self.language))


@dataclass(frozen=True)
class Check:
    """Look at the photos of a folder; stopped, what was seen so far is kept, and going on is quick."""

    photos: Path

    def do(self, tell: Tell) -> Finished:
        from castlist.checks import check_photos

        def begin(what: str) -> OnCount:
            tell(Stage(what))
            return _counter(tell)

        return Checked(check_photos(self.photos, on_stage=begin).counts)


@dataclass(frozen=True)
class Fill:
    """Make an archive's rows those of its photos; stopped, what was seen so far is kept, and going on is quick."""

    photos: Path
    run: Path
    archive: Path
    together: bool = False

    def do(self, tell: Tell) -> Filled:
        from castlist.archive import fill_archive

        asked = False

        def count(done: int, of: int) -> None:
            nonlocal asked
            try:
                tell(Counted(done, of))
            except StopAsked:  # the unit that is looked at is put on disk first
                asked = True

        tell(Stage("photos"))
        done = fill_archive(
            self.photos,
            self.run,
            self.archive,
            together=self.together,
            on_count=count,
            on_names=count,
            stop=lambda: asked,
        )
        return Filled(done.looked, done.renamed, done.is_whole)


@dataclass(frozen=True)
class Group:
    """Bring the unnamed faces of an archive together; they can be read then, by their numbers."""

    archive: Path

    def do(self, tell: Tell) -> Finished:
        from castlist.archive import group_unnamed

        tell(Stage("groups"))
        return Grouped(sum(group.number is not None for group in group_unnamed(self.archive)))


@dataclass(frozen=True)
class Tune:
    """Search for settings; stopped, the best of the trials that have ended is the result."""

    photos: Path
    bases: Mapping[str, Settings]
    folder: Path
    trials: int
    minutes: float | None = None
    processes: int = 1
    language: str = "en"

    def do(self, tell: Tell) -> Finished:
        from castlist.learning import best_so_far, tune

        try:
            found = tune(
                self.photos,
                self.bases,
                self.folder,
                trials=self.trials,
                minutes=self.minutes,
                jobs=self.processes,
                language=self.language,
                on_trial=tell,
                on_progress=tell,
            )
        except StopAsked as asked:
            try:
                found = best_so_far(self.folder, language=self.language)
            except CastlistError:  # no trial has ended
                raise asked from None
        return Searched(found.finished, found.run, found.accuracy, found.settings_file)


class _Watch:
    """Follows a training, and finishes it as it stands when it is stopped."""

    def __init__(self, tell: Tell) -> None:
        self._run: Path | None = None
        self._tell = tell
        self.callbacks: dict[str, Any] = {
            "on_count": _counter(tell),
            "on_start": self._begin,
            "on_progress": tell,
        }

    def train(self, begin: Callable[[], tuple[Run, Evaluation | None]], language: str) -> Learnt:
        from castlist.learning import resume

        try:
            run, evaluation = begin()
        except StopAsked:
            # As it stands on disk: a run that is resumed had epochs before it was watched.
            epochs = len(read_history(open_run(self._run))) if self._run else 0
            if not (self._run and epochs):
                raise
            run, evaluation = resume(self._run, epochs=epochs, language=language, on_count=_counter(self._tell))
        report = run.path / "report.html"
        return Learnt(run.path, report if report.exists() else None, evaluation.accuracy if evaluation else None)

    def _begin(self, run: Run, dataset: Dataset) -> None:
        from castlist.checks import quick_check

        self._run = run.path
        self._tell(Begun(run.path, quick_check(dataset, Path(run.photos_root)).counts))


def _counter(tell: Tell) -> OnCount:
    return lambda done, of: tell(Counted(done, of))


def write_work(work: Work) -> bytes:
    """A work as a line of JSON, with the place of its class.

    Raises:
        CastlistError: If it is no work, or a field is of another kind than it says.
    """
    kind = type(work)
    try:
        if not (dataclasses.is_dataclass(kind) and hasattr(kind, "do")):
            raise TypeError(f"a {kind.__name__}")
        line = json.dumps({"work": f"{kind.__module__}:{kind.__name__}", "is": to_json(work)})
        from_json(kind, json.loads(line)["is"])
    except (TypeError, ValueError) as error:
        raise CastlistError(
            "work-impossible", "{work} can't be begun ({reason}).", work=shown(work), reason=str(error)
        ) from error
    return line.encode() + b"\n"


def read_work(line: bytes) -> Work:
    """Read what `write_work` gave: only from whoever may have any code executed, as a parent process.

    Raises:
        ValueError: If it is anything else.
    """
    record = json.loads(line)
    module, _, name = record["work"].partition(":")
    work: Work = from_json(getattr(importlib.import_module(module), name), record["is"])
    return work
