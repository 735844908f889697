"""From a folder of folders to a finished run with its report: the whole of learning, for every interface."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.embeddings import face_network
from castlist.errors import RunError, reason_of
from castlist.files import write_bytes
from castlist.gallery import Gallery
from castlist.languages import translator
from castlist.learning.dataset import Dataset, load_dataset
from castlist.learning.evaluation import Evaluation, evaluate, save_evaluation, validate_gallery
from castlist.learning.models import check_model
from castlist.learning.report import write_report
from castlist.learning.starting import new_run_path, start_run
from castlist.media import Cast, find_cast
from castlist.run import Run, open_run, read_history
from castlist.settings import Settings
from castlist.threads import OnCount

if TYPE_CHECKING:
    from castlist.learning.tensorboard import EventLog
    from castlist.learning.training import OnProgress, Progress

OnStart = Callable[[Run, Dataset], None]


def learn(
    photos: Path | Cast,
    settings: Settings | None = None,
    *,
    runs: Path = Path("runs"),
    name: str | None = None,
    language: str = "en",
    test: bool = True,
    on_count: OnCount | None = None,
    on_start: OnStart | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Run, Evaluation | None]:
    """Learn the people of a folder of folders.

    Args:
        photos: Holds one folder of photos per person; or what `find_cast` made of it.
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
    settings = settings or Settings()
    check_model(settings)
    path = new_run_path(runs, name, settings)
    cast = photos if isinstance(photos, Cast) else find_cast(photos)
    dataset = load_dataset(cast, settings, on_count=on_count)
    run = start_run(dataset, settings, path, cast.root)
    if on_start:
        on_start(run, dataset)
    return _finish(run, dataset, language, test, on_progress)


def resume(
    path: Path,
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
    run = open_run(path)
    if epochs is not None:
        run = dataclasses.replace(run, settings=dataclasses.replace(run.settings, epochs=epochs))
    dataset = load_dataset(find_cast(Path(run.photos_root)), run.settings, on_count=on_count)
    run.need_photos(dataset.fingerprint)
    if on_start:
        on_start(run, dataset)
    return _finish(run, dataset, language, test, on_progress)


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
        if run.settings.fine_tune:
            assert gallery is not None, "the model face learns from faces"
            run = _keep_better(run, gallery)
    else:
        run = dataclasses.replace(run, complete=True)
        run.save()
    if not test or not run.sides["test"]:
        return run, None
    evaluation = evaluate(run, gallery, dataset if run.has_network else None)
    save_evaluation(evaluation, run)
    write_report(run, evaluation, read_history(run), language=language)
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


def _keep_better(run: Run, gallery: Gallery) -> Run:
    """Of the fine-tuned network and the frozen one, keep what named more validation photos rightly."""
    frozen = validate_gallery(run, gallery)
    tuned = max(row.val_accuracy for row in read_history(run))
    better = tuned > frozen
    note = f"On validation, the fine-tuned network named {tuned:.1%} rightly and the frozen one {frozen:.1%}: "
    note += "the fine-tuned one is used." if better else "the frozen one is used."
    if not better:
        for path in (run.network_path, run.weights_path, run.state_path):
            path.unlink(missing_ok=True)
    run = dataclasses.replace(run, tuned=better, notes=(*run.notes, note))
    run.save()
    return run


def _make_gallery(run: Run, dataset: Dataset) -> Gallery:
    """All the photos' faces as the run's gallery, and the network that they were embedded with."""
    assert dataset.embeddings is not None, "a data set of faces has their embeddings"
    network = face_network(run.settings)
    try:
        for file, suffix in zip(network.files, (".onnx", ".toml"), strict=False):
            shutil.copyfile(file, run.face_network_path.with_suffix(suffix))
    except OSError as error:
        raise RunError(f"The face network can't be copied into {str(run.path)!r} ({reason_of(error)}).") from error
    gallery = Gallery.fit(
        run.people,
        dataset.embeddings,
        dataset.person,
        dataset.files,
        stranger_rate=run.settings.stranger_rate,
        # The statistics that ship are of one network; for another, the cast's own faces must stand in.
        own_background=bool(run.settings.network),
    )
    write_bytes(run.gallery_path, gallery.to_bytes())
    return gallery
