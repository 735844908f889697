"""`castlist serve` as a process: found, watched over, ended, killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx2")

import uvicorn  # noqa: E402
from uvicorn.server import ServerState  # noqa: E402

from castlist.cli import make_app  # noqa: E402
from castlist.testing import make_run, save_picture  # noqa: E402
from castlist.threads import count_cores  # noqa: E402
from castlist.web import House  # noqa: E402
from castlist.web.worker import Connection  # noqa: E402
from houses import PEOPLE  # noqa: E402

SERVE = "from castlist.cli import main; main()"
# As `castlist serve`, of a house that waits for little, and does one thing at a time.
HASTY = """
import sys
from pathlib import Path
from castlist.web import House, Limits, serve_house
limits = Limits(seconds=0.5, at_once=1)
house = House(runs=Path(sys.argv[1]), port=0, token="a token of some length", workers=1, limits=limits)
serve_house(house, on_open=lambda house: print(house.new_launch(), flush=True))
"""

# A worker that tells of the first face it looks for, and how many threads a product of matrices takes then.
TELLING = """
import socket, sys
from threadpoolctl import threadpool_info
from castlist.web.house import House
from castlist.web.worker import answer_requests
def find(pixels, **options):
    print(*{one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}, flush=True)
    return []
answer_requests(House.read(sys.argv[1]), socket.create_server(("127.0.0.1", 0)), finder=find)
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


@contextlib.contextmanager
def serving(folder: Path, *words: str, code: str = SERVE) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A house in a process of its own, and the address that lets a browser in."""
    words = words or ("serve", "--no-browser", "--port", "0")
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code, *words], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        (address,) = re.findall(r"http://\S+", process.stdout.readline())
        yield process, address
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def children_of(process: subprocess.Popen[str]) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True).stdout
    return [int(pid) for pid in listed.split()]


def is_alive(pid: int) -> bool:
    """Whether any thread of a process is: as long as one ends, the process's connections are open."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return len(tasks) > 1 or (tasks[0] / "stat").read_text("ascii").split()[2] != "Z"
    except OSError:
        return False


