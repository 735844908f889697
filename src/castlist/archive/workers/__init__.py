"""Workers that carry out units of an archive's work: processes of this machine, or actors of a cluster that is there.

orders     what driver and workers tell each other
station    where orders are carried out, with the networks loaded once
driving    who does what; who dies or hangs costs time, never rows
processes  workers of this machine
cluster    workers of a Ray cluster
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.facade import open_door

if TYPE_CHECKING:
    from castlist.archive.workers.cluster import Cluster as Cluster
    from castlist.archive.workers.driving import Crew as Crew
    from castlist.archive.workers.driving import drive as drive
    from castlist.archive.workers.orders import Post as Post
    from castlist.archive.workers.orders import name_of as name_of
    from castlist.archive.workers.processes import Processes as Processes
    from castlist.archive.workers.processes import serve as serve

_ROOMS = {
    "Cluster": "cluster",
    "Crew": "driving",
    "Post": "orders",
    "Processes": "processes",
    "drive": "driving",
    "name_of": "orders",
    "serve": "processes",
}
__all__ = list(_ROOMS)
__getattr__ = open_door(__name__, _ROOMS)
