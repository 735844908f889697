"""The model `face` as one network: crop and mirror image, the face network, and the gallery as matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from castlist.embeddings import FaceNetwork
from castlist.gallery import Gallery
from castlist.gallery.fitting import know


def face_graph(network: FaceNetwork, gallery: Gallery, *, mirrored: bool) -> onnx.ModelProto:
    """Write a face network and a gallery as one graph: crops in, probabilities of people and of "unknown" out.

    Args:
        network: The face network.
        gallery: The people.
        mirrored: Whether the mirror image of each crop is looked at too.
    """
    face = onnx.load(network.file)
    (entry,) = face.graph.input
    size = network.template.size
    opset, ir = face.opset_import[0].version, face.ir_version

    weights: dict[str, np.ndarray] = {}

    def constant(name: str, value: Any, kind: type = np.float32) -> str:
        weights[name] = np.asarray(value, kind)
        return name

    before = [helper.make_node("Identity", ["faces"], ["views"])]
    if mirrored:
        bounds = [constant(n, [v], np.int64) for n, v in (("last", -1), ("none", -(2**31)), ("width", 2), ("back", -1))]
        before = [
            helper.make_node("Slice", ["faces", *bounds], ["mirror"]),
            helper.make_node("Concat", ["faces", "mirror"], ["views"], axis=0),
        ]
    if entry.type.tensor_type.elem_type == TensorProto.UINT8:
        before.append(helper.make_node("Identity", ["views"], ["prepared"]))
    else:
        channels = constant("channels", [2, 1, 0] if network.channels == "bgr" else [0, 1, 2], np.int64)
        axes = [0, 3, 1, 2] if network.layout == "nchw" else [0, 1, 2, 3]
        before += [
            helper.make_node("Cast", ["views"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Sub", ["floats", constant("mean_color", network.mean)], ["centered"]),
            helper.make_node("Mul", ["centered", constant("scale", network.scale)], ["scaled"]),
            helper.make_node("Gather", ["scaled", channels], ["ordered"], axis=3),
            helper.make_node("Transpose", ["ordered"], ["prepared"], perm=axes),
        ]
    first = _model(
        "views",
        before,
        weights,
        helper.make_tensor_value_info("faces", TensorProto.UINT8, ["n", size, size, 3]),
        helper.make_tensor_value_info("prepared", entry.type.tensor_type.elem_type, None),
        opset,
        ir,
    )

    weights = {}
    background = gallery.background
    placed = background.place(gallery.embeddings)
    known = know(background.between, placed, gallery.person, gallery.trust_)
    precision = 1 / (1 + known.variance)
    scaled = known.mean * precision
    # The score of a person, People.scores, is a quadratic function of the place; so are the log-odds.
    squares = gallery.slope_ * ((1 / (1 + known.between))[:, None] - precision.T) / 2
    linear = gallery.slope_ * scaled.T
    bias = (np.log1p(known.between).sum() - (known.mean * scaled - np.log(precision)).sum(axis=1)) / 2
    after = [helper.make_node("LpNormalization", ["vectors_in"], ["unit"], axis=1, p=2)]
    if mirrored:
        halves = constant("halves", [2, -1, len(background.mean)], np.int64)
        after += [
            helper.make_node("Reshape", ["unit", halves], ["pair"]),
            helper.make_node("ReduceSum", ["pair", constant("first_axis", [0], np.int64)], ["both"], keepdims=0),
            helper.make_node("LpNormalization", ["both"], ["embedding"], axis=1, p=2),
        ]
    else:
        after.append(helper.make_node("Identity", ["unit"], ["embedding"]))
    after += [
        helper.make_node("Sub", ["embedding", constant("mean", background.mean)], ["deviation"]),
        helper.make_node("MatMul", ["deviation", constant("directions", background.directions)], ["place"]),
        helper.make_node("Mul", ["place", "place"], ["squared"]),
        helper.make_node("MatMul", ["squared", constant("squares", squares)], ["score_a"]),
        helper.make_node("MatMul", ["place", constant("linear", linear)], ["score_b"]),
        helper.make_node("Add", ["score_a", "score_b"], ["score"]),
        helper.make_node("Add", ["score", constant("bias", gallery.slope_ * (bias - gallery.offset_))], ["logits"]),
        # The log-odds of a stranger are 0.
        helper.make_node("Pad", ["logits", constant("room", [0, 0, 0, 1], np.int64)], ["all"]),
        helper.make_node("Softmax", ["all"], ["probabilities"], axis=1),
    ]
    last = _model(
        "people",
        after,
        weights,
        helper.make_tensor_value_info("vectors_in", TensorProto.FLOAT, ["m", len(background.mean)]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(gallery.people) + 1]),
        opset,
        ir,
    )
    face.ClearField("metadata_props")
    middle = compose.add_prefix(face, "face/")
    (out,) = middle.graph.output
    joined = compose.merge_models(first, middle, io_map=[("prepared", middle.graph.input[0].name)])
    return compose.merge_models(joined, last, io_map=[(out.name, "vectors_in")])


def _model(
    name: str, nodes: list[Any], weights: dict[str, np.ndarray], entry: Any, output: Any, opset: int, ir: int
) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(value, key) for key, value in weights.items()]
    graph = helper.make_graph(nodes, name, [entry], [output], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
