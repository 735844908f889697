"""The only door to onnxruntime: silent, by content, bounded, once for all threads."""

from __future__ import annotations

import ast
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import castlist
from castlist import inference
from castlist.embeddings import FaceNetwork
from castlist.errors import WeightsError
from castlist.faces import Graph
from castlist.inference import KEPT, Model, Opening, fold_constants, open_session
from castlist.naming.classifier import Network
from castlist.naming.eyes import FaceEyes
from castlist.testing import make_face, network_bytes
from conftest import save_noise
from small_runs import make_small_run

SOURCE = Path(castlist.__file__).parent


def times(factor: float) -> bytes:
    """A network that multiplies by a factor."""
    graph = Graph()
    graph.node("Mul", "x", graph.constant(np.array([factor], np.float32)), output="y")
    return graph.serialize({"x": (np.float32, ["n"])}, {"y": (np.float32, ["n"])})


def ask(session: object) -> float:
    return float(session.run(None, {"x": np.ones(1, np.float32)})[0][0])  # type: ignore[attr-defined]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
def test_a_forked_child_names_and_ends(tmp_path: Path) -> None:
    make_small_run(tmp_path / "run", ("Ann", "Bo"))
    photo = save_noise(tmp_path / "noise.png", 1)
    script = Path(__file__).with_name("forked.py")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(SOURCE.parent), str(script.parent)))}
    command = [sys.executable, str(script), str(tmp_path / "run"), str(photo)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["child True Bo", "parent True Bo"]


def test_nobody_else_imports_onnxruntime() -> None:
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] == "onnxruntime" for name in names):
                assert file == SOURCE / "inference.py", f"{file} passes castlist.inference"
        if file != SOURCE / "inference.py":
            assert 'import_module("onnxruntime' not in file.read_text("utf-8")


