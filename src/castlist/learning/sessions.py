"""From a folder of folders to a finished run with its report: the whole of learning, for every interface."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.embeddings import face_network
from castlist.errors import Message, RunError, SettingsError, shown
from castlist.gallery import Gallery
from castlist.languages import translator
from castlist.learning.dataset import Dataset, load_dataset
from castlist.learning.evaluation import (
    Evaluation,
    evaluate,
    evaluation_files,
    read_evaluation,
)
from castlist.learning.models import check_model
from castlist.learning.progress import OnProgress, Progress
from castlist.learning.report import write_report
from castlist.learning.starting import new_run_path, start_run
from castlist.learning.statistics import known_background, need_different
from castlist.media import Cast, find_cast, find_marked_cast
from castlist.paths import as_path
from castlist.run import Run, RunFolder, load_gallery, open_run, put_network, read_history
from castlist.settings import Settings
from castlist.threads import OnCount

if TYPE_CHECKING:
    from castlist.learning.tensorboard import EventLog

OnStart = Callable[[Run, Dataset], None]

TRIES = 5  # to answer for a run that others change meanwhile
CHANGED = "changed-while-answered"
GUESSED = Message(
    "statistics-guessed",
    "How faces of people in general lie for this network is known from this cast alone, so that who is unknown is less "
    "sure. To do better: castlist background FOLDER --network FILE, then train again.",
)


def learn(
    photos: str | os.PathLike[str] | Cast,
    settings: Settings | None = None,
    *,
    runs: str | os.PathLike[str] = "runs",
    name: str | None = None,
    language: str = "en",
    test: bool = True,
    on_count: OnCount | None = None,
    on_start: OnStart | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Run, Evaluation | None]:
    """Learn the people of a folder of folders.

    Args:
        photos: Holds one folder of photos per person; or what `find_cast` or `find_marked_cast` made of it.
        settings: What to learn and how; by default the defaults.
        runs: The folder that the run folder is made in.
        name: The run folder's name; by default the model and the time.
        language: Of the report, "en" or "zh-TW".
        test: Whether to answer for the test side and write the report; not while settings are still being chosen.
        on_count: Told how many photos are decoded, of how many.
        on_start: Told once, when the photos are split and training begins.
        on_progress: Told where training stands, after each step and each epoch; `face` has neither.

    Returns:
        The finished run, and how good it is on photos it has never seen; None where there are too few to tell: then
        there is no report.

    Raises:
        CastlistError: If the photos, the settings or the disk don't allow it.
    """
    translator(language)  # a wrong language must not fail after the training
    settings = Settings() if settings is None else settings
    if not isinstance(settings, Settings):
        raise SettingsError("no-settings", "Settings must be castlist's own. Got {got} instead.", got=shown(settings))
    check_model(settings)
    path = new_run_path(as_path(runs), name, settings)
    if settings.faces and settings.network:  # nor must wrong statistics fail after all faces are found
        known_background(settings, face_network(settings))
    cast = photos if isinstance(photos, Cast) else find_cast(photos)
    dataset = load_dataset(cast, settings, on_count=on_count)
    if settings.network and dataset.embeddings is not None:
        need_different(dataset.embeddings, face_network(settings))
    run = start_run(dataset, settings, path, cast.root, is_named=name is not None)
    if on_start:
        on_start(run, dataset)
    return _finish(run, dataset, language, test, on_progress)


def resume(
    path: str | os.PathLike[str],
    *,
    epochs: int | None = None,
    language: str = "en",
    test: bool = True,
    on_count: OnCount | None = None,
    on_start: OnStart | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Run, Evaluation | None]:
    """Go on with a run that was interrupted, or train a finished one for more epochs.

    Args:
        path: The run folder.
        epochs: How many epochs in all; by default as many as the run was begun with. So many as are done, or fewer:
            finish it as it stands.
        language: Of the report.
        test: As for `learn`.
        on_count: As for `learn`.
        on_start: As for `learn`.
        on_progress: As for `learn`.

    Raises:
        CastlistError: If the run is broken, nothing of it can be finished, or its photos have changed.
    """
    translator(language)
    path = as_path(path)
    run = open_run(path)
    if run.complete and not run.settings.needs_keras:  # nothing to train, and people may have come since
        return answer_anew(path, language=language) if test else (run, None)
    if epochs is not None:
        run = dataclasses.replace(run, settings=dataclasses.replace(run.settings, epochs=epochs))
    dataset = load_dataset(cast_of(run), run.settings, on_count=on_count)
    run.need_photos(dataset.fingerprint)
    if {file for files in run.sides.values() for file in files} != set(dataset.files):
        raise RunError(
            "people-changed",
            "People or photos came to the run {path!r}, or left it, since it was begun. Train anew.",
            path=str(path),
        )
    if on_start:
        on_start(run, dataset)
    return _finish(run, dataset, language, test, on_progress)


def cast_of(run: Run) -> Cast:
    """The people of the folder that a run was learnt from, as they are there now.

    Raises:
        CastError: If there is no such folder any more, or nobody in it.
    """
    return (find_marked_cast if run.from_regions else find_cast)(Path(run.photos_root))


def answer_anew(path: Path, *, language: str = "en") -> tuple[Run, Evaluation | None]:
    """Answer for the test photos of a run of the model `face` again, as it is now, and write its report.

    Returns:
        The run, and how good it is; None where it has no photos to test with.

    Raises:
        RunError: If the run is broken, or others change it all the time.
    """
    for _ in range(TRIES):
        run, gallery = RunFolder(path).read(load_gallery)
        if not run.sides["test"]:
            return run, None
        evaluation = evaluate(run, gallery, None)
        try:
            return _publish(run, evaluation, language), evaluation
        except RunError as error:
            if error.code != CHANGED:
                raise
            changed = error
    raise changed


def report_again(path: Path, *, language: str = "en") -> tuple[Run, Evaluation]:
    """Write a run's figures and report again, from its recorded answers.

    Raises:
        CastlistError: If the run has no answers, is broken, or can't be written.
    """
    with RunFolder(path).alone():
        run = open_run(path)
        evaluation = read_evaluation(run)
        write_report(run, evaluation, read_history(run), language=language)
    return run, evaluation


def _publish(run: Run, evaluation: Evaluation, language: str) -> Run:
    """Write a run's answers and its report, unless it has changed since it was asked: they would tell of the past."""
    with RunFolder(run.path).change() as change:
        if change.run.generation != run.generation:
            raise RunError(
                "changed-while-answered",
                "The run {path!r} was changed while its answers were checked. Try again: castlist resume {path!r}.",
                path=str(run.path),
            )
        for name, data in evaluation_files(evaluation, run).items():
            change.write(name, data)
        write_report(run, evaluation, read_history(run), language=language)
    return change.run


