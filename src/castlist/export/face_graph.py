"""The model `face` as one network: the views of a crop, the face network, and the gallery, all as matrix products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper, version_converter

from castlist.embeddings import VIEWS, FaceNetwork
from castlist.gallery import Gallery

IR, OPSET = 8, 13  # the least that what is put around a network needs


def face_graph(network: FaceNetwork, gallery: Gallery, *, views: str) -> onnx.ModelProto:
    """Write a face network and a gallery as one graph: crops in, probabilities of people and of "unknown" out.

    Args:
        network: The face network.
        gallery: The people.
        views: Of each crop, averaged: one of `castlist.embeddings.VIEWS`.
    """
    face = _load(network)
    (entry,), (out,) = face.graph.input, face.graph.output
    size, kind = network.template.size, entry.type.tensor_type.elem_type
    opset, ir = _opset_of(face), face.ir_version

    weights: dict[str, np.ndarray] = {}

    def constant(name: str, value: Any, kind: type = np.float32) -> str:
        weights[name] = np.asarray(value, kind)
        return name

    rows = np.stack([_reading(size, zoom, down) for _, zoom, _, down in VIEWS[views]])
    columns = np.stack(
        [_reading(size, zoom, right)[:: -1 if mirrored else 1] for mirrored, zoom, right, _ in VIEWS[views]]
    )
    before = [
        helper.make_node("Cast", ["faces"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["values"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("MatMul", [constant("rows", rows[:, None, None]), "planes"], ["by_rows"]),
        helper.make_node(
            "MatMul", ["by_rows", constant("columns", columns.swapaxes(1, 2)[:, None, None])], ["by_columns"]
        ),
        helper.make_node("Round", ["by_columns"], ["whole"]),  # as pixels are
        helper.make_node("Reshape", ["whole", constant("flat", [-1, 3, size, size], np.int64)], ["in_a_row"]),
        helper.make_node("Transpose", ["in_a_row"], ["views"], perm=[0, 2, 3, 1]),
    ]
    if kind == TensorProto.UINT8:
        before.append(helper.make_node("Cast", ["views"], ["scaled"], to=kind))
    else:
        before += [
            helper.make_node("Sub", ["views", constant("mean_color", network.mean)], ["centered"]),
            helper.make_node("Mul", ["centered", constant("scale", network.scale)], ["scaled"]),
        ]
    channels = constant("channels", [2, 1, 0] if network.channels == "bgr" else [0, 1, 2], np.int64)
    axes = [0, 3, 1, 2] if network.layout == "nchw" else [0, 1, 2, 3]
    before += [
        helper.make_node("Gather", ["scaled", channels], ["ordered"], axis=3),
        helper.make_node("Transpose", ["ordered"], ["prepared"], perm=axes),
    ]
    first = _model(
        "views",
        before,
        weights,
        helper.make_tensor_value_info("faces", TensorProto.UINT8, ["n", size, size, 3]),
        helper.make_tensor_value_info("prepared", kind, None),
        opset,
        ir,
    )

    weights = {}
    background = gallery.background
    # The score of a person is a quadratic function of the place; so are the log-odds.
    squares, linear = np.split(gallery.slope_ * gallery.known.weights.T, 2)
    bias = gallery.slope_ * (gallery.known.bias - gallery.offset_)
    by_view = constant("by_view", [len(VIEWS[views]), -1, len(background.mean)], np.int64)
    after = [
        helper.make_node("Cast", ["vectors_in"], ["vectors"], to=TensorProto.FLOAT),
        helper.make_node("LpNormalization", ["vectors"], ["unit"], axis=1, p=2),
        helper.make_node("Reshape", ["unit", by_view], ["each"]),
        helper.make_node("ReduceSum", ["each", constant("first_axis", [0], np.int64)], ["sum"], keepdims=0),
        helper.make_node("LpNormalization", ["sum"], ["embedding"], axis=1, p=2),
        helper.make_node("Sub", ["embedding", constant("mean", background.mean)], ["deviation"]),
        helper.make_node("MatMul", ["deviation", constant("directions", background.directions)], ["place"]),
        helper.make_node("Mul", ["place", "place"], ["squared"]),
        helper.make_node("MatMul", ["squared", constant("squares", squares)], ["score_a"]),
        helper.make_node("MatMul", ["place", constant("linear", linear)], ["score_b"]),
        helper.make_node("Add", ["score_a", "score_b"], ["score"]),
        helper.make_node("Add", ["score", constant("bias", bias)], ["logits"]),
        # The log-odds of a stranger are 0.
        helper.make_node("Pad", ["logits", constant("room", [0, 0, 0, 1], np.int64)], ["all"]),
        helper.make_node("Softmax", ["all"], ["shares" if len(gallery.lookalikes) else "probabilities"], axis=1),
    ]
    if len(gallery.lookalikes):
        after += _doubt(gallery, constant)
    last = _model(
        "people",
        after,
        weights,
        helper.make_tensor_value_info("vectors_in", out.type.tensor_type.elem_type, ["m", len(background.mean)]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(gallery.people) + 1]),
        opset,
        ir,
    )
    face.ClearField("metadata_props")
    middle = compose.add_prefix(face, "face/")
    joined = compose.merge_models(first, middle, io_map=[("prepared", f"face/{entry.name}")])
    return compose.merge_models(joined, last, io_map=[(f"face/{out.name}", "vectors_in")])


def _load(network: FaceNetwork) -> onnx.ModelProto:
    """A face network of one input and one output, in operators as new as those around it."""
    face = onnx.load_from_string(network.read_graph())
    face.ir_version = max(face.ir_version, IR)
    weights = {tensor.name for tensor in face.graph.initializer}
    entries = [entry for entry in face.graph.input if entry.name not in weights]  # older files list weights, too
    del face.graph.input[:], face.graph.output[1:]
    face.graph.input.extend(entries)
    return version_converter.convert_version(face, OPSET) if _opset_of(face) < OPSET else face


def _opset_of(model: onnx.ModelProto) -> int:
    """The version of the standard operators of a model."""
    return next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))


def _doubt(gallery: Gallery, constant: Callable[..., str]) -> list[Any]:
    """Give unknown the share of a name that its look-alikes deserve, as `Gallery.answer` does."""
    apart, n_people = gallery.lookalikes, len(gallery.people)
    known = apart.known(gallery.background)
    squares, linear = np.split(gallery.slope_ * known.weights.T, 2)
    bias = gallery.slope_ * (known.bias - gallery.offset_)
    # The i-th look-alike of each person, or somebody who is like nobody.
    rows = [np.flatnonzero(apart.person == person) for person in range(n_people)]
    several = [[row[i] if i < len(row) else len(apart) for row in rows] for i in range(max(map(len, rows)))]
    end, start = constant("after", [0, 0, 0, 1], np.int64), constant("before", [0, n_people, 0, 0], np.int64)
    one = constant("one", 1)
    return [
        helper.make_node("MatMul", ["squared", constant("apart_squares", squares)], ["apart_a"]),
        helper.make_node("MatMul", ["place", constant("apart_linear", linear)], ["apart_b"]),
        helper.make_node("Add", ["apart_a", "apart_b"], ["apart_score"]),
        helper.make_node("Add", ["apart_score", constant("apart_bias", bias)], ["apart"]),
        helper.make_node("Pad", ["apart", end, constant("least", -1e4)], ["apart_all"]),
        *(
            helper.make_node("Gather", ["apart_all", constant(f"whose_{i}", whose, np.int64)], [f"rival_{i}"], axis=1)
            for i, whose in enumerate(several)
        ),
        helper.make_node("Max", [f"rival_{i}" for i in range(len(several))], ["rivals"]),
        helper.make_node("Sub", ["logits", "rivals"], ["lead"]),
        helper.make_node("Sigmoid", ["lead"], ["right"]),
        helper.make_node("Pad", ["right", end], ["kept"]),
        helper.make_node("Mul", ["shares", "kept"], ["named"]),
        helper.make_node("ReduceSum", ["named", constant("people_axis", [1], np.int64)], ["sure"], keepdims=1),
        helper.make_node("Sub", [one, "sure"], ["rest"]),
        helper.make_node("Pad", ["rest", start], ["unknown"]),
        helper.make_node("Add", ["named", "unknown"], ["probabilities"]),
    ]


def _reading(size: int, zoom: float, shift: float) -> np.ndarray:
    """What a view's pixels along one axis are made of, linear between pixels, the border repeated; (size, size)."""
    middle = (size - 1) / 2
    at = np.clip((np.arange(size) - middle - shift) / zoom + middle, 0, size - 1)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(size)), 0)


def _model(
    name: str, nodes: list[Any], weights: dict[str, np.ndarray], entry: Any, output: Any, opset: int, ir: int
) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(value, key) for key, value in weights.items()]
    graph = helper.make_graph(nodes, name, [entry], [output], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
