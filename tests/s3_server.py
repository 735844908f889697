"""An S3 server on this machine for tests, and what may go wrong on the way to it."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Way(ThreadingHTTPServer):
    """A way to a server on which requests can go wrong: `faults` has what befalls those to come, by method."""

    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = (host, port)
        self.faults: dict[str, list[str]] = {}
        self.lasting: str | None = None  # what befalls every request
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()

    def next_fault(self, method: str) -> str | None:
        with self.lock:
            self.asked[method] += 1
            coming = self.faults.get(method, [])
            return self.lasting or (coming.pop(0) if coming else None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Way

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.next_fault(self.command)
        if fault == "slow":
            time.sleep(0.3)
        elif fault == "503":
            self._answer(503, {}, b"<Error><Code>SlowDown</Code><Message>Slow down.</Message></Error>")
            return
        elif fault == "cut before":
            self.close_connection = True
            return
        there = http.client.HTTPConnection(*self.server.target)
        there.request(self.command, self.path, body, dict(self.headers.items()))
        answer = there.getresponse()
        data = answer.read()
        there.close()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        if self.command == "HEAD":
            headers["Content-Length"] = answer.getheader("Content-Length") or "0"
        if fault == "cut":
            self._answer(answer.status, headers, data, shown=len(data) // 2)
            self.close_connection = True
        elif fault == "half":
            self._answer(answer.status, headers, data[: len(data) // 2])
        else:
            self._answer(answer.status, headers, data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], data: bytes, *, shown: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[:shown])

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


_HOP = ("content-length", "connection", "transfer-encoding", "date", "server")


@contextmanager
def s3_server() -> Iterator[Way]:
    """A server with nothing in it, and the way to it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    way = Way(*server.get_host_and_port())
    threading.Thread(target=way.serve_forever, daemon=True).start()
    try:
        yield way
    finally:
        way.shutdown()
        way.server_close()
        server.stop()