@pytest.mark.parametrize("first", ["", "import onnxruntime\n"], ids=["castlist first", "onnxruntime first"])
def test_the_variable_is_set_for_children_whoever_comes_first(first: str) -> None:
    code = (
        f"{first}import os, subprocess, sys, castlist.inference\n"
        "ask = 'import os; print(os.environ.get(\"ORT_DISABLE_TELEMETRY\"))'\n"
        "print(subprocess.run([sys.executable, '-c', ask], capture_output=True, text=True).stdout)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "1"


def test_a_network_is_opened_once_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, began = [], threading.Barrier(8)
    runtime = pytest.importorskip("onnxruntime")
    really = runtime.InferenceSession
    monkeypatch.setattr(runtime, "InferenceSession", lambda *what, **how: (opened.append(1), really(*what, **how))[1])
    data, sessions = times(11), []

    def work() -> None:
        began.wait()
        sessions.append(open_session(data, n_threads=1))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    assert len({id(session) for session in sessions}) == 1


def test_who_uses_a_network_that_is_being_opened_waits_for_it() -> None:
    data, may_open, asked = times(17), threading.Event(), []

    def open_it() -> Any:
        asked.append(threading.current_thread())
        assert may_open.wait(30)
        return open_session(data, n_threads=1)

    opening, found = Opening(open_it), []
    thread = threading.Thread(target=lambda: found.append(opening.get_inputs()[0].name))
    thread.start()
    thread.join(0.2)
    assert not found and thread.is_alive()
    may_open.set()
    thread.join(30)
    assert found == [open_session(data, n_threads=1).get_inputs()[0].name]
    before = len(asked)
    assert opening.get_inputs() and len(asked) == before  # what is open isn't asked for again


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only systems that fork")
@pytest.mark.parametrize("others", [0, KEPT])  # so many opened meanwhile: the network falls out of the kept
def test_a_fork_waits_for_a_network_that_is_being_opened(others: int) -> None:
    data, begun, rewritten = times(19 + others), threading.Event(), []

    def rewrite(whole: bytes) -> Model:
        rewritten.append(1)
        begun.set()
        time.sleep(0.3 + 0.05 * others)  # a fork now would come in the midst of it
        return Model(whole)

    opening = Opening(lambda: open_session(data, n_threads=1, rewrite=rewrite))
    assert begun.wait(30)
    for factor in range(others):
        open_session(times(30 + factor), n_threads=1)
    child = os.fork()
    if not child:  # of the parent's threads it has none: it finds the network open, or waits for ever
        signal.alarm(30)
        os._exit(0 if opening.get_inputs() and rewritten == [1] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert opening.get_inputs() and rewritten == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_fork_falls_into_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, held = threading.Event(), threading.Lock()

    class Slow:
        """As onnxruntime, whose passes hold locks of their own."""

        def run(self) -> None:
            with held:
                begun.set()
                time.sleep(0.3)

    monkeypatch.setattr(inference, "_open", lambda model, n_threads: Slow())
    session = open_session(b"slow", n_threads=1)
    threads = [threading.Thread(target=session.run) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    child = os.fork()
    if not child:
        signal.alarm(30)
        session.run()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_ctrl_c_while_a_fork_waits_for_a_pass_is_heard_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    class Slow:
        def run(self) -> None:
            begun.set()
            time.sleep(0.3)

    monkeypatch.setattr(inference, "_open", lambda model, n_threads: Slow())
    session = open_session(b"as slow", n_threads=1)
    thread = threading.Thread(target=session.run)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        assert begun.wait(30)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            child = os.fork()
            if not child:
                signal.alarm(30)
                session.run()
                os._exit(0)
            time.sleep(30)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    session.run()
    thread.join(30)


def test_what_can_not_be_opened_is_told_to_each_who_uses_it() -> None:
    opening = Opening(lambda: open_session(b"no network", n_threads=1))
    for _ in range(2):
        with pytest.raises(WeightsError, match="Not a network"):
            opening.get_inputs()


@pytest.mark.parametrize("package", [None, SimpleNamespace()], ids=["none", "half of it"])
def test_without_onnxruntime_the_first_photo_says_so_and_none_after_it(
    package: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", package)
    photos = [save_noise(tmp_path / f"{i}.png", i) for i in range(3)]
    file = tmp_path / "a.onnx"
    file.write_bytes(times(9))
    network = FaceNetwork(file, session=Opening(lambda: open_session(times(8), n_threads=1)), n_values=2)
    eyes = FaceEyes(network, finder=lambda pixels, **_: [make_face(0)])
    with pytest.raises(WeightsError, match=r"onnxruntime.*Install it anew") as raised:
        list(eyes.see(photos))
    assert raised.value.code == "runtime-unusable"
    with pytest.raises(WeightsError, match="Install it anew"):  # nor is another copy of the run any help
        Network(file, n_people=2)


def test_another_network_at_the_same_path_is_another_network(tmp_path: Path) -> None:
    file = tmp_path / "a.onnx"
    file.write_bytes(times(2))
    first, status = open_session(file), file.stat()
    file.write_bytes(times(3))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # of the same size and time, even
    assert (ask(first), ask(open_session(file))) == (2, 3)
    (tmp_path / "b.onnx").write_bytes(times(2))
    assert open_session(tmp_path / "b.onnx") is first


def test_a_network_is_rewritten_once_and_apart_from_itself() -> None:
    data, calls = times(4), []

    def rewrite(network: bytes) -> Model:
        calls.append(network)
        return Model(times(6))

    digest = hashlib.sha256(data).hexdigest()
    first = open_session(data, n_threads=1, digest=digest, rewrite=rewrite)
    assert open_session(data, n_threads=1, digest=digest, rewrite=rewrite) is first
    assert calls == [data]
    assert (ask(first), ask(open_session(data, n_threads=1))) == (6, 4)


def test_weights_beside_a_network_are_its_own_once_it_is_open() -> None:
    graph, weights = Graph(), np.arange(2000, dtype=np.float32)
    graph.node("Mul", "x", graph.constant(weights), output="y")
    signature: Any = {"x": (np.float32, ["n"])}, {"y": (np.float32, ["n"])}
    data, large = graph.serialize(*signature, apart=True), graph.large
    assert len(data) < 200 < len(graph.serialize(*signature))
    first = open_session(b"beside", rewrite=lambda _: Model(data, large))
    weights[:] = 0  # whoever wrote them may use their place for something else
    assert first.run(None, {"x": np.ones(1, np.float32)})[0].tolist() == list(range(2000))


def test_weights_given_with_each_row_are_no_input_for_who_uses_the_network() -> None:
    graph, weights = Graph(), np.arange(6, dtype=np.float32).reshape(2, 3)
    graph.node("Gemm", "x", "weights", output="y", transB=1)
    floats: Any = np.float32
    data = graph.serialize({"x": (floats, ["n", 3]), "weights": (floats, [2, 3])}, {"y": (floats, ["n", 2])})
    session = open_session(b"given", n_threads=1, rewrite=lambda _: Model(data, fed={"weights": weights}))
    assert [entry.name for entry in session.get_inputs()] == ["x"]
    rows = np.eye(4, 3, dtype=np.float32)
    assert session.run(None, {"x": rows})[0].tolist() == (rows @ weights.T).tolist()


def test_only_the_last_few_are_kept() -> None:
    first = open_session(times(1000), n_threads=1)
    for factor in range(KEPT - 1):
        open_session(times(1001 + factor), n_threads=1)
    assert open_session(times(1000), n_threads=1) is first
    for factor in range(KEPT):
        open_session(times(2001 + factor), n_threads=1)
    assert len(inference._entries) == KEPT
    assert open_session(times(1000), n_threads=1) is not first
    assert ask(first) == 1000


def test_what_is_no_network_is_one_sentence_each_time(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(WeightsError) as refused:
            open_session(b"not a network")
        assert refused.value.code == "network-refused"
    with pytest.raises(WeightsError) as missing:
        open_session(tmp_path / "missing.onnx")
    assert missing.value.code == "network-unreadable"


@pytest.mark.parametrize("text", [b"castlist", b"arcface-112", b"faces", b"vectors", b"Gather"])
def test_what_damage_made_no_text_is_one_sentence_and_nothing_on_stdout(
    text: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    data = network_bytes()
    assert text in data
    with pytest.raises(WeightsError) as refused:
        open_session(data.replace(text, text[:-1] + b"\xc1"), n_threads=1)
    assert refused.value.code == "network-refused"
    assert capfd.readouterr().out == ""


def test_what_depends_on_weights_alone_is_folded(tmp_path: Path) -> None:
    graph = Graph()
    factor = graph.node("Mul", graph.constant(np.array([2], np.float32)), graph.constant(np.array([3], np.float32)))
    graph.node("Mul", "x", factor, output="y")
    file, folded = tmp_path / "a.onnx", tmp_path / "b.onnx"
    file.write_bytes(graph.serialize({"x": (np.float32, ["n"])}, {"y": (np.float32, ["n"])}))
    fold_constants(file, folded)
    assert folded.read_bytes().count(b"Mul") < file.read_bytes().count(b"Mul")
    assert ask(open_session(folded)) == 6
