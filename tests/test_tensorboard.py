"""The logs are what a real TensorBoard reads."""

from __future__ import annotations

import dataclasses
import io
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conftest import SMALL

pytest.importorskip("keras")
pytest.importorskip("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from castlist.errors import SettingsError
from castlist.learning.dataset.cache import datasets_folder
from castlist.learning.sessions import learn, resume
from castlist.run import Run, read_history
from castlist.settings import Settings


@pytest.fixture(scope="module")
def run(drawn_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    settings = dataclasses.replace(SMALL, tensorboard=True)
    before = os.umask(0o022)  # as most systems have it
    try:
        run, _ = learn(drawn_photos, settings, runs=tmp_path_factory.mktemp("runs") / "new", name="logged")
        return resume(run.path, epochs=3)[0]
    finally:
        os.umask(before)


def read(run: Run, side: str) -> Any:
    events = EventAccumulator(str(run.path / "tensorboard" / side))
    events.Reload()
    return events


@pytest.mark.slow
@pytest.mark.parametrize(("side", "prefix"), [("train", ""), ("validation", "val_")])
def test_the_curves_are_the_history_after_a_resume_too(run: Run, side: str, prefix: str) -> None:
    events = read(run, side)
    history = read_history(run)
    assert len(history) == 3
    for tag in ("loss", "accuracy"):
        points = events.Scalars(tag)
        assert [point.step for point in points] == [1, 2, 3]
        expected = [getattr(row, prefix + tag) for row in history]
        assert [point.value for point in points] == pytest.approx(expected)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.slow
def test_nobody_else_reads_a_file_of_a_run_or_a_data_set(run: Run) -> None:
    made = [path for root in (run.path, datasets_folder()) for path in (root, *root.rglob("*"))]
    names = {path.name for path in made}
    assert {"run.json", "model.weights.h5", "state.h5", "history.csv", "model.onnx", "figures"} <= names
    assert any(name.startswith("events.out") for name in names) and any(datasets_folder().iterdir())
    assert [path for path in made if path.stat().st_mode & 0o077] == []


@pytest.mark.slow
def test_the_confusion_matrix_is_the_reports(run: Run) -> None:
    (last,) = read(run, "test").Images("confusion")
    assert last.encoded_image_string == (run.path / "figures" / "confusion.png").read_bytes()
    with Image.open(io.BytesIO(last.encoded_image_string)) as picture:
        assert (last.width, last.height) == picture.size


@pytest.mark.slow
def test_the_settings_are_hyperparameters(run: Run) -> None:
    (tag,) = [tag for tag in read(run, "test").Tags()["tensors"] if tag.startswith("_hparams_")]
    content = read(run, "test").SummaryMetadata(tag).plugin_data.content
    hparams = HParamsPluginData.FromString(content).session_start_info.hparams
    assert hparams["optimizer"].string_value == "sgd"
    assert hparams["momentum"].number_value == 0.9
    assert hparams["epochs"].number_value == 3


def test_a_model_without_epochs_has_no_logs() -> None:
    with pytest.raises(SettingsError, match="not trained in epochs"):
        Settings(tensorboard=True)
