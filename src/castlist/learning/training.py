"""A data set and settings become a run: trained, resumable at every moment, exported and checked."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import logging
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from castlist.errors import RunError, needs_extra, reason_of
from castlist.files import make_private, write_csv
from castlist.learning.batches import make_batches, person_weights, sequences_per_step
from castlist.learning.conversion import write_onnx
from castlist.learning.dataset import Dataset
from castlist.learning.diagnosis import is_over
from castlist.learning.models import build_model, pretrain
from castlist.learning.optimization import build_optimizer, learning_rate_at
from castlist.learning.progress import OnProgress, Progress
from castlist.learning.sequences import arrange, read_sequences
from castlist.learning.splits import TRAIN, VALIDATION
from castlist.learning.temperature import fit_temperature
from castlist.naming import Network
from castlist.quiet import without_notes
from castlist.run import HISTORY, Epoch, Run, RunFolder, best_epoch, read_history
from castlist.settings import Settings

with needs_extra("keras", "Training"), without_notes():
    import h5py
    import keras

EXPORT_TOLERANCE = 1e-3  # of a probability, between Keras and the exported network

logger = logging.getLogger(__name__)


def train(dataset: Dataset, run: Run, *, on_progress: OnProgress | None = None) -> Run:
    """Train a run from where it stands to its last epoch, then export and check its network.

    After each epoch the best weights so far, the history and the whole state are on disk, each written beside and
    renamed: an interruption at any moment loses at most the epoch under way, and calling `train` again goes on to what
    an uninterrupted training would have reached, up to floating-point noise.

    Args:
        dataset: The run's photos.
        run: As `start_run` or `open_run` gave it.
        on_progress: Called after each step and each epoch.

    Returns:
        The run, complete.

    Raises:
        RunError: If the photos are not those the run began with, the state is broken or can't be written, or the
            exported network disagrees with the trained one.
    """
    run.need_photos(dataset.fingerprint)
    history = _train_epochs(dataset, run, on_progress)
    gc.collect()  # the model and its optimizer, in circles of references; the export needs as much again
    exported, temperature = _export(run, dataset)
    with RunFolder(run.path).change() as change:
        change.write(run.network_path.name, exported.read_bytes())  # with its digest, or not at all
        change.run = dataclasses.replace(
            change.run,
            settings=run.settings,  # of more epochs than it was begun with, perhaps
            complete=True,
            best_epoch=best_epoch(history).epoch,
            temperature=temperature,
            seconds=round(sum(row.seconds for row in history), 1),
        )
    exported.unlink()
    return change.run


def _train_epochs(dataset: Dataset, run: Run, on_progress: OnProgress | None) -> list[Epoch]:
    """Train to the last epoch; the best weights and the state are on disk."""
    settings = run.settings
    with _precision(run.precision):
        keras.utils.set_random_seed(settings.seed % 2**32)  # larger ones it refuses
        model = build_model(dataset.image_size, len(run.people), settings)
        variables = list(model.variables)  # weights and the seeds of dropout; not yet the metrics
        optimizer = build_optimizer(settings)
        optimizer.build(model.trainable_variables)  # all of them, also those that are frozen at first
        variables += list(optimizer.variables)
        history = _restore(run, variables)
        logger.info("training %s, %d of %d epochs are done", settings.model, len(history), settings.epochs)
        if not history:
            pretrain(model, settings)
        _compile(model, optimizer, settings, len(history))
        try:
            for epoch in range(len(history), settings.epochs):
                if is_over(history, settings):
                    break
                if settings.frozen_epochs and epoch == settings.frozen_epochs:
                    _compile(model, optimizer, settings, epoch)
                history.append(_train_epoch(model, dataset, settings, epoch, history, on_progress))
                _keep(run, model, variables, history)
                logger.info("epoch %d kept", len(history))
        except OSError as error:
            raise RunError(
                "run-not-kept",
                "The run {path!r} can't be written ({reason}). What was finished up to epoch {epoch} is kept: "
                "free some space, then resume it.",
                path=str(run.path),
                reason=reason_of(error),
                epoch=max(len(history) - 1, 0),
            ) from error
    return history


def load_trained(run: Run, image_size: int) -> keras.Model:
    """A run's Keras model with its best weights, as sure of its answers as the run's network is.

    Raises:
        RunError: If the weights are gone or damaged.
    """
    model = _load_best(run, image_size)
    _divide_logits(model, run.temperature)
    return model


def _load_best(run: Run, image_size: int) -> keras.Model:
    """The model with its best weights as they were learnt."""
    model = build_model(image_size, len(run.people), run.settings)
    try:
        model.load_weights(run.weights_path)
    except (OSError, ValueError) as error:
        raise RunError(
            "weights-unreadable",
            "The weights {path!r} can't be read ({reason}).",
            path=str(run.weights_path),
            reason=reason_of(error),
        ) from error
    return model


def _divide_logits(model: keras.Model, temperature: float) -> None:
    """Divide the logits: in the weights of the last layer, so that every format of the model has it within."""
    for variable in model.layers[-1].variables:
        variable.assign(variable / temperature)


def _compile(model: keras.Model, optimizer: keras.optimizers.Optimizer, settings: Settings, epoch: int) -> None:
    """Make a model ready for an epoch: before `frozen_epochs`, its base is not trained."""
    if settings.frozen_epochs:
        model.get_layer("base").trainable = epoch >= settings.frozen_epochs
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=settings.label_smoothing),
        metrics=["accuracy"],
    )


def _train_epoch(
    model: keras.Model,
    dataset: Dataset,
    settings: Settings,
    epoch: int,
    history: Sequence[Epoch],
    on_progress: OnProgress | None,
) -> Epoch:
    began = time.monotonic()
    steps = math.ceil(len(arrange(dataset, TRAIN, settings)) / sequences_per_step(settings))
    per_epoch = np.median([row.seconds for row in history]) if history else None

    def tell(step: int, finished: Epoch | None) -> None:
        if on_progress is None:
            return
        spent = time.monotonic() - began
        whole = per_epoch or spent / step * steps
        left = max(whole - spent, 0) + whole * (settings.epochs - epoch - 1)
        on_progress(
            Progress(
                epoch=epoch + 1,
                epochs=settings.epochs,
                step=step,
                steps=steps,
                loss=means.loss,
                accuracy=means.accuracy,
                finished=finished,
                frozen=epoch < settings.frozen_epochs,
                seconds_left=float(left),
            )
        )

    means = _Means()
    weights = person_weights(dataset) if settings.balanced else np.ones(len(dataset.people), np.float32)
    for i, (photos, people) in enumerate(make_batches(dataset, TRAIN, settings, epoch)):
        rate = learning_rate_at(epoch * steps + i, steps, settings)
        model.optimizer.learning_rate = rate
        means.add(model.train_on_batch(photos, people, people @ weights, return_dict=True), len(photos))
        _need_finite(means.loss, epoch, settings)
        tell(i + 1, None)
    validation = _validate(model, dataset, settings)
    # Where a processor takes 0 for the larger of NaN and 0, lost weights don't show in the loss.
    finite = all(np.isfinite(keras.ops.convert_to_numpy(weight)).all() for weight in model.weights)
    _need_finite(validation.loss if finite else math.nan, epoch, settings)
    finished = Epoch(
        epoch=epoch + 1,
        seconds=round(time.monotonic() - began, 3),
        learning_rate=rate,
        loss=means.loss,
        accuracy=means.accuracy,
        val_loss=validation.loss,
        val_accuracy=validation.accuracy,
    )
    tell(steps, finished)
    return finished


def _need_finite(loss: float, epoch: int, settings: Settings) -> None:
    if not math.isfinite(loss):
        raise RunError(
            "training-diverged",
            "Training diverged in epoch {epoch}: the loss is {loss}. Lower the learning rate ({rate}) and train anew.",
            epoch=epoch + 1,
            loss=loss,
            rate=settings.rate,
        )


def _validate(model: keras.Model, dataset: Dataset, settings: Settings) -> _Means:
    means = _Means()
    for photos, people in make_batches(dataset, VALIDATION, settings):
        means.add(model.test_on_batch(photos, people, return_dict=True), len(photos))
    return means


class _Means:
    """Loss and accuracy over the photos so far; Keras's own steps tell of one batch at a time."""

    def __init__(self) -> None:
        self._photos = 0
        self.loss = 0.0
        self.accuracy = 0.0

    def add(self, logs: dict[str, Any], photos: int) -> None:
        self._photos += photos
        self.loss += (float(logs["loss"]) - self.loss) * photos / self._photos
        self.accuracy += (float(logs["accuracy"]) - self.accuracy) * photos / self._photos


