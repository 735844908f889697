"""An exported file answers as the run does, and says what another program must know."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper

from castlist import export
from castlist.embeddings import FaceNetwork, default_network
from castlist.errors import RunError, SettingsError
from castlist.export import export_run
from castlist.export.face_graph import face_graph
from castlist.export.formats import ask_onnx
from castlist.gallery import Gallery
from castlist.learning.sessions import learn
from castlist.naming.recognizer import Recognizer
from castlist.run import load_gallery

DOC = Path(__file__).parents[1] / "docs" / "export.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
EXAMPLES = dict(zip(("onnx", "litert", "keras"), BLOCKS, strict=True))


@pytest.mark.slow
@pytest.mark.keras
@pytest.mark.parametrize("kind", ["onnx", "litert", "keras"])
def test_the_example_of_the_docs_names_as_the_run_does(
    kind: str, drawn_run: Path, drawn_photos: Path, tmp_path: Path
) -> None:
    if kind == "litert":
        pytest.importorskip("ai_edge_litert")
    file = export_run(drawn_run, kind, tmp_path / f"family.{'tflite' if kind == 'litert' else kind}")
    recognizer = Recognizer.load(drawn_run)
    (photo, *_) = sorted(drawn_photos.glob("*/*.jpg"))
    (tmp_path / "example.py").write_text(EXAMPLES[kind], "utf-8")
    done = subprocess.run(
        [sys.executable, "example.py", photo],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert file.exists()
    named = {name: float(share) for name, share in re.findall(r"^(.+): ([\d.]+)$", done.stdout, re.MULTILINE)}
    ((face,),) = [answer.faces for answer in recognizer.name_photos([photo])]
    expected = {face.name: face.probability, **dict(face.others)}
    assert set(named) == set(recognizer.run.people)
    for name, share in named.items():  # Pillow resizes a little otherwise than OpenCV
        assert share == pytest.approx(expected.get(name, 0), abs=0.1)


@pytest.mark.keras
def test_a_file_that_answers_otherwise_is_not_written(
    drawn_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ask_onnx", lambda data, crops: ask_onnx(data, crops)[:, ::-1])
    with pytest.raises(RunError, match="differs from the run"):
        export_run(drawn_run, "onnx", tmp_path / "out.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.keras
def test_what_cannot_be_exported_is_one_sentence(drawn_run: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Unknown format 'coreml'. Choose from: onnx, litert, keras"):
        export_run(drawn_run, "coreml")
    copy = shutil.copytree(drawn_run, tmp_path / "copy")
    record = json.loads((copy / "run.json").read_text("utf-8"))
    (copy / "run.json").write_text(json.dumps(record | {"photos_root": str(tmp_path / "gone")}), "utf-8")
    with pytest.raises(RunError, match="Bring the photos back"):
        export_run(copy, "onnx")


@pytest.mark.keras
@pytest.mark.parametrize("file", ["../secret.png", "/etc/passwd", "Ann/../../secret.png"])
def test_a_run_that_names_files_elsewhere_is_not_exported(drawn_run: Path, tmp_path: Path, file: str) -> None:
    copy = shutil.copytree(drawn_run, tmp_path / "copy")
    record = json.loads((copy / "run.json").read_text("utf-8"))
    (copy / "run.json").write_text(json.dumps(record | {"sides": {**record["sides"], "test": [file]}}), "utf-8")
    with pytest.raises(RunError, match="not a path below the photos"):
        export_run(copy, "onnx")


@pytest.mark.parametrize("views", ["plain", "mirror", pytest.param("careful", marks=pytest.mark.slow)])
def test_face_and_gallery_as_one_graph(views: Any) -> None:
    network = default_network()
    crops = np.random.default_rng(0).integers(0, 256, (12, 7, 7, 3), np.uint8).repeat(16, axis=1).repeat(16, axis=2)
    vectors = network.embed(crops, views=views)
    person = np.arange(8) % 3
    gallery = Gallery.fit(["Ann", "Bea", "王小明"], vectors[:8], person, [str(i) for i in range(8)])
    apart = gallery.lookalikes.add(0, vectors[8:10], ["/8", "/9"]).add(2, vectors[[2]], ["/2"])
    for one in (gallery, dataclasses.replace(gallery, lookalikes=apart)):
        answers = ask_onnx(face_graph(network, one, views=views).SerializeToString(), crops)
        expected = one.answer(vectors).probabilities
        assert expected[:8, :3].max() > 0.5  # not everybody is unknown
        np.testing.assert_allclose(answers, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("reads", "gives", "opset", "lists_weights", "more"),
    [
        (TensorProto.FLOAT, TensorProto.FLOAT16, 17, False, ""),
        (TensorProto.FLOAT, TensorProto.DOUBLE, 17, False, ""),
        (TensorProto.FLOAT, TensorProto.FLOAT, 17, False, "planes"),  # a second answer
        (TensorProto.UINT8, TensorProto.FLOAT, 17, False, ""),
        (TensorProto.FLOAT, TensorProto.FLOAT, 9, True, ""),  # as old files are
    ],
)
def test_networks_of_ones_own_of_every_kind_are_exported(
    tmp_path: Path, reads: int, gives: int, opset: int, lists_weights: bool, more: str
) -> None:
    rng = np.random.default_rng(0)
    weights = numpy_helper.from_array(rng.standard_normal((588, 16)).astype(np.float32), "weights")
    nodes = [
        helper.make_node("Cast", ["crops"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("AveragePool", ["values"], ["small"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["small"], ["planes"]),
        helper.make_node("MatMul", ["planes", "weights"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["vectors"], to=gives),
    ]
    entries = [helper.make_tensor_value_info("crops", reads, ["n", 3, 112, 112])]
    if lists_weights:
        entries.append(helper.make_tensor_value_info("weights", TensorProto.FLOAT, [588, 16]))
    outputs = [helper.make_tensor_value_info("vectors", gives, ["n", 16])]
    if more:
        outputs.append(helper.make_tensor_value_info(more, TensorProto.FLOAT, ["n", 588]))
    graph = helper.make_graph(nodes, "own", entries, outputs, [weights])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3 if lists_weights else 8
    )
    (tmp_path / "own.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "own.toml").write_text('template = "arcface-112"\nlayout = "nchw"\nchannels = "bgr"\n', "utf-8")
    network = FaceNetwork.load(tmp_path / "own.onnx")
    crops = rng.integers(0, 256, (8, 7, 7, 3), np.uint8).repeat(16, axis=1).repeat(16, axis=2)
    vectors = network.embed(crops)
    gallery = Gallery.fit(["Ann", "Bea"], vectors, np.arange(8) % 2, [*"abcdefgh"], own_background=True)
    answers = ask_onnx(face_graph(network, gallery, views="plain").SerializeToString(), crops)
    np.testing.assert_allclose(answers, gallery.answer(vectors).probabilities, atol=2e-3)


@pytest.mark.photos
def test_a_run_of_faces(photos_folder: Path, tmp_path: Path) -> None:
    from castlist.settings import Settings

    run, _ = learn(photos_folder / "clip" / "cast", Settings(pictures_per_person=6), runs=tmp_path, name="clip")
    file = export_run(run.path, "onnx")
    assert file == run.path / "export.onnx"
    given = export_run(run.path, "onnx", tmp_path / "family.onnx")
    assert os.name != "posix" or given.stat().st_mode & 0o077 == 0  # it holds what people are known by
    # Whoever goes by the note gives the names that the gallery gives.
    gallery = load_gallery(run)[1]
    mean = gallery.background.mean
    asked = np.concatenate([mean + share * (gallery.embeddings - mean) for share in (-1, -0.5, 0, 0.5, 1)])
    answers = gallery.answer(asked)
    assert 0.1 < (answers.named >= 0).mean() < 0.9
    best = answers.probabilities[:, :-1].argmax(axis=1)
    odds = answers.probabilities[np.arange(len(best)), best] / answers.probabilities[:, -1]
    needed = np.array(export.describe_input(Recognizer.load(run.path))["name_from_odds"])[best]
    np.testing.assert_array_equal(np.where(odds > needed, best, -1), answers.named)
    with pytest.raises(SettingsError, match="no Keras model to write as litert"):
        export_run(run.path, "litert")


@pytest.mark.keras
@pytest.mark.parametrize("kind", ["litert", "keras"])
def test_names_are_in_the_file(kind: str, drawn_run: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(export_run(drawn_run, kind, tmp_path / "out")) as file:
        note = json.loads(file.read("castlist.json"))
    assert note["names"] == list(Recognizer.load(drawn_run).run.people)
    assert (note["image_size"], note["type"]) == (48, "float32")
