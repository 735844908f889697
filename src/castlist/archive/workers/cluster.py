"""Workers that are actors of a Ray cluster that is there: castlist joins it, and starts none.

Only actors of our own: of Ray's data sets, checkpoints and retries nothing is used, so that what a lost node costs is
decided in one place, for processes and actors alike.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterable
from typing import Any

import msgspec

from castlist.archive.workers.orders import News, Order, Post
from castlist.archive.workers.station import Station
from castlist.errors import CastlistError, SettingsError, needs_extra, reason_of

SHARE = 0.9  # of a processor an actor asks for: whole ones would leave none for anybody on a small cluster
MEMORY = 700 * 2**20  # bytes; measured, see docs/scale.md
KNOCK = 10.0  # seconds that somebody may take to open, and to answer
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"  # as gRPC begins: with settings, here none
SETTINGS = b"\4"  # the kind of what is answered, after three bytes of length
_ADDRESS = re.compile(r"[^/]+:\d+")
PAUSE = 2.0  # seconds between two questions about how large the cluster is


class Cluster:
    """The actors of a cluster."""

    def __init__(self, post: Post, address: str) -> None:
        """Join a cluster.

        Args:
            post: What actors are started with.
            address: As Ray knows it: "auto" or "host:port".

        Raises:
            CastlistError: If Ray isn't installed, or there is no cluster that can be joined.
        """
        # "local" would start a cluster, and Ray Client's addresses take no settings of a job.
        if address != "auto" and not _ADDRESS.fullmatch(address):
            raise SettingsError(
                "ray-address",
                "--ray must be auto or a cluster's head and its port, such as head:6379. Got {address!r} instead.",
                address=address,
            )
        self._ray = _import_ray()
        self.place = address
        self._post = msgspec.json.encode(post)
        try:
            _knock(address)
            self._ray.init(address, logging_level="ERROR", log_to_driver=False, job_config=_job_config())
        except Exception as error:  # as many kinds as there are ways to be unreachable
            if "ersion mismatch" in str(error):
                raise CastlistError(
                    "cluster-other-versions",
                    "The Ray cluster at {address!r} is of other versions ({reason}). Install the same Ray and the same "
                    "Python on each machine.",
                    address=address,
                    reason=" ".join(str(error).split()),
                ) from error
            raise CastlistError(
                "no-cluster",
                "There is no Ray cluster at {address!r} ({reason}). Start it there: ray start --head.",
                address=address,
                reason=reason_of(error),
            ) from error
        # Restarted by nobody else: the driver knows what a lost worker was doing.
        self._actor = self._ray.remote(
            num_cpus=SHARE, memory=MEMORY, max_restarts=0, max_task_retries=0, max_concurrency=2
        )(Station)
        self._count, self._asked = 0, -PAUSE

    @property
    def count(self) -> int:
        """As many as processors and memory of the nodes that live allow; those may come and go."""
        if (now := time.monotonic()) > self._asked + PAUSE:
            self._asked = now
            alive = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
            self._count = sum(int(min(node.get("CPU", 0), node.get("memory", 0) // MEMORY)) for node in alive)
        return self._count

    def start(self) -> Actor:
        """Start one more."""
        return Actor(self._ray, self._actor.remote(self._post))

    def close(self) -> None:
        """Leave the cluster."""
        self._ray.shutdown()


class Actor:
    """An actor, as the driver sees it."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray, self._actor = ray, actor
        self._news: News | None = None
        self._asked = actor.news.remote()
        self._order: Any = None

    def news(self) -> News | None:
        """The newest; None: it isn't ready yet.

        Raises:
            EOFError: If it is gone.
        """
        if self._order is not None and (done := self._take(self._order)):
            self._order, self._news = None, done
        elif told := self._take(self._asked):
            self._asked = self._actor.news.remote()
            if self._order is not None or self._news is None or told.problem:
                self._news = told
        return self._news

    def give(self, order: Order) -> None:
        """Have an order carried out."""
        self._news = News(0, 0)
        self._order = self._actor.carry_out.remote(msgspec.json.encode(order))

    def end(self) -> None:
        """End it at once."""
        self._ray.kill(self._actor)

    def _take(self, promised: Any) -> News | None:
        """What was promised, if it is there."""
        if not self._ray.wait([promised], timeout=0)[0]:
            return None
        try:
            return msgspec.json.decode(self._ray.get(promised), type=News)
        except Exception as error:  # it died, its node did, or its memory ran out
            raise EOFError from error


def _knock(address: str) -> None:
    """Make sure that somebody is there who speaks as Ray does: Ray would try for minutes.

    Raises:
        OSError: If nobody is.
    """
    if address == "auto":  # wherever a cluster was last, which may have ended without a word
        from ray._private.services import get_ray_address_from_environment

        address = get_ray_address_from_environment(address, None)
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), KNOCK) as line:
        if os.environ.get("RAY_USE_TLS", "0") in ("0", "false"):  # else it would be another HELLO
            line.sendall(HELLO)
            if line.recv(4, socket.MSG_WAITALL)[3:] != SETTINGS:
                raise ConnectionError("what answers isn't Ray")


def _import_ray() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # which Ray reads when it is imported; else it tells its maker
    with needs_extra("ray", "A cluster"):
        import ray
    return ray


def _job_config() -> Any:
    """That of a driver whose folder is on nobody's path: what lies beside somebody's photos is executed nowhere."""
    from ray.job_config import JobConfig

    config = JobConfig()
    config._py_driver_sys_path = _Nothing()
    return config


class _Nothing(list[str]):
    """A list that Ray adds the driver's folders to, in vain; it offers no other way to keep them out."""

    def extend(self, folders: Iterable[str]) -> None:
        """Add nothing."""
