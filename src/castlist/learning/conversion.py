"""A Keras model as an ONNX file, without the copies of the weights that a conversion usually holds in memory."""

from __future__ import annotations

import warnings
from pathlib import Path

from castlist.errors import needs_extra
from castlist.inference import fold_constants
from castlist.quiet import without_notes

with needs_extra("keras", "Writing the network as ONNX"), without_notes():
    import keras
    import onnx


def write_onnx(model: keras.Model, path: Path) -> None:
    """Write a model as ONNX: float32 photos in, its outputs out, batch size free.

    The converter copies every constant dozens of times: 51 MB of weights took 2.3 GB. So it is given the graph alone,
    with the weights as further inputs; they are put back afterwards, as constants.

    Args:
        model: Built under the float32 policy, of one input with a batch axis.
        path: The file; ends in ".onnx".
    """
    n_trainable = len(model.trainable_variables)
    variables = [*model.trainable_variables, *model.non_trainable_variables]

    class Bare(keras.Model):  # type: ignore[misc]  # Keras has no types
        """The model without its weights: they are asked for with the photos."""

        def call(self, inputs: list[object]) -> object:
            photos, *values = inputs
            return model.stateless_call(values[:n_trainable], values[n_trainable:], photos, training=False)[0]

    shape = model.input_shape
    bare = Bare()
    bare([keras.ops.zeros((1, *shape[1:])), *(variable.value for variable in variables)])
    names = [f"weight_{i}" for i in range(len(variables))]
    specs = [
        keras.InputSpec(shape=value_shape, dtype=kind, name=name)
        for value_shape, kind, name in (
            (shape, "float32", "photos"),
            *((variable.shape, variable.dtype, name) for name, variable in zip(names, variables, strict=True)),
        )
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter's, about its own calls of NumPy
        bare.export(path, format="onnx", input_signature=[specs], verbose=False)

    network = onnx.load(path)
    graph = network.graph
    used = {name for node in graph.node for name in node.input}
    for name, variable in zip(names, variables, strict=True):
        if name in used:
            graph.initializer.append(onnx.numpy_helper.from_array(keras.ops.convert_to_numpy(variable), name))
    for value in [value for value in graph.input if value.name in names]:
        graph.input.remove(value)
    onnx.save(network, path)
    del network, graph  # as large as the model, and no longer needed

    beside = path.with_name(f"{path.name}.folded")
    fold_constants(path, beside)  # here, not at every start
    beside.replace(path)
