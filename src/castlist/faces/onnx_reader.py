"""Reading the operations and the weights of an ONNX file.

Source: `onnx.proto3` of ONNX, whose field numbers never change, and its operators `DequantizeLinear` and `Reshape`.
"""

from __future__ import annotations

from collections import UserDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

TYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8"}  # of weights, those that are read
CACHED = 2**19  # floats that are computed at a time: fewer, and each time Python waits for other threads


@dataclass(frozen=True)
class Node:
    """One operation of a network."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]  # whole numbers, tuples of them, floats and texts


@dataclass(frozen=True)
class Network:
    """What an ONNX file holds."""

    nodes: tuple[Node, ...]  # in the order in which they run
    weights: Mapping[str, np.ndarray]  # those in blocks are computed when they are asked for, at each time


def read_network(data: bytes) -> Network:
    """Read an ONNX file.

    Weights that it keeps as whole numbers in blocks, each block with a scale, become floats here, once: onnxruntime
    would compute them at every call, and refuses some. The operations that did so are left out.

    Raises:
        ValueError: If it isn't such a file.
    """
    try:
        (graph,) = _Fields(memoryview(data)).blocks[7]
        fields = _Fields(graph)
        weights = _Weights(_read_weights(block) for block in fields.blocks[5])
        nodes = [node for node in map(_read_node, fields.blocks[1]) if not _folded(node, weights)]
    except (IndexError, KeyError, TypeError, ValueError) as error:  # cut short, or something else altogether
        raise ValueError("not an ONNX file") from error
    return Network(tuple(nodes), weights)


class _Weights(UserDict[str, Any]):
    """Weights by their names, arrays or what computes them."""

    def __getitem__(self, name: str) -> np.ndarray:
        found = super().__getitem__(name)
        return np.asarray(found() if callable(found) else found)


def _folded(node: Node, weights: _Weights) -> bool:
    """Whether a node works on weights alone; then what it makes of them is one of them from now on."""
    if node.kind not in ("DequantizeLinear", "Reshape") or not weights.keys() >= set(node.inputs):
        return False
    if node.kind == "Reshape":
        values, shape = node.inputs
        weights[node.output] = lambda: weights[values].reshape(weights[shape])
    else:
        axis, size = (node.attributes[key] for key in ("axis", "block_size"))
        values, scales, zeros = node.inputs
        weights[node.output] = lambda: _floats(weights[values], weights[scales], weights[zeros], axis, size)
    return True


def _floats(values: np.ndarray, scales: np.ndarray, zeros: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Whole numbers in blocks of `size` along an axis as the floats that they stand for."""
    floats = np.empty(values.shape, np.float32)
    # Some rows at a time, which stay in the processor's cache: of SFace's last layer that takes half the time.
    step = max(1, CACHED * len(values) // values.size) if axis else len(values)
    for start in range(0, len(values), step):
        rows = slice(start, start + step)
        some = floats[rows]
        some[:] = values[rows]
        along, scale, zero = (np.moveaxis(part, axis, -1) for part in (some, scales[rows], zeros[rows]))
        whole = along.shape[-1] // size  # the last may be cut short
        blocks, rest = along[..., : whole * size].reshape(*along.shape[:-1], whole, size), along[..., whole * size :]
        for part, its in ((blocks, np.s_[..., :whole, None]), (rest, np.s_[..., whole:])):
            part -= zero.astype(np.float32)[its]
            part *= scale[its]
    return floats


class _Fields:
    """The fields of a message by their numbers: those that are whole numbers, and those that are bytes."""

    def __init__(self, data: memoryview) -> None:
        self.numbers: dict[int, list[int]] = defaultdict(list)
        self.blocks: dict[int, list[memoryview]] = defaultdict(list)
        position = 0
        while position < len(data):
            key, position = _read_number(data, position)
            kind = key & 7
            if kind == 0:
                value, position = _read_number(data, position)
                self.numbers[key >> 3].append(value)
                continue
            size, position = _read_number(data, position) if kind == 2 else ({1: 8, 5: 4}[kind], position)
            self.blocks[key >> 3].append(data[position : position + size])
            position += size

    def texts(self, number: int) -> tuple[str, ...]:
        return tuple(bytes(block).decode() for block in self.blocks[number])

    def list(self, number: int) -> tuple[int, ...]:
        """Whole numbers that are written one by one, or packed into a block."""
        found = self.numbers[number]
        for block in self.blocks[number]:
            position = 0
            while position < len(block):
                value, position = _read_number(block, position)
                found.append(value)
        return tuple(found)


def _read_node(message: memoryview) -> Node:
    fields = _Fields(message)
    attributes = {}
    for block in fields.blocks[5]:
        attribute = _Fields(block)
        value: Any = attribute.list(8)
        if attribute.numbers[3]:
            (value,) = attribute.numbers[3]
        elif attribute.blocks[2]:
            value = float(np.frombuffer(attribute.blocks[2][0], "<f4")[0])
        elif attribute.blocks[4]:
            (value,) = attribute.texts(4)
        attributes[attribute.texts(1)[0]] = value
    return Node(fields.texts(4)[0], fields.texts(1), fields.texts(2)[0], attributes)


def _read_weights(message: memoryview) -> tuple[str, np.ndarray]:
    fields = _Fields(message)
    kind = TYPES[fields.numbers[2][0]]
    # Floats may be packed instead of raw; a tensor of no values has neither.
    values = (fields.blocks[9] or fields.blocks[4] or [memoryview(b"")])[0]
    return fields.texts(8)[0], np.frombuffer(values, kind).reshape(fields.list(1))


def _read_number(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while data[position] >= 0x80:
        value |= (data[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
    return value | data[position] << shift, position + 1