def _keep(run: Run, model: keras.Model, variables: list[Any], history: list[Epoch]) -> None:
    """Put a finished epoch on disk. The state comes last: until it is there, the epoch counts as not done."""
    write_csv(run.history_path, HISTORY, [dataclasses.astuple(row) for row in history], private=True)
    if best_epoch(history) is history[-1]:
        beside = run.path / "part.weights.h5"
        model.save_weights(beside)
        make_private(beside)
        beside.replace(run.weights_path)
    beside = run.state_path.with_name("state.h5.part")
    with h5py.File(beside, "w") as file:
        file.attrs["epoch"] = len(history)
        for i, variable in enumerate(variables):
            file[str(i)] = keras.ops.convert_to_numpy(variable)
    make_private(beside)
    beside.replace(run.state_path)


def _restore(run: Run, variables: list[Any]) -> list[Epoch]:
    """Put the variables where the last finished epoch left them; gives the history up to there."""
    if not run.state_path.exists():
        return []
    try:
        with h5py.File(run.state_path, "r") as file:
            epochs = int(file.attrs["epoch"])
            for i, variable in enumerate(variables):
                variable.assign(file[str(i)][()])
    except (OSError, KeyError, ValueError) as error:
        raise RunError(
            "state-unreadable",
            "The state of the run {path!r} can't be read ({reason}). Train anew.",
            path=str(run.path),
            reason=reason_of(error),
        ) from error
    return read_history(run)[:epochs]


