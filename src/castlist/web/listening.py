"""The socket that all workers of a house take connections from."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator

from castlist.errors import CastlistError, reason_of

BACKLOG = 128  # connections that wait until a worker takes them

Shared = int | str  # a socket, as a parent hands it to a child


def share(listener: socket.socket, child: int) -> Shared:
    """What a child needs to use a socket of its parent."""
    if sys.platform == "win32":
        return listener.share(child).hex()
    return listener.fileno()


def taken(shared: Shared) -> socket.socket:
    """The socket of a parent, in a child."""
    if sys.platform == "win32":
        return socket.fromshare(bytes.fromhex(str(shared)))
    return socket.socket(fileno=int(shared))


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen while the block runs; of port 0 at one that is free.

    Raises:
        CastlistError: If nobody can listen there.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    with contextlib.closing(listener):
        try:
            if sys.platform != "win32":  # there it would let two listen
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except OSError as error:
            raise CastlistError(
                "port-taken",
                "Nobody can listen at {host!r}, port {port} ({reason}). Choose another one with --port.",
                host=host,
                port=port,
                reason=reason_of(error),
            ) from error
        yield listener
