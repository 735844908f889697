"""Training keeps its best, streams, resumes to the same end, and survives what may befall it."""

from __future__ import annotations

import dataclasses
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from conftest import SMALL

pytest.importorskip("keras")

from castlist.errors import RunError
from castlist.learning import training
from castlist.learning.batches import make_batches, person_weights
from castlist.learning.dataset import Dataset, load_dataset
from castlist.learning.diagnosis import is_over
from castlist.learning.optimization import learning_rate_at
from castlist.learning.splits import TRAIN, VALIDATION
from castlist.learning.starting import start_run
from castlist.learning.temperature import fit_temperature
from castlist.learning.training import Progress, train
from castlist.media import find_cast
from castlist.naming.classifier import Network
from castlist.run import Epoch, Run, best_epoch, open_run, read_history
from castlist.settings import Settings


@pytest.fixture
def dataset(drawn_photos: Path, tmp_path: Path) -> Dataset:
    return load_dataset(find_cast(drawn_photos), SMALL, path=tmp_path / "dataset.h5")


def begin(dataset: Dataset, path: Path, settings: Settings = SMALL) -> Run:
    return start_run(dataset, settings, path, Path("photos"))


def weights(run: Run) -> list[np.ndarray]:
    with h5py.File(run.state_path) as file:
        return [file[str(i)][()] for i in range(len(file))]


