"""Names given anew from the embeddings that are kept: nobody looks at a photo again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import islice

from castlist.archive.films import name_films
from castlist.archive.folder import ArchiveFolder
from castlist.archive.namer import ArchiveNamer
from castlist.archive.table import About, Table, seen_of, with_names
from castlist.naming import Seen
from castlist.threads import OnCount, work_ahead

logger = logging.getLogger(__name__)


def rename(folder: ArchiveFolder, namer: ArchiveNamer, on_count: OnCount | None = None) -> int:
    """Name anew what was named by something else; gives how many faces that were.

    Args:
        folder: Of which the lock is held.
        namer: As the run is now; its eyes are those of the archive.
        on_count: Told how many units are done, of how many.
    """
    numbers = folder.units()
    stale = [unit for unit in numbers if (about := folder.about(unit)) and about.names != namer.names_digest]
    # Together, any photo may change the name of any other.
    parts = [numbers] if namer.together and stale else [[unit] for unit in stale]
    n_faces = n_units = 0
    for shards in work_ahead(lambda units: _named(folder, namer, units), parts):
        # Written by whoever holds the lock: what others have begun may outlive it.
        for unit, table, about, n_named in shards:
            folder.write(unit, table, about)
            n_faces, n_units = n_faces + n_named, n_units + 1
            if on_count:
                on_count(n_units, sum(map(len, parts)))
    logger.info("%d faces of an archive were named anew", n_faces)
    return n_faces


def _named(folder: ArchiveFolder, namer: ArchiveNamer, units: Sequence[int]) -> list[tuple[int, Table, About, int]]:
    """Units named anew, with whatever help their faces may give each other; and how many faces each has."""
    shards = [folder.read(unit) for unit in units]
    records = [seen_of(table) for table, _ in shards]
    faces = iter(namer.name(Seen.merge(seen for seen, _ in records)))
    named = []
    for unit, (table, about), (_, rows) in zip(units, shards, records, strict=True):
        table = name_films(with_names(table, list(islice(faces, len(rows))), rows), namer)
        named.append((unit, table, About(about.plan, about.eyes, namer.names_digest), len(rows)))
    return named
