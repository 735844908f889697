"""A Keras model as ONNX: the same answers, standard operators, the weights inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from castlist.learning.models import build_model
from castlist.naming.classifier import Network
from castlist.settings import Settings

pytestmark = pytest.mark.keras


def test_a_converted_model_answers_alike_with_standard_operators(tmp_path: Path) -> None:
    import onnx

    from castlist.learning.conversion import write_onnx

    model = build_model(48, 3, Settings(model="cnn", faces=False, image_size=48))
    for variable in model.weights:  # nothing that folding could get right by chance: no zero mean, no unit variance
        values = np.random.default_rng(len(variable.shape)).uniform(0.1, 0.3, variable.shape)
        variable.assign(values / np.sqrt(np.prod(variable.shape[:-1])) if len(variable.shape) > 1 else values)
    path = tmp_path / "model.onnx"
    write_onnx(model, path)
    photos = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 3), np.uint8)
    expected = model.predict_on_batch(photos.astype(np.float32))
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(Network(path).probabilities(photos), expected, atol=1e-5)

    graph = onnx.load(path).graph
    assert [value.name for value in graph.input] == ["photos"]
    assert {node.domain for node in graph.node} == {""}
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
