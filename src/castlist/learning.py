"""From a folder of folders to a finished run with its report: the whole of learning, for every interface."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from castlist.dataset import Dataset, OnCount, load_dataset
from castlist.evaluation import Evaluation, evaluate, save_evaluation
from castlist.photos import find_cast
from castlist.report import write_report
from castlist.run import Run, new_run_path, open_run, read_history, start_run
from castlist.settings import Settings
from castlist.training import OnProgress, train


def learn(
    photos: Path,
    settings: Settings | None = None,
    *,
    runs: Path = Path("runs"),
    name: str | None = None,
    language: str = "en",
    on_count: OnCount | None = None,
    on_start: Callable[[Run, Dataset], None] | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Run, Evaluation]:
    """Learn the people of a folder of folders.

    Args:
        photos: Holds one folder of photos per person.
        settings: What to learn and how; by default the defaults.
        runs: The folder that the run folder is made in.
        name: The run folder's name; by default the model and the time.
        language: Of the report, "en" or "zh-TW".
        on_count: Told how many photos are decoded, of how many.
        on_start: Told once, when the photos are split and training begins.
        on_progress: Told where training stands, after each step and each epoch.

    Returns:
        The finished run and how good it is on photos it has never seen.

    Raises:
        CastlistError: If the photos, the settings or the disk don't allow it.
    """
    settings = settings or Settings()
    path = new_run_path(runs, name, settings)
    dataset = load_dataset(find_cast(photos), settings, on_count=on_count)
    run = start_run(dataset, settings, path, photos)
    if on_start:
        on_start(run, dataset)
    return _finish(run, dataset, language, on_progress)


def resume(
    path: Path,
    *,
    epochs: int | None = None,
    language: str = "en",
    on_count: OnCount | None = None,
    on_start: Callable[[Run, Dataset], None] | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Run, Evaluation]:
    """Go on with a run that was interrupted, or train a finished one for more epochs.

    Args:
        path: The run folder.
        epochs: How many epochs in all; by default as many as the run was begun with. So many as are done, or fewer:
            finish it as it stands.
        language: Of the report.
        on_count: As for `learn`.
        on_start: As for `learn`.
        on_progress: As for `learn`.

    Raises:
        CastlistError: If the run is broken, nothing of it can be finished, or its photos have changed.
    """
    run = open_run(path)
    if epochs is not None:
        run = dataclasses.replace(run, settings=dataclasses.replace(run.settings, epochs=epochs))
    root = Path(run.photos_root)
    dataset = load_dataset(find_cast(root), run.settings, on_count=on_count)
    if on_start:
        on_start(run, dataset)
    return _finish(run, dataset, language, on_progress)


def _finish(run: Run, dataset: Dataset, language: str, on_progress: OnProgress | None) -> tuple[Run, Evaluation]:
    run = train(dataset, run, on_progress=on_progress)
    evaluation = evaluate(run, dataset)
    save_evaluation(evaluation, run)
    write_report(run, evaluation, read_history(run), language=language)
    return run, evaluation
