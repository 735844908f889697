"""The only door to onnxruntime: it tells nobody anything, and opens each network once, whatever its file is called.

onnxruntime, from 1.29 on, tells its maker by default: it writes a device id and events into the user's cache folder and
sends them. One variable in the environment prevents it, if it is there before the first import; it is set below,
and child processes inherit it.

A network with threads of its own can't be used on in a forked child, which has none of its parent's threads, and even
letting go of it there waits for them for ever. So the child opens it anew.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import logging
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from castlist.errors import PhotoError, WeightsError, reason_of
from castlist.files import read_regular
from castlist.stopping import Deafness
from castlist.threads import submit

logger = logging.getLogger(__name__)

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

KEPT = 8  # networks; castlist's own are four, one of them in halves, and a run has at most two
LARGEST = 2**31  # bytes of a file in ONNX's format


class Model(NamedTuple):
    """A network, and the weights that it leaves out, by their names."""

    data: bytes
    kept: Mapping[str, np.ndarray] = {}  # which onnxruntime copies when it opens the network
    fed: Mapping[str, np.ndarray] = {}  # which are inputs of the network, given with each row of the first


class _Entry:
    """A network that is open, or that one thread opens while the others wait."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.session: Any = None
        _alive.add(self)


class _Single:
    """A session whose passes take the thread that asks; no fork falls into one, which the child would wait for."""

    def __init__(self, model: Model) -> None:
        self._session: Any = _open(model, 1)

    def run(self, *given: Any) -> Any:
        try:
            _passes.begin()
            return self._session.run(*given)
        finally:
            _passes.end()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class _Passes:
    """The threads that are in a pass."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._threads: set[int] = set()  # not their number: Ctrl+C may come between any two lines, also of `end`
        self._is_closed = False

    def begin(self) -> None:
        """Begin one, once it may."""
        with self._lock:  # which nothing comes into, as it may into a condition's own entering
            self._changed.wait_for(lambda: not self._is_closed)
            self._threads.add(threading.get_ident())

    def end(self) -> None:
        with self._lock:
            self._threads.discard(threading.get_ident())
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody begin, and wait for those under way, which the thread that asks isn't in."""
        with self._lock:
            self._is_closed = True
            self._changed.wait_for(lambda: self._threads <= {threading.get_ident()})

    def open(self) -> None:
        with self._lock:
            self._is_closed = False
            self._changed.notify_all()


class _Threaded:
    """A session whose passes take several threads; in a forked child it is opened anew at its first use."""

    def __init__(self, model: Model, n_threads: int) -> None:
        self._model, self._n_threads = model, n_threads
        self._session: Any = _open(model, n_threads)
        self._lock = threading.Lock()
        _threaded.add(self)

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._session is None:
                self._session = _open(self._model, self._n_threads)
            return getattr(self._session, name)

    def leave_to_parent(self) -> None:
        """In a forked child, do without the parent's session, and never let go of it."""
        if self._session is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))
        self._session, self._lock = None, threading.Lock()


class Opening:
    """A session that a thread of the pool opens while other work goes on; whoever uses it before waits.

    In a forked child, which hasn't that thread, the first who uses it opens it.
    """

    def __init__(self, open_it: Callable[[], Any]) -> None:
        self._open_it: Callable[[], Any] | None = open_it  # gives the same session to whoever calls it
        self._session: Any = None
        submit(Opening._opened, self)

    def _opened(self) -> Any:
        if open_it := self._open_it:
            self._session = open_it()
            self._open_it = None  # and what it holds, the network's bytes
        return self._session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened(), name)


