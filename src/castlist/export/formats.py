"""The bytes of a run in each format, and what they answer when they are run without castlist."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from castlist.errors import needs_extra
from castlist.inference import open_session
from castlist.naming import Recognizer
from castlist.quiet import without_notes

with needs_extra("export", "Exporting a run"):
    import onnx
    from onnx import helper

    from castlist.export.face_graph import face_graph

NOTE = "castlist.json"  # in the files of LiteRT and Keras: names and preprocessing

Note = Mapping[str, Any]


def to_onnx(recognizer: Recognizer, note: Note) -> bytes:
    model = onnx.load(recognizer.run.network_path) if recognizer.network is not None else _graph_of_faces(recognizer)
    helper.set_model_props(model, {"castlist": json.dumps(note, ensure_ascii=False)})
    data: bytes = model.SerializeToString()
    return data


def _graph_of_faces(recognizer: Recognizer) -> onnx.ModelProto:
    assert recognizer.face_network is not None and recognizer.gallery is not None, "a run of faces has both"
    return face_graph(recognizer.face_network, recognizer.gallery, views=recognizer.run.settings.views)


def ask_onnx(data: bytes, crops: np.ndarray) -> np.ndarray:
    session = open_session(data)
    (entry,) = session.get_inputs()
    answers: np.ndarray = session.run(
        None, {entry.name: crops if entry.type == "tensor(uint8)" else crops.astype(np.float32)}
    )[0]
    return answers


def to_litert(recognizer: Recognizer, note: Note) -> bytes:
    """The model with the note in a zip behind it, where LiteRT's own metadata keep their files too."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.tflite"
        model = _keras_model(recognizer)
        with without_notes():
            model.export(file, format="litert", verbose=False)
        data = file.read_bytes()
    return _with_note(data, note)


def ask_litert(data: bytes, crops: np.ndarray) -> np.ndarray:
    with needs_extra("export", "Checking a LiteRT file"), without_notes():
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=data)
        interpreter.allocate_tensors()
    (entry,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for crop in crops:
        interpreter.set_tensor(entry["index"], crop[None].astype(np.float32))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(output["index"])[0].copy())
    return np.stack(answers)


def to_keras(recognizer: Recognizer, note: Note) -> bytes:
    """Keras's own file, which is a zip, with the note in it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        _keras_model(recognizer).save(file)
        data = file.read_bytes()
    return _with_note(data, note)


def ask_keras(data: bytes, crops: np.ndarray, recognizer: Recognizer) -> np.ndarray:
    """The file's weights in a model that our code builds: no architecture is read from a file, not even from ours."""
    from castlist.learning import build_model

    run, size = recognizer.run, crops.shape[-2]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        file.write_bytes(data)
        model = build_model(size, len(run.people), run.settings)
        model.load_weights(file)
    return np.asarray(model.predict_on_batch(crops.astype(np.float32)))


def _keras_model(recognizer: Recognizer) -> Any:
    from castlist.learning import load_trained

    assert recognizer.network is not None, "asked before"
    return load_trained(recognizer.run, recognizer.network.image_size)


def _with_note(data: bytes, note: Note) -> bytes:
    """Add the note to a zip, or put a zip with it behind data of another kind."""
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(NOTE, json.dumps(note, ensure_ascii=False))
    return file.getvalue()
