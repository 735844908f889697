"""Reading the weights out of an ONNX file, and writing a network as one.

An ONNX file is a protocol-buffer message; the few fields needed here take a page, the package onnx takes 60 MB.

Source: `onnx.proto3` of ONNX, whose field numbers never change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

IR_VERSION, OPSET = 8, 17  # understood by every onnxruntime since 1.12
TYPES = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.int64): 7}

Shape = Sequence[int | str]  # a name stands for a size that is free


@dataclass
class Graph:
    """A network being written, node by node, in the order in which it runs."""

    _nodes: list[bytes] = field(default_factory=list)
    _tensors: list[bytes] = field(default_factory=list)

    def constant(self, values: np.ndarray) -> str:
        """Add weights; returns the name to use them by."""
        name = f"w{len(self._tensors)}"
        dims = b"".join(_number(1, size) for size in values.shape)
        raw = np.ascontiguousarray(values).tobytes()
        self._tensors.append(dims + _number(2, TYPES[values.dtype]) + _text(8, name) + _block(9, raw))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: int | str | Sequence[int]) -> str:
        """Add an operation of the standard set; returns the name of its output."""
        output = output or f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(
            b"".join(_text(1, name) for name in inputs)
            + _text(2, output)
            + _text(4, kind)
            + b"".join(_block(5, _attribute(name, value)) for name, value in attributes.items())
        )
        return output

    def serialize(
        self,
        inputs: Mapping[str, tuple[type[np.generic], Shape]],
        outputs: Mapping[str, tuple[type[np.generic], Shape]],
        metadata: Mapping[str, str] | None = None,
    ) -> bytes:
        """The network as the bytes of an ONNX file."""
        graph = (
            b"".join(_block(1, node) for node in self._nodes)
            + _text(2, "castlist")
            + b"".join(_block(5, tensor) for tensor in self._tensors)
            + b"".join(_block(11, _value(name, *kind)) for name, kind in inputs.items())
            + b"".join(_block(12, _value(name, *kind)) for name, kind in outputs.items())
        )
        notes = (_text(1, key) + _text(2, value) for key, value in (metadata or {}).items())
        return (
            _number(1, IR_VERSION)
            + _text(2, "castlist")
            + _block(7, graph)
            + _block(8, _number(2, OPSET))
            + b"".join(_block(14, note) for note in notes)
        )


def read_tensors(data: bytes) -> dict[str, np.ndarray]:
    """The float weights of an ONNX file by name.

    Raises:
        ValueError: If it isn't such a file.
    """
    tensors = {}
    try:
        (graph,) = _messages(memoryview(data), 7)
        for initializer in _messages(graph, 5):
            dims, values, name = [], np.zeros(0, "<f4"), ""
            for number, value in _fields(initializer):
                if isinstance(value, int):
                    dims += [value] if number == 1 else []
                elif number in (4, 9):  # packed floats, or raw bytes
                    values = np.frombuffer(value, "<f4")
                elif number == 8:
                    name = bytes(value).decode()
            tensors[name] = values.reshape(dims)
    except (IndexError, KeyError, ValueError) as error:  # of a message cut short, or of something else altogether
        raise ValueError("not an ONNX file") from error
    return tensors


def _messages(data: memoryview, number: int) -> list[memoryview]:
    return [value for found, value in _fields(data) if found == number and isinstance(value, memoryview)]


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: their numbers, and their values."""
    position = 0
    while position < len(data):
        key, position = _read_number(data, position)
        kind = key & 7
        if kind == 0:
            value, position = _read_number(data, position)
            yield key >> 3, value
            continue
        size, position = _read_number(data, position) if kind == 2 else ({1: 8, 5: 4}[kind], position)
        yield key >> 3, data[position : position + size]
        position += size


def _read_number(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while data[position] >= 0x80:
        value |= (data[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
    return value | data[position] << shift, position + 1


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(parts) + bytes([value])


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _block(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _text(number: int, text: str) -> bytes:
    return _block(number, text.encode())


def _attribute(name: str, value: int | str | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, 3)
    return _text(1, name) + b"".join(_number(8, item) for item in value) + _number(20, 7)


def _value(name: str, kind: type[np.generic], shape: Shape) -> bytes:
    dims = (_block(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape)
    tensor = _number(1, TYPES[np.dtype(kind)]) + _block(2, b"".join(dims))
    return _text(1, name) + _block(2, _block(1, tensor))