def _finish(
    run: Run, dataset: Dataset, language: str, test: bool, on_progress: OnProgress | None
) -> tuple[Run, Evaluation | None]:
    gallery = _make_gallery(run, dataset) if run.settings.faces else None
    if run.settings.needs_keras:
        from castlist.learning.training import train

        with _logging(run) as log:

            def tell(now: Progress) -> None:
                if on_progress:
                    on_progress(now)
                if log and now.finished:
                    log.add_epoch(now.finished)

            run = train(dataset, run, on_progress=tell)
    else:
        with RunFolder(run.path).change() as change:
            change.run = dataclasses.replace(change.run, complete=True)
        run = change.run
    if not test or not run.sides["test"]:
        return run, None
    evaluation = evaluate(run, gallery, dataset if run.has_network else None)
    run = _publish(run, evaluation, language)
    with _logging(run) as log:
        if log:
            log.add_result(run, evaluation)
    return run, evaluation


def _logging(run: Run) -> contextlib.AbstractContextManager[EventLog | None]:
    """The run's log for TensorBoard, where it is wanted."""
    if not run.settings.tensorboard:
        return contextlib.nullcontext()
    from castlist.learning.tensorboard import EventLog

    return EventLog(run)


def _make_gallery(run: Run, dataset: Dataset) -> Gallery:
    """All the photos' faces as the run's gallery, and the network that they were embedded with."""
    assert dataset.embeddings is not None, "a data set of faces has their embeddings"
    network = face_network(run.settings)
    background = known_background(run.settings, network)
    is_guessed = background is None and not network.is_default
    gallery = Gallery.fit(
        run.people,
        dataset.embeddings,
        dataset.person,
        dataset.files,
        stranger_rate=run.settings.stranger_rate,
        background=background,
        own_background=is_guessed,
    )
    with RunFolder(run.path).change() as change:
        put_network(change, network)
        change.write(run.gallery_path.name, gallery.to_bytes())
        if is_guessed and GUESSED not in change.run.notes:
            change.run = dataclasses.replace(change.run, notes=(*change.run.notes, GUESSED))
    return gallery