def comes(condition: object, seconds: float = 20.0) -> bool:
    """Whether something becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_house_is_open_until_it_is_ended(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "team", PEOPLE)
    left = tmp_path / "runs" / ".serve" / "uploads" / "tmpx"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of a killed one")
    with serving(tmp_path) as (process, address), httpx.Client(timeout=30) as browser:
        assert not left.exists()
        assert browser.get(address).status_code == 200
        own = address.partition("open?")[0]
        assert browser.get(f"{own}api/v1/runs").json()["items"][0]["name"] == "team"
        # Whoever serves the same runs is told so.
        other = subprocess.run(
            [sys.executable, "-P", "-c", SERVE, "serve", "--no-browser", "--language", "en"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert other.returncode == 2 and "served already" in other.stderr
        # A worker that dies is replaced, and nothing that it was looking at is left; meanwhile the other one answers.
        assert comes(lambda: len(children_of(process)) == 2)
        before = children_of(process)
        places = sorted(left.parent.iterdir())
        for place in places:
            assert place.stat().st_mode & 0o777 == 0o700
            (place / "tmpx").write_bytes(b"of one to be killed")
        os.kill(before[0], signal.SIGKILL)
        assert comes(lambda: not is_alive(before[0]))  # else what is asked on its line goes with it
        for _ in range(10):
            assert browser.get(f"{own}api/v1/runs").status_code == 200
        assert comes(lambda: len(set(children_of(process)) - {before[0]}) == 2)
        assert sum(any(place.iterdir()) for place in places) == 1
        after = children_of(process)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert process.wait(15) == 128 + signal.SIGTERM and time.monotonic() - began < 10
        assert not any(map(is_alive, after)) and not any(list(place.iterdir()) for place in places)
    secrets = (tmp_path / "runs" / ".serve" / "token").read_text("ascii").strip(), address.partition("code=")[2]
    log = (tmp_path / "runs" / ".serve" / "access.log").read_text("utf-8")
    assert "GET /runs 200" in log and "team" not in log and not any(secret in log for secret in secrets)


def test_a_browser_that_does_not_end_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, is_over = [], threading.Event()
    monkeypatch.setattr("webbrowser.open", lambda page: [opened.append(page), is_over.wait(20)])
    monkeypatch.setattr("castlist.web.serving.serve_house", lambda house, on_open: on_open(house))
    began = time.monotonic()
    make_app(["serve"])(["serve", "--out", str(tmp_path / "runs")], standalone_mode=False)
    assert time.monotonic() - began < 10
    assert comes(lambda: opened) and opened[0].startswith("file:") and opened[0].endswith("open.html")
    is_over.set()


def test_whoever_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "team", PEOPLE)
    with serving(tmp_path) as (process, address):
        workers = children_of(process)
        own = address.partition("open?")[0]
        assert comes(lambda: httpx.get(own, timeout=30).status_code)
        process.kill()
        assert comes(lambda: not any(map(is_alive, workers)))


def test_who_sends_slowly_is_sent_away(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "team", PEOPLE)
    with serving(tmp_path, str(tmp_path / "runs"), code=HASTY) as (_, address):
        host, _, port = address.split("/")[2].partition(":")
        for path in ("/api/v1/name", "/open"):  # which anybody may send to
            head = (
                f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer a token of some length\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n--x\r\n"
            )
            with socket.create_connection((host, int(port)), 30) as line:
                line.sendall(head.encode())
                answer = line.makefile("rb").read()
            assert b" 408 " in answer and json.loads(answer.rpartition(b"\r\n")[2])["code"] == "body-too-slow", path


def test_who_takes_no_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castlist.web.worker.IDLE", 0.1)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(20_000_000)})

    async def ask() -> None:
        config, state = uvicorn.Config(answer, lifespan="off", log_config=None), ServerState()
        config.load()
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        with socket.create_connection(server.sockets[0].getsockname()) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            async with server, asyncio.timeout(10):
                while not state.total_requests or state.connections:
                    await asyncio.sleep(0.05)

    asyncio.run(ask())


def test_what_is_no_request_is_told_so(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "team", PEOPLE)
    with serving(tmp_path, str(tmp_path / "runs"), code=HASTY) as (_, address):
        host, _, port = address.split("/")[2].partition(":")
        for head in (
            b"Content-Length: 3\r\nContent-Length: 5\r\n\r\n",
            b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ):
            with socket.create_connection((host, int(port)), 30) as line:
                line.sendall(f"POST /open HTTP/1.1\r\nHost: {host}:{port}\r\n".encode() + head)
                told, _, said = line.makefile("rb").read().partition(b"\r\n\r\n")
            assert told.startswith(b"HTTP/1.1 400 ") and b"nosniff" in told, head
            assert json.loads(said)["code"] == "not-http"


def test_a_worker_warms_up_unasked_and_keeps_to_its_cores(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "team", PEOPLE)
    house = House(runs=tmp_path / "runs", token="a token of some length", workers=count_cores())
    house.uploads.mkdir(parents=True)
    worker = subprocess.Popen([sys.executable, "-P", "-c", TELLING, house.spell()], stdout=subprocess.PIPE)
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"1\n"
    finally:
        worker.kill()
        worker.communicate()


def naming(address: str, picture: bytes) -> bytes:
    """A request, as it goes over the line."""
    body = b'--x\r\nContent-Disposition: form-data; name="photos"; filename="x"\r\n\r\n%b\r\n--x--\r\n' % picture
    head = (
        f"POST /api/v1/name HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer a token of some length\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ask_at_once(stack: contextlib.ExitStack, url: str, picture: bytes, count: int = 12) -> list[socket.socket]:
    """Some who ask the same at the same moment."""
    address = url.split("/")[2]
    host, _, port = address.partition(":")
    lines = [stack.enter_context(socket.create_connection((host, int(port)), 30)) for _ in range(count)]
    for line in lines:
        line.sendall(naming(address, picture))
    return lines


def test_those_who_wait_are_answered_when_the_house_is_ended(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "team", PEOPLE)
    picture = save_picture(tmp_path / "picture.png", range(0, 240, 12)).read_bytes()
    with serving(tmp_path, str(tmp_path / "runs"), code=HASTY) as (process, url), contextlib.ExitStack() as stack:
        lines = ask_at_once(stack, url, picture)
        assert lines[0].recv(12) == b"HTTP/1.1 200"  # the others wait
        process.send_signal(signal.SIGINT)
        assert [line.recv(12) for line in lines[1:]] == [b"HTTP/1.1 200"] * 11


def test_those_who_wait_are_answered_in_their_order(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "team", PEOPLE)
    picture = save_picture(tmp_path / "picture.png", range(0, 240, 12)).read_bytes()
    with serving(tmp_path, str(tmp_path / "runs"), code=HASTY) as (_, url), contextlib.ExitStack() as stack:
        # All is loaded for the first; who comes while it is may overtake who came before.
        assert ask_at_once(stack, url, picture, 1)[0].recv(12) == b"HTTP/1.1 200"
        lines = ask_at_once(stack, url, picture)
        answered: list[int] = []
        selector = stack.enter_context(selectors.DefaultSelector())
        for i, line in enumerate(lines):
            selector.register(line, selectors.EVENT_READ, i)
        while len(answered) < len(lines):
            for key, _ in selector.select(30):
                assert lines[key.data].recv(12) == b"HTTP/1.1 200"
                selector.unregister(lines[key.data])
                answered.append(key.data)
    assert answered == sorted(answered)
