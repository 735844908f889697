"""Writing a network as an ONNX file; `onnx_reader` reads them.

An ONNX file is a protocol-buffer message; the few fields needed here take a page, the package onnx takes 60 MB.

Source: `onnx.proto3` of ONNX, whose field numbers never change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

IR_VERSION, OPSET = 8, 17  # understood by every onnxruntime since 1.12
TYPES = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.int64): 7}

LARGE = 4096  # bytes of weights that are worth being handed over beside the file

Shape = Sequence[int | str]  # a name stands for a size that is free


@dataclass
class Graph:
    """A network being written, node by node, in the order in which it runs."""

    _nodes: list[bytes] = field(default_factory=list)
    _weights: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def large(self) -> dict[str, np.ndarray]:
        """The weights that `serialize` leaves out where they are wanted apart, by their names."""
        return {name: values for name, values in self._weights.items() if values.nbytes >= LARGE}

    def constant(self, values: np.ndarray) -> str:
        """Add weights; returns the name to use them by."""
        name = f"w{len(self._weights)}"
        self._weights[name] = np.asarray(values, order="C")
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
        *,
        apart: bool = False,
    ) -> bytes:
        """The network as the bytes of an ONNX file.

        Args:
            inputs: Types and shapes by names.
            outputs: The same.
            metadata: What else it says, by keys.
            apart: Leave out the large weights, which onnxruntime is then given beside it.
        """
        # Joined once: a network's weights are not copied from message to message.
        graph: list[bytes | memoryview] = [_block(1, node) for node in self._nodes]
        graph.append(_text(2, "castlist"))
        left_out = self.large if apart else {}
        for name, values in self._weights.items():
            told = b"".join(_number(1, size) for size in values.shape)
            told += _number(2, TYPES[values.dtype]) + _text(8, name)
            raw = memoryview(b"")
            if name in left_out:
                told += _block(13, _text(1, "location") + _text(2, "apart")) + _number(14, 1)
            else:
                raw = values.reshape(-1).view(np.uint8).data
                told += _start(9, len(raw))
            graph += (_start(5, len(told) + len(raw)), told, raw)
        graph += (_block(11, _value(name, *kind)) for name, kind in inputs.items())
        graph += (_block(12, _value(name, *kind)) for name, kind in outputs.items())
        notes = (_block(14, _text(1, key) + _text(2, value)) for key, value in (metadata or {}).items())
        start = _number(1, IR_VERSION) + _text(2, "castlist") + _start(7, sum(map(len, graph)))
        return b"".join([start, *graph, _block(8, _number(2, OPSET)), *notes])


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(parts) + bytes([value])


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _start(number: int, size: int) -> bytes:
    """What stands before the bytes of a block."""
    return _varint(number << 3 | 2) + _varint(size)


def _block(number: int, data: bytes) -> bytes:
    return _start(number, len(data)) + data


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