def _export(run: Run, dataset: Dataset) -> tuple[Path, float]:
    """Write the best weights as ONNX beside the run's, from a float32 twin; compare the two on validation photos.

    Returns:
        The file, and the temperature that was fitted on the validation photos.
    """
    with _precision("float32"):
        twin = _load_best(run, dataset.image_size)
        temperature = _measure_temperature(twin, dataset, run.settings)
        _divide_logits(twin, temperature)
        beside = run.path / "part.onnx"
        photos = read_sequences(dataset, arrange(dataset, VALIDATION, run.settings)[:64], run.settings)
        expected = twin.predict_on_batch(photos.astype(np.float32))
        write_onnx(twin, beside)
    difference = float(np.abs(Network(beside).probabilities(photos) - expected).max())
    if not difference <= EXPORT_TOLERANCE:
        raise RunError(
            "network-differs",
            "The exported network differs from the trained one by {difference:.2g} in a probability; "
            "at most {tolerance} is noise. The weights are kept in {path!r}; please report it.",
            difference=difference,
            tolerance=EXPORT_TOLERANCE,
            path=str(run.weights_path),
        )
    make_private(beside)
    return beside, temperature


def _measure_temperature(model: keras.Model, dataset: Dataset, settings: Settings) -> float:
    answers = [
        (model.predict_on_batch(photos), people) for photos, people in make_batches(dataset, VALIDATION, settings)
    ]
    if not answers:  # people of one or two photos have none for validation
        return 1.0
    probabilities, people = (np.concatenate(part) for part in zip(*answers, strict=True))
    temperature = fit_temperature(probabilities, people)
    logger.info("temperature %.3f, fitted on %d validation photos", temperature, len(people))
    return temperature


@contextlib.contextmanager
def _precision(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
