"""The networks of sequences: the report's count, and frames whose order is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")
import keras

from castlist.errors import SettingsError
from castlist.explanation import Explainer
from castlist.export import export_run
from castlist.learning.evaluation import read_evaluation
from castlist.learning.models import build_model
from castlist.learning.sessions import learn
from castlist.media import find_photos
from castlist.naming.recognizer import Recognizer
from castlist.settings import Settings, read_settings, with_preset


def test_the_preset_is_the_report_s() -> None:
    settings = with_preset(read_settings("", "cnn-lstm"), "report")
    assert (settings.image_size, settings.frames, settings.optimizer, settings.learning_rate) == (224, 1, "adam", 0.01)
    model = build_model(224, 7, settings)
    assert model.input_shape == (None, 1, 224, 224, 3)
    assert model.count_params() == 615_579
    frame = model.get_layer("frame").layers
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.25]
    assert [layer.kernel_size for layer in frame if isinstance(layer, keras.layers.Conv2D)] == [(2, 2), (2, 2)]


@pytest.mark.parametrize("frame_network", ["report", "small"])
def test_each_frame_counts_and_so_does_their_order(frame_network: str) -> None:
    keras.utils.set_random_seed(0)
    model = build_model(48, 3, Settings(model="cnn-lstm", frames=4, frame_network=frame_network))
    sequence = np.random.default_rng(0).uniform(0, 255, (1, 4, 48, 48, 3)).astype(np.float32)
    answer = model.predict_on_batch(sequence)
    for frame in range(4):
        other = sequence.copy()
        other[:, frame] = 255 - other[:, frame]
        assert np.abs(model.predict_on_batch(other) - answer).max() > 1e-6
    assert np.abs(model.predict_on_batch(sequence[:, ::-1]) - answer).max() > 1e-6


def test_frames_are_for_sequences_only() -> None:
    with pytest.raises(SettingsError, match="cnn sees one photo at a time"):
        Settings(model="cnn", frames=4)
    with pytest.raises(SettingsError, match="frames must be from 1 to 32"):
        Settings(model="cnn-lstm", frames=0)


def test_a_run_of_sequences_names_photos_and_is_exported(drawn_photos: Path, tmp_path: Path) -> None:
    settings = Settings(model="cnn-lstm", faces=False, image_size=48, frames=2, frame_network="report", epochs=1)
    run, evaluation = learn(drawn_photos, settings, runs=tmp_path, name="run")
    n_test = {person: sum(file.startswith(person) for file in run.sides["test"]) for person in run.people}
    assert evaluation is not None
    assert len(evaluation.files) == sum(-(-n // 2) for n in n_test.values())
    assert read_evaluation(run).files == evaluation.files
    assert any("2 at a time" in str(note) for note in run.notes)
    recognizer = Recognizer.load(run.path)
    answers = list(recognizer.name_photos(find_photos([drawn_photos])))
    assert all(photo.faces[0].name in run.people for photo in answers)
    for kind in ("onnx", "keras"):  # each is compared with the run before it is written
        assert export_run(run.path, kind).exists()
    (explanation,) = Explainer(recognizer).explain(find_photos([drawn_photos])[0])
    assert explanation.evidence.shape == explanation.pixels.shape[:2]
    assert explanation.named == answers[0].faces[0]