def test_a_training_ends_in_a_run(dataset: Dataset, tmp_path: Path) -> None:
    told: list[Progress] = []
    run = train(dataset, begin(dataset, tmp_path / "run"), on_progress=told.append)
    assert run.complete
    assert open_run(run.path) == run
    history = read_history(run)
    assert [row.epoch for row in history] == [1, 2]
    assert run.best_epoch == best_epoch(history).epoch
    steps = -(-len(dataset.indices(TRAIN)) // SMALL.batch_size)
    assert [now.step for now in told if now.epoch == 1] == [*range(1, steps + 1), steps]
    assert [now.finished for now in told if now.finished] == history
    answers = Network(run.network_path).probabilities(dataset.read(dataset.indices(VALIDATION)))
    right = (answers.argmax(axis=1) == dataset.person[dataset.indices(VALIDATION)]).mean()
    assert right == pytest.approx(best_epoch(history).val_accuracy)


def test_the_temperature_is_in_the_run_and_in_every_form_of_its_network(dataset: Dataset, tmp_path: Path) -> None:
    run = train(dataset, begin(dataset, tmp_path / "run"))
    photos = dataset.read(dataset.indices(VALIDATION))
    learnt = training.load_trained(dataclasses.replace(run, temperature=1.0), dataset.image_size)
    bare = learnt.predict_on_batch(photos.astype(np.float32))
    people = np.eye(len(run.people))[dataset.person[dataset.indices(VALIDATION)]]
    assert run.temperature == pytest.approx(fit_temperature(bare, people), rel=1e-3) != 1.0
    expected = bare ** (1 / run.temperature)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(Network(run.network_path).probabilities(photos), expected, atol=1e-4)
    model = training.load_trained(run, dataset.image_size)
    np.testing.assert_allclose(model.predict_on_batch(photos.astype(np.float32)), expected, atol=1e-4)
    again = train(dataset, dataclasses.replace(run, settings=dataclasses.replace(SMALL, epochs=2)))
    assert again.temperature == pytest.approx(run.temperature, rel=1e-3)  # not fitted on top of the one before


def test_an_interrupted_training_resumes_to_the_same_end(dataset: Dataset, tmp_path: Path) -> None:
    settings = dataclasses.replace(SMALL, epochs=3)
    whole = train(dataset, begin(dataset, tmp_path / "whole", settings))

    def interrupt(now: Progress) -> None:
        if now.epoch == 2 and now.step == 2:
            raise KeyboardInterrupt

    broken = begin(dataset, tmp_path / "broken", settings)
    with pytest.raises(KeyboardInterrupt):
        train(dataset, broken, on_progress=interrupt)
    assert not open_run(broken.path).complete
    assert [row.epoch for row in read_history(broken)] == [1]
    assert broken.weights_path.exists()
    resumed = train(dataset, open_run(broken.path))
    for mine, theirs in zip(weights(resumed), weights(whole), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)
    for mine, theirs in zip(read_history(resumed), read_history(whole), strict=True):
        assert mine.loss == pytest.approx(theirs.loss, abs=1e-3)
        assert mine.learning_rate == theirs.learning_rate


@pytest.mark.slow
def test_a_killed_process_leaves_a_run_that_resumes(dataset: Dataset, drawn_photos: Path, tmp_path: Path) -> None:
    code = f"""
import pathlib
from castlist.learning.training import train
from castlist.learning.dataset import load_dataset
from castlist.media import find_cast
from castlist.run import open_run
run = open_run(pathlib.Path({str(tmp_path / "run")!r}))
data = load_dataset(find_cast(pathlib.Path(run.photos_root)), run.settings, path=pathlib.Path({str(dataset.path)!r}))
train(data, run)
"""
    settings = dataclasses.replace(SMALL, epochs=500)
    run = start_run(dataset, settings, tmp_path / "run", drawn_photos)
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 120
    while not (run.state_path.exists() and len(read_history(run)) >= 2) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with h5py.File(run.state_path) as file:
        done = int(file.attrs["epoch"])
    assert done >= 1
    finished = train(dataset, dataclasses.replace(run, settings=dataclasses.replace(settings, epochs=done + 1)))
    assert len(read_history(finished)) == done + 1


@pytest.mark.slow
def test_a_full_disk_keeps_what_was_finished(dataset: Dataset, tmp_path: Path) -> None:
    run = begin(dataset, tmp_path / "run")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(now: Progress) -> None:
        if now.epoch == 2:  # from here on no file grows beyond a size that the state needs
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))

    try:
        with pytest.raises(RunError, match=r"can't be written.*up to epoch 1"):
            train(dataset, run, on_progress=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    finished = train(dataset, open_run(run.path))
    assert [row.epoch for row in read_history(finished)] == [1, 2]


@pytest.mark.slow
def test_a_finished_run_can_be_trained_for_longer(dataset: Dataset, tmp_path: Path) -> None:
    run = train(dataset, begin(dataset, tmp_path / "run"))
    longer = train(dataset, dataclasses.replace(run, settings=dataclasses.replace(SMALL, epochs=3)))
    assert len(read_history(longer)) == 3


def test_other_photos_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    run = dataclasses.replace(begin(dataset, tmp_path / "run"), photos_fingerprint="other")
    with pytest.raises(RunError, match="not those that the run"):
        train(dataset, run)


def test_a_damaged_state_is_one_sentence(dataset: Dataset, tmp_path: Path) -> None:
    run = begin(dataset, tmp_path / "run")
    run.state_path.write_bytes(b"nonsense")
    with pytest.raises(RunError, match=r"state of the run .* can't be read"):
        train(dataset, run)


def test_an_export_that_disagrees_is_refused(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(Network):
        def probabilities(self, photos: np.ndarray, *, batch_size: int = 32) -> np.ndarray:
            return super().probabilities(photos, batch_size=batch_size)[:, ::-1]

    monkeypatch.setattr(training, "Network", Wrong)
    run = begin(dataset, tmp_path / "run")
    with pytest.raises(RunError, match="differs from the trained one"):
        train(dataset, run)
    assert not open_run(run.path).complete
    assert not run.network_path.exists()


def test_a_diverging_loss_is_one_sentence(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Beyond what the settings allow: how far a rate of 10 leads depends on the processor.
    monkeypatch.setattr(training, "learning_rate_at", lambda step, steps_per_epoch, settings: 1e30)
    run = begin(dataset, tmp_path / "run", dataclasses.replace(SMALL, clip_norm=0.0))
    with pytest.raises(RunError, match=r"diverged in epoch 1: .* Lower the learning rate"):
        train(dataset, run)


def test_batches_cover_a_side_once_and_repeat_for_the_same_epoch(dataset: Dataset) -> None:
    first, again, other = (list(make_batches(dataset, TRAIN, SMALL, epoch)) for epoch in (0, 0, 1))
    assert sum(len(photos) for photos, _ in first) == len(dataset.indices(TRAIN))
    for (photos, people), (photos2, people2) in zip(first, again, strict=True):
        np.testing.assert_array_equal(photos, photos2)
        np.testing.assert_array_equal(people, people2)
    assert not np.array_equal(first[0][0], other[0][0])
    still = np.concatenate([photos for photos, _ in make_batches(dataset, VALIDATION, SMALL)])
    np.testing.assert_array_equal(still, dataset.read(dataset.indices(VALIDATION)))


def test_balanced_people_count_alike(dataset: Dataset) -> None:
    rows = dataset.indices(TRAIN)
    uneven = dataclasses.replace(dataset, person=np.where(np.arange(len(dataset.person)) == rows[0], 0, 1))
    weights = person_weights(uneven)
    counts = np.bincount(uneven.person[rows])
    assert weights[0] * counts[0] == pytest.approx(weights[1] * counts[1])
    assert weights @ counts == pytest.approx(len(rows))


def test_learning_rates() -> None:
    step = Settings(learning_rate=0.08, schedule="step", decay=0)
    assert [learning_rate_at(10 * epoch, 10, step) for epoch in (0, 11, 12, 24)] == [0.08, 0.08, 0.04, 0.02]
    cosine = Settings(learning_rate=0.02, schedule="cosine", warmup_epochs=2, epochs=12, decay=0)
    rates = [learning_rate_at(i, 10, cosine) for i in range(120)]
    assert rates[0] == pytest.approx(0.001)
    assert max(rates) == pytest.approx(0.02)
    assert rates.index(max(rates)) in (19, 20)
    assert rates[-1] < 1e-4
    decay = Settings(learning_rate=0.01, schedule="constant", decay=1e-6)
    assert learning_rate_at(1_000_000, 10, decay) == pytest.approx(0.005)


@pytest.mark.parametrize("watched", ["val_loss", "val_accuracy"])
def test_early_stopping(watched: str) -> None:
    def row(epoch: int, loss: float, accuracy: float) -> Epoch:
        values = {"epoch": epoch, "seconds": 1, "learning_rate": 1, "loss": 1, "accuracy": 1}
        return Epoch(**values, val_loss=loss, val_accuracy=accuracy)

    history = [row(1, 0.9, 0.5), row(2, 0.5, 0.8), row(3, 0.6, 0.8), row(4, 0.7, 0.7)]
    assert is_over(history, Settings(early_stopping=watched, patience=2))
    assert not is_over(history, Settings(early_stopping=watched, patience=3))
    assert not is_over(history, Settings(early_stopping="off", patience=1))


@pytest.mark.slow
def test_mixed_precision_trains_and_exports(dataset: Dataset, tmp_path: Path) -> None:
    settings = dataclasses.replace(SMALL, precision="mixed_bfloat16", epochs=1)
    assert train(dataset, begin(dataset, tmp_path / "run", settings)).complete