class Chain:
    """Sessions of one input and one output, as if they were one: each reads what the one before gives."""

    def __init__(self, *sessions: Any) -> None:
        self._sessions = sessions

    def get_inputs(self) -> Any:
        return self._sessions[0].get_inputs()

    def run(self, _: None, given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        (answer,) = given.values()
        for session in self._sessions:
            entry = session.get_inputs()[0]
            (answer,) = session.run(None, {entry.name: answer})
        return [answer]


class _Fed:
    """A session that is given weights with each row of its input: to keep them, onnxruntime would copy them, twice."""

    def __init__(self, session: Any, weights: Mapping[str, np.ndarray]) -> None:
        self._session, self._weights = session, weights

    def get_inputs(self) -> Any:
        return [entry for entry in self._session.get_inputs() if entry.name not in self._weights]

    def run(self, _: None, given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        ((name, rows),) = given.items()
        # One by one: for several, the weights would be brought into another order first, at each call.
        answers = [self._session.run(None, {name: row[None], **self._weights})[0] for row in rows]
        return [np.concatenate(answers)]


_passes = _Passes()
_threaded: weakref.WeakSet[_Threaded] = weakref.WeakSet()
# By content, threads and how it is rewritten, the last used at the end.
_entries: OrderedDict[tuple[str, int, Callable[[bytes], Model] | None], _Entry] = OrderedDict()
_alive: weakref.WeakSet[_Entry] = weakref.WeakSet()  # and those that fell out while somebody opens them
_held: list[threading.Lock] = []  # while a process forks
_lock = threading.Lock()
_deafness = Deafness()  # while a process forks


def open_session(
    model: bytes | Path, *, n_threads: int = 0, digest: str = "", rewrite: Callable[[bytes], Model] | None = None
) -> Any:
    """Open an ONNX network as an onnxruntime session, which threads may share.

    What was opened before is given again, by its content: another network at the same path is another network. The last
    KEPT are kept; who holds a session that fell out of these holds it on.

    Args:
        model: The network, or its file.
        n_threads: Threads of one pass; 0 takes every core.
        digest: Its SHA-256, where it is known.
        rewrite: Makes of it what is opened, and the weights that this leaves out; done for the first only.

    Raises:
        WeightsError: If it can't be read, or onnxruntime refuses it or can't be used.
    """
    data = read_network(model) if isinstance(model, Path) else model
    key = digest or hashlib.sha256(data).hexdigest(), n_threads, rewrite
    with _lock:
        entry = _entries.setdefault(key, _Entry())
        _entries.move_to_end(key)
        while len(_entries) > KEPT:
            _entries.popitem(last=False)
    with entry.lock:
        if entry.session is None:
            logger.debug("Opens the network %s, %d bytes", key[0][:8], len(data))
            whole = rewrite(data) if rewrite else Model(data)
            entry.session = _Single(whole) if n_threads == 1 else _Threaded(whole, n_threads)
        return entry.session


def fold_constants(model: Path, out: Path) -> None:
    """Write a network anew, in standard operators, with what depends on weights alone computed once and for all."""
    runtime = _runtime()
    options = _options(runtime, 0)
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(out)
    runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def read_network(file: Path) -> bytes:
    """Read a network's file, or the one beside it that describes it.

    Raises:
        WeightsError: If it can't be read.
    """
    try:
        return read_regular(file, LARGEST)
    except (OSError, PhotoError) as error:
        raise WeightsError(
            "network-unreadable",
            "The network {path!r} can't be opened ({reason}).",
            path=str(file),
            reason=reason_of(error),
        ) from error


def _open(model: Model, n_threads: int) -> Any:
    runtime = _runtime()
    options = _options(runtime, n_threads)
    if model.kept:
        values = [runtime.OrtValue.ortvalue_from_numpy(array) for array in model.kept.values()]
        options.add_external_initializers(list(model.kept), values)
    try:
        # Without a second try of the same, which it would announce on stdout.
        session = runtime.InferenceSession(model.data, options, providers=["CPUExecutionProvider"], enable_fallback=0)
        _read_texts(session)
    except Exception as error:  # onnxruntime raises kinds of its own that share no base
        raise WeightsError(
            "network-refused", "Not a network that onnxruntime can run ({reason}).", reason=str(error)
        ) from error
    session._model_bytes = None  # for the fallback only, and for as long as it lives: as much as the network again
    give_back()  # what only the opening needed: SFace's took more than all else together
    return _Fed(session, model.fed) if model.fed else session


def _read_texts(session: Any) -> None:
    """Read all that a network says of itself once: where damage made it no text, onnxruntime raises whenever asked."""
    told = [(entry.name, entry.shape) for entry in (*session.get_inputs(), *session.get_outputs())]
    logger.debug("A network of %s, which says %s", told, session.get_modelmeta().custom_metadata_map)


def give_back() -> None:
    """Let the system have what isn't needed any more."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # not the C library that keeps it for later
        ctypes.CDLL(None).malloc_trim(0)


def _runtime() -> Any:
    """The package, silent.

    Where somebody imported it before castlist, without the variable, it has made its device id and may have sent that
    it was loaded. That can't be undone here; from now on it records nothing more.

    Raises:
        WeightsError: If it isn't there, or can't be loaded.
    """
    try:
        import onnxruntime  # late: who only looks at photos needs none

        onnxruntime.disable_telemetry_events()
    except Exception as error:  # half an installation may raise anything
        raise WeightsError(
            "runtime-unusable",
            "onnxruntime, which runs castlist's networks, can't be used ({reason}). Install it anew: "
            "pip install --force-reinstall onnxruntime.",
            reason=reason_of(error),
        ) from error
    return onnxruntime


def _options(runtime: Any, n_threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.log_severity_level = 4  # what fails is raised as well
    # Threads that spin while they wait take the other cores from whoever decodes and aligns the next photo.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _let_end() -> None:
    """Wait until nobody opens a network or is in a pass: a child without that thread would wait for it for ever."""
    _lock.acquire()
    _held.append(_lock)
    for entry in tuple(_alive):
        entry.lock.acquire()
        _held.append(entry.lock)
    _passes.close()


def _go_on() -> None:
    _passes.open()
    _release()
    _deafness.end(is_child=False)


def _release() -> None:
    while _held:
        _held.pop().release()


def _begin_child() -> None:
    """Free a forked child of what its parent's threads held."""
    global _passes
    _passes = _Passes()  # for the old one, threads wait that aren't here
    _release()
    for session in _threaded:
        session.leave_to_parent()
    _deafness.end(is_child=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_let_end, after_in_parent=_go_on, after_in_child=_begin_child)
    os.register_at_fork(before=_deafness.begin)  # the last to be registered is the first
