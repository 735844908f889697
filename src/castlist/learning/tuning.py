"""A search for settings: many trainings, judged on their validation sides; the test side is never looked at."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from castlist.children import end_with_parent, read_line, start_python
from castlist.errors import CastlistError, RunError, SettingsError, needs_extra
from castlist.files import PRIVATE_FILE, need_folder, write_text
from castlist.languages import translator
from castlist.learning.models import dropouts_of
from castlist.learning.progress import OnProgress, OnTrial, Progress, Trial
from castlist.learning.report import write_search
from castlist.learning.sessions import learn, resume
from castlist.media import find_cast
from castlist.run import best_epoch, open_run, read_history
from castlist.settings import RATES, Settings, model_kind

with needs_extra("tune", "Searching for settings"):
    import optuna

BATCH_SIZES = (16, 32, 64)
IMAGE_SIZES = (48, 64, 96)
STARTUP = 4  # trials that are finished whatever they promise
RUNNING = optuna.trial.TrialState.RUNNING
FINISHED = optuna.trial.TrialState.COMPLETE
DONE = (FINISHED, optuna.trial.TrialState.PRUNED)
HELPER = "from castlist.learning.tuning import help_search; help_search()"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Search:
    """What a search has found so far."""

    folder: Path
    finished: int  # trials, those given up early included
    settings: Settings  # the best
    accuracy: float  # its validation accuracy
    run: Path
    settings_file: Path  # TOML, for `castlist train --settings`


def tune(
    photos: Path,
    bases: Mapping[str, Settings],
    folder: Path,
    *,
    trials: int,
    minutes: float | None = None,
    jobs: int = 1,
    language: str = "en",
    on_trial: OnTrial | None = None,
    on_progress: OnProgress | None = None,
) -> Search:
    """Search for settings, or go on with a search that was interrupted: a trial under way goes on where it stood.

    Args:
        photos: Holds one folder of photos per person.
        bases: The models to try, by name, with the settings that aren't searched.
        folder: Where the search lies: its record, a run folder for each trial, the best settings, two pictures.
        trials: How many in all, those of an interrupted search included.
        minutes: After so many no trial is begun.
        jobs: Processes that train at the same time.
        language: Of the pictures, "en" or "zh-TW".
        on_trial: Told of each trial that has ended, of those in other processes when one in this process ends.
        on_progress: Told where the trial in this process stands.

    Raises:
        SettingsError: If a number is out of bounds or a model has no epochs to search by.
        CastlistError: If nothing could be trained.
    """
    translator(language)  # a wrong language must not fail after the trainings
    _need_search(bases, trials, minutes, jobs)
    find_cast(photos)  # a wrong folder must not be found out by every trial
    need_folder(folder, private=True)
    study = _open(folder)
    _take_up(study)
    deadline = None if minutes is None else time.time() + 60 * minutes
    helpers = [start_python(HELPER) for _ in range(jobs - 1)]
    request = {
        "photos": str(photos),
        "bases": {name: base.to_dict() for name, base in bases.items()},
        "folder": str(folder),
        "trials": trials,
        "deadline": deadline,
    }
    for helper in helpers:
        assert helper.stdin is not None
        helper.stdin.write(json.dumps(request).encode() + b"\n")
        helper.stdin.flush()
    told = {trial.number for trial in study.get_trials(deepcopy=False, states=DONE)}

    def tell() -> None:
        for trial in study.get_trials(deepcopy=False, states=DONE):
            if on_trial and trial.number not in told:
                told.add(trial.number)
                accuracy = trial.value if trial.state == FINISHED else None
                on_trial(Trial(trial.number, folder / trial.user_attrs["run"], accuracy))

    try:
        _work(photos, bases, folder, trials, deadline, tell, on_progress)
        for helper in helpers:
            helper.wait()
    finally:  # interrupted, the helpers end too; the search goes on with their trials
        for helper in helpers:
            assert helper.stdin is not None
            helper.stdin.close()
            helper.wait()
    if any(helper.returncode for helper in helpers):  # one was killed: its trial is still to be made
        _take_up(study)
        _work(photos, bases, folder, trials, deadline, tell, on_progress)
    tell()
    return _conclude(study, folder, language)


def _need_search(bases: Mapping[str, Settings], trials: int, minutes: float | None, jobs: int) -> None:
    if trials < 1 or jobs < 1 or (minutes is not None and minutes <= 0):
        raise SettingsError(
            "search-out-of-bounds",
            "trials, jobs and minutes must be above 0. Got {trials}, {jobs} and {minutes} instead.",
            trials=trials,
            jobs=jobs,
            minutes=str(minutes),
        )
    for name, base in bases.items():
        model_kind(name)
        if not base.needs_keras:
            raise SettingsError(
                "search-without-epochs",
                "The model {model} is learnt without epochs; there is nothing to search for.",
                model=name,
            )


def best_so_far(folder: Path, *, language: str = "en") -> Search:
    """What a search that was interrupted has found.

    Raises:
        CastlistError: If no trial was finished.
    """
    return _conclude(_open(folder), folder, language)


def help_search() -> None:
    """In a process of its own: make trials of a search, until there are enough or the one that began it ends."""
    request = json.loads(read_line())
    end_with_parent()
    bases = {name: Settings.from_dict(base) for name, base in request["bases"].items()}
    _work(Path(request["photos"]), bases, Path(request["folder"]), request["trials"], request["deadline"])


def _open(folder: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    base = folder / "search.db"
    base.touch(PRIVATE_FILE)
    return optuna.create_study(
        study_name="castlist",
        storage=f"sqlite:///{base.resolve()}",
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=2),
    )


def _take_up(study: optuna.Study) -> None:
    """Let the trials that were under way when a process was killed be the next ones."""
    for trial in study.get_trials(states=(RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(trial.params, user_attrs=trial.user_attrs)


def _work(
    photos: Path,
    bases: Mapping[str, Settings],
    folder: Path,
    trials: int,
    deadline: float | None,
    on_end: Callable[[], None] | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Make trials until there are enough."""
    study = _open(folder)
    while len(study.get_trials(deepcopy=False, states=(*DONE, RUNNING))) < trials:
        if deadline is not None and time.time() >= deadline:
            return
        trial = study.ask()
        settings = _propose(trial, bases)
        path = folder / trial.user_attrs.get("run", f"trial-{trial.number:03d}")
        trial.set_user_attr("run", path.name)
        logger.info("trial %d begins: %s", trial.number, settings.model)
        try:
            accuracy = _train(trial, photos, settings, path, on_progress)
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        except RunError as error:  # of one that diverges; more of its kind needn't be tried
            trial.set_user_attr("problem", str(error))
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, accuracy)
        if on_end:
            on_end()


