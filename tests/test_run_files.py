"""A run knows what was learnt: damaged networks and galleries name nobody, instead of somebody."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from castlist.embeddings import FaceNetwork
from castlist.errors import RunError, WeightsError
from castlist.faces import DEFAULT_TEMPLATE
from castlist.faces.onnx_format import Graph
from castlist.naming import Recognizer
from castlist.people import forget
from castlist.run import RunFolder, open_run
from castlist.run.inventory import FACE_NETWORK, GALLERY, LOCK, RECORD
from castlist.testing import make_run, network_bytes


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A run that was finished as training does it, copied to another place."""
    run = dataclasses.replace(make_run(tmp_path / "run", ("Ann", "Ben", "Cid")), complete=False)
    run.save()
    with RunFolder(run.path).change() as change:
        change.run = dataclasses.replace(change.run, complete=True)
    return shutil.copytree(run.path, tmp_path / "copy")


def test_a_finished_run_knows_what_names(signed: Path) -> None:
    files = open_run(signed).files
    assert set(files) == {GALLERY, FACE_NETWORK}
    assert files[FACE_NETWORK] == hashlib.sha256(network_bytes()).hexdigest()
    assert Recognizer.load(signed).run.people == ("Ann", "Ben", "Cid")


def zeros(data: bytes) -> bytes:
    """Weights that are zeros: the network runs, and its answers are wrong."""
    middle = len(data) // 2
    return data[:middle] + bytes(40) + data[middle + 40 :]


@pytest.mark.parametrize("name", [FACE_NETWORK, GALLERY])
def test_what_was_not_learnt_is_refused(signed: Path, name: str) -> None:
    file = signed / name
    other = make_run(signed.parent / "other", ("Ann", "Ben"))
    file.write_bytes(zeros(file.read_bytes()) if name == FACE_NETWORK else (other.path / name).read_bytes())
    with pytest.raises(RunError) as refusal:
        Recognizer.load(signed)
    assert refusal.value.code in ("run-file-differs", "people-disagree")


@pytest.mark.parametrize("name", ["../secret", "report.html"])
def test_what_does_not_name_is_not_read_whatever_a_record_says(signed: Path, name: str) -> None:
    (signed / name).write_bytes(b"another content")
    record = json.loads((signed / RECORD).read_bytes())
    record["files"][name] = hashlib.sha256(b"").hexdigest()
    (signed / RECORD).write_text(json.dumps(record))
    assert Recognizer.load(signed).run.people == ("Ann", "Ben", "Cid")


def test_every_change_signs_what_it_writes(signed: Path) -> None:
    recognizer = Recognizer.load(signed)
    before = open_run(signed).files
    forget(signed, "Ben")
    after = open_run(signed).files
    assert after[GALLERY] == hashlib.sha256((signed / GALLERY).read_bytes()).hexdigest() != before[GALLERY]
    assert after[FACE_NETWORK] == before[FACE_NETWORK]
    assert recognizer.run.people == ("Ann", "Cid")
    with RunFolder(signed).change() as change:
        change.remove(FACE_NETWORK)
    assert set(open_run(signed).files) == {GALLERY}


def test_runs_made_before_are_read_as_they_are(signed: Path) -> None:
    record = json.loads((signed / RECORD).read_text("utf-8"))
    del record["files"]
    (signed / RECORD).write_text(json.dumps(record), "utf-8")
    assert open_run(signed).files == {}
    assert Recognizer.load(signed).run.people == ("Ann", "Ben", "Cid")


def test_answers_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    size = DEFAULT_TEMPLATE.size
    graph = Graph()
    nothing = graph.constant(np.full((1, 4), np.nan, np.float32))
    pixels = graph.node("ReduceMean", graph.node("Cast", "faces", to=1), axes=[1, 2], keepdims=0)
    first = graph.node("ReduceMean", pixels, axes=[1], keepdims=1)
    graph.node("Mul", first, nothing, output="vectors")
    file = tmp_path / "face.onnx"
    file.write_bytes(
        graph.serialize(
            {"faces": (np.uint8, ("n", size, size, 3))},
            {"vectors": (np.float32, ("n", 4))},
            {"castlist": json.dumps({"template": DEFAULT_TEMPLATE.name})},
        )
    )
    with pytest.raises(WeightsError) as refusal:
        FaceNetwork.load(file).embed(np.zeros((2, size, size, 3), np.uint8))
    assert refusal.value.code == "network-no-numbers"


def test_a_network_that_stays_is_used_on_and_another_is_taken(signed: Path) -> None:
    recognizer = Recognizer.load(signed)
    assert recognizer.face_network
    before = recognizer.face_network
    forget(signed, "Ben")
    (signed / FACE_NETWORK).write_bytes(b"damaged, and not read")
    assert recognizer.run.people == ("Ann", "Cid") and recognizer.face_network is before
    with RunFolder(signed).change() as change:
        change.write(FACE_NETWORK, network_bytes(seed=6))
    assert recognizer.face_network.digest != before.digest
    (signed / FACE_NETWORK).write_bytes(network_bytes())
    with pytest.raises(RunError, match="isn't what was learnt"):
        Recognizer.load(signed)


@pytest.mark.parametrize("name", [FACE_NETWORK, GALLERY])
@pytest.mark.parametrize("left", [0, 0.5])
def test_a_file_cut_short_is_told_as_damage_of_the_run(signed: Path, name: str, left: float) -> None:
    """Not as a network that its owner forgot to describe."""
    data = (signed / name).read_bytes()
    (signed / name).write_bytes(data[: int(left * len(data))])
    with pytest.raises(RunError, match=f"its {name} isn't what was learnt. Copy the run again"):
        Recognizer.load(signed)


def test_a_file_that_says_no_text_of_itself_is_told_as_damage_of_the_run(signed: Path) -> None:
    data = (signed / FACE_NETWORK).read_bytes()
    (signed / FACE_NETWORK).write_bytes(data.replace(b"arcface-112", b"arcface-11\xc1"))
    with pytest.raises(RunError, match=f"its {FACE_NETWORK} isn't what was learnt. Copy the run again"):
        Recognizer.load(signed)


def test_a_network_of_longer_vectors_is_another(signed: Path) -> None:
    record = json.loads((signed / "run.json").read_text("utf-8"))
    (signed / "run.json").write_text(json.dumps(record | {"files": {}}), "utf-8")  # as of runs made before
    graph = Graph()
    graph.node(
        "Cast", graph.node("ReduceMean", graph.node("Cast", "faces", to=1), axes=[1, 2], keepdims=0), to=1, output="v"
    )
    data = graph.serialize(
        {"faces": (np.uint8, ("n", 112, 112, 3))},
        {"v": (np.float32, ("n", 3))},
        {"castlist": '{"template": "arcface-112"}'},
    )
    (signed / FACE_NETWORK).write_bytes(data)
    with pytest.raises(RunError, match=f"its {FACE_NETWORK} isn't what was learnt"):
        Recognizer.load(signed)


def test_a_link_in_a_foreign_run_makes_no_file_elsewhere(signed: Path, tmp_path: Path) -> None:
    (signed / LOCK).unlink()
    (signed / LOCK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="can't be changed"):
        forget(signed, "Ben")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
@pytest.mark.parametrize("name", [RECORD, GALLERY, FACE_NETWORK])
def test_a_pipe_in_a_foreign_run_is_not_waited_for(signed: Path, name: str) -> None:
    (signed / name).unlink()
    os.mkfifo(signed / name)
    with pytest.raises(RunError, match="not a regular file"):
        Recognizer.load(signed)