def _train(trial: optuna.Trial, photos: Path, settings: Settings, path: Path, on_progress: OnProgress | None) -> float:
    def judge(now: Progress) -> None:
        if on_progress:
            on_progress(now)
        if now.finished:
            trial.report(now.finished.val_accuracy, now.finished.epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

    if (path / "run.json").exists():
        run, _ = resume(path, test=False, on_progress=judge)
    else:
        run, _ = learn(photos, settings, runs=path.parent, name=path.name, test=False, on_progress=judge)
    return best_epoch(read_history(run)).val_accuracy


def _propose(trial: optuna.Trial, bases: Mapping[str, Settings]) -> Settings:
    model = trial.suggest_categorical("model", list(bases))
    optimizer = trial.suggest_categorical("optimizer", list(RATES))
    rate = RATES[optimizer] * trial.suggest_float("rate", 0.1, 10, log=True)  # up to ten times as high or low
    dropout = trial.suggest_float("dropout", 0, 1.5)
    variation = trial.suggest_float("augmentation", 0, 1.5)
    base = bases[model]
    rotation, shift, zoom = base.variation.amounts
    return replace(
        base,
        optimizer=optimizer,
        learning_rate=float(f"{rate:.3g}"),
        batch_size=trial.suggest_categorical("batch_size", BATCH_SIZES),
        image_size=trial.suggest_categorical("image_size", IMAGE_SIZES),
        dropouts=tuple(round(min(one * dropout, 0.9), 3) for one in dropouts_of(base)),
        augmentation=replace(
            base.augmentation,
            rotation=round(rotation * variation, 2),
            shift=round(min(shift * variation, 0.5), 3),
            zoom=round(min(zoom * variation, 0.9), 3),
        ),
    )


def _conclude(study: optuna.Study, folder: Path, language: str) -> Search:
    complete = study.get_trials(states=(FINISHED,))
    if not complete:
        problems = {trial.user_attrs["problem"] for trial in study.trials if "problem" in trial.user_attrs}
        if problems:
            raise CastlistError(
                "search-all-failed", "No trial was finished. {problems}", problems=" ".join(sorted(problems))
            )
        raise CastlistError("search-too-short", "No trial was finished. Give the search more minutes.")
    best = study.best_trial
    run = folder / best.user_attrs["run"]
    settings = open_run(run).settings
    write_text(folder / "best.toml", settings.to_toml(), private=True)
    values = [trial.value for trial in complete if trial.value is not None]
    # Importance is a share of what differs: of one trial, or of equal ones, there is none.
    importance = optuna.importance.get_param_importances(study) if len(set(values)) > 1 else {}
    ended = study.get_trials(states=DONE)
    shown = [(trial.number, trial.value or 0.0, trial.state == FINISHED) for trial in ended]
    write_search(shown, importance, folder, language=language)
    return Search(folder, len(ended), settings, float(best.value or 0), run, folder / "best.toml")
